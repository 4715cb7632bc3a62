//! Writing Parquet files.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread::JoinHandle;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, compute_leaves,
};
use parquet::basic::{Compression as Codec, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::ColumnPath;

use super::adapt::without_dictionary;
use super::metadata::{Base, Group, KEY, Metadata};
use super::seal::{BLOCK_BYTES, SEAL_KEY, Sealing, empty_seal};
use crate::columns::{Columns, EncodeError, Encoded, Kind};
use crate::{CheckpointName, Compression, Options};

/// Writes row groups of one schema. Groups are compressed on other threads and written in their order.
pub(crate) struct GroupWriter<W: Write + Send> {
    file: SerializedFileWriter<Sealing<W>>,
    factory: ArrowRowGroupWriterFactory,
    schema: SchemaRef,
    metadata: Metadata,
    begun: usize,
    threads: usize,
    pending: VecDeque<JoinHandle<Result<Compressed, ParquetError>>>,
}

/// A row group that is ready to be written.
struct Compressed {
    chunks: Vec<ArrowColumnChunk>,
    side: Vec<u8>,
    rows: u64,
}

impl<W: Write + Send> GroupWriter<W> {
    pub(crate) fn new(
        out: W,
        name: &CheckpointName,
        columns: &Columns,
        options: &Options,
        base: Option<Base>,
        first: Option<&RecordBatch>,
    ) -> Result<Self, ParquetError> {
        let schema = columns.schema();
        let properties = Arc::new(properties(columns, options, first)?);
        let parquet = ArrowSchemaConverter::new().convert(&schema)?;
        let file =
            SerializedFileWriter::new(Sealing::new(out), parquet.root_schema_ptr(), properties)?;
        Ok(Self {
            factory: ArrowRowGroupWriterFactory::new(&file, Arc::clone(&schema)),
            file,
            schema,
            metadata: Metadata {
                version: Metadata::version_of(base.as_ref()),
                folder: name.folder(),
                name: name.stem(),
                kinds: columns.kinds().map(|(_, kind)| kind).collect(),
                has_rest: columns.has_rest(),
                groups: Vec::new(),
                base,
                block_bytes: BLOCK_BYTES as u64,
                blocks: String::new(),
            },
            begun: 0,
            threads: options.thread_count(),
            pending: VecDeque::new(),
        })
    }

    /// Writes a row group, or starts to.
    pub(crate) fn write(&mut self, encoded: Encoded) -> Result<(), EncodeError> {
        let writers = self
            .factory
            .create_column_writers(self.begun)
            .map_err(io_error)?;
        self.begun += 1;
        let schema = Arc::clone(&self.schema);
        if self.threads < 2 {
            let group = compress(encoded, &schema, writers).map_err(io_error)?;
            return self.append(group);
        }
        // This thread makes the next columns meanwhile, and mostly waits.
        if self.pending.len() >= self.threads {
            self.append_oldest()?;
        }
        let started = coldpress_storage::spawn("a thread that compresses rows", move || {
            compress(encoded, &schema, writers)
        });
        self.pending.push_back(started.map_err(io::Error::other)?);
        Ok(())
    }

    /// Ends the file, and returns its writer.
    pub(crate) fn finish(mut self) -> Result<W, EncodeError> {
        while !self.pending.is_empty() {
            self.append_oldest()?;
        }
        self.file.flush()?;
        self.metadata.blocks = self.file.inner_mut().begin_footer();
        let metadata = serde_json::to_string(&self.metadata).map_err(io::Error::other)?;
        for (key, value) in [(KEY, metadata), (SEAL_KEY, empty_seal())] {
            self.file
                .append_key_value_metadata(KeyValue::new(key.to_owned(), value));
        }
        let sealing = self.file.into_inner().map_err(io_error)?;
        Ok(sealing.finish()?)
    }

    fn append_oldest(&mut self) -> Result<(), EncodeError> {
        let Some(oldest) = self.pending.pop_front() else {
            return Ok(());
        };
        let group = oldest
            .join()
            .map_err(|_| io::Error::other("a thread that compresses rows panicked"))?;
        self.append(group.map_err(io_error)?)
    }

    fn append(&mut self, group: Compressed) -> Result<(), EncodeError> {
        let side_offset = self.file.bytes_written() as u64;
        self.file.write_all(&group.side)?;
        self.metadata.groups.push(Group {
            rows: group.rows,
            side_offset,
            side_bytes: group.side.len() as u64,
        });
        let mut writer = self.file.next_row_group().map_err(io_error)?;
        for chunk in group.chunks {
            chunk.append_to_row_group(&mut writer).map_err(io_error)?;
        }
        writer.close().map_err(io_error)?;
        Ok(())
    }
}

/// Returns the error of the device if the encoder wraps one.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(source) => io::Error::other(source),
        },
        error => io::Error::other(error),
    }
}

fn compress(
    encoded: Encoded,
    schema: &SchemaRef,
    mut writers: Vec<ArrowColumnWriter>,
) -> Result<Compressed, ParquetError> {
    let Encoded { batch, side } = encoded;
    let rows = batch.num_rows() as u64;
    let columns = schema
        .fields()
        .iter()
        .zip(batch.columns())
        .zip(&mut writers);
    for ((field, array), writer) in columns {
        for leaf in compute_leaves(field, array)? {
            writer.write(&leaf)?;
        }
    }
    let chunks = writers.into_iter().map(ArrowColumnWriter::close);
    Ok(Compressed {
        chunks: chunks.collect::<Result<_, _>>()?,
        side,
        rows,
    })
}

/// Returns the properties by which columns are written. `first` is the first batch of them, if there is one.
fn properties(
    columns: &Columns,
    options: &Options,
    first: Option<&RecordBatch>,
) -> Result<WriterProperties, ParquetError> {
    let codec = match options.compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
        Compression::Lz4 => Codec::LZ4_RAW,
        Compression::Zstd(level) => Codec::ZSTD(ZstdLevel::try_new(level)?),
    };
    let mut builder = WriterProperties::builder()
        .set_compression(codec)
        .set_created_by(concat!("coldpress-docetl version ", env!("CARGO_PKG_VERSION")).to_owned())
        // Indexes of pages would be written after the blocks whose digests are in the footer.
        .set_offset_index_disabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk);
    for (at, (name, kind)) in columns.kinds().enumerate() {
        let path = ColumnPath::new(vec![name.to_owned()]);
        if matches!(kind, Kind::Null | Kind::Text | Kind::Json) {
            builder = builder.set_column_statistics_enabled(path.clone(), EnabledStatistics::None);
        }
        if let Some(encoding) = first.and_then(|first| without_dictionary(first.column(at))) {
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, encoding);
        }
    }
    Ok(builder.build())
}
