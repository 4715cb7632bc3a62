//! The checksum of everything that is cited: xxh3 with 128 bits.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use xxhash_rust::xxh3::xxh3_128;

/// An xxh3-128 checksum of bytes; in text and JSON 32 lower-case hexadecimal digits.
///
/// ```
/// use coldpress_storage::Digest;
///
/// let digest = Digest::of(b"");
/// assert_eq!(digest.to_string(), "99aa06d3014798d86001c324468d497f");
/// assert_eq!("99aa06d3014798d86001c324468d497f".parse::<Digest>()?, digest);
/// # Ok::<(), coldpress_storage::InvalidDigest>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub u128);

impl Digest {
    /// The digest of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(xxh3_128(bytes))
    }

    /// The number behind the digits.
    #[must_use]
    pub fn as_u128(self) -> u128 {
        self.0
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl FromStr for Digest {
    type Err = InvalidDigest;

    fn from_str(text: &str) -> Result<Self, InvalidDigest> {
        let lower_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
        if text.len() == 32
            && text.bytes().all(lower_hex)
            && let Ok(number) = u128::from_str_radix(text, 16)
        {
            return Ok(Self(number));
        }
        Err(InvalidDigest {
            text: text.to_owned(),
        })
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// A text that is not a digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a digest: expected 32 lower-case hexadecimal digits")]
pub struct InvalidDigest {
    /// The text as given.
    pub text: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_json_come_back(number in any::<u128>()) {
            let digest = Digest(number);
            prop_assert_eq!(digest.to_string().parse::<Digest>().unwrap(), digest);
            let json = serde_json::to_string(&digest).unwrap();
            prop_assert_eq!(json.len(), 34);
            prop_assert_eq!(serde_json::from_str::<Digest>(&json).unwrap(), digest);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "99aa06d3014798d86001c324468d497",
            "99AA06d3014798d86001c324468d497f",
            "+9aa06d3014798d86001c324468d497f",
            "99aa06d3014798d86001c324468d497f0",
            "äääääääääääääääa",
        ] {
            assert!(text.parse::<Digest>().is_err(), "{text}");
        }
    }
}
