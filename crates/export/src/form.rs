//! The forms of an export's files.

use coldpress_dataset::FileCompression;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ExportForm {
    /// A JSON object a line.
    Jsonl,
    /// One JSON array of all records, a record a line.
    Json,
    /// Apache Parquet.
    Parquet,
    /// The Arrow IPC file format, which Feather 2 is too.
    Arrow,
    /// Comma- or tab-separated values with a header.
    Csv,
}

/// The compression inside of Parquet files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParquetCodec {
    /// Snappy, which every reader knows.
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

/// The form of a file and how it is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileForm {
    pub(crate) form: ExportForm,
    /// Inside of the form, of Parquet alone.
    pub(crate) codec: ParquetCodec,
    /// Around the form: none of Parquet and Arrow, which compress inside.
    pub(crate) packing: FileCompression,
    suffix: &'static str,
}

/// Suffix, form, packing; several suffixes of one form and packing differ in more than their name only for CSV.
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

    /// The form of this name, as `jsonl.gz`; the error is what the user can do.
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

    /// What the name of a file of this form ends in.
    pub(crate) fn suffix(self) -> &'static str {
        self.suffix
    }

    /// Suffix and codec: what tells the files of two exports of the same rows apart.
    pub(crate) fn name(self) -> String {
        match self.codec {
            ParquetCodec::Snappy => self.suffix.to_owned(),
            codec => format!("{}+{}", self.suffix, codec.name()),
        }
    }

    /// What stands between the fields of CSV.
    pub(crate) fn separator(self) -> u8 {
        match self.suffix.starts_with(".tsv") {
            true => b'\t',
            false => b',',
        }
    }

    /// The name of a file without the suffixes that say its form and packing.
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
