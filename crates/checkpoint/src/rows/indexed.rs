//! Plain lines in one place, combined with everything else about them in another.

use std::fmt;
use std::io::{BufRead, BufReader, Read};

use coldpress_record::LineSpan;

use super::{BLOCK_BYTES, BLOCK_ROWS, MAX_RECORD_BYTES, RowBlock, RowsReader};
use crate::{Error, Manifest, Result};

/// Rows whose records are the lines of a stream, and whose origins and statistics are in an index file.
///
/// The stream must have one line for each row of the index, each ended by `
/// `. The caller must verify it.
pub struct IndexedRows<R> {
    index: RowsReader,
    rows: BufReader<R>,
    rows_name: String,
    row: u64,
}

impl<R: Read> IndexedRows<R> {
    /// Combines the rows of this stream, which errors call `rows_name`, with this index.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the index isn't one, because it has records of its own.
    pub fn new(index: RowsReader, rows: R, rows_name: impl Into<String>) -> Result<Self> {
        if index.has_records() {
            let reason = "an index has no records of its own, it has";
            return Err(Error::corrupt(index.name(), reason));
        }
        Ok(Self {
            index,
            rows: BufReader::with_capacity(BLOCK_BYTES, rows),
            rows_name: rows_name.into(),
            row: 0,
        })
    }

    /// Returns the manifest of the rows.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.index.manifest()
    }

    /// Replaces the block with the next rows, like [`RowsReader::next`]. Returns `false` after the last.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the stream has fewer or more lines than the index has rows, or when its last line has no end;
    /// otherwise those of [`RowsReader::next`].
    pub fn next(&mut self, block: &mut RowBlock) -> Result<bool> {
        self.index.begin(block);
        while block.lines.bytes.len() < BLOCK_BYTES && block.origins.len() < BLOCK_ROWS {
            if !self.index.append_row(block)? {
                self.check_end()?;
                break;
            }
            self.append_line(block)?;
        }
        Ok(!block.is_empty())
    }

    fn append_line(&mut self, block: &mut RowBlock) -> Result<()> {
        let bytes = &mut block.lines.bytes;
        let start = bytes.len();
        let limit = MAX_RECORD_BYTES as u64 + 1;
        let read = (&mut self.rows).take(limit).read_until(b'\n', bytes);
        read.map_err(|source| self.error("read", source))?;
        let ended = bytes.len() > start && bytes.last() == Some(&b'\n');
        if !ended {
            let reason = match bytes.len() - start {
                0 => format!(
                    "it has {} lines, its index has {} rows",
                    self.row,
                    self.index.manifest().rows
                ),
                length if length as u64 == limit => {
                    format!("line {} is longer than {MAX_RECORD_BYTES} bytes", self.row)
                }
                _ => format!("line {} has no end", self.row),
            };
            return Err(Error::corrupt(&self.rows_name, reason));
        }
        let length = bytes.len() - start - 1;
        block.lines.records.push(LineSpan {
            start: start as u32,
            length: length as u32,
            position: self.row,
        });
        self.row += 1;
        Ok(())
    }

    fn check_end(&mut self) -> Result<()> {
        let rest = self.rows.fill_buf().map(<[u8]>::is_empty);
        if rest.map_err(|source| self.error("read", source))? {
            return Ok(());
        }
        let reason = format!("it has more lines than the {} rows of its index", self.row);
        Err(Error::corrupt(&self.rows_name, reason))
    }

    fn error(&self, action: &'static str, source: std::io::Error) -> Error {
        coldpress_storage::Error::store(&"its stream", action, &self.rows_name, source).into()
    }
}

impl<R> fmt::Debug for IndexedRows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IndexedRows")
            .field("rows_name", &self.rows_name)
            .field("row", &self.row)
            .finish_non_exhaustive()
    }
}
