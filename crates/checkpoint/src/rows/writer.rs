//! Writing rows, batch by batch, in bounded memory.

use std::fmt;
use std::io::{self, Write};

use coldpress_record::{Batch, DeclaredFields};
use coldpress_storage::FileStamp;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;

use super::columns::Columns;
use super::manifest::{MANIFEST_KEY, Manifest};
use super::properties::{Compression, properties};
use super::round::Round;
use super::{BLOCK_BYTES, MAX_RECORD_BYTES};
use crate::{Error, Result, StoreWriter};

const ROW_GROUP_BYTES: usize = 8 << 20;
const ROW_GROUP_ROWS: usize = 1 << 20;

/// What a rows file holds and how.
#[derive(Clone, Copy, Debug)]
pub struct RowsOptions<'a> {
    /// Whether the records themselves are stored, or all but them (an index of lines that lie elsewhere).
    pub with_records: bool,
    /// How pages are compressed.
    pub compression: Compression,
    /// The statistics that get columns; repeats count once.
    pub stat_names: &'a [String],
    /// The most rows that are gathered before they are encoded; some 256 KB of lines end a round sooner.
    pub batch_rows: u32,
}

impl Default for RowsOptions<'_> {
    /// Records, Zstandard, no statistics, rounds of 4,096 rows.
    fn default() -> Self {
        Self {
            with_records: true,
            compression: Compression::default(),
            stat_names: &[],
            batch_rows: 4096,
        }
    }
}

/// Writes the rows that are alive in batches to an object.
///
/// Memory is bounded by a row group: 8 MiB of lines, encoded and compressed, or one record that is longer. The bytes
/// depend on the rows, the options and the manifest alone, not on how the rows were cut into batches. Dropped
/// unfinished, it leaves no object.
pub struct RowsWriter {
    parquet: ArrowWriter<Out>,
    name: String,
    columns: Columns,
    round: Round,
    round_rows: usize,
    max_record_bytes: usize,
    group_bytes: usize,
    group_rows: usize,
    rows: u64,
}

impl RowsWriter {
    /// Begins a rows file.
    ///
    /// # Errors
    /// [`Error::Write`] when the store refuses bytes.
    pub fn create(out: Box<dyn StoreWriter>, options: &RowsOptions<'_>) -> Result<Self> {
        let name = out.name().to_string();
        let columns = Columns::new(options.with_records, options.stat_names);
        // The Parquet types say all that a reader needs.
        let arrow = ArrowWriterOptions::new()
            .with_properties(properties(&columns, options.compression))
            .with_skip_arrow_metadata(true);
        let parquet = ArrowWriter::try_new_with_options(Out(Some(out)), columns.schema(), arrow)
            .map_err(|source| write_error(&name, source))?;
        Ok(Self {
            parquet,
            name,
            round: Round::new(columns.stat_names.len()),
            columns,
            round_rows: usize::try_from(options.batch_rows.max(1)).unwrap_or(usize::MAX),
            max_record_bytes: MAX_RECORD_BYTES,
            group_bytes: 0,
            group_rows: 0,
            rows: 0,
        })
    }

    /// How many rows were given so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the rows of a batch that are alive. `fields` are those that the batch was filled with.
    ///
    /// # Errors
    /// [`Error::Precondition`] for a record longer than 1 GiB, [`Error::Write`] when the store refuses bytes. The
    /// file cannot be finished then.
    pub fn write(&mut self, batch: &Batch, fields: &DeclaredFields) -> Result<()> {
        let stats = batch.stats();
        let stat_columns: Vec<Option<usize>> = self
            .columns
            .stat_names
            .iter()
            .map(|name| stats.column(name))
            .collect();
        for row in batch.selection().iter().map(|row| *row as usize) {
            if self.columns.with_records {
                self.push_record(batch, row, fields)?;
            }
            self.round.push_row(batch, row, &stat_columns);
            self.rows += 1;
            if self.round.rows() >= self.round_rows || self.round.line_bytes() >= BLOCK_BYTES {
                self.encode_round()?;
            }
        }
        Ok(())
    }

    /// Writes the rest and the manifest, and makes the object durable.
    ///
    /// # Errors
    /// [`Error::Precondition`] when the manifest counts other rows than were written, [`Error::Write`] and
    /// [`Error::Store`] when the store refuses; nothing is published then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<FileStamp> {
        self.encode_round()?;
        let encoded = self.encoded_rows();
        if manifest.rows != self.rows || encoded != self.rows {
            let reason = format!(
                "its manifest says {} rows, {} were given and {encoded} written",
                manifest.rows, self.rows
            );
            return Err(Error::Precondition {
                name: self.name,
                reason,
            });
        }
        let json = manifest.to_json(&self.name)?;
        self.parquet
            .append_key_value_metadata(KeyValue::new(MANIFEST_KEY.to_owned(), json));
        self.parquet
            .finish()
            .map_err(|source| write_error(&self.name, source))?;
        // The library's own way to give its output back makes a text of what the store answered.
        match self.parquet.inner_mut().0.take() {
            Some(out) => out.finish(),
            None => Err(write_error(&self.name, no_output().into())),
        }
    }

    fn push_record(&mut self, batch: &Batch, row: usize, fields: &DeclaredFields) -> Result<()> {
        let pushed = self
            .round
            .push_record(batch, row, fields, self.max_record_bytes);
        let Err(length) = pushed else {
            return Ok(());
        };
        // Counted, so that the file cannot be finished without this record.
        self.rows += 1;
        let origin = batch.origin(row);
        let reason = format!(
            "the record from {origin} has {length} bytes, the limit is {}",
            self.max_record_bytes
        );
        Err(Error::Precondition {
            name: self.name.clone(),
            reason,
        })
    }

    fn encode_round(&mut self) -> Result<()> {
        if self.round.rows() == 0 {
            return Ok(());
        }
        self.group_bytes += self.round.line_bytes();
        self.group_rows += self.round.rows();
        let full = self.group_bytes >= ROW_GROUP_BYTES || self.group_rows >= ROW_GROUP_ROWS;
        let arrays = self.round.take(&self.columns);
        arrays
            .map_err(ParquetError::from)
            .and_then(|rows| self.parquet.write(&rows))
            .and_then(|()| if full { self.parquet.flush() } else { Ok(()) })
            .map_err(|source| write_error(&self.name, source))?;
        if full {
            (self.group_bytes, self.group_rows) = (0, 0);
        }
        Ok(())
    }

    fn encoded_rows(&self) -> u64 {
        let groups = self.parquet.flushed_row_groups().iter();
        groups.map(|group| group.num_rows() as u64).sum::<u64>()
            + self.parquet.in_progress_rows() as u64
    }
}

impl fmt::Debug for RowsWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsWriter")
            .field("name", &self.name)
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}

/// The object that is written, until it is finished.
struct Out(Option<Box<dyn StoreWriter>>);

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().ok_or_else(no_output)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().ok_or_else(no_output)?.flush()
    }
}

fn no_output() -> io::Error {
    io::Error::other("the object was finished before")
}

fn write_error(name: &str, source: ParquetError) -> Error {
    Error::Write {
        name: name.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use coldpress_record::{Ledger, Lines};
    use coldpress_storage::Digest;

    use super::*;
    use crate::{CheckpointStore, MemoryStore, ObjectName};

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
        };
        assert!(writer.finish(&manifest).is_err());
        assert_eq!(store.list("").unwrap(), []);
    }
}
