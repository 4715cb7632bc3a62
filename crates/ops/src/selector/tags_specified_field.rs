//! # What it does
//! Keeps the records whose field has one of the given values, in the order of the dataset.
//!
//! # Parameters
//! `field_key` names the field; `a.b` is the field `b` of the object `a`. `target_tags` is the list of the values: texts, numbers,
//! `true`, `false` or `null`.
//!
//! # Example
//! `field_key: source` and `target_tags: [wiki, books]` keep the records from these two sources.
//!
//! # Notes on determinism
//! Pure: the result depends only on the field and the parameters. 3 and 3.0 are equal, 3 and "3" are not. A record without the
//! field, or with a list or an object in it, goes to quarantine.

use coldpress_operator::{
    Global, Node, OperatorSpec, ParamError, ParamValue, ResolveContext, Selection, params,
};
use serde_json::Value;

use super::by_field::{FieldSigner, Values, by_field};

/// A value that a field may have.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tag(Value);

impl ParamValue for Tag {
    const KIND: &'static str = "a text, a number, true, false or null";

    fn parse(node: &Node) -> Option<Self> {
        let is_scalar = node.as_list().is_none() && node.as_map().is_none();
        is_scalar.then(|| Self(node.to_json()))
    }

    fn to_json(&self) -> Value {
        self.0.clone()
    }
}

params! {
    /// Parameters of `tags_specified_field_selector`.
    pub(crate) struct TagsParams {
        /// The field to select by; a dotted name reaches into objects.
        field_key: String = String::new();
        /// The values of the records that are kept. Required.
        target_tags: Option<Vec<Tag>> = None;
    }
}

/// Returns the description of `tags_specified_field_selector`.
pub(crate) fn spec() -> OperatorSpec {
    OperatorSpec::selector(
        "tags_specified_field_selector",
        "Keeps the records whose field has one of the given values.",
        resolve,
    )
    .doc(&super::manual(include_str!("tags_specified_field.rs")))
}

fn resolve(
    params: TagsParams,
    context: &mut ResolveContext<'_>,
) -> Result<Global<FieldSigner>, ParamError> {
    let tags = params
        .target_tags
        .ok_or_else(|| ParamError::new("target_tags", "must be given: the values to select"))?;
    let tags = tags.into_iter().map(|Tag(tag)| tag.to_string());
    let selection = Selection::Among {
        tags: tags.collect(),
    };
    by_field(&params.field_key, Values::Scalar, selection, context)
}
