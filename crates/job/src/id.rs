//! The id of a job.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::str::FromStr;
use std::time::SystemTime;

use coldpress_config::JobSettings;
use serde::{Deserialize, Deserializer, Serialize};

use crate::civil::{Utc, millis_of};

/// The id of a job, which is also the name of its folder.
///
/// Maintains the following invariants:
/// - 1 to 128 characters;
/// - the first is an ASCII letter or digit;
/// - the others are ASCII letters, digits, `.`, `_` or `-`.
///
/// It is therefore always a single plain file name: never empty, never `.` or `..`, never hidden, and without a separator.
///
/// ```
/// use coldpress_job::JobId;
///
/// let id: JobId = "20251121_020809_demo_a1b2c3".parse()?;
/// assert_eq!(id.as_str(), "20251121_020809_demo_a1b2c3");
/// assert!("../etc".parse::<JobId>().is_err());
/// # Ok::<(), coldpress_job::InvalidJobId>(())
/// ```
///
/// A text is not an id until it has been checked:
///
/// ```compile_fail
/// use coldpress_job::JobId;
///
/// let id: JobId = "../etc".to_string();
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct JobId(String);

/// A text that is not a job id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a job id: {reason} (a job id is a letter or digit, \
     then up to 127 letters, digits, `.`, `_` or `-`)"
)]
pub struct InvalidJobId {
    /// The text as given.
    pub text: String,
    /// The reason.
    pub reason: &'static str,
}

const LONGEST: usize = 128;
/// The longest stem in a generated id.
const LONGEST_STEM: usize = 64;

impl JobId {
    /// Generates a new id: `{YYYYMMDD}_{HHMMSS}_{stem}_{6 hex digits}`, in UTC.
    ///
    /// Runs of characters of the stem that an id cannot have become one `_`, and at most 64 characters of it are used. A stem
    /// without a letter or digit is replaced by `recipe`.
    #[must_use]
    pub fn generate(stem: &str) -> Self {
        let random = RandomState::new().build_hasher().finish();
        Self::of(SystemTime::now(), stem, random as u32)
    }

    /// Returns the id that the recipe asks for, or else a new one.
    ///
    /// # Errors
    ///
    /// Fails if the id in the recipe is invalid.
    pub fn for_recipe(settings: &JobSettings, stem: &str) -> Result<Self, InvalidJobId> {
        match &settings.job_id {
            Some(text) => text.parse(),
            None => Ok(Self::generate(stem)),
        }
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn of(time: SystemTime, stem: &str, random: u32) -> Self {
        let Utc {
            year,
            month,
            day,
            hour,
            minute,
            second,
        } = Utc::from_millis(millis_of(time));
        let stem = reduced(stem);
        let suffix = random & 0xff_ffff;
        Self(format!(
            "{year:04}{month:02}{day:02}_{hour:02}{minute:02}{second:02}_{stem}_{suffix:06x}"
        ))
    }
}

fn is_allowed(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-')
}

fn reduced(stem: &str) -> String {
    let mut out = String::new();
    for char in stem.chars() {
        if u8::try_from(char).is_ok_and(is_allowed) {
            out.push(char);
        } else if !out.ends_with('_') {
            out.push('_');
        }
    }
    out.truncate(LONGEST_STEM);
    if out.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
        out
    } else {
        "recipe".to_owned()
    }
}

fn problem_of(text: &str) -> Option<&'static str> {
    let first = text.bytes().next();
    if first.is_none() {
        Some("it is empty")
    } else if text == "." || text == ".." {
        Some("it names a folder above or beside the jobs")
    } else if text.bytes().any(|byte| matches!(byte, b'/' | b'\\')) {
        Some("it is a path")
    } else if text.len() > LONGEST {
        Some("it is too long")
    } else if !first.is_some_and(|byte| byte.is_ascii_alphanumeric()) {
        Some("its first character is neither a letter nor a digit")
    } else if !text.bytes().all(is_allowed) {
        Some("it has a character that no id may have")
    } else {
        None
    }
}

impl FromStr for JobId {
    type Err = InvalidJobId;

    fn from_str(text: &str) -> Result<Self, InvalidJobId> {
        match problem_of(text) {
            None => Ok(Self(text.to_owned())),
            Some(reason) => Err(InvalidJobId {
                text: text.to_owned(),
                reason,
            }),
        }
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for JobId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::{Duration, UNIX_EPOCH};

    #[track_caller]
    fn check_refused(text: &str, part: &str) {
        let message = text.parse::<JobId>().unwrap_err().to_string();
        assert!(message.contains(part), "{text:?}: {message}");
        assert!(serde_json::from_value::<JobId>(text.into()).is_err());
    }

    #[test]
    fn hostile_ids_are_refused_with_the_reason() {
        check_refused("", "empty");
        check_refused(".", "above or beside");
        check_refused("..", "above or beside");
        check_refused("../x", "a path");
        check_refused("a/b", "a path");
        check_refused("/etc/passwd", "a path");
        check_refused("a\\b", "a path");
        check_refused("-rf", "first character");
        check_refused(".hidden", "first character");
        check_refused("_x", "first character");
        check_refused("a b", "no id may have");
        check_refused("a\0", "no id may have");
        check_refused("a\n", "no id may have");
        check_refused("ä", "first character");
        check_refused("aä", "no id may have");
        check_refused(&"a".repeat(129), "too long");
    }

    #[test]
    fn ids_that_are_fine() {
        for text in ["a", "0", "A.b_c-d", "a..b", &"a".repeat(128)] {
            assert_eq!(text.parse::<JobId>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn a_new_id_says_when_and_what() {
        let time = UNIX_EPOCH + Duration::from_secs(1_763_690_889);
        let id = JobId::of(time, "my recipe (2)", 0xab_cdef);
        assert_eq!(id.as_str(), "20251121_020809_my_recipe_2__abcdef");
        let id = JobId::of(time, "配方", 0xff00_0001);
        assert_eq!(id.as_str(), "20251121_020809_recipe_000001");
        assert_ne!(JobId::generate("x"), JobId::generate("x"));
    }

    proptest! {
        #[test]
        fn every_new_id_is_an_id(stem in ".*", random in any::<u32>(), seconds in 0u64..253_402_300_800) {
            let id = JobId::of(UNIX_EPOCH + Duration::from_secs(seconds), &stem, random);
            prop_assert_eq!(id.as_str().parse::<JobId>().unwrap(), id);
        }
    }
}
