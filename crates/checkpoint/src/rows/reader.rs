//! Reading rows, block by block, from a file that was first proved to be whole.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use coldpress_storage::FileStamp;

use super::columns::Columns;
use super::decoded::Decoded;
use super::{BLOCK_BYTES, BLOCK_ROWS, RowBlock};
use crate::container::ContainerReader;
use crate::{Error, Manifest, Result};
use coldpress_storage::StoreReader;

/// Reads a rows file in bounded memory: a group of rows and a block of them at a time.
pub struct RowsReader {
    container: ContainerReader,
    columns: Columns,
    schema: SchemaRef,
    manifest: Manifest,
    next_group: usize,
    batches: std::vec::IntoIter<RecordBatch>,
    decoded: Option<Decoded>,
    rows_read: u64,
}

impl RowsReader {
    /// Opens a rows file. Its length and digest are checked before anything in it is decoded.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when it isn't the file that was cited or isn't a rows file, [`Error::Newer`] when a newer release wrote
    /// it, [`Error::Storage`] when it cannot be read.
    pub fn open(reader: Box<dyn StoreReader>, expected: &FileStamp) -> Result<Self> {
        Self::of_container(ContainerReader::open(reader, expected)?)
    }

    /// Returns the rows of a container.
    pub(crate) fn of_container(container: ContainerReader) -> Result<Self> {
        let name = container.name();
        let manifest = Manifest::from_json(name, container.manifest_json())?;
        let names: Vec<&str> = container.columns().iter().map(String::as_str).collect();
        let columns = Columns::from_names(&names)
            .ok_or_else(|| Error::corrupt(name, "its columns are not those of rows"))?;
        let counts = container.groups().iter().map(|group| group.rows);
        let rows = counts.fold(0, u64::saturating_add);
        if manifest.rows != rows {
            let reason = format!("its manifest says {} rows, it has {rows}", manifest.rows);
            return Err(Error::corrupt(name, reason));
        }
        Ok(Self {
            schema: columns.schema(),
            container,
            columns,
            manifest,
            next_group: 0,
            batches: Vec::new().into_iter(),
            decoded: None,
            rows_read: 0,
        })
    }

    /// Returns the manifest of the rows.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn container(&self) -> &ContainerReader {
        &self.container
    }

    /// Returns the object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.container.name()
    }

    /// Returns whether the file has the records. If not, it is an index of lines that are elsewhere.
    #[must_use]
    pub fn has_records(&self) -> bool {
        self.columns.with_records
    }

    /// Returns the statistics that the file has columns for.
    #[must_use]
    pub fn stat_names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.columns.stat_names()
    }

    /// Replaces the block with the next rows: about 256 KB of lines, or 8,192 rows. Returns `false` after the last.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when the rows cannot be decoded, [`Error::Storage`] when they cannot be read.
    pub fn next(&mut self, block: &mut RowBlock) -> Result<bool> {
        self.begin(block);
        while block.lines.bytes.len() < BLOCK_BYTES
            && block.origins.len() < BLOCK_ROWS
            && self.append_row(block)?
        {}
        Ok(!block.is_empty())
    }

    /// Replaces the block with the next `rows` rows.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when there are fewer; otherwise those of [`next`](Self::next).
    pub fn next_rows(&mut self, block: &mut RowBlock, rows: usize) -> Result<()> {
        self.begin(block);
        while block.origins.len() < rows {
            if !self.append_row(block)? {
                let reason = format!("it has only {} rows", self.rows_read);
                return Err(Error::corrupt(self.container.name(), reason));
            }
        }
        Ok(())
    }

    /// Checks that all rows were read.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when rows are left.
    pub fn finish(&mut self) -> Result<()> {
        if self.rows_read == self.manifest.rows {
            return Ok(());
        }
        let (read, rows) = (self.rows_read, self.manifest.rows);
        let reason = format!("it has {rows} rows, {read} were wanted");
        Err(Error::corrupt(self.container.name(), reason))
    }

    pub(super) fn begin(&self, block: &mut RowBlock) {
        block.begin(self.container.name(), self.columns.stat_names());
    }

    /// Appends the next row to the block; `false` after the last.
    pub(super) fn append_row(&mut self, block: &mut RowBlock) -> Result<bool> {
        while self.decoded.as_ref().is_none_or(Decoded::is_used_up) {
            let Some(rows) = self.next_batch()? else {
                return self.check_end();
            };
            let decoded = Decoded::new(&rows, &self.columns).ok_or_else(|| {
                Error::corrupt(self.container.name(), "its columns have other types")
            })?;
            self.decoded = Some(decoded);
        }
        if let Some(decoded) = &mut self.decoded {
            let appended = decoded.append_row(self.rows_read, block);
            appended.ok_or_else(|| {
                let reason = format!("row {} has a statistic that is not a value", self.rows_read);
                Error::corrupt(self.container.name(), reason)
            })?;
            self.rows_read += 1;
        }
        Ok(true)
    }

    /// Returns the next decoded rows; `None` after the last.
    fn next_batch(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(rows) = self.batches.next() {
                return Ok(Some(rows));
            }
            if self.next_group == self.container.groups().len() {
                return Ok(None);
            }
            // The rows of the last group are dropped before the next ones are read.
            self.decoded = None;
            let batches = self
                .container
                .read_group(self.next_group, &self.schema, None)?;
            self.next_group += 1;
            self.batches = batches.into_iter();
        }
    }

    fn check_end(&self) -> Result<bool> {
        if self.rows_read == self.manifest.rows {
            return Ok(false);
        }
        let reason = format!(
            "its manifest says {} rows, {} were read",
            self.manifest.rows, self.rows_read
        );
        Err(Error::corrupt(self.container.name(), reason))
    }
}

impl fmt::Debug for RowsReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowsReader")
            .field("name", &self.container.name())
            .field("rows_read", &self.rows_read)
            .finish_non_exhaustive()
    }
}
