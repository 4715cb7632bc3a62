//! Writing containers as Parquet: a group is a row group.

use std::io::{self, Write};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::metadata::KeyValue;

use super::auto;
use super::encoding::{Chosen, parquet_properties};
use super::out::{EncodeError, Out, parquet_error};
use super::parquet_read::MAGIC;
use super::seal::write_sealed;
use super::{DIRECTORY_KEY, MANIFEST_KEY};
use crate::Compression;

/// Writes row groups.
pub(super) struct ParquetSink {
    schema: SchemaRef,
    compression: Compression,
    state: State,
}

enum State {
    /// The compression is chosen when the first group comes.
    Waiting(Option<Out>),
    Writing(Box<ArrowWriter<Slot>>),
}

/// The output, until it is taken. The library's own way to return it would turn the store's error into text.
struct Slot(Option<Out>);

impl Write for Slot {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.as_mut().ok_or_else(taken)?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.as_mut().ok_or_else(taken)?.flush()
    }
}

fn taken() -> io::Error {
    io::Error::other("the file was finished before")
}

impl ParquetSink {
    pub(super) fn new(out: Out, schema: SchemaRef, compression: Compression) -> Self {
        Self {
            schema,
            compression,
            state: State::Waiting(Some(out)),
        }
    }

    /// Begins the file if it hasn't begun, choosing the encoding from its first rows.
    pub(super) fn prepare(&mut self, first: &RecordBatch) -> Result<(), EncodeError> {
        let State::Waiting(out) = &mut self.state else {
            return Ok(());
        };
        let chosen = match self.compression {
            Compression::Auto => auto::parquet(first)?,
            asked => vec![
                Chosen {
                    codec: asked,
                    dictionary: false
                };
                self.schema.fields().len()
            ],
        };
        let out = out.take().ok_or("the file was begun before")?;
        // The Parquet types contain everything that a reader needs.
        let options = ArrowWriterOptions::new()
            .with_properties(parquet_properties(&self.schema, &chosen))
            .with_skip_arrow_metadata(true);
        let writer =
            ArrowWriter::try_new_with_options(Slot(Some(out)), self.schema.clone(), options);
        let mut writer = writer.map_err(parquet_error)?;
        writer.sync()?;
        self.state = State::Writing(Box::new(writer));
        Ok(())
    }

    pub(super) fn out(&mut self) -> Option<&mut Out> {
        match &mut self.state {
            State::Waiting(out) => out.as_mut(),
            State::Writing(writer) => writer.inner_mut().0.as_mut(),
        }
    }

    pub(super) fn put(&mut self, rows: &RecordBatch) -> Result<(), EncodeError> {
        let State::Writing(writer) = &mut self.state else {
            return Err("the file was not begun".into());
        };
        writer
            .write(rows)
            .and_then(|()| writer.flush())
            .map_err(parquet_error)?;
        Ok(writer.sync()?)
    }

    /// Writes the footer with directory and manifest, and its seal before it.
    pub(super) fn close(mut self, directory: String, manifest: String) -> Result<Out, EncodeError> {
        self.prepare(&RecordBatch::new_empty(self.schema.clone()))?;
        let State::Writing(mut writer) = self.state else {
            return Err("the file was not begun".into());
        };
        writer.append_key_value_metadata(KeyValue::new(MANIFEST_KEY.to_owned(), manifest));
        writer.append_key_value_metadata(KeyValue::new(DIRECTORY_KEY.to_owned(), directory));
        let slot = |writer: &mut ArrowWriter<Slot>| writer.inner_mut().0.take().ok_or_else(taken);
        let mut out = slot(&mut writer)?;
        out.begin_tail();
        writer.inner_mut().0 = Some(out);
        writer.finish().map_err(parquet_error)?;
        let mut out = slot(&mut writer)?;
        let tail = out.take_tail();
        write_sealed(&mut out, &tail, MAGIC.len())?;
        Ok(out)
    }
}
