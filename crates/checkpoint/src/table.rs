//! Records as columns, for people and tools: a container like those of checkpoints, whose columns are the fields of the records.
//!
//! Nothing resumes from it, because columns do not keep the spelling of a record. `docs/types.md` describes the conversion of each
//! type.

use std::fmt;

use arrow::array::{RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use coldpress_storage::{FileStamp, StoreWriter};
use coldpress_table::{Decoder, Error as TableError, Joined, SchemaJoin, Types};

use crate::container::{ContainerOptions, ContainerWriter};
use crate::{Error, Manifest, Result};

/// The kind in the manifest of such a file.
pub(crate) const KIND: &str = "table";

/// The only column of a table whose records have no fields.
const NO_FIELDS: &str = "record";

/// The bytes of rows that are decoded before they are passed on.
const ROUND_BYTES: usize = 1 << 20;

/// The most bytes of a group that is measured in rows, because a group is in memory until it is complete.
const MOST_GROUP_BYTES: usize = 64 << 20;

/// Options for writing a table.
#[derive(Clone, Copy, Debug)]
pub struct TableOptions {
    /// The format and compression. JSON lines have no columns.
    pub container: ContainerOptions,
    /// The rows of a row group or record batch; fewer once they hold 64 MiB. None puts all rows into one.
    pub group_rows: Option<u32>,
}

/// Writes records as the rows of a table. All of them must have been observed before.
pub struct TableWriter {
    container: ContainerWriter,
    decoder: Decoder,
    has_fields: bool,
    group_rows: u64,
    in_group: u64,
    group_bytes: usize,
    rows: u64,
}

impl TableWriter {
    /// Begins a table for records that hold these types.
    ///
    /// # Errors
    /// [`Error::Write`] when the file cannot be begun.
    pub fn create(
        out: Box<dyn StoreWriter>,
        types: &Types,
        options: &TableOptions,
    ) -> Result<Self> {
        let name = out.name().to_string();
        let mut join = SchemaJoin::default();
        join.add_types(types);
        let Joined {
            schema, has_rest, ..
        } = join.finish();
        let has_fields = !schema.fields().is_empty();
        let schema = match has_fields {
            true => schema,
            false => without_fields(),
        };
        let decoder = match has_rest {
            true => Decoder::with_rest(schema.clone()),
            false => Decoder::new(schema.clone()),
        };
        Ok(Self {
            decoder: decoder.map_err(|error| Error::write(&name, error.into()))?,
            container: ContainerWriter::create(out, schema, &options.container)?,
            has_fields,
            group_rows: options.group_rows.map_or(u64::MAX, u64::from).max(1),
            in_group: 0,
            group_bytes: 0,
            rows: 0,
        })
    }

    /// Adds a record, a JSON object on one line.
    ///
    /// # Errors
    /// [`Error::Write`] for a record that was not observed, or when the store refuses bytes.
    pub fn push(&mut self, record: &str) -> Result<()> {
        if !self.has_fields {
            self.rows += 1;
            self.in_group += 1;
            return self.write(without_field());
        }
        match self.decoder.push(record) {
            Ok(()) => {}
            // A column of texts has room for 2 GiB.
            Err(TableError::Full { .. }) if self.decoder.rows() > 0 => {
                self.hand_on()?;
                let pushed = self.decoder.push(record);
                pushed.map_err(|error| self.cannot(error))?;
            }
            Err(error) => return Err(self.cannot(error)),
        }
        self.rows += 1;
        self.in_group += 1;
        self.group_bytes += record.len();
        if self.is_group_full() || self.decoder.bytes() >= ROUND_BYTES {
            self.hand_on()?;
        }
        self.end_full_group()
    }

    /// Returns the number of records so far.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Writes the rest and the manifest, and makes the object durable.
    ///
    /// # Errors
    /// [`Error::Write`] and [`Error::Storage`] when the store refuses. Nothing is published then.
    pub fn finish(mut self, manifest: &Manifest) -> Result<FileStamp> {
        self.hand_on()?;
        let json = manifest.to_json_of(self.container.name(), Some(KIND))?;
        self.container.finish(json)
    }

    fn hand_on(&mut self) -> Result<()> {
        if self.decoder.rows() == 0 {
            return Ok(());
        }
        let rows = self.decoder.finish().map_err(|error| self.cannot(error))?;
        self.container.write(&rows)
    }

    fn write(&mut self, rows: RecordBatch) -> Result<()> {
        self.container.write(&rows)?;
        self.end_full_group()
    }

    /// Returns whether the group is full. If all rows must be one group, it never is, however much memory they take.
    fn is_group_full(&self) -> bool {
        let has_limit = self.group_rows < u64::MAX;
        self.in_group >= self.group_rows || has_limit && self.group_bytes >= MOST_GROUP_BYTES
    }

    fn end_full_group(&mut self) -> Result<()> {
        if !self.is_group_full() {
            return Ok(());
        }
        (self.in_group, self.group_bytes) = (0, 0);
        self.container.end_group()
    }

    fn cannot(&self, error: TableError) -> Error {
        Error::write(self.container.name(), error.into())
    }
}

fn without_fields() -> SchemaRef {
    let field = Field::new(NO_FIELDS, DataType::Utf8, false);
    Schema::new(vec![field]).into()
}

fn without_field() -> RecordBatch {
    let column = StringArray::from_iter_values(["{}"]);
    let columns: Vec<arrow::array::ArrayRef> = vec![std::sync::Arc::new(column)];
    RecordBatch::try_new(without_fields(), columns)
        .unwrap_or_else(|_| RecordBatch::new_empty(without_fields()))
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter")
            .field("name", &self.container.name())
            .field("rows", &self.rows)
            .finish_non_exhaustive()
    }
}
