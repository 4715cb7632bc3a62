//! Errors in a columnar file, before their place in it is known.

use std::any::Any;
use std::error::Error as StdError;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::error::{Error, is_of_reading};

/// The reason why a step of reading failed.
#[derive(Debug)]
pub(super) enum Flaw {
    /// The file could not be read.
    Io(io::Error),
    /// The file was read, and it is damaged.
    Damaged(String),
    /// The file is sound, but reading it would take more memory than there is.
    TooLarge(String),
}

/// The result of a step of reading.
pub(super) type Checked<T> = Result<T, Flaw>;

impl Flaw {
    /// Returns the error for the file at `path`; `place` is where in it the flaw is.
    pub(super) fn at(self, path: &Path, place: impl Into<String>) -> Error {
        match self {
            Self::Io(source) => Error::io("read", path)(source),
            Self::Damaged(reason) => Error::DamagedTable {
                path: path.display().to_string(),
                place: place.into(),
                reason,
            },
            Self::TooLarge(reason) => Error::TooLarge {
                path: path.display().to_string(),
                place: place.into(),
                reason,
            },
        }
    }
}

/// Runs a step of a library that may panic on bytes that no writer produces.
pub(super) fn guarded<T, E: Into<Flaw>>(step: impl FnOnce() -> Result<T, E>) -> Checked<T> {
    match catch_unwind(AssertUnwindSafe(step)) {
        Ok(result) => result.map_err(Into::into),
        Err(panic) => Err(Flaw::Damaged(format!(
            "it cannot be decoded: {}",
            message(panic.as_ref())
        ))),
    }
}

/// Runs a step of a library that may panic on bytes that no writer produces. Returns none if it does.
pub(crate) fn unpanicked<T>(step: impl FnOnce() -> Option<T>) -> Option<T> {
    catch_unwind(AssertUnwindSafe(step)).ok().flatten()
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("the decoder panicked")
}

/// Fails with `reason` unless `holds`.
pub(super) fn ensure(holds: bool, reason: impl FnOnce() -> String) -> Checked<()> {
    if holds {
        Ok(())
    } else {
        Err(Flaw::Damaged(reason()))
    }
}

impl From<io::Error> for Flaw {
    fn from(error: io::Error) -> Self {
        match is_of_reading(&error) {
            true => Self::Io(error),
            // The error comes from a decoder, or says that the file is too short.
            false => Self::Damaged(error.to_string()),
        }
    }
}

impl From<ParquetError> for Flaw {
    fn from(error: ParquetError) -> Self {
        match error {
            ParquetError::External(source) => from_source(source),
            ParquetError::General(reason) | ParquetError::EOF(reason) => Self::Damaged(reason),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<ArrowError> for Flaw {
    fn from(error: ArrowError) -> Self {
        match error {
            ArrowError::ExternalError(source) => from_source(source),
            ArrowError::IoError(_, source) => source.into(),
            other => Self::Damaged(other.to_string()),
        }
    }
}

impl From<String> for Flaw {
    fn from(reason: String) -> Self {
        Self::Damaged(reason)
    }
}

impl From<&str> for Flaw {
    fn from(reason: &str) -> Self {
        Self::Damaged(reason.to_owned())
    }
}

fn from_source(source: Box<dyn StdError + Send + Sync>) -> Flaw {
    match source.downcast::<io::Error>() {
        Ok(error) => (*error).into(),
        Err(other) => match other.downcast::<ParquetError>() {
            Ok(error) => (*error).into(),
            Err(other) => Flaw::Damaged(other.to_string()),
        },
    }
}
