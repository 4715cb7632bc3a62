//! The formats of an export's files.

use coldpress_dataset::FileCompression;

/// The format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ExportForm {
    /// One JSON object per line.
    Jsonl,
    /// One JSON array of all records, with one record per line.
    Json,
    /// Apache Parquet.
    Parquet,
    /// The Arrow IPC file format, which is also Feather version 2.
    Arrow,
    /// Comma- or tab-separated values with a header.
    Csv,
}

/// The compression inside Parquet files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParquetCodec {
    /// Snappy, which every reader supports.
    #[default]
    Snappy,
    /// Zstandard, level 1.
    Zstd,
    /// Gzip, level 6.
    Gzip,
    /// LZ4 blocks without a frame, `LZ4_RAW`.
    Lz4,
    /// None.
    None,
}

impl ParquetCodec {
    fn name(self) -> &'static str {
        match self {
            Self::Snappy => "snappy",
            Self::Zstd => "zstd",
            Self::Gzip => "gzip",
            Self::Lz4 => "lz4",
            Self::None => "none",
        }
    }
}

/// The format of a file and its compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileForm {
    pub(crate) form: ExportForm,
    /// The compression inside the format, which only Parquet has.
    pub(crate) codec: ParquetCodec,
    /// The compression around the format; none for Parquet and Arrow, which compress inside.
    pub(crate) packing: FileCompression,
    suffix: &'static str,
}

/// Suffix, format and compression. Only for CSV do several suffixes with one format and compression differ in more than their name.
const SUFFIXES: [(&str, ExportForm, FileCompression); 15] = {
    use ExportForm::{Arrow, Csv, Json, Jsonl, Parquet};
    use FileCompression::{Gzip, None, Zstd};
    [
        (".jsonl", Jsonl, None),
        (".jsonl.gz", Jsonl, Gzip),
        (".jsonl.zst", Jsonl, Zstd),
        (".json", Json, None),
        (".json.gz", Json, Gzip),
        (".json.zst", Json, Zstd),
        (".parquet", Parquet, None),
        (".arrow", Arrow, None),
        (".feather", Arrow, None),
        (".csv", Csv, None),
        (".csv.gz", Csv, Gzip),
        (".csv.zst", Csv, Zstd),
        (".tsv", Csv, None),
        (".tsv.gz", Csv, Gzip),
        (".tsv.zst", Csv, Zstd),
    ]
};

impl FileForm {
    pub(crate) const JSONL: Self = Self {
        form: ExportForm::Jsonl,
        codec: ParquetCodec::Snappy,
        packing: FileCompression::None,
        suffix: ".jsonl",
    };

    /// Returns the format of this name, as in `jsonl.gz`. The error is advice for the user.
    pub(crate) fn parse(name: &str) -> Result<Self, &'static str> {
        let name = name.trim_start_matches('.');
        let name = match name.strip_prefix("ndjson") {
            Some(packing) => format!(".jsonl{packing}"),
            None => format!(".{name}"),
        };
        let known = SUFFIXES.iter().find(|(suffix, ..)| *suffix == name);
        if let Some(&(suffix, form, packing)) = known {
            return Ok(Self {
                form,
                codec: ParquetCodec::default(),
                packing,
                suffix,
            });
        }
        let compresses_inside = [".parquet.", ".arrow.", ".feather."]
            .iter()
            .any(|form| name.starts_with(form));
        Err(match compresses_inside {
            true => {
                "Parquet compresses inside, and Arrow files are read in place: end the export path in .parquet or .arrow alone"
            }
            false => {
                "end the export path in .jsonl, .json, .csv or .tsv, each also with .gz or .zst, in .parquet or .arrow, or in / for a directory of shards"
            }
        })
    }

    /// Returns the suffix of a file of this format.
    pub(crate) fn suffix(self) -> &'static str {
        self.suffix
    }

    /// Returns suffix and codec, which distinguish the files of two exports of the same rows.
    pub(crate) fn name(self) -> String {
        match self.codec {
            ParquetCodec::Snappy => self.suffix.to_owned(),
            codec => format!("{}+{}", self.suffix, codec.name()),
        }
    }

    /// Returns the character between the fields of CSV.
    pub(crate) fn separator(self) -> u8 {
        match self.suffix.starts_with(".tsv") {
            true => b'\t',
            false => b',',
        }
    }

    /// Returns the name of a file without the suffixes for format and compression.
    pub(crate) fn stem(name: &str) -> &str {
        let bare = [".gz", ".zst"]
            .iter()
            .find_map(|packing| name.strip_suffix(packing))
            .unwrap_or(name);
        SUFFIXES
            .iter()
            .map(|(suffix, ..)| *suffix)
            .chain([".ndjson"])
            .find_map(|suffix| bare.strip_suffix(suffix))
            .filter(|stem| !stem.is_empty())
            .unwrap_or(bare)
    }
}
