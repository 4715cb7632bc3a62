//! The types of a field's values, and the fields of its objects in turn.

use std::collections::HashMap;

use coldpress_record::Origin;
use serde::{Deserialize, Serialize};

use super::kind::{Class, Kind};

/// Below this many fields, a linear search is fast enough.
const FEW: usize = 16;

/// The types of a field's values, as far as the type of its column depends on them.
///
/// The types of the parts of a dataset can be joined in any grouping. Everything that is dropped here must therefore stay dropped,
/// whatever is added: children, once only a column of JSON text holds the field.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// The kinds, in the order in which they were first seen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    kinds: Vec<First>,
    /// The types of the elements of its lists, unless all lists are empty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    element: Option<Box<Held>>,
    /// The fields of its objects.
    #[serde(default, skip_serializing_if = "Fields::is_empty")]
    children: Fields,
    /// True if the objects have more keys than a struct may have.
    #[serde(default, skip_serializing_if = "is_false")]
    wide: bool,
}

/// The first value of a kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct First {
    pub(crate) kind: Kind,
    #[serde(flatten)]
    pub(crate) origin: Origin,
}

impl Held {
    /// The most keys of a struct. Objects with more keys become JSON text.
    pub(super) const MAX_KEYS: usize = 64;
    /// The deepest nesting in a field. Lists and objects inside this many others become JSON text.
    pub(super) const MAX_DEPTH: usize = 16;

    /// Records a value of this kind.
    pub(super) fn see(&mut self, kind: Kind, origin: &Origin) {
        if !self.has(kind) {
            self.kinds.push(First {
                kind,
                origin: origin.clone(),
            });
            self.prune();
        }
    }

    /// Adds the types of the field in a later part of the dataset.
    pub(super) fn join(&mut self, later: &Self) {
        for first in &later.kinds {
            if !self.has(first.kind) {
                self.kinds.push(first.clone());
            }
        }
        if let Some(element) = &later.element {
            self.element.get_or_insert_default().join(element);
        }
        self.children.join(&later.children, usize::MAX);
        self.wide |= later.wide || self.children.len() > Self::MAX_KEYS;
        self.prune();
    }

    /// Returns the types of its elements, to be extended, unless they no longer matter.
    pub(super) fn element_mut(&mut self) -> Option<&mut Self> {
        (!self.is_json()).then(|| &mut **self.element.get_or_insert_default())
    }

    /// Returns the fields of its objects, to be extended, unless they no longer matter.
    pub(super) fn children_mut(&mut self) -> Option<&mut Fields> {
        (!self.is_json()).then_some(&mut self.children)
    }

    /// Records that the objects have more keys than a struct may have.
    pub(super) fn set_wide(&mut self) {
        self.wide = true;
        self.prune();
    }

    fn prune(&mut self) {
        if self.is_json() {
            self.element = None;
            self.children = Fields::default();
            // It is not known whether objects are wide that were not looked at.
            self.wide &= self.class() == Some(Class::Object);
        }
    }

    /// Returns whether only a column of JSON text holds all values, whatever their elements and children are.
    fn is_json(&self) -> bool {
        self.wide || self.class() == Some(Class::Json)
    }

    /// Returns the class of all values except nulls; `None` if all are null.
    pub(crate) fn class(&self) -> Option<Class> {
        let first = self.kinds.first()?.kind.class();
        let same = self.kinds.iter().all(|seen| seen.kind.class() == first);
        let fits = first != Class::Number || self.numbers_fit();
        Some(if same && fits { first } else { Class::Json })
    }

    /// Returns whether one number type holds all of them without loss.
    fn numbers_fit(&self) -> bool {
        let long = self.has(Kind::LongPositive) || self.has(Kind::LongNegative);
        let negative = self.has(Kind::Negative) || self.has(Kind::LongNegative);
        let unsigned = self.has(Kind::Unsigned);
        !(self.has(Kind::Float) && (long || unsigned) || unsigned && negative)
    }

    pub(crate) fn has(&self, kind: Kind) -> bool {
        self.kinds.iter().any(|seen| seen.kind == kind)
    }

    /// Returns the kinds, in the order in which they were first seen.
    pub(crate) fn kinds(&self) -> &[First] {
        &self.kinds
    }

    pub(crate) fn element(&self) -> Option<&Self> {
        self.element.as_deref()
    }

    pub(crate) fn children(&self) -> &Fields {
        &self.children
    }

    /// Returns whether the objects have more keys than a struct may have.
    pub(crate) fn is_wide(&self) -> bool {
        self.wide
    }
}

/// The fields of records or of objects, in the order in which they were first seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields {
    fields: Vec<FieldHeld>,
    /// The places of the first fields, as many as it has; only used when there are many.
    #[serde(skip)]
    places: HashMap<Box<str>, u32>,
}

/// A field and its types.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FieldHeld {
    pub(crate) name: String,
    pub(crate) held: Held,
    /// The member of the object being read that has the field.
    #[serde(skip)]
    pub(super) member: usize,
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl PartialEq for FieldHeld {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.held == other.held
    }
}

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FieldHeld> {
        self.fields.iter()
    }

    pub(super) fn field_mut(&mut self, place: usize) -> &mut FieldHeld {
        &mut self.fields[place]
    }

    /// Returns the place of the field `name`, probably `expected`. It is added if it is missing, unless there are `most`.
    pub(super) fn place(&mut self, expected: usize, name: &str, most: usize) -> Option<usize> {
        match self.fields.get(expected) {
            Some(field) if field.name == name => Some(expected),
            _ => match self.find(name) {
                Some(place) => Some(place),
                None => (self.fields.len() < most).then(|| self.add(name)),
            },
        }
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        if self.fields.len() <= FEW {
            return self.fields.iter().position(|field| field.name == name);
        }
        for place in self.places.len()..self.fields.len() {
            let name = self.fields[place].name.as_str().into();
            self.places.insert(name, place as u32);
        }
        self.places.get(name).map(|place| *place as usize)
    }

    fn add(&mut self, name: &str) -> usize {
        self.fields.push(FieldHeld {
            name: name.to_owned(),
            held: Held::default(),
            member: 0,
        });
        self.fields.len() - 1
    }

    /// Adds the fields of a later part of the dataset, until there are `most`. Returns whether all could be added.
    pub(super) fn join(&mut self, later: &Self, most: usize) -> bool {
        let mut is_whole = true;
        for (expected, field) in later.fields.iter().enumerate() {
            match self.place(expected, &field.name, most) {
                Some(place) => self.fields[place].held.join(&field.held),
                None => is_whole = false,
            }
        }
        is_whole
    }
}

fn is_false(flag: &bool) -> bool {
    !flag
}
