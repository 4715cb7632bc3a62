//! Writes a checkpoint a record at a time.

use std::path::PathBuf;

use coldpress_storage::NewFile;

use super::batches::{batches, is_full};
use super::files::{Files, Other};
use super::parquet_out::ParquetOut;
use crate::json::{Style, write_record};
use crate::{CheckpointName, Format, Options, Record, Result};

/// Writes a checkpoint. Memory is bounded by a few batches.
///
/// Once [`finish`](Self::finish) has returned, the checkpoint is complete and durable. Until then the old one exists, and it stays
/// if the writer is dropped.
pub struct RecordWriter {
    files: Files,
    name: CheckpointName,
    format: Format,
    buffer: Vec<Record>,
    buffered_bytes: usize,
    rows: u64,
    out: Out,
}

enum Out {
    Parquet(Box<ParquetOut>),
    Json(JsonOut),
}

struct JsonOut {
    file: NewFile,
    scratch: Vec<u8>,
    is_first: bool,
}

/// A checkpoint that was saved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Its file.
    pub path: PathBuf,
    /// Its format.
    pub format: Format,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// The number of its records.
    pub rows: u64,
}

/// A checkpoint that was written but not yet moved into place.
pub(super) struct Unplaced {
    pub(super) path: PathBuf,
    pub(super) bytes: u64,
    pub(super) rows: u64,
}

impl RecordWriter {
    pub(super) fn create(
        files: &Files,
        name: &CheckpointName,
        format: Format,
        options: &Options,
    ) -> Result<Self> {
        let out = match format {
            Format::Parquet => {
                // An impossible name is refused before the work begins.
                files.path(name, format)?;
                Out::Parquet(Box::new(ParquetOut::new(files, name, options)))
            }
            Format::Json => Out::Json(JsonOut {
                file: files.begin(name, format)?,
                scratch: b"[".to_vec(),
                is_first: true,
            }),
        };
        Ok(Self {
            files: files.clone(),
            name: name.clone(),
            format,
            buffer: Vec::new(),
            buffered_bytes: 0,
            rows: 0,
            out,
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) and [`Error::Write`](crate::Error::Write) if the device refuses its bytes; the
    /// writer is then unusable.
    pub fn write(&mut self, record: Record) -> Result<()> {
        if let Out::Json(out) = &mut self.out {
            self.rows += 1;
            return out.write(&record);
        }
        self.buffered_bytes += record.memory_bytes();
        self.buffer.push(record);
        match is_full(self.buffer.len(), self.buffered_bytes) {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Adds records.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    pub fn write_all(&mut self, records: &[Record]) -> Result<()> {
        self.flush()?;
        self.rows += records.len() as u64;
        match &mut self.out {
            Out::Json(out) => records.iter().try_for_each(|record| out.write(record)),
            Out::Parquet(out) => batches(records).try_for_each(|batch| out.write(batch)),
        }
    }

    /// Ends the checkpoint, which replaces the old one.
    ///
    /// # Errors
    /// As for [`write`](Self::write); the old checkpoint then still exists.
    pub fn finish(self) -> Result<Saved> {
        self.finish_with(Other::Goes, |_| Ok(()))
    }

    /// Ends the checkpoint, which is moved into place if `check` accepts it.
    pub(super) fn finish_with(
        self,
        other: Other,
        check: impl FnOnce(&Unplaced) -> Result<()>,
    ) -> Result<Saved> {
        let (files, name, format) = (self.files.clone(), self.name.clone(), self.format);
        let unplaced = self.end()?;
        if let Err(error) = check(&unplaced) {
            // The file is of no use any more.
            let _ = coldpress_storage::remove_durable(&unplaced.path);
            return Err(error);
        }
        Self::place(&files, &name, format, other, unplaced)
    }

    /// Ends the checkpoint, which is moved into place unless its length is refused; then nothing of it is left.
    pub(super) fn finish_unless(self, refuses: impl FnOnce(u64) -> bool) -> Result<Option<Saved>> {
        let (files, name, format) = (self.files.clone(), self.name.clone(), self.format);
        let unplaced = self.end()?;
        if refuses(unplaced.bytes) {
            coldpress_storage::remove_durable(&unplaced.path)?;
            return Ok(None);
        }
        Self::place(&files, &name, format, Other::Goes, unplaced).map(Some)
    }

    fn place(
        files: &Files,
        name: &CheckpointName,
        format: Format,
        other: Other,
        unplaced: Unplaced,
    ) -> Result<Saved> {
        let placed = files.put(&unplaced.path, name, format, other);
        Ok(Saved {
            // The file is of no use any more.
            path: placed
                .inspect_err(|_| drop(coldpress_storage::remove_durable(&unplaced.path)))?,
            format,
            bytes: unplaced.bytes,
            rows: unplaced.rows,
        })
    }

    fn end(mut self) -> Result<Unplaced> {
        self.flush()?;
        let (path, bytes) = match self.out {
            Out::Parquet(out) => out.finish()?,
            Out::Json(out) => out.finish()?,
        };
        Ok(Unplaced {
            path,
            bytes,
            rows: self.rows,
        })
    }

    fn flush(&mut self) -> Result<()> {
        if let Out::Parquet(out) = &mut self.out
            && !self.buffer.is_empty()
        {
            out.write(&self.buffer)?;
            self.rows += self.buffer.len() as u64;
            self.buffer.clear();
            self.buffered_bytes = 0;
        }
        Ok(())
    }
}

impl JsonOut {
    fn write(&mut self, record: &Record) -> Result<()> {
        if !std::mem::take(&mut self.is_first) {
            self.scratch.extend_from_slice(b", ");
        }
        write_record(record, Style::PYTHON, &mut self.scratch);
        // Large pieces bypass the file's own buffer.
        if self.scratch.len() >= 256 << 10 {
            self.file.put(&self.scratch)?;
            self.scratch.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(PathBuf, u64)> {
        self.scratch.push(b']');
        self.file.put(&self.scratch)?;
        let path = self.file.path().to_owned();
        let stamp = self.file.finish()?;
        Ok((path, stamp.length))
    }
}

impl std::fmt::Debug for RecordWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordWriter")
            .field("name", &self.name)
            .field("format", &self.format)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
