//! # What it does
//! Makes one record out of all records that have the same values in some fields. Each field of the new record is the list of the
//! values of that field, in the order of the records, with `null` for a record that lacks it. Groups come in the order of their
//! first records.
//!
//! # Parameters
//! `group_by_keys` names the fields; `a.b` is the field `b` of the object `a`, and `a.0` the first item of the list `a`. Without it
//! records are grouped by their text.
//!
//! # Example
//! With `group_by_keys: [s]`, `{"s": "x", "n": 1}`, `{"s": "y", "n": 2}` and `{"s": "x", "n": 3}` become
//! `{"s": ["x", "x"], "n": [1, 3]}` and `{"s": ["y"], "n": [2]}`.
//!
//! # Notes on determinism
//! Pure: the result depends only on the records and their order in the dataset. Values are equal if they are the same JSON value,
//! however it is written; 1 and 1.0 are not equal, and a field that is missing is equal to `null`. Keys are compared by digests of
//! 128 bits. A group is held in memory and may not be longer than `max_record_mb`. Statistics of filters are dropped here.

use std::borrow::Cow;
use std::collections::HashMap;

use coldpress_operator::value::key_digest;
use coldpress_operator::{
    Global, OperatorSpec, ParamError, Record, RecordError, ResolveContext, Resolved, Rule,
    Signature, SignatureForm, Signer, params,
};
use serde_json::value::RawValue;

params! {
    /// Parameters of `key_value_grouper`.
    pub(crate) struct KeyValueParams {
        /// The fields to group by; the text field unless given. Dotted names reach into objects, and with numbers into lists.
        group_by_keys: Option<Vec<String>> = None;
    }
}

/// Returns the description of `key_value_grouper`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::grouper(
        "key_value_grouper",
        "Makes one record out of all that have the same values in some fields; its fields are lists.",
        resolve,
    )
    .doc(&super::manual(include_str!("key_value.rs")))
}

fn resolve(
    params: KeyValueParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<KeySigner>, ParamError> {
    let names = params.group_by_keys.filter(|names| !names.is_empty());
    let names = names.unwrap_or_else(|| vec![context.text_key.clone()]);
    let keys: Vec<KeyPath> = names.iter().map(|name| KeyPath::of(name)).collect();
    let fields: Vec<String> = keys.iter().map(|key| key.field.clone()).collect();
    let signer = Resolved::new(move || KeySigner(keys.clone()));
    Ok(Global::new(
        signer.fields(fields),
        SignatureForm::Digest,
        Rule::Group,
    ))
}

/// A path to a value of a record.
#[derive(Clone, Debug)]
struct KeyPath {
    /// The field that is read.
    field: String,
    /// The steps from there to the value.
    steps: Vec<String>,
}

impl KeyPath {
    /// Parses a dotted name. It is a field, unless it leads through a list: then the list is the field.
    fn of(name: &str) -> Self {
        let mut steps = name.split('.').map(str::to_owned);
        let is_number = |step: &str| step.parse::<usize>().is_ok();
        match name.split('.').skip(1).any(is_number) {
            true => Self {
                field: steps.next().unwrap_or_default(),
                steps: steps.collect(),
            },
            false => Self {
                field: name.to_owned(),
                steps: Vec::new(),
            },
        }
    }

    /// Returns the value at the end of the path, starting from the record's `nth` field; `null` if it cannot be reached.
    fn value<'r>(&self, record: &Record<'r>, nth: usize) -> Cow<'r, str> {
        let field = record.json(nth);
        let found = field.and_then(|field| match self.steps.is_empty() {
            true => Some(field),
            false => {
                let mut steps = self.steps.iter();
                let end = steps.try_fold(field.into_owned(), |value, step| within(&value, step));
                end.map(Cow::Owned)
            }
        });
        found.unwrap_or(Cow::Borrowed("null"))
    }
}

/// Makes digests of the values of some fields.
pub(crate) struct KeySigner(Vec<KeyPath>);

impl Signer for KeySigner {
    fn sign(&mut self, record: &Record<'_>, signature: &mut Signature) -> Result<(), RecordError> {
        let keys = self.0.iter().enumerate();
        let values: Vec<Cow<'_, str>> = keys.map(|(nth, key)| key.value(record, nth)).collect();
        let digest = key_digest(values.iter().map(|value| value.as_bytes()));
        let digest = digest.map_err(|error| {
            RecordError::new(format!("the key of the record has no digest: {error}"))
        })?;
        signature.digests.push(digest);
        Ok(())
    }
}

/// Returns the member or item of a JSON value that a step of a path leads to.
fn within(value: &str, step: &str) -> Option<String> {
    if value.starts_with('[') {
        let items: Vec<&RawValue> = serde_json::from_str(value).ok()?;
        let nth: usize = step.parse().ok()?;
        return items.get(nth).map(|item| item.get().to_owned());
    }
    let members: HashMap<String, &RawValue> = serde_json::from_str(value).ok()?;
    members.get(step).map(|member| member.get().to_owned())
}
