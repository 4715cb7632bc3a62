//! The identity of the work of a chain of operators.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_128;

/// Identifies the work done on a record so far: reader, input, then each operator with its version and parameters.
///
/// Two equal hashes mean that the same operators were applied to the same input, so the results can replace each other.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChainHash(u128);

impl ChainHash {
    /// Returns the hash before the first operator. `identity` identifies reader and input.
    pub fn base(identity: &str) -> Self {
        Self(xxh3_128(
            format!("coldpress chain 1\n{identity}").as_bytes(),
        ))
    }

    /// Returns the hash after one more operator, which `identity` describes.
    pub fn then(self, identity: &str) -> Self {
        Self(xxh3_128(format!("{self}\n{identity}").as_bytes()))
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

impl Serialize for ChainHash {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ChainHash {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let digits = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let value = u128::from_str_radix(&text, 16).ok().filter(|_| digits);
        value
            .map(Self)
            .ok_or_else(|| serde::de::Error::custom(format!("`{text}` is not a chain hash")))
    }
}
