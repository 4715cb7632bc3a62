//! Writing rows, batch by batch, in bounded memory.

use std::fmt;

use coldpress_record::{Batch, DeclaredFields, Stat};
use coldpress_storage::FileStamp;

use super::columns::Columns;
use super::round::Round;
use super::{BLOCK_BYTES, MAX_RECORD_BYTES};
use crate::container::{ContainerOptions, ContainerWriter};
use crate::{Compression, Error, Format, Manifest, Result};
use coldpress_storage::StoreWriter;

/// The bytes of a group: lines, and everything that is stored with them.
const GROUP_BYTES: usize = 4 << 20;
/// The most bytes of a group that is measured in rows, because a group is in memory until it is complete.
const MOST_GROUP_BYTES: usize = 64 << 20;

/// The limits at which a group of a rows file ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RowGroups {
    /// Once they hold 4 MiB.
    #[default]
    Bytes,
    /// After this many rows, or once they hold 64 MiB.
    Rows(u32),
    /// At the end of the file.
    One,
}

/// The content and the format of a rows file.
#[derive(Clone, Copy, Debug)]
pub struct RowsOptions<'a> {
    /// True if the records themselves are stored, false for an index of lines that are elsewhere.
    pub with_records: bool,
    /// The file format.
    pub format: Format,
    /// The compression, which the format must support.
    pub compression: Compression,
    /// The statistics that get columns. Repeats count once.
    pub stats: &'a [Stat],
    /// The most rows that are collected before they are encoded. About 256 KB of lines end a round sooner.
    pub batch_rows: u32,
    /// The limits of a group.
    pub groups: RowGroups,
}

impl Default for RowsOptions<'_> {
    /// Returns the defaults: records, Parquet, Zstandard, no statistics, rounds of 4,096 rows.
    fn default() -> Self {
        Self {
            with_records: true,
            format: Format::default(),
            compression: Compression::default(),
            stats: &[],
            batch_rows: 4096,
            groups: RowGroups::Bytes,
        }
    }
}

/// Writes the rows that are alive in batches to an object.
///
/// Memory is bounded by a [group](RowGroups), or by one record that is longer. The bytes depend only on the rows, the options and
/// the manifest, not on how the rows were cut into batches. If it is dropped unfinished, it leaves no object.
pub struct RowsWriter {
    container: ContainerWriter,
    columns: Columns,
    round: Round,
    round_rows: usize,
    max_record_bytes: usize,
    groups: RowGroups,
    group_bytes: usize,
    group_rows: u32,
    rows: u64,
    encoded_rows: u64,
}

impl RowsWriter {
    /// Begins a rows file.
    ///
    /// # Errors
    /// [`Error::Write`] when the file cannot be begun.
    pub fn create(out: Box<dyn StoreWriter>, options: &RowsOptions<'_>) -> Result<Self> {
        let columns = Columns::new(options.with_records, options.stats);
        let container = ContainerOptions {
            format: options.format,
            compression: options.compression,
        };
        Ok(Self {
            container: ContainerWriter::create(out, columns.schema(), &container)?,
            round: Round::new(columns.stats.len()),
            columns,
            round_rows: usize::try_from(options.batch_rows.max(1)).unwrap_or(usize::MAX),
            max_record_bytes: MAX_RECORD_BYTES,
            groups: options.groups,
            group_bytes: 0,
            group_rows: 0,
            rows: 0,
            encoded_rows: 0,
        })
    }

    /// Returns the number of rows that were given so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the rows of a batch that are alive. `fields` are those that the batch was filled with.
    ///
    /// # Errors
    /// [`Error::Precondition`] for a record longer than 1 GiB, [`Error::Write`] when the store refuses bytes. The file then cannot
    /// be finished.
    pub fn write(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<()> {
        let stats = batch.stats();
        let stat_columns: Vec<Option<usize>> = self
            .columns
            .stat_names()
            .map(|name| stats.column(name))
            .collect();
        for row in batch.selection().iter().map(|row| *row as usize) {
            if self.columns.with_records {
                self.push_record(batch, row, fields)?;
            }
            self.round.push_row(batch, row, &stat_columns);
            self.rows += 1;
            self.group_rows += 1;
            let is_full = self.groups == RowGroups::Rows(self.group_rows);
            let ends_round = self.round.rows() >= self.round_rows;
            if is_full || ends_round || self.round.line_bytes() >= BLOCK_BYTES {
                self.encode_round()?;
            }
            if is_full {
                self.end_group()?;
            }
        }
        Ok(())
    }

    /// Writes the rest and the manifest, and makes the object durable.
    ///
    /// # Errors
    /// [`Error::Precondition`] when the manifest has another number of rows than were written, [`Error::Write`] and
    /// [`Error::Storage`] when the store refuses. Nothing is published then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<FileStamp> {
        self.encode_round()?;
        let encoded = self.encoded_rows;
        if manifest.rows != self.rows || encoded != self.rows {
            let reason = format!(
                "its manifest says {} rows, {} were given and {encoded} written",
                manifest.rows, self.rows
            );
            return Err(Error::Precondition {
                name: self.container.name().to_owned(),
                reason,
            });
        }
        let json = manifest.to_json(self.container.name())?;
        self.container.finish(json)
    }

    fn push_record(&mut self, batch: &Batch, row: usize, fields: &DeclaredFields) -> Result<()> {
        let pushed = self
            .round
            .push_record(batch, row, fields, self.max_record_bytes);
        let Err(length) = pushed else {
            return Ok(());
        };
        // The record is counted, so that the file cannot be finished without it.
        self.rows += 1;
        let origin = batch.origin(row);
        let reason = format!(
            "the record from {origin} has {length} bytes, the limit is {}",
            self.max_record_bytes
        );
        Err(Error::Precondition {
            name: self.container.name().to_owned(),
            reason,
        })
    }

    fn encode_round(&mut self) -> Result<()> {
        if self.round.rows() == 0 {
            return Ok(());
        }
        // There is a position, and an integer or a float for each statistic.
        let row_bytes = 16 + 17 * self.columns.stats.len();
        self.group_bytes += self.round.line_bytes() + self.round.rows() * row_bytes;
        let arrays = self.round.take(&self.columns);
        let rows = arrays.map_err(|error| Error::write(self.container.name(), error.into()))?;
        self.container.write(&rows)?;
        self.encoded_rows += rows.num_rows() as u64;
        let most = match self.groups {
            RowGroups::Bytes => GROUP_BYTES,
            RowGroups::Rows(_) => MOST_GROUP_BYTES,
            RowGroups::One => usize::MAX,
        };
        match self.group_bytes >= most {
            true => self.end_group(),
            false => Ok(()),
        }
    }

    fn end_group(&mut self) -> Result<()> {
        self.group_bytes = 0;
        self.group_rows = 0;
        self.container.end_group()
    }
}

impl fmt::Debug for RowsWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsWriter")
            .field("name", &self.container.name())
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use coldpress_record::{Ledger, Lines};
    use coldpress_storage::Digest;

    use super::*;
    use coldpress_storage::{MemoryStore, ObjectName, ObjectStore};

    #[test]
    fn a_record_over_the_limit_is_refused_and_so_is_a_file_without_it() {
        let store = MemoryStore::new();
        let out = store.put_new(&ObjectName::new("a").unwrap()).unwrap();
        let mut writer = RowsWriter::create(out, &RowsOptions::default()).unwrap();
        writer.max_record_bytes = 10;
        let mut lines = Lines::new(0);
        for line in [&br#"{"a": 123}"#[..], br#"{"a": 1234}"#] {
            lines.push(lines.bytes.len() as u64, line);
        }
        let mut batch = Batch::default();
        let fields = DeclaredFields::default();
        batch.fill(&mut lines, &fields, &mut Vec::new());
        assert_eq!(
            writer.write(&batch, &fields).unwrap_err().to_string(),
            "cannot write `a`: the record from source 0 at 11 has 11 bytes, the limit is 10"
        );
        let manifest = Manifest {
            partition: 0,
            operation: 0,
            chain: String::new(),
            slice: Digest::of(b""),
            ledger: Ledger::default(),
            rows: writer.rows(),
            error_marks: Vec::new(),
            unreadable: Vec::new(),
            quarantine: Vec::new(),
            seen: Default::default(),
            types: None,
            dropped: None,
            trace: None,
        };
        assert!(writer.finish(&manifest).is_err());
        assert_eq!(store.list("").unwrap(), []);
    }
}
