//! Reading the rows of a columnar file.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use arrow::array::RecordBatch;
use coldpress_storage::Digest;

use super::arrow_file::ArrowStream;
use super::parquet::ParquetStream;
use super::utf8::BadRows;
use crate::error::Result;

/// Reads the rows of a columnar file in batches.
pub struct TableStream {
    path: PathBuf,
    /// The rows of each group, to report where damage is.
    groups: Vec<u64>,
    next: u64,
    end: u64,
    reader: Reader,
    bad: BadRows,
    has_failed: bool,
}

pub(super) enum Reader {
    Parquet(Box<ParquetStream>),
    Arrow(Box<ArrowStream>),
}

impl TableStream {
    pub(super) fn new(path: PathBuf, groups: Vec<u64>, rows: Range<u64>, reader: Reader) -> Self {
        Self {
            path,
            groups,
            next: rows.start,
            end: rows.end,
            reader,
            bad: BadRows::new(),
            has_failed: false,
        }
    }

    /// Returns the next rows in order: about 256 KB of them, at least one and at most 8192. Returns none at the end, and after an
    /// error.
    ///
    /// # Errors
    /// [`Error::DamagedTable`](crate::Error::DamagedTable) when the data is damaged, with the row group and the rows that
    /// could not be read; [`Error::Io`](crate::Error::Io) when the file cannot be read.
    pub fn next_rows(&mut self) -> Result<Option<RecordBatch>> {
        if self.has_failed {
            return Ok(None);
        }
        self.bad.clear();
        let read = match &mut self.reader {
            Reader::Parquet(stream) => stream.next_rows(&mut self.bad),
            Reader::Arrow(stream) => stream.next_rows(&mut self.bad),
        };
        match read {
            Ok(Some(batch)) => {
                self.next += batch.num_rows() as u64;
                Ok(Some(batch))
            }
            Ok(None) => Ok(None),
            Err(flaw) => {
                self.has_failed = true;
                Err(flaw.at(&self.path, self.place()))
            }
        }
    }

    /// Returns which of the latest rows are not records, counted from the first of them, and why: some of their text isn't UTF-8.
    /// The others of the batch are sound.
    pub fn bad_rows(&self) -> &[(usize, String)] {
        &self.bad
    }

    /// Returns the digest of everything that the rows were made of; see
    /// [`TableFile::digest_of_rows`](super::TableFile::digest_of_rows).
    ///
    /// # Errors
    /// Fails when a part that did not have to be decoded cannot be read.
    pub fn finish(self) -> Result<Digest> {
        let place = self.place();
        let digest = match self.reader {
            Reader::Parquet(stream) => stream.finish(),
            Reader::Arrow(stream) => stream.finish(),
        };
        digest.map_err(|flaw| flaw.at(&self.path, place))
    }

    /// Returns the current place: the row group, and the rows of it that were asked for.
    fn place(&self) -> String {
        let mut start = 0;
        for (group, rows) in self.groups.iter().enumerate() {
            let end = start + rows;
            if self.next < end {
                return format!(
                    "row group {group}, rows {}..{}",
                    self.next,
                    end.min(self.end)
                );
            }
            start = end;
        }
        format!("rows {}..{}", self.next, self.end)
    }
}

impl fmt::Debug for TableStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableStream")
            .field("path", &self.path)
            .field("rows", &(self.next..self.end))
            .finish_non_exhaustive()
    }
}
