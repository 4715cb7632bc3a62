//! The format that the name of a file promises.

use std::path::Path;

use super::FileCompression;
use crate::format::Format;

const PACKED: [(&str, FileCompression); 4] = [
    (".gz", FileCompression::Gzip),
    (".gzip", FileCompression::Gzip),
    (".zst", FileCompression::Zstd),
    (".zstd", FileCompression::Zstd),
];

/// The format and the compression that the name of a file promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Suffix {
    pub(crate) compression: FileCompression,
    pub(crate) claim: Claim,
}

/// The format that a suffix promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Claim {
    /// JSONL or JSON.
    Json,
    Parquet,
    /// Either form of Arrow IPC.
    Arrow,
    Csv,
    Tsv,
    Text,
    /// Any other suffix, or none.
    Nothing,
}

impl Suffix {
    pub(crate) fn of(path: &Path) -> Self {
        let name = path.file_name().unwrap_or_default();
        let name = name.to_string_lossy().to_lowercase();
        let packed = PACKED
            .iter()
            .find_map(|(suffix, packed)| Some((name.strip_suffix(suffix)?, *packed)));
        let (name, compression) = packed.unwrap_or((&name, FileCompression::None));
        let claim = match name.rsplit_once('.').map(|(_, suffix)| suffix) {
            Some("jsonl" | "ndjson" | "json" | "jl" | "jsonlines" | "ldjson") => Claim::Json,
            Some("parquet" | "pq") => Claim::Parquet,
            Some("arrow" | "arrows" | "feather") => Claim::Arrow,
            Some("csv") => Claim::Csv,
            Some("tsv") => Claim::Tsv,
            Some("txt" | "text" | "md") => Claim::Text,
            _ => Claim::Nothing,
        };
        Self { compression, claim }
    }
}

impl Claim {
    pub(crate) fn is_columnar(self) -> bool {
        matches!(self, Self::Parquet | Self::Arrow)
    }

    /// Returns whether content of this format agrees with the name.
    pub(crate) fn fits(self, format: &Format) -> bool {
        match self {
            Self::Nothing => true,
            Self::Json => matches!(
                format,
                Format::Lines | Format::Array | Format::Values | Format::Field(_)
            ),
            Self::Parquet => matches!(format, Format::Parquet),
            Self::Arrow => matches!(format, Format::ArrowFile | Format::ArrowStream),
            Self::Csv | Self::Tsv => matches!(format, Format::Csv(_)),
            Self::Text => matches!(format, Format::Text),
        }
    }

    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Parquet => "Parquet",
            Self::Arrow => "Arrow",
            Self::Csv => "CSV",
            Self::Tsv => "TSV",
            Self::Text => "text",
            Self::Nothing => "nothing",
        }
    }
}

/// Describes a file of this format, as the end of a sentence that begins with "it is".
pub(crate) fn describe_format(format: &Format) -> &'static str {
    match format {
        Format::Lines => "JSONL",
        Format::Array => "a JSON array",
        Format::Values => "JSON with records over several lines",
        Format::Field(_) => "a JSON object",
        Format::Csv(_) => "delimited text",
        Format::Text => "text",
        Format::Parquet => "a Parquet file",
        Format::ArrowFile => "an Arrow file",
        Format::ArrowStream => "an Arrow stream",
        Format::Damaged(_) => "damaged",
    }
}

pub(crate) fn describe_compression(compression: FileCompression) -> &'static str {
    match compression {
        FileCompression::None => "not compressed",
        FileCompression::Gzip => "compressed with gzip",
        FileCompression::Zstd => "compressed with zstd",
    }
}
