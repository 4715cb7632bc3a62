//! Names of checkpoints, and their paths in the directory.

use std::fmt;
use std::path::PathBuf;

use crate::{Error, Format, Result};

/// The length of the longest name of a step or operation. It leaves room for any extension in a file's name.
const MAX_NAME_BYTES: usize = 200;
/// The suffix of the name of the folder with an operation's batches.
const BATCHES: &str = "_batches";
const BATCH: &str = "batch_";
/// Names that lead to devices on Windows, with any extension.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// The name of a checkpoint: the result of an operation in a step, or one of its batches.
///
/// Names come from pipelines that may not be trusted, so the type maintains the following invariants:
///
/// - no name is empty, `.` or `..`, begins with a dot or has more than 200 bytes;
/// - none has a slash, a backslash or a control character;
/// - none is the name of a device on Windows.
///
/// ```
/// use coldpress_docetl::CheckpointName;
///
/// assert!(CheckpointName::operation("summarize", "extract themes").is_ok());
/// assert!(CheckpointName::operation("..", "secret").is_err());
/// assert!(CheckpointName::operation("summarize", "/etc/passwd").is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CheckpointName(Kind);

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Operation { step: String, operation: String },
    Batch { operation: String, index: u64 },
}

impl CheckpointName {
    /// Returns the name of the result of an operation in a step.
    ///
    /// # Errors
    /// [`Error::Name`] with the rule that one of the names breaks.
    pub fn operation(step: impl Into<String>, operation: impl Into<String>) -> Result<Self> {
        let (step, operation) = (step.into(), operation.into());
        check("a step", &step)?;
        check("an operation", &operation)?;
        if step.ends_with(BATCHES) && batch_index(&operation).is_some() {
            return Err(Error::Name {
                what: "an operation of that step",
                name: operation,
                reason: "a batch of another operation has that file",
            });
        }
        Ok(Self(Kind::Operation { step, operation }))
    }

    /// Returns the name of a batch of an operation.
    ///
    /// # Errors
    /// [`Error::Name`] with the rule that the operation's name breaks.
    pub fn batch(operation: impl Into<String>, index: u64) -> Result<Self> {
        let operation = operation.into();
        check("an operation", &operation)?;
        Ok(Self(Kind::Batch { operation, index }))
    }

    /// Returns the name of the checkpoint in a file of the directory; `None` if it has none.
    pub(crate) fn of_file(folder: &str, stem: &str) -> Option<Self> {
        Self::parse_file(folder, stem).ok()
    }

    /// Does the same as [`of_file`](Self::of_file), but fails with the rule that one of the names breaks.
    pub(crate) fn parse_file(folder: &str, stem: &str) -> Result<Self> {
        let batch = folder.strip_suffix(BATCHES).zip(batch_index(stem));
        match batch {
            Some((operation, index)) => Self::batch(operation, index),
            None => Self::operation(folder, stem),
        }
    }

    /// Returns the step; `None` for a batch.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        match &self.0 {
            Kind::Operation { step, .. } => Some(step),
            Kind::Batch { .. } => None,
        }
    }

    /// Returns the name of the operation.
    #[must_use]
    pub fn operation_name(&self) -> &str {
        match &self.0 {
            Kind::Operation { operation, .. } | Kind::Batch { operation, .. } => operation,
        }
    }

    /// Returns the number of the batch, if it is one.
    #[must_use]
    pub fn batch_index(&self) -> Option<u64> {
        match &self.0 {
            Kind::Operation { .. } => None,
            Kind::Batch { index, .. } => Some(*index),
        }
    }

    /// Returns the folder within the directory.
    pub(crate) fn folder(&self) -> String {
        match &self.0 {
            Kind::Operation { step, .. } => step.clone(),
            Kind::Batch { operation, .. } => format!("{operation}{BATCHES}"),
        }
    }

    /// Returns the file's name within its folder, without its extension.
    pub(crate) fn stem(&self) -> String {
        match &self.0 {
            Kind::Operation { operation, .. } => operation.clone(),
            Kind::Batch { index, .. } => format!("{BATCH}{index}"),
        }
    }

    /// Returns the file's path within the directory.
    #[must_use]
    pub fn path(&self, format: Format) -> PathBuf {
        let file = format!("{}.{}", self.stem(), format.extension());
        PathBuf::from(self.folder()).join(file)
    }
}

/// `operation 'extract' in step 'process'`.
impl fmt::Display for CheckpointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Operation { step, operation } => {
                write!(f, "operation '{operation}' in step '{step}'")
            }
            Kind::Batch { operation, index } => {
                write!(f, "batch {index} of operation '{operation}'")
            }
        }
    }
}

/// Returns the number of the batch whose file has this name. `batch_07` isn't a valid spelling.
fn batch_index(stem: &str) -> Option<u64> {
    let index: u64 = stem.strip_prefix(BATCH)?.parse().ok()?;
    (format!("{BATCH}{index}") == stem).then_some(index)
}

fn check(what: &'static str, name: &str) -> Result<()> {
    match broken_rule(name) {
        None => Ok(()),
        Some(reason) => Err(Error::Name {
            what,
            name: name.to_owned(),
            reason,
        }),
    }
}

fn broken_rule(name: &str) -> Option<&'static str> {
    let is_device = |stem: &str| {
        DEVICES.contains(&stem)
            || NUMBERED_DEVICES.iter().any(|device| {
                stem.strip_prefix(device)
                    .is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9']))
            })
    };
    let stem = name.split('.').next().unwrap_or(name);
    if name.is_empty() {
        Some("it is empty")
    } else if name.len() > MAX_NAME_BYTES {
        Some("it has more than 200 bytes")
    } else if name.starts_with('.') {
        Some("it begins with a dot")
    } else if name.contains(['/', '\\']) {
        Some("it has a slash or a backslash")
    } else if name.chars().any(char::is_control) {
        Some("it has a control character")
    } else if is_device(stem.trim_end().to_ascii_lowercase().as_str()) {
        Some("it is the name of a device on Windows")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_refused() {
        let long = "x".repeat(201);
        for name in [
            "",
            ".",
            "..",
            "../x",
            "/etc/passwd",
            "a/b",
            "a\\b",
            "a\0",
            "a\n",
            ".hidden",
            "NUL",
            "com1",
            "aux.txt",
            &long,
        ] {
            for result in [
                CheckpointName::operation(name, "ok"),
                CheckpointName::operation("ok", name),
                CheckpointName::batch(name, 0),
            ] {
                let error = result.unwrap_err();
                assert!(matches!(error, Error::Name { .. }), "{error}");
                assert!(!error.to_string().contains('\n') && error.to_string().len() < 400);
            }
        }
        for name in [
            "a b",
            "Größe",
            "日本",
            "a..b",
            "com10",
            "nullify",
            "con-tains",
            "C:",
            "😀",
        ] {
            CheckpointName::operation(name, name).unwrap();
        }
    }

    #[test]
    fn files_and_names_are_the_same_both_ways() {
        let names = [
            CheckpointName::operation("step", "batch_0").unwrap(),
            CheckpointName::operation("step", "a.json").unwrap(),
            CheckpointName::operation("x_batches", "y").unwrap(),
            CheckpointName::operation("x_batches", "batch_07").unwrap(),
            CheckpointName::batch("x", 7).unwrap(),
            CheckpointName::batch("x_batches", u64::MAX).unwrap(),
        ];
        for name in names {
            assert_eq!(
                CheckpointName::of_file(&name.folder(), &name.stem()),
                Some(name)
            );
        }
        assert!(CheckpointName::operation("x_batches", "batch_7").is_err());
        assert_eq!(CheckpointName::of_file(".git", "x"), None);
    }
}
