//! The quarantine: records that could not be processed, with where they came from and why.

use coldpress_operator::Quarantined;
use coldpress_record::{Origin, Reject};
use coldpress_storage::{AttemptName, ObjectRef, Place, StoreWriter, Stores};
use serde::{Deserialize, Serialize};

use crate::error::AttemptError;

/// The version of the quarantine files.
pub const QUARANTINE_SCHEMA: u32 = 1;

/// One record in quarantine: a line of a quarantine file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantineEntry {
    /// The version of this form: 1.
    pub schema_version: u32,
    /// The source's path.
    pub path: String,
    /// Where the record came from.
    #[serde(flatten)]
    pub origin: Origin,
    /// Length of the record in bytes.
    pub length: u64,
    /// The operator that failed on it; none = it could not be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The operator's place in the recipe, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation: Option<u32>,
    /// What went wrong.
    pub error: String,
    /// The record as it reached the operator (as it came in, where it could not be read), where it is text and not too
    /// long to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// The record's bytes in hexadecimal, where they are no text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record_hex: Option<String>,
}

impl QuarantineEntry {
    pub(crate) fn rejected(path: &str, reject: Reject) -> Self {
        let entry = Self::unread(
            path,
            reject.origin,
            reject.bytes.len() as u64,
            reject.reason,
        );
        match String::from_utf8(reject.bytes) {
            Ok(record) => Self {
                record: Some(record),
                ..entry
            },
            Err(error) => {
                let hex = error
                    .as_bytes()
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                Self {
                    record_hex: Some(hex),
                    ..entry
                }
            }
        }
    }

    pub(crate) fn unread(path: &str, origin: Origin, length: u64, error: String) -> Self {
        let (operator, operation, record, record_hex) = (None, None, None, None);
        Self {
            schema_version: QUARANTINE_SCHEMA,
            path: path.to_owned(),
            origin,
            length,
            operator,
            operation,
            error,
            record,
            record_hex,
        }
    }

    pub(crate) fn failed(path: &str, failed: Quarantined) -> Self {
        let entry = Self::unread(
            path,
            failed.origin,
            failed.record.len() as u64,
            failed.error,
        );
        let (operator, operation) = (Some(failed.operator), Some(failed.operation));
        Self {
            operator,
            operation,
            record: Some(failed.record),
            ..entry
        }
    }
}

/// Writes the quarantine file of an attempt; there is none while nothing is in quarantine.
pub(crate) struct QuarantineWriter {
    stores: Stores,
    name: AttemptName,
    file: Option<Box<dyn StoreWriter>>,
}

impl QuarantineWriter {
    pub(crate) fn new(stores: &Stores, name: AttemptName) -> Self {
        Self {
            stores: stores.clone(),
            name,
            file: None,
        }
    }

    pub(crate) fn put(&mut self, entry: &QuarantineEntry) -> Result<(), AttemptError> {
        let mut line = serde_json::to_vec(entry).map_err(|error| AttemptError::met(&error))?;
        line.push(b'\n');
        let file = match self.file.take() {
            Some(file) => file,
            None => self
                .stores
                .put_new(Place::Quarantine, &self.name.object()?)?,
        };
        Ok(self.file.insert(file).put(&line)?)
    }

    pub(crate) fn finish(self) -> Result<Option<ObjectRef>, AttemptError> {
        let Some(file) = self.file else {
            return Ok(None);
        };
        let (name, stamp) = (file.name().clone(), file.finish()?);
        Ok(Some(ObjectRef::new(Place::Quarantine, name, stamp)))
    }
}
