//! Parquet outputs: threads encode row groups, one thread writes them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, Schema, SchemaRef, TimeUnit};
use coldpress_table::as_json_text;
use parquet::arrow::ArrowSchemaConverter;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{
    ArrowColumnChunk, ArrowColumnWriter, ArrowRowGroupWriterFactory, ArrowWriterOptions,
    compute_leaves,
};
use parquet::basic::{Compression, GzipLevel, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::SerializedFileWriter;

use super::batches::for_each_batch;
use super::dictionaries::{Dictionaries, any_type};
use super::unit::{Unit, UnitLimits, rows_of_cells};
use super::unit_form::{UnitFile, UnitForm};
use crate::error::{Error, Result};
use crate::form::ParquetCodec;
use crate::output_file::{FinishedFile, OutputFile};

/// Row groups of about 32 MiB before they are encoded, each one unit.
pub(super) struct Parquet {
    schema: SchemaRef,
    has_rest: bool,
    options: ArrowWriterOptions,
    factory: ArrowRowGroupWriterFactory,
}

/// A Parquet file that takes encoded row groups.
pub(super) struct ParquetFile {
    path: PathBuf,
    out: SerializedFileWriter<OutputFile>,
}

impl Parquet {
    /// Creates an output of this schema with this compression. Columns of types that Parquet does not have become JSON text.
    pub(super) fn new(joined: &Schema, has_rest: bool, codec: ParquetCodec) -> Result<Self> {
        let fields: Vec<Field> = joined
            .fields()
            .iter()
            .map(|field| storable(field))
            .collect();
        let schema = Schema::new_with_metadata(fields, joined.metadata().clone());
        let options = ArrowWriterOptions::new().with_properties(properties(&schema, codec));
        // Readers of Arrow trust only the embedded schema, and others only the footer, so the pairs are in both.
        let schema = Arc::new(schema);
        let (_, factory) = begin(io::sink(), &schema, &options).map_err(encode_error)?;
        Ok(Self {
            schema,
            has_rest,
            options,
            factory,
        })
    }
}

impl UnitForm for Parquet {
    type Encoded = Vec<ArrowColumnChunk>;
    type File = ParquetFile;

    const HAS_COLUMNS: bool = true;

    fn limits(&self, file_bytes: u64) -> UnitLimits {
        UnitLimits {
            bytes: (file_bytes / 4).clamp(64 << 10, 32 << 20),
            rows: rows_of_cells(&self.schema, 64 << 20).min(1 << 20),
        }
    }

    fn encode(&self, unit: Unit<'_>) -> Result<Vec<ArrowColumnChunk>> {
        if self.schema.fields().is_empty() {
            // Without this error, its rows would be lost.
            return Err(Error::without_fields("Parquet"));
        }
        let mut columns = self
            .factory
            .create_column_writers(0)
            .map_err(encode_error)?;
        let schema = (&self.schema, self.has_rest);
        for_each_batch(unit, schema, Dictionaries::Keep, |batch| {
            let mut writers = columns.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                let leaves = compute_leaves(field, column).map_err(encode_error)?;
                for (leaf, writer) in leaves.iter().zip(&mut writers) {
                    writer.write(leaf).map_err(encode_error)?;
                }
            }
            Ok(())
        })?;
        columns
            .into_iter()
            .map(ArrowColumnWriter::close)
            .collect::<parquet::errors::Result<_>>()
            .map_err(encode_error)
    }

    fn create(&self, file: OutputFile) -> Result<ParquetFile> {
        let path = file.shown().to_owned();
        let (out, _) = begin(file, &self.schema, &self.options).map_err(write_error(&path))?;
        Ok(ParquetFile { path, out })
    }
}

impl UnitFile<Vec<ArrowColumnChunk>> for ParquetFile {
    fn write(&mut self, columns: Vec<ArrowColumnChunk>) -> Result<()> {
        let append = || {
            let mut group = self.out.next_row_group()?;
            for column in columns {
                column.append_to_row_group(&mut group)?;
            }
            group.close()
        };
        append().map_err(write_error(&self.path))?;
        Ok(())
    }

    fn size_bytes(&self) -> u64 {
        self.out.bytes_written() as u64
    }

    fn finish(self) -> Result<FinishedFile> {
        let file = self.out.into_inner().map_err(write_error(&self.path))?;
        file.end()
    }
}

fn begin<W: io::Write + Send>(
    out: W,
    schema: &SchemaRef,
    options: &ArrowWriterOptions,
) -> parquet::errors::Result<(SerializedFileWriter<W>, ArrowRowGroupWriterFactory)> {
    ArrowWriter::try_new_with_options(out, SchemaRef::clone(schema), options.clone())?
        .into_serialized_writer()
}

fn compression(codec: ParquetCodec) -> Compression {
    match codec {
        ParquetCodec::Snappy => Compression::SNAPPY,
        ParquetCodec::Zstd => Compression::ZSTD(ZstdLevel::default()),
        ParquetCodec::Gzip => Compression::GZIP(GzipLevel::default()),
        ParquetCodec::Lz4 => Compression::LZ4_RAW,
        ParquetCodec::None => Compression::UNCOMPRESSED,
    }
}

fn properties(schema: &Schema, codec: ParquetCodec) -> WriterProperties {
    let mut metadata: Vec<KeyValue> = schema
        .metadata()
        .iter()
        .filter(|(key, _)| key.as_str() != "ARROW:schema")
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    metadata.sort_by(|one, other| one.key.cmp(&other.key));
    WriterProperties::builder()
        .set_created_by("coldpress".to_owned())
        .set_compression(compression(codec))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_data_page_size_limit(1 << 20)
        .set_key_value_metadata((!metadata.is_empty()).then_some(metadata))
        .build()
}

/// Returns the field, or JSON text in its place if Parquet has no such type.
fn storable(field: &Field) -> Field {
    let field = &field.clone().with_data_type(told_to_all(field.data_type()));
    let is_unknown = any_type(field.data_type(), &|data_type| {
        matches!(
            data_type,
            DataType::Union(..)
                | DataType::Interval(IntervalUnit::MonthDayNano)
                | DataType::FixedSizeBinary(0)
        )
    });
    let refused = || {
        let alone = Schema::new(vec![field.clone()]);
        ArrowSchemaConverter::new().convert(&alone).is_err()
    };
    match is_unknown || refused() {
        true => as_json_text(field),
        false => field.clone(),
    }
}

/// Returns the equivalent type that readers other than Arrow's see correctly. Parquet has no seconds and no days in milliseconds,
/// and supports dictionaries of few types.
fn told_to_all(data_type: &DataType) -> DataType {
    let child = |field: &FieldRef| {
        let data_type = told_to_all(field.data_type());
        Arc::new(field.as_ref().clone().with_data_type(data_type))
    };
    match data_type {
        DataType::Timestamp(TimeUnit::Second, zone) => {
            DataType::Timestamp(TimeUnit::Millisecond, zone.clone())
        }
        DataType::Time32(TimeUnit::Second) => DataType::Time32(TimeUnit::Millisecond),
        DataType::Date64 => DataType::Timestamp(TimeUnit::Millisecond, None),
        DataType::Dictionary(_, values) if !is_dictionary_value(values) => told_to_all(values),
        DataType::List(element) => DataType::List(child(element)),
        DataType::LargeList(element) => DataType::LargeList(child(element)),
        DataType::FixedSizeList(element, size) => DataType::FixedSizeList(child(element), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(child).collect()),
        other => other.clone(),
    }
}

/// Returns whether the library can read back dictionaries of these values.
fn is_dictionary_value(values: &DataType) -> bool {
    values.is_integer()
        || matches!(
            values,
            DataType::Utf8
                | DataType::LargeUtf8
                | DataType::Binary
                | DataType::LargeBinary
                | DataType::Float32
                | DataType::Float64
        )
}

fn encode_error(error: ParquetError) -> Error {
    Error::encode(format!("cannot encode a row group: {error}"))
}

fn write_error(path: &Path) -> impl FnOnce(ParquetError) -> Error {
    let cannot_write = Error::io("write", path);
    |error| {
        cannot_write(match error {
            ParquetError::External(error) => match error.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(error) => io::Error::other(error),
            },
            error => io::Error::other(error),
        })
    }
}
