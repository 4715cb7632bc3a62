//! Writing containers.

use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use coldpress_storage::FileStamp;

use super::arrow_file::ArrowSink;
use super::codec::Codec;
use super::directory::{Directory, PLAIN_VERSION, RECORD_LINES_VERSION};
use super::jsonl::{self, JsonlSink};
use super::out::{EncodeError, Out, arrow_error};
use super::parquet_write::ParquetSink;
use super::{ContainerGroup, arrays};
use crate::{Compression, Error, Format, Result};
use coldpress_storage::StoreWriter;

/// Options for writing a container.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ContainerOptions {
    /// The file format.
    pub format: Format,
    /// The compression, which the format must support.
    pub compression: Compression,
}

/// Writes record batches of one schema in groups, and a manifest after them.
///
/// A group is held in memory until it ends. The bytes depend only on the rows of each group, the options and the manifest, not on
/// how the rows were cut into batches. If it is dropped unfinished, it leaves no object.
pub struct ContainerWriter {
    name: String,
    schema: SchemaRef,
    sink: Sink,
    directory: Directory,
    group: Vec<RecordBatch>,
    failed: bool,
}

enum Sink {
    Parquet(Box<ParquetSink>),
    Arrow(Box<ArrowSink>),
    Jsonl(Box<JsonlSink>),
}

impl ContainerWriter {
    /// Begins a container of rows of this schema: integers, floats, texts, bytes and lists of integers.
    ///
    /// # Errors
    /// [`Error::Write`] when the format does not support the schema.
    pub fn create(
        out: Box<dyn StoreWriter>,
        schema: SchemaRef,
        options: &ContainerOptions,
    ) -> Result<Self> {
        let name = out.name().to_string();
        let codec = options.format.codec(options.compression);
        let out = Out::new(out);
        let version = match options.format == Format::Jsonl && jsonl::has_records(&schema) {
            true => RECORD_LINES_VERSION,
            false => PLAIN_VERSION,
        };
        let sink = match options.format {
            Format::Parquet => {
                Sink::Parquet(Box::new(ParquetSink::new(out, schema.clone(), codec)))
            }
            Format::Arrow => Sink::Arrow(Box::new(ArrowSink::new(out, schema.clone(), codec))),
            Format::Jsonl => {
                jsonl::check(&schema).map_err(|source| Error::write(&name, source))?;
                Sink::Jsonl(Box::new(JsonlSink::new(out, Codec::of(codec))))
            }
        };
        Ok(Self {
            directory: Directory::new(version, options.compression, arrays::names(&schema)),
            name,
            schema,
            sink,
            group: Vec::new(),
            failed: false,
        })
    }

    /// Returns the object's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the groups that have ended.
    #[must_use]
    pub fn groups(&self) -> &[ContainerGroup] {
        &self.directory.groups
    }

    /// Adds rows to the group.
    ///
    /// # Errors
    /// [`Error::Precondition`] when they have another schema.
    pub fn write(&mut self, rows: &RecordBatch) -> Result<()> {
        if rows.schema().fields() != self.schema.fields() {
            return Err(self.precondition("the rows are of another schema"));
        }
        if rows.num_rows() > 0 {
            self.group.push(rows.clone());
        }
        Ok(())
    }

    /// Ends the group and writes it, if it has rows.
    ///
    /// # Errors
    /// [`Error::Write`] when it cannot be encoded or the store refuses its bytes. The container then cannot be finished.
    pub fn end_group(&mut self) -> Result<()> {
        if self.group.is_empty() {
            return Ok(());
        }
        let batches = std::mem::take(&mut self.group);
        let encoded = arrays::joined(&self.schema, batches)
            .map_err(arrow_error)
            .and_then(|rows| self.sink.put(&rows));
        match encoded {
            Ok(group) => {
                self.directory.groups.push(group);
                Ok(())
            }
            Err(source) => {
                self.failed = true;
                Err(Error::write(&self.name, source))
            }
        }
    }

    /// Writes the rest and the manifest, one line of JSON, and makes the object durable.
    ///
    /// # Errors
    /// [`Error::Precondition`] after a failure, [`Error::Write`] and [`Error::Storage`] when the store refuses. Nothing is
    /// published then.
    pub fn finish(mut self, manifest_json: String) -> Result<FileStamp> {
        self.end_group()?;
        if self.failed {
            return Err(self.precondition("an earlier group could not be written"));
        }
        let directory = self.directory.to_json(&self.name)?;
        let out = match self.sink {
            Sink::Parquet(sink) => sink.close(directory, manifest_json),
            Sink::Arrow(sink) => sink.close(directory, manifest_json),
            Sink::Jsonl(sink) => sink.close(directory, manifest_json),
        };
        let out = out.map_err(|source| Error::write(&self.name, source))?;
        out.finish(&self.name)
    }

    fn precondition(&self, reason: &str) -> Error {
        Error::Precondition {
            name: self.name.clone(),
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Debug for ContainerWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContainerWriter")
            .field("name", &self.name)
            .field("groups", &self.directory.groups.len())
            .finish_non_exhaustive()
    }
}

impl Sink {
    fn put(&mut self, rows: &RecordBatch) -> Result<ContainerGroup, EncodeError> {
        match self {
            Self::Parquet(sink) => sink.prepare(rows)?,
            Self::Arrow(sink) => sink.prepare(rows)?,
            Self::Jsonl(_) => {}
        }
        self.out()?.begin_group();
        let plain_bytes = match self {
            Self::Parquet(sink) => sink.put(rows).map(|()| arrays::plain_bytes(rows))?,
            Self::Arrow(sink) => sink.put(rows).map(|()| arrays::plain_bytes(rows))?,
            Self::Jsonl(sink) => sink.put(rows)?,
        };
        let (offset, stored_bytes, digest) = self.out()?.end_group();
        Ok(ContainerGroup {
            rows: rows.num_rows() as u64,
            offset,
            stored_bytes,
            plain_bytes,
            digest: Some(digest),
        })
    }

    fn out(&mut self) -> Result<&mut Out, EncodeError> {
        let out = match self {
            Self::Parquet(sink) => sink.out(),
            Self::Arrow(sink) => sink.out(),
            Self::Jsonl(sink) => Some(sink.out()),
        };
        out.ok_or_else(|| "the file was finished before".into())
    }
}
