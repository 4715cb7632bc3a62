//! Names of stored objects.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Compression, Error, Format, Result};

const MAX_NAME_BYTES: usize = 1024;
const MAX_PART_BYTES: usize = 255;
/// So that a checkpoint's name stays far below what file systems allow, whatever an operator is called.
const MAX_OPERATOR_BYTES: usize = 120;

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
/// use coldpress_checkpoint::ObjectName;
///
/// assert!(ObjectName::new("job_1/partition_000003.parquet").is_ok());
/// assert!(ObjectName::new("../other_job/secret").is_err());
/// assert!(ObjectName::new("/etc/passwd").is_err());
/// ```
///
/// It is no plain text:
///
/// ```compile_fail
/// let name: coldpress_checkpoint::ObjectName = "a".to_owned();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(String);

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

/// The name of the full checkpoint of a partition after `operation` operators, the last of them `operator`.
///
/// Epoch and attempt make it unique; characters of the operator's name that no object name may have become `_`.
///
/// ```
/// use coldpress_checkpoint::{Compression, Format, checkpoint_name};
///
/// let name = checkpoint_name(3, 2, "fix_unicode_mapper", 1, 4, Format::Parquet, Compression::Auto);
/// assert_eq!(name.as_str(), "partition_000003_op_002_fix_unicode_mapper.e1.a4.parquet");
/// ```
#[must_use]
pub fn checkpoint_name(
    partition: u32,
    operation: u32,
    operator: &str,
    epoch: u64,
    attempt: u32,
    format: Format,
    compression: Compression,
) -> ObjectName {
    let operator: String = operator
        .chars()
        .take(MAX_OPERATOR_BYTES)
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let suffix = format.suffix(compression);
    ObjectName(format!(
        "partition_{partition:06}_op_{operation:03}_{operator}.e{epoch}.a{attempt}{suffix}"
    ))
}

/// The name of the delta file of an attempt at a partition.
///
/// ```
/// use coldpress_checkpoint::{Compression, Format, delta_name};
///
/// let name = delta_name(3, 1, 4, Format::Jsonl, Compression::Zstd);
/// assert_eq!(name.as_str(), "partition_000003_deltas.e1.a4.jsonl.zst");
/// ```
#[must_use]
pub fn delta_name(
    partition: u32,
    epoch: u64,
    attempt: u32,
    format: Format,
    compression: Compression,
) -> ObjectName {
    let suffix = format.suffix(compression);
    ObjectName(format!(
        "partition_{partition:06}_deltas.e{epoch}.a{attempt}{suffix}"
    ))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn a_checkpoint_always_has_a_good_name(
            partition in any::<u32>(), operation in any::<u32>(), operator in any::<String>(),
            epoch in any::<u64>(), attempt in any::<u32>(),
        ) {
            let (format, compression) = (Format::Jsonl, Compression::Zstd);
            let name = checkpoint_name(partition, operation, &operator, epoch, attempt, format, compression);
            prop_assert!(ObjectName::new(name.as_str()).is_ok());
            let name = delta_name(partition, epoch, attempt, format, compression);
            prop_assert!(ObjectName::new(name.as_str()).is_ok());
        }
    }
}
