//! Reads a checkpoint a batch at a time.

use std::path::{Path, PathBuf};

use super::files::{Files, Found};
use super::source::Source;
use super::wanted::Wanted;
use crate::{CheckpointName, Format, Options, Record, Result};

/// The records of a checkpoint, a batch at a time: memory is bounded by a few batches.
///
/// A Parquet file of this crate is verified as a whole before its first record is returned.
pub struct RecordReader {
    found: Found,
    source: Source,
    warnings: Vec<String>,
}

impl RecordReader {
    pub(super) fn open(
        found: Found,
        name: &CheckpointName,
        wanted: Wanted,
        files: &Files,
        options: &Options,
    ) -> Result<Self> {
        Ok(Self {
            source: Source::open(files, &found.path, found.format, name, wanted, options)?,
            found,
            warnings: Vec::new(),
        })
    }

    pub(super) fn warned(mut self, warnings: Vec<String>) -> Self {
        self.warnings = warnings;
        self
    }

    /// Verifies as much as possible before the first record is read.
    pub(super) fn verify(&self) -> Result<()> {
        self.source.verify(&self.found.path)
    }

    /// Reads the next records; `None` at the end.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged) if the file differs from what was written, or cannot be decoded;
    /// [`Error::Storage`](crate::Error::Storage) if it cannot be read.
    pub fn next_batch(&mut self) -> Result<Option<Vec<Record>>> {
        self.source.next(&self.found.path)
    }

    /// Reads all remaining records.
    ///
    /// # Errors
    /// As for [`next_batch`](Self::next_batch).
    pub fn read_all(&mut self) -> Result<Vec<Record>> {
        let mut records = Vec::new();
        while let Some(mut batch) = self.next_batch()? {
            match records.is_empty() {
                true => records = batch,
                false => records.append(&mut batch),
            }
        }
        Ok(records)
    }

    /// Returns the file that is read.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.found.path
    }

    /// Returns its format.
    #[must_use]
    pub fn format(&self) -> Format {
        self.found.format
    }

    pub(super) fn found(&self) -> &Found {
        &self.found
    }

    /// Returns whether another program wrote the file, and it isn't JSON.
    pub(super) fn is_foreign(&self) -> bool {
        self.source.is_foreign()
    }

    /// Returns its length in bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.found.bytes
    }

    /// Returns the number of records in the file, if the file has it; JSON does not.
    #[must_use]
    pub fn rows(&self) -> Option<u64> {
        self.source.rows()
    }

    /// Returns warnings that explain why this file is read and not the one of the other format.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    pub(super) fn into_parts(self) -> (PathBuf, Format, u64, Vec<String>) {
        let Found {
            path,
            format,
            bytes,
            ..
        } = self.found;
        (path, format, bytes, self.warnings)
    }
}

impl std::fmt::Debug for RecordReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordReader")
            .field("file", &self.found)
            .field("warnings", &self.warnings)
            .finish_non_exhaustive()
    }
}
