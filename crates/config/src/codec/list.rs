//! Lists of anything.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::node::Node;

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
