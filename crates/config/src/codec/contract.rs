//! The contract of codecs.

use serde_json::Value as Json;

use crate::keys::Kind;
use crate::node::{Key, Node, Span};

/// A way to read and write one kind of value. A written value must read as the same value.
pub(crate) trait Codec<T> {
    const KIND: Kind;
    fn read(node: &Node) -> Result<T, Mismatch>;
    fn write(value: &T) -> Json;
}

/// The reason why a node is not a value of the wanted kind.
pub(crate) struct Mismatch {
    pub(crate) why: Why,
    /// The place of the mistake, if it isn't the node itself.
    pub(crate) span: Option<Span>,
    pub(crate) found: String,
}

pub(crate) enum Why {
    Type,
    Range,
    NotAvailable(&'static str),
    /// A part of the value is invalid.
    Part {
        name: &'static str,
        expected: &'static str,
    },
    /// A part of the value is missing.
    WithoutPart(&'static str),
    /// The value has an unknown part; these are the known ones.
    UnknownPart(&'static [&'static str]),
}

impl Mismatch {
    pub(crate) fn wrong_type(node: &Node) -> Self {
        Self::at(Why::Type, node)
    }

    pub(crate) fn out_of_range(node: &Node) -> Self {
        Self::at(Why::Range, node)
    }

    pub(crate) fn not_available(node: &Node, value: impl Into<String>, note: &'static str) -> Self {
        Self {
            found: value.into(),
            ..Self::at(Why::NotAvailable(note), node)
        }
    }

    pub(crate) fn wrong_part(name: &'static str, expected: &'static str, node: &Node) -> Self {
        Self::at(Why::Part { name, expected }, node)
    }

    pub(crate) fn without_part(part: &'static str, node: &Node) -> Self {
        Self::at(Why::WithoutPart(part), node)
    }

    pub(crate) fn unknown_part(key: &Key, known: &'static [&'static str]) -> Self {
        Self {
            why: Why::UnknownPart(known),
            span: Some(key.span),
            found: key.name.clone(),
        }
    }

    fn at(why: Why, node: &Node) -> Self {
        Self {
            why,
            span: Some(node.span),
            found: node.describe(),
        }
    }
}
