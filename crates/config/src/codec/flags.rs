//! Values that are true or false.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::node::Node;

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
