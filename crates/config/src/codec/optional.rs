//! Values that may be absent.

use serde_json::Value as Json;

use super::contract::{Codec, Mismatch};
use crate::keys::Kind;
use crate::node::Node;

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

/// A value that may be absent, or `auto`, which means the same.
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
