//! The formats and compressions of checkpoint files.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The file format of checkpoints. All formats hold the same, and any can be rewritten as any other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Parquet: the smallest, with each column compressed on its own.
    #[default]
    Parquet,
    /// Arrow IPC files: the cheapest to read.
    Arrow,
    /// JSON lines: readable with any tool.
    Jsonl,
}

/// The compression of checkpoint files.
///
/// Not every format supports every codec; [`Format::codec`] returns the substitute for an unsupported one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// No compression.
    None,
    /// Snappy.
    Snappy,
    /// Gzip, level 1.
    Gzip,
    /// Zstandard, level 1: smaller than snappy and not much slower.
    #[default]
    Zstd,
    /// LZ4; in Parquet as `LZ4_RAW`.
    Lz4,
    /// The best compression on a sample of the first rows; in Parquet, column by column.
    Auto,
}

impl Format {
    /// Returns the compression that is used if this one is asked for.
    ///
    /// Arrow files support lz4 and zstd, and JSON lines gzip and zstd. [`Compression::Auto`] stays for the formats that look at a
    /// sample, and is zstd for JSON lines.
    ///
    /// ```
    /// use coldpress_checkpoint::{Compression, Format};
    ///
    /// assert_eq!(Format::Arrow.codec(Compression::Snappy), Compression::Lz4);
    /// assert_eq!(Format::Arrow.codec(Compression::Gzip), Compression::Zstd);
    /// assert_eq!(Format::Jsonl.codec(Compression::Lz4), Compression::Zstd);
    /// ```
    #[must_use]
    pub fn codec(self, asked: Compression) -> Compression {
        match (self, asked) {
            (Self::Arrow, Compression::Snappy) => Compression::Lz4,
            (Self::Arrow, Compression::Gzip) => Compression::Zstd,
            (Self::Jsonl, Compression::None | Compression::Gzip) => asked,
            (Self::Jsonl, _) => Compression::Zstd,
            _ => asked,
        }
    }

    /// Returns the suffix of the names of files in this format.
    ///
    /// ```
    /// use coldpress_checkpoint::{Compression, Format};
    ///
    /// assert_eq!(Format::Parquet.suffix(Compression::Zstd), ".parquet");
    /// assert_eq!(Format::Jsonl.suffix(Compression::Gzip), ".jsonl.gz");
    /// ```
    #[must_use]
    pub fn suffix(self, compression: Compression) -> &'static str {
        match (self, self.codec(compression)) {
            (Self::Parquet, _) => ".parquet",
            (Self::Arrow, _) => ".arrow",
            (Self::Jsonl, Compression::None) => ".jsonl",
            (Self::Jsonl, Compression::Gzip) => ".jsonl.gz",
            (Self::Jsonl, _) => ".jsonl.zst",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parquet => "parquet",
            Self::Arrow => "arrow",
            Self::Jsonl => "jsonl",
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::None => "none",
            Self::Snappy => "snappy",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Auto => "auto",
        })
    }
}
