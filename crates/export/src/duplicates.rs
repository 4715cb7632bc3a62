//! The list of the records that deduplicators removed: a Parquet file with a row for each.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Builder, Int64Builder, RecordBatch, StringBuilder, UInt32Builder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use crate::error::{Error, Result};
use crate::output_file::OutputFile;
use crate::staged::Staged;

/// The number of rows that are given to the writer at once.
const BATCH_ROWS: usize = 8192;
/// The bytes in memory at which a row group ends.
const GROUP_BYTES: usize = 16 << 20;

/// A record that was removed.
#[derive(Clone, Debug, PartialEq)]
pub struct Duplicate<'a> {
    /// The place of the operator in the recipe, from 0.
    pub operation: u32,
    /// Its name.
    pub operator: &'a str,
    /// The record.
    pub removed: RecordAt<'a>,
    /// The record that was kept instead.
    pub kept: RecordAt<'a>,
    /// The number of the cluster. There is one for each record that was kept.
    pub cluster: u64,
    /// The similarity of the two, from 0 to 1, if it is known.
    pub similarity: Option<f64>,
}

/// The origin of a record, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordAt<'a> {
    /// The file.
    pub file: &'a str,
    /// The place in the file: a byte of its text, or a row.
    pub position: u64,
    /// The splitter and the number of the piece that it made; none for a record as it was read.
    pub piece: Option<String>,
    /// Its id, if it has one.
    pub id: Option<String>,
}

/// The list while it is written, in a temporary place.
pub struct DuplicatesFile {
    temporary: PathBuf,
    schema: SchemaRef,
    out: ArrowWriter<OutputFile>,
    rows: Columns,
}

#[derive(Default)]
struct Columns {
    count: usize,
    operation: UInt32Builder,
    operator: StringBuilder,
    removed: RecordColumns,
    kept: RecordColumns,
    cluster: Int64Builder,
    similarity: Float64Builder,
}

#[derive(Default)]
struct RecordColumns {
    file: StringBuilder,
    position: Int64Builder,
    piece: StringBuilder,
    id: StringBuilder,
}

impl DuplicatesFile {
    /// Begins a list in this file.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn create(file: OutputFile) -> Result<Self> {
        let temporary = file.shown().to_owned();
        let properties = WriterProperties::builder()
            .set_created_by("coldpress".to_owned())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .build();
        let schema = Arc::new(schema());
        let out = ArrowWriter::try_new(file, Arc::clone(&schema), Some(properties));
        Ok(Self {
            schema,
            out: out.map_err(|error| unwritten(&temporary, error))?,
            rows: Columns::default(),
            temporary,
        })
    }

    /// Adds a record.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn push(&mut self, duplicate: &Duplicate<'_>) -> Result<()> {
        self.rows.push(duplicate);
        match self.rows.count < BATCH_ROWS {
            true => Ok(()),
            false => self.write(),
        }
    }

    /// Ends the list and makes it durable in its temporary place.
    ///
    /// # Errors
    /// Fails when the file cannot be written.
    pub fn finish(mut self) -> Result<Staged> {
        self.write()?;
        let file = self.out.into_inner();
        let file = file.map_err(|error| unwritten(&self.temporary, error))?;
        file.finish()
    }

    fn write(&mut self) -> Result<()> {
        let columns = std::mem::take(&mut self.rows);
        if columns.count == 0 {
            return Ok(());
        }
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns.finish());
        let batch = batch.map_err(|error| Error::encode(error.to_string()))?;
        let written = self.out.write(&batch);
        let written = written.and_then(|()| match self.out.in_progress_size() < GROUP_BYTES {
            true => Ok(()),
            // Names could be long, so rows alone do not bound a group.
            false => self.out.flush(),
        });
        written.map_err(|error| unwritten(&self.temporary, error))
    }
}

fn schema() -> Schema {
    let text = |name: &str, nullable| Field::new(name, DataType::Utf8, nullable);
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    Schema::new(vec![
        Field::new("operation", DataType::UInt32, false),
        text("operator", false),
        text("file", false),
        number("position"),
        text("piece", true),
        text("id", true),
        text("kept_file", false),
        number("kept_position"),
        text("kept_piece", true),
        text("kept_id", true),
        number("cluster"),
        Field::new("similarity", DataType::Float64, true),
    ])
}

impl Columns {
    fn push(&mut self, duplicate: &Duplicate<'_>) {
        self.count += 1;
        self.operation.append_value(duplicate.operation);
        self.operator.append_value(duplicate.operator);
        self.removed.push(&duplicate.removed);
        self.kept.push(&duplicate.kept);
        self.cluster.append_value(duplicate.cluster as i64);
        self.similarity.append_option(duplicate.similarity);
    }

    fn finish(mut self) -> Vec<ArrayRef> {
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(self.operation.finish()),
            Arc::new(self.operator.finish()),
        ];
        columns.extend(self.removed.finish());
        columns.extend(self.kept.finish());
        columns.push(Arc::new(self.cluster.finish()));
        columns.push(Arc::new(self.similarity.finish()));
        columns
    }
}

impl RecordColumns {
    fn push(&mut self, record: &RecordAt<'_>) {
        self.file.append_value(record.file);
        // Other readers support signed numbers best, and no file has more bytes than they can count.
        self.position.append_value(record.position as i64);
        self.piece.append_option(record.piece.as_deref());
        self.id.append_option(record.id.as_deref());
    }

    fn finish(mut self) -> [ArrayRef; 4] {
        [
            Arc::new(self.file.finish()),
            Arc::new(self.position.finish()),
            Arc::new(self.piece.finish()),
            Arc::new(self.id.finish()),
        ]
    }
}

fn unwritten(path: &Path, error: ParquetError) -> Error {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(source) => coldpress_storage::Error::io("write", path, *source).into(),
            Err(source) => Error::encode(source.to_string()),
        },
        error => Error::encode(error.to_string()),
    }
}
