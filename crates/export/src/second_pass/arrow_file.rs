//! Arrow IPC outputs: threads make record batches, one thread writes them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::compute::concat_batches;
use arrow::datatypes::{Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;
use arrow::record_batch::RecordBatch;

use super::batches::for_each_batch;
use super::dictionaries::{Dictionaries, without_dictionaries};
use super::unit::{Unit, UnitLimits, rows_of_cells};
use super::unit_form::{UnitFile, UnitForm};
use crate::error::{Error, Result};
use crate::output_file::{FinishedFile, OutputFile};

/// Record batches of about 8 MiB and at most 64 Ki rows, each one unit.
pub(super) struct Arrow {
    schema: SchemaRef,
    has_rest: bool,
}

/// An Arrow IPC file.
pub(super) struct ArrowFile {
    path: PathBuf,
    out: FileWriter<OutputFile>,
}

impl Arrow {
    /// Creates an output of this schema. A file has one dictionary per column, but the rows of a dataset have many, so dictionary
    /// columns become plain.
    pub(super) fn new(joined: &Schema, has_rest: bool) -> Self {
        let fields: Vec<Field> = joined
            .fields()
            .iter()
            .map(|field| without_dictionaries(field))
            .collect();
        let schema = Schema::new_with_metadata(fields, joined.metadata().clone());
        Self {
            schema: Arc::new(schema),
            has_rest,
        }
    }
}

impl UnitForm for Arrow {
    type Encoded = RecordBatch;
    type File = ArrowFile;

    const HAS_COLUMNS: bool = true;

    fn limits(&self, file_bytes: u64) -> UnitLimits {
        UnitLimits {
            bytes: (file_bytes / 4).clamp(64 << 10, 8 << 20),
            rows: rows_of_cells(&self.schema, 8 << 20).min(64 << 10),
        }
    }

    fn encode(&self, unit: Unit<'_>) -> Result<RecordBatch> {
        // Concatenating a single batch would not copy it, and bits after its last row would show.
        let mut batches = vec![RecordBatch::new_empty(SchemaRef::clone(&self.schema))];
        let schema = (&self.schema, self.has_rest);
        for_each_batch(unit, schema, Dictionaries::Undo, |batch| {
            batches.push(batch);
            Ok(())
        })?;
        concat_batches(&self.schema, &batches)
            .map_err(|error| Error::encode(format!("cannot put record batches together: {error}")))
    }

    fn create(&self, file: OutputFile) -> Result<ArrowFile> {
        let path = file.shown().to_owned();
        let out = FileWriter::try_new(file, &self.schema).map_err(write_error(&path))?;
        Ok(ArrowFile { path, out })
    }
}

impl UnitFile<RecordBatch> for ArrowFile {
    fn write(&mut self, batch: RecordBatch) -> Result<()> {
        self.out.write(&batch).map_err(write_error(&self.path))
    }

    fn size_bytes(&self) -> u64 {
        self.out.get_ref().bytes_written()
    }

    fn finish(self) -> Result<FinishedFile> {
        let file = self.out.into_inner().map_err(write_error(&self.path))?;
        file.end()
    }
}

fn write_error(path: &Path) -> impl FnOnce(ArrowError) -> Error {
    let cannot_write = Error::io("write", path);
    |error| {
        cannot_write(match error {
            ArrowError::IoError(_, error) => error,
            error => io::Error::other(error),
        })
    }
}
