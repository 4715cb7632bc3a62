//! How a key's value is read from a node and written back.

mod choice;
mod numbers;
mod texts;

use serde_json::Value as Json;

use crate::keys::Kind;
use crate::node::{Node, Span};

pub(crate) use choice::{Choice, OneOf, choice};
pub(crate) use numbers::{AtLeast, Megabytes, Ratio, Seconds};
pub(crate) use texts::{Fields, JobId, LocalPath, Path, Suffixes, Text, Texts, scheme};

/// A way to read and write one kind of value. What is written reads as the same value.
pub(crate) trait Codec<T> {
    const KIND: Kind;
    fn read(node: &Node) -> Result<T, Mismatch>;
    fn write(value: &T) -> Json;
}

/// Why a node is not a value of the wanted kind.
pub(crate) struct Mismatch {
    pub(crate) why: Why,
    /// Where, if not at the node itself.
    pub(crate) span: Option<Span>,
    pub(crate) found: String,
}

pub(crate) enum Why {
    Type,
    Range,
    NotAvailable(&'static str),
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

    fn at(why: Why, node: &Node) -> Self {
        Self {
            why,
            span: Some(node.span),
            found: node.describe(),
        }
    }
}

/// `true` or `false`.
pub(crate) struct Flag;

impl Codec<bool> for Flag {
    const KIND: Kind = Kind::Flag;

    fn read(node: &Node) -> Result<bool, Mismatch> {
        node.as_bool().ok_or_else(|| Mismatch::wrong_type(node))
    }

    fn write(value: &bool) -> Json {
        (*value).into()
    }
}

/// A flag that is also spelled as a mode: `auto` or `manual`.
pub(crate) struct AutoOrManual;

impl Codec<bool> for AutoOrManual {
    const KIND: Kind = Kind::AutoOrManual;

    fn read(node: &Node) -> Result<bool, Mismatch> {
        match node.as_str() {
            Some("auto") => Ok(true),
            Some("manual") => Ok(false),
            _ => Flag::read(node),
        }
    }

    fn write(value: &bool) -> Json {
        (*value).into()
    }
}

/// A list of anything.
pub(crate) struct AnyList;

impl Codec<Vec<Node>> for AnyList {
    const KIND: Kind = Kind::List;

    fn read(node: &Node) -> Result<Vec<Node>, Mismatch> {
        node.as_list()
            .map(<[Node]>::to_vec)
            .ok_or_else(|| Mismatch::wrong_type(node))
    }

    fn write(value: &Vec<Node>) -> Json {
        value.iter().map(Node::to_json).collect()
    }
}

/// A value that may be absent.
pub(crate) struct Optional<C>(C);

impl<T, C: Codec<T>> Codec<Option<T>> for Optional<C> {
    const KIND: Kind = C::KIND;

    fn read(node: &Node) -> Result<Option<T>, Mismatch> {
        if node.is_null() {
            Ok(None)
        } else {
            C::read(node).map(Some)
        }
    }

    fn write(value: &Option<T>) -> Json {
        value.as_ref().map_or(Json::Null, C::write)
    }
}

/// A value that may be absent or `auto`, which is the same.
pub(crate) struct OrAuto<C>(C);

impl<T, C: Codec<T>> Codec<Option<T>> for OrAuto<C> {
    const KIND: Kind = C::KIND;

    fn read(node: &Node) -> Result<Option<T>, Mismatch> {
        if node.as_str() == Some("auto") {
            Ok(None)
        } else {
            Optional::<C>::read(node)
        }
    }

    fn write(value: &Option<T>) -> Json {
        Optional::<C>::write(value)
    }
}
