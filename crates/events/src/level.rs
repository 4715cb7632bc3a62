//! The importance of events.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

/// The importance of an event, in ascending order.
///
/// ```
/// use coldpress_events::Level;
///
/// assert_eq!("warn".parse::<Level>()?, Level::Warning);
/// assert!(Level::Debug < Level::Error);
/// # Ok::<(), coldpress_events::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Details for debugging.
    Debug,
    /// Normal operation.
    #[default]
    Info,
    /// Something that a person should know about; the job continues.
    Warning,
    /// Something failed.
    Error,
}

impl Level {
    /// Returns the name in files and recipes.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "DEBUG",
            Self::Info => "INFO",
            Self::Warning => "WARNING",
            Self::Error => "ERROR",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Level {
    type Err = Error;

    /// Accepts the names of Python's logging libraries in any case.
    fn from_str(text: &str) -> Result<Self, Error> {
        match text.trim().to_ascii_uppercase().as_str() {
            "TRACE" | "DEBUG" => Ok(Self::Debug),
            "INFO" | "SUCCESS" => Ok(Self::Info),
            "WARN" | "WARNING" => Ok(Self::Warning),
            "ERROR" | "CRITICAL" | "FATAL" => Ok(Self::Error),
            _ => Err(Error::UnknownLevel {
                text: text.to_owned(),
            }),
        }
    }
}

impl Serialize for Level {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Level {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
