//! The values that were given in the recipe and the overrides, under the spellings that were used.

use std::collections::{BTreeMap, HashMap};

use crate::codec::{Codec, Mismatch, Why};
use crate::error::{Diagnostic, Error, Place, Result};
use crate::foreign;
use crate::keys::{Availability, DefaultValue, KeySpec, Kind};
use crate::node::{Key, Node, Span, Value, shortened};
use crate::render;
use crate::suggest;
use crate::table::KeyTable;
use crate::yaml;

/// The values of one recipe by spelling, from which sections read theirs.
#[derive(Debug)]
pub(crate) struct Given {
    /// The keys that a recipe can have.
    known: KeyTable,
    origin: String,
    recipe: HashMap<&'static str, Entry>,
    overrides: HashMap<&'static str, Entry>,
    sections: Vec<String>,
    warnings: Vec<Diagnostic>,
}

/// The place of a key in the recipe's file, and the name that is used there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GivenAt {
    pub(crate) spelling: &'static str,
    pub(crate) span: Span,
}

#[derive(Debug, Clone)]
struct Entry {
    spelling: &'static str,
    node: Node,
    place: Place,
}

impl Entry {
    fn value_place(&self) -> Place {
        let mut place = self.place.clone();
        if self.node.span.line > 0 {
            place.span = self.node.span;
        }
        place
    }
}

impl Given {
    /// Returns an empty set of values, so that every default applies.
    pub(crate) fn nothing() -> Self {
        Self {
            known: KeyTable::default(),
            origin: "defaults".to_string(),
            recipe: HashMap::new(),
            overrides: HashMap::new(),
            sections: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// Sorts the values of a recipe and of overrides by spelling. Unknown names are errors; names that only Data-Juicer knows are
    /// warnings or errors, as [`foreign`] decides.
    pub(crate) fn collect(
        known: KeyTable,
        document: &Node,
        overrides: &[(Key, Node)],
        origin: &str,
    ) -> Result<Self> {
        let mut given = Self {
            known,
            origin: origin.to_string(),
            ..Self::nothing()
        };
        match &document.value {
            Value::Map(entries) => given.take_map("", entries, false)?,
            _ if document.is_null() => {}
            _ => {
                return Err(Error::WrongType {
                    key: "recipe".to_string(),
                    place: Place::new(origin, document.span),
                    expected: "a map of keys".to_string(),
                    found: document.describe(),
                });
            }
        }
        for entry in overrides {
            given.take_map("", std::slice::from_ref(entry), true)?;
        }
        Ok(given)
    }

    fn take_map(&mut self, prefix: &str, entries: &[(Key, Node)], overriding: bool) -> Result<()> {
        for (key, node) in entries {
            let name = format!("{prefix}{}", key.name);
            let place = self.place_of(key.span, overriding);
            if let Some(spelling) = self.known.spelling(&name) {
                self.take(spelling, node, place, overriding)?;
            } else if let Some((spelling, option)) = self.known.option(&name) {
                let option = Key {
                    name: option.to_owned(),
                    span: key.span,
                };
                self.take_option(spelling, option, node, place, overriding);
            } else if let Some(effect) = foreign::effect(&name) {
                let warning = effect.judge(&name, node, &place)?;
                self.warnings.extend(warning);
            } else if self.known.is_section(&name) {
                self.take_section(name, node, overriding)?;
            } else {
                return Err(self.known.unknown(name, place));
            }
        }
        Ok(())
    }

    fn take_section(&mut self, name: String, node: &Node, overriding: bool) -> Result<()> {
        let prefix = format!("{name}.");
        match &node.value {
            Value::Map(entries) => {
                self.sections.push(name);
                self.take_map(&prefix, entries, overriding)
            }
            _ if node.is_null() => Ok(()),
            // Data-Juicer's default for a section that is a list there.
            _ if node.as_list().is_some_and(<[Node]>::is_empty) => Ok(()),
            _ => Err(Error::WrongType {
                key: name,
                place: self.place_of(node.span, overriding),
                expected: "a map of keys".to_string(),
                found: node.describe(),
            }),
        }
    }

    fn take(
        &mut self,
        spelling: &'static str,
        node: &Node,
        place: Place,
        overriding: bool,
    ) -> Result<()> {
        let values = if overriding {
            &mut self.overrides
        } else {
            &mut self.recipe
        };
        let entry = Entry {
            spelling,
            node: node.clone(),
            place,
        };
        match values.insert(spelling, entry) {
            // `partition.size: 1` and `partition: {size: 2}` are the same name.
            Some(first) if !overriding => Err(Error::Duplicate {
                key: spelling.to_string(),
                place: values
                    .get(spelling)
                    .map_or(first.place.clone(), |entry| entry.place.clone()),
                first: first.place.span,
            }),
            _ => Ok(()),
        }
    }

    /// Adds one of the options of a key to those that were given before.
    fn take_option(
        &mut self,
        spelling: &'static str,
        option: Key,
        node: &Node,
        place: Place,
        overriding: bool,
    ) {
        let earlier = self.overrides.get(spelling).filter(|_| overriding);
        let earlier = earlier.or_else(|| self.recipe.get(spelling));
        let mut entries = match earlier.map(|entry| &entry.node) {
            Some(node) if !node.is_null() => match node.as_map() {
                Some(entries) => entries.to_vec(),
                // Anything but a map is an error, which is reported when it is read.
                None => return,
            },
            _ => Vec::new(),
        };
        entries.retain(|(known, _)| known.name != option.name);
        entries.push((option, node.clone()));
        let node = Node {
            value: Value::Map(entries),
            span: node.span,
        };
        let entry = Entry {
            spelling,
            node,
            place,
        };
        let values = match overriding {
            true => &mut self.overrides,
            false => &mut self.recipe,
        };
        values.insert(spelling, entry);
    }

    fn place_of(&self, span: Span, overriding: bool) -> Place {
        if overriding {
            Place::command_line()
        } else {
            Place::new(self.origin.as_str(), span)
        }
    }

    /// Returns the recipe's name for messages.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Returns whether the recipe has a section with that name, even one without known keys.
    pub(crate) fn has_section(&self, name: &str) -> bool {
        self.sections.iter().any(|section| section == name)
    }

    /// Returns the value that was given for a key, which may be `null`, and its place.
    pub(crate) fn value_or_null(&self, spec: &KeySpec) -> Option<(&Node, &Place)> {
        let entry = [&self.overrides, &self.recipe]
            .into_iter()
            .find_map(|values| spec.spellings().find_map(|name| values.get(name)))?;
        Some((&entry.node, &entry.place))
    }

    /// Returns the spelling and place of a key. If it was not given, these are its canonical name and the recipe.
    pub(crate) fn place(&self, name: &str) -> (String, Place) {
        let spec = self.known.named(name);
        let entry = spec.and_then(|spec| self.candidates(spec).first().copied());
        match entry {
            Some(entry) => (entry.spelling.to_string(), entry.place.clone()),
            None => (name.to_string(), Place::whole(self.origin.as_str())),
        }
    }

    /// Returns whether the recipe or the command line gives the key.
    pub(crate) fn is_given(&self, name: &str) -> bool {
        let spec = self.known.named(name);
        spec.is_some_and(|spec| !self.candidates(spec).is_empty())
    }

    /// Returns the same as [`Given::place`], but with the place of the value.
    pub(crate) fn value_place(&self, name: &str) -> (String, Place) {
        let spec = self.known.named(name);
        let entry = spec.and_then(|spec| self.candidates(spec).first().copied());
        entry.map_or_else(
            || self.place(name),
            |entry| (entry.spelling.to_string(), entry.value_place()),
        )
    }

    /// Returns the places of the values that the recipe's file gives and the command line doesn't replace.
    pub(crate) fn places(&self) -> BTreeMap<&'static str, GivenAt> {
        let keys = self.known.keys();
        let given = keys.filter_map(|key| Some((key.name, *self.candidates(key).first()?)));
        let places = given.map(|(key, entry)| (key, entry.spelling, entry.value_place()));
        let in_file =
            places.filter(|(_, _, place)| place.origin == self.origin && place.span.line > 0);
        let given_at = in_file.map(|(key, spelling, place)| {
            let span = place.span;
            (key, GivenAt { spelling, span })
        });
        given_at.collect()
    }

    /// Adds a warning.
    pub(crate) fn warn(&mut self, place: &Place, message: impl Into<String>, help: Option<&str>) {
        self.warnings.push(Diagnostic {
            message: message.into(),
            span: place.span,
            origin: place.origin.clone(),
            help: help.map(str::to_string),
        });
    }

    /// Returns the warnings in the order of the recipe, those of the command line first.
    pub(crate) fn into_warnings(self) -> Vec<Diagnostic> {
        let mut warnings = self.warnings;
        warnings.sort_by_key(|warning| warning.span);
        warnings
    }

    /// Returns the value of a key: the first of its spellings that was given, or else its default.
    pub(crate) fn read<T, C: Codec<T>>(&mut self, spec: &'static KeySpec) -> Result<T> {
        let candidates: Vec<Entry> = self.candidates(spec).into_iter().cloned().collect();
        let Some((chosen, others)) = candidates.split_first() else {
            return self.default_value::<T, C>(spec);
        };
        let value = read_entry::<T, C>(chosen)?;
        let written = C::write(&value);
        for other in others {
            if C::write(&read_entry::<T, C>(other)?) != written {
                self.warn(
                    &other.place,
                    contradiction(C::KIND, chosen.spelling, other.spelling),
                    Some("remove one of them"),
                );
            }
        }
        self.judge_availability::<T, C>(spec, chosen, &value)?;
        Ok(value)
    }

    /// Returns the values that count for a key, the winner first. Overrides replace the recipe's values without a warning, because
    /// that is their purpose. Several values from the same source contradict each other.
    fn candidates(&self, spec: &KeySpec) -> Vec<&Entry> {
        let overriding: Vec<&Entry> = spec
            .spellings()
            .filter_map(|name| self.overrides.get(name))
            .collect();
        if !overriding.is_empty() {
            // `--limit null` unsets the recipe's value.
            return overriding
                .into_iter()
                .filter(|entry| !entry.node.is_null())
                .collect();
        }
        spec.spellings()
            .filter_map(|name| self.recipe.get(name))
            .filter(|entry| !entry.node.is_null())
            .collect()
    }

    fn default_value<T, C: Codec<T>>(&self, spec: &'static KeySpec) -> Result<T> {
        let node = match spec.default {
            DefaultValue::Required => {
                return Err(Error::Missing {
                    key: spec.name.to_string(),
                    origin: self.origin.clone(),
                });
            }
            DefaultValue::Value(text) => yaml::parse(text, "defaults")?,
            DefaultValue::Derived(_) => Node::from(Value::Null),
        };
        C::read(&node)
            .map_err(|mismatch| into_error::<T, C>(mismatch, spec.name, Place::whole("defaults")))
    }

    fn judge_availability<T, C: Codec<T>>(
        &mut self,
        spec: &'static KeySpec,
        chosen: &Entry,
        value: &T,
    ) -> Result<()> {
        let differs = |given: &Self| -> Result<bool> {
            Ok(C::write(value) != C::write(&given.default_value::<T, C>(spec)?))
        };
        let note = match spec.availability {
            Availability::Now | Availability::Partly(_) => return Ok(()),
            Availability::DefaultOnly(note) => {
                if differs(self)? {
                    return Err(Error::NotAvailable {
                        key: chosen.spelling.to_string(),
                        value: shortened(&render::flow(&chosen.node)),
                        place: chosen.value_place(),
                        note: note.to_string(),
                    });
                }
                return Ok(());
            }
            Availability::NoEffect(note) => {
                if !differs(self)? {
                    return Ok(());
                }
                note
            }
        };
        self.warn(
            &chosen.place,
            format!("`{}` has no effect yet: {note}", chosen.spelling),
            None,
        );
        Ok(())
    }
}

/// Describes two spellings of a key that have different values.
fn contradiction(kind: Kind, chosen: &str, other: &str) -> String {
    let message = format!("`{chosen}` and `{other}` are one setting and differ: `{chosen}` counts");
    match kind {
        // Nobody would expect to lose the weights along with a path.
        Kind::Sources => format!("{message}; the paths and weights of `{other}` are not used"),
        _ => message,
    }
}

fn read_entry<T, C: Codec<T>>(entry: &Entry) -> Result<T> {
    C::read(&entry.node)
        .map_err(|mismatch| into_error::<T, C>(mismatch, entry.spelling, entry.place.clone()))
}

fn into_error<T, C: Codec<T>>(mismatch: Mismatch, key: &str, mut place: Place) -> Error {
    if let Some(span) = mismatch.span.filter(|span| span.line > 0) {
        place.span = span;
    }
    let key = key.to_string();
    let (expected, found) = (C::KIND.to_string(), mismatch.found);
    match mismatch.why {
        Why::Type => Error::WrongType {
            key,
            place,
            expected,
            found,
        },
        Why::Range => Error::OutOfRange {
            key,
            place,
            expected,
            found,
        },
        Why::Part { name, expected } => Error::OutOfRange {
            key: name.to_owned(),
            place,
            expected: expected.to_owned(),
            found,
        },
        Why::WithoutPart(part) => Error::Incomplete {
            key,
            place,
            part: part.to_owned(),
        },
        Why::UnknownPart(known) => Error::UnknownKey {
            suggestion: suggest::nearest(&found, known.iter().copied()).map(str::to_owned),
            key: found,
            place,
        },
        Why::NotAvailable(note) => Error::NotAvailable {
            key,
            value: found,
            place,
            note: note.to_string(),
        },
    }
}
