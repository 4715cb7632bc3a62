//! How the pages of a rows file are encoded and compressed.

use parquet::basic::{Compression as Codec, Encoding, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesBuilder};
use parquet::schema::types::ColumnPath;
use serde::{Deserialize, Serialize};

use super::columns::{self, Columns};

/// Named in every file instead of the library's version, so that equal rows give equal bytes.
const CREATED_BY: &str = "coldpress rows version 1";

/// How the pages of a rows file are compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// Not at all: the fastest, some three times as large.
    None,
    /// Snappy.
    Snappy,
    /// Zstandard, level 1: smaller than snappy and not much slower.
    #[default]
    Zstd,
}

pub(super) fn properties(columns: &Columns, compression: Compression) -> WriterProperties {
    let codec = match compression {
        Compression::None => Codec::UNCOMPRESSED,
        Compression::Snappy => Codec::SNAPPY,
        Compression::Zstd => Codec::ZSTD(ZstdLevel::default()),
    };
    let plain = WriterProperties::builder()
        .set_created_by(CREATED_BY.to_owned())
        .set_compression(codec)
        // Lines are unique, and a dictionary of floats could take -0.0 for 0.0.
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_offset_index_disabled(true)
        // Row groups end where their bytes say so.
        .set_max_row_group_row_count(None)
        .set_max_row_group_bytes(None)
        .set_column_statistics_enabled(column([columns::RECORD]), EnabledStatistics::None);
    let deltas = |builder: WriterPropertiesBuilder, path| {
        builder.set_column_encoding(path, Encoding::DELTA_BINARY_PACKED)
    };
    let places = [
        column([columns::SOURCE]),
        column([columns::POSITION]),
        column([columns::PIECE, "list", "element"]),
    ];
    let ints = columns
        .stat_names
        .iter()
        .map(|name| columns::int_column(name));
    let paths = places.into_iter().chain(ints.map(|name| column([name])));
    paths.fold(plain, deltas).build()
}

fn column<const N: usize>(parts: [impl Into<String>; N]) -> ColumnPath {
    ColumnPath::new(parts.into_iter().map(Into::into).collect())
}
