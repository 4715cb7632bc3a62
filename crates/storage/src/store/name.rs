//! Names of stored objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Error, Result};

const MAX_NAME_BYTES: usize = 1024;
const MAX_PART_BYTES: usize = 255;

/// The name of an object in a store.
///
/// Names come back from files that anybody may have written, so the type maintains the following invariants:
///
/// - it is one or more parts with `/` between them, neither first nor last;
/// - every part is 1 to 255 bytes of `A`–`Z`, `a`–`z`, `0`–`9`, `.`, `_`, `-`;
/// - no part is `.` or `..`, so no name leads outside its store;
/// - it is at most 1,024 bytes long.
///
/// ```
/// use coldpress_storage::ObjectName;
///
/// assert!(ObjectName::new("job_1/partition_000003.parquet").is_ok());
/// assert!(ObjectName::new("../other_job/secret").is_err());
/// assert!(ObjectName::new("/etc/passwd").is_err());
/// ```
///
/// It is no plain text:
///
/// ```compile_fail
/// let name: coldpress_storage::ObjectName = "a".to_owned();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(pub(super) String);

impl ObjectName {
    /// The name that this text is.
    ///
    /// # Errors
    /// [`Error::InvalidName`] with the rule that it breaks.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        match broken_rule(&name) {
            None => Ok(Self(name)),
            Some(reason) => Err(Error::InvalidName { name, reason }),
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The parts between the slashes.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        self.0.split('/')
    }
}

fn broken_rule(name: &str) -> Option<&'static str> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if name.len() > MAX_NAME_BYTES {
        return Some("it is longer than 1,024 bytes");
    }
    name.split('/').find_map(|part| match part {
        "" => Some("a part between its slashes is empty"),
        "." | ".." => Some("`.` and `..` cannot be part of a name"),
        _ if part.len() > MAX_PART_BYTES => Some("a part is longer than 255 bytes"),
        _ if !part.bytes().all(allowed) => {
            Some("only letters, digits, `.`, `_` and `-` are allowed")
        }
        _ => None,
    })
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for ObjectName {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::new(name)
    }
}

impl Serialize for ObjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ObjectName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Self::new(name).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_refused() {
        let long_part = "a".repeat(256);
        let long_name = vec!["abc"; 300].join("/");
        let cases = [
            "", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", "a\\b", "C:a",
            "a b", "é", "a\0", "a\nb", "%2e%2e", &long_part, &long_name,
        ];
        for name in cases {
            assert!(ObjectName::new(name).is_err(), "{name:?}");
        }
        for name in ["a", "...", "-", "a.b/c_d/E-9", "..a"] {
            assert_eq!(ObjectName::new(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn a_name_from_json_is_checked() {
        assert!(serde_json::from_str::<ObjectName>(r#""a/b""#).is_ok());
        assert!(serde_json::from_str::<ObjectName>(r#""../b""#).is_err());
    }
}
