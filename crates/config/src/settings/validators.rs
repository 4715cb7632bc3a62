//! Requirements on the records of the dataset: Data-Juicer's `validators`.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::codec::{Choice, Codec, Mismatch, Why, choice};
use crate::keys::Kind;
use crate::node::{Key, Node, Span};

/// The number of records of each source that are checked, unless a validator has another.
const SAMPLE_SIZE: u64 = 100;

/// A requirement on the records of a dataset. Some of each source are checked before work begins.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Validator {
    /// The number of records of each source to check.
    pub sample_size: u64,
    /// The requirement.
    pub rule: ValidatorRule,
}

/// The requirement on records.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValidatorRule {
    /// Records have these fields.
    RequiredFields {
        /// Their names; dots lead into nested fields.
        fields: Vec<String>,
        /// The types that some of them must have.
        types: BTreeMap<String, FieldType>,
        /// The greatest share of records in which a field may be missing or null.
        allow_missing: f64,
    },
    /// Records have a list `messages`, each with a `role` and a `content`.
    SwiftMessages(Turns),
    /// Records have `instruction`, `query` and `response`, and a `history` of pairs.
    Conversation(Turns),
}

/// The number of turns that a conversation may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turns {
    /// The least number.
    pub least: u64,
    /// The greatest number.
    pub most: u64,
}

choice! {
    /// The type of a field.
    pub enum FieldType {
        /// A text.
        Text = "str" | "string",
        /// A whole number.
        Int = "int" | "integer",
        /// A number with a decimal point or an exponent.
        Float = "float",
        /// `true` or `false`.
        Bool = "bool" | "boolean",
        /// A list.
        List = "list",
        /// An object.
        Object = "dict",
    }
}

choice! {
    /// The kind of a validator.
    enum ValidatorKind {
        /// Required fields.
        RequiredFields = "required_fields",
        /// Messages of ms-swift.
        SwiftMessages = "swift_messages",
        /// Conversations of Data-Juicer.
        Conversation = "dj_conversation" | "conversation",
    }
}

impl Validator {
    fn read(node: &Node) -> Result<Self, Mismatch> {
        let entries = node.as_map().ok_or_else(|| Mismatch::wrong_type(node))?;
        let kind = node.get("type");
        let kind = kind.ok_or_else(|| refused(node.span, "a validator without `type`"))?;
        let word = kind.as_str().ok_or_else(|| Mismatch::wrong_type(kind))?;
        let kind = ValidatorKind::from_word(word).ok_or_else(|| Mismatch::out_of_range(kind))?;
        let mut sample_size = SAMPLE_SIZE;
        let mut turns = Turns {
            least: 1,
            most: 100,
        };
        let (mut fields, mut types, mut allow_missing) = (None, BTreeMap::new(), 0.0);
        let is_talk = !matches!(kind, ValidatorKind::RequiredFields);
        for (key, value) in entries {
            match (key.name.as_str(), is_talk) {
                ("type", _) => {}
                ("sample_size", _) => sample_size = number(value)?.max(1),
                ("min_turns", true) => turns.least = number(value)?,
                ("max_turns", true) => turns.most = number(value)?,
                ("required_fields", false) => fields = Some(names(value)?),
                ("field_types", false) => types = field_types(value)?,
                ("allow_missing", false) => allow_missing = share(value)?,
                (other, _) => return Err(unknown(key, other, kind)),
            }
        }
        let rule = match kind {
            ValidatorKind::SwiftMessages => ValidatorRule::SwiftMessages(turns),
            ValidatorKind::Conversation => ValidatorRule::Conversation(turns),
            ValidatorKind::RequiredFields => ValidatorRule::RequiredFields {
                fields: fields.ok_or_else(|| {
                    refused(
                        node.span,
                        "`required_fields` without the names of the fields",
                    )
                })?,
                types,
                allow_missing,
            },
        };
        Ok(Self { sample_size, rule })
    }

    fn write(&self) -> Json {
        let mut entries = Map::new();
        let mut put = |key: &str, value: Json| entries.insert(key.to_owned(), value);
        let turns = match &self.rule {
            ValidatorRule::RequiredFields {
                fields,
                types,
                allow_missing,
            } => {
                let types = types.iter();
                let types = types.map(|(name, kind)| (name.clone(), kind.as_str().into()));
                put("type", "required_fields".into());
                put("required_fields", fields.clone().into());
                put("field_types", types.collect::<Map<_, _>>().into());
                put("allow_missing", json!(allow_missing));
                None
            }
            ValidatorRule::SwiftMessages(turns) => {
                put("type", "swift_messages".into());
                Some(turns)
            }
            ValidatorRule::Conversation(turns) => {
                put("type", "dj_conversation".into());
                Some(turns)
            }
        };
        if let Some(turns) = turns {
            put("min_turns", turns.least.into());
            put("max_turns", turns.most.into());
        }
        put("sample_size", self.sample_size.into());
        entries.into()
    }
}

fn unknown(key: &Key, name: &str, kind: ValidatorKind) -> Mismatch {
    let why = format!(
        "`{name}`, which a validator `{}` does not have",
        kind.as_str()
    );
    refused(key.span, why)
}

fn names(node: &Node) -> Result<Vec<String>, Mismatch> {
    let list = node.as_list().ok_or_else(|| Mismatch::wrong_type(node))?;
    let name = |node: &Node| {
        let name = node.as_str().filter(|name| !name.is_empty());
        name.map(str::to_owned)
            .ok_or_else(|| Mismatch::wrong_type(node))
    };
    list.iter().map(name).collect()
}

fn field_types(node: &Node) -> Result<BTreeMap<String, FieldType>, Mismatch> {
    let entries = node.as_map().ok_or_else(|| Mismatch::wrong_type(node))?;
    let entry = |(key, value): &(Key, Node)| {
        let word = value.as_str().ok_or_else(|| Mismatch::wrong_type(value))?;
        let kind = FieldType::from_word(word).ok_or_else(|| Mismatch::out_of_range(value))?;
        Ok((key.name.clone(), kind))
    };
    entries.iter().map(entry).collect()
}

fn number(node: &Node) -> Result<u64, Mismatch> {
    node.as_u64().ok_or_else(|| Mismatch::wrong_type(node))
}

fn share(node: &Node) -> Result<f64, Mismatch> {
    let share = node.as_f64().ok_or_else(|| Mismatch::wrong_type(node))?;
    match (0.0..=1.0).contains(&share) {
        true => Ok(share),
        false => Err(refused(
            node.span,
            format!("{share}, which is not from 0 to 1"),
        )),
    }
}

/// Returns the error of an invalid validator.
fn refused(span: Span, why: impl Into<String>) -> Mismatch {
    Mismatch {
        why: Why::Type,
        span: Some(span),
        found: why.into(),
    }
}

/// A list of validators.
pub(super) struct Validators;

impl Codec<Vec<Validator>> for Validators {
    const KIND: Kind = Kind::Validators;

    fn read(node: &Node) -> Result<Vec<Validator>, Mismatch> {
        if node.is_null() {
            return Ok(Vec::new());
        }
        let list = node.as_list().ok_or_else(|| Mismatch::wrong_type(node))?;
        list.iter().map(Validator::read).collect()
    }

    fn write(value: &Vec<Validator>) -> Json {
        value.iter().map(Validator::write).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Recipe;
    use crate::overrides::Overrides;

    fn validators(yaml: &str) -> Result<Vec<Validator>, String> {
        let recipe =
            format!("dataset_path: a\nexport_path: b.jsonl\nprocess: []\nvalidators:\n{yaml}");
        let recipe = Recipe::parse(&recipe, "recipe.yaml", &Overrides::default());
        let recipe = recipe.map(|recipe| recipe.dataset.validators);
        recipe.map_err(|error| error.to_string())
    }

    #[test]
    fn validators_are_read_and_written_again() {
        let yaml = "  - type: required_fields\n    required_fields: [text, meta.id]\n    field_types: {text: str, meta.id: int}\n    \
                    allow_missing: 0.1\n  - {type: swift_messages, min_turns: 2, sample_size: 5}\n  - {type: dj_conversation}\n";
        let found = validators(yaml).unwrap();
        assert_eq!(found.len(), 3);
        assert_eq!(
            found[0].rule,
            ValidatorRule::RequiredFields {
                fields: vec!["text".into(), "meta.id".into()],
                types: [
                    ("text".into(), FieldType::Text),
                    ("meta.id".into(), FieldType::Int)
                ]
                .into(),
                allow_missing: 0.1,
            }
        );
        assert_eq!(
            found[1].rule,
            ValidatorRule::SwiftMessages(Turns {
                least: 2,
                most: 100
            })
        );
        assert_eq!((found[1].sample_size, found[2].sample_size), (5, 100));
        let written = serde_json::to_string(&Validators::write(&found)).unwrap();
        assert_eq!(validators(&format!("  {written}\n")).unwrap(), found);
    }

    #[test]
    fn what_is_no_validator_is_named() {
        for (yaml, message) in [
            ("  - {min_turns: 1}\n", "a validator without `type`"),
            ("  - {type: code}\n", "validators"),
            ("  - {type: required_fields}\n", "without the names"),
            (
                "  - {type: swift_messages, allow_missing: 1}\n",
                "`allow_missing`, which",
            ),
            (
                "  - {type: required_fields, required_fields: [a], field_types: {a: tuple}}\n",
                "validators",
            ),
            (
                "  - {type: required_fields, required_fields: [a], allow_missing: 2}\n",
                "not from 0 to 1",
            ),
            ("  x\n", "validators"),
        ] {
            let error = validators(yaml).unwrap_err();
            assert!(error.contains(message), "{yaml}: {error}");
        }
    }
}
