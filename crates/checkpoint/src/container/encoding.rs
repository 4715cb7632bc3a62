//! Encoding and compressing columns in the chosen way.

use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::CompressionType;
use arrow::ipc::writer::IpcWriteOptions;
use parquet::basic::{Compression as Codec, Encoding, GzipLevel, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::out::{EncodeError, arrow_error};
use crate::Compression;

/// The creator named in every file. It isn't the library's version, so that equal rows give equal bytes.
const CREATED_BY: &str = "coldpress checkpoint version 1";

/// The way a column is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) codec: Compression,
    pub(super) dictionary: bool,
}

/// Returns the options for record batches with this codec.
pub(super) fn arrow_options(codec: Compression) -> Result<IpcWriteOptions, EncodeError> {
    let codec = match codec {
        Compression::None => None,
        Compression::Lz4 | Compression::Snappy => Some(CompressionType::LZ4_FRAME),
        Compression::Zstd | Compression::Gzip | Compression::Auto => Some(CompressionType::ZSTD),
    };
    let options = IpcWriteOptions::default().try_with_compression(codec);
    options.map_err(arrow_error)
}

/// Returns the options for the columns of this schema.
pub(super) fn parquet_properties(schema: &Schema, chosen: &[Chosen]) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        // Groups end where the caller says so.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None);
    // Nested columns follow the choice for the first column.
    if let Some(first) = chosen.first() {
        builder = builder.set_compression(codec(first.codec));
    }
    for (field, chosen) in schema.fields().iter().zip(chosen) {
        let (path, data_type) = leaf(field);
        builder = builder
            .set_column_compression(path.clone(), codec(chosen.codec))
            .set_column_dictionary_enabled(path.clone(), chosen.dictionary);
        if data_type.is_integer() {
            builder = builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED);
        } else if !data_type.is_floating() {
            // The minimum and maximum of a text column are useless here.
            builder = builder.set_column_statistics_enabled(path, EnabledStatistics::None);
        }
    }
    builder.build()
}

/// Returns the column that holds the values of a field.
fn leaf(field: &Field) -> (ColumnPath, &DataType) {
    let name = field.name().clone();
    match field.data_type() {
        DataType::List(element) => {
            let path = vec![name, "list".to_owned(), element.name().clone()];
            (ColumnPath::new(path), element.data_type())
        }
        data_type => (ColumnPath::new(vec![name]), data_type),
    }
}

fn codec(compression: Compression) -> Codec {
    match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
        Compression::Gzip => Codec::GZIP(GzipLevel::try_new(1).unwrap_or_default()),
        Compression::Zstd | Compression::Auto => Codec::ZSTD(ZstdLevel::default()),
        Compression::Lz4 => Codec::LZ4_RAW,
    }
}
