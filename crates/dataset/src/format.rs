//! How the bytes of a source are packed and encoded, and what they are.

use serde::{Deserialize, Serialize};

/// How the bytes of a file are packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileCompression {
    /// As they are.
    #[default]
    None,
    /// gzip (RFC 1952), one or more members.
    Gzip,
    /// Zstandard (RFC 8878), one or more frames.
    Zstd,
}

/// How the text of a file is encoded, once unpacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Encoding {
    /// UTF-8 with lines that end in LF or CR LF.
    #[default]
    Utf8,
    /// UTF-8 with lines that end in CR alone.
    Utf8CarriageReturn,
    /// UTF-16, low byte first.
    Utf16Le,
    /// UTF-16, high byte first.
    Utf16Be,
}

/// What the unpacked bytes of a source are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// JSONL: one record on each line.
    #[default]
    Lines,
    /// One JSON array of records.
    Array,
    /// JSON objects one after another that are not each on a line of its own: pretty-printed, or without line breaks.
    Values,
    /// One JSON object with an array of records in this field.
    Field(String),
    /// Rows of delimited text with a header: CSV and TSV.
    Csv(CsvDialect),
    /// Text files: each is one record, `{"text": "<content>"}`.
    Text,
    /// Apache Parquet.
    Parquet,
    /// The file form of Arrow IPC, which is also Feather of version 2.
    ArrowFile,
    /// The stream form of Arrow IPC.
    ArrowStream,
    /// Named as or begun like one of these, and it cannot be read: why, and what to do.
    Damaged(String),
}

impl Format {
    /// What it is called.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Lines => "JSONL",
            Self::Array => "JSON array",
            Self::Values => "JSON objects one after another",
            Self::Field(_) => "JSON object with records in a field",
            Self::Csv(dialect) if dialect.delimiter == b'\t' => "TSV",
            Self::Csv(_) => "CSV",
            Self::Text => "text",
            Self::Parquet => "Parquet",
            Self::ArrowFile => "Arrow file",
            Self::ArrowStream => "Arrow stream",
            Self::Damaged(_) => "damaged",
        }
    }
}

/// How delimited text is written, and what its columns hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvDialect {
    /// What stands between two cells.
    pub delimiter: u8,
    /// All columns of the file in their order; the names are unique.
    pub columns: Vec<CsvColumn>,
    /// Whether cells may be quoted; else a quote is a character.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub quoting: bool,
    /// The escape character before a quote in a quoted cell, besides a second quote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escape: Option<u8>,
    /// Whether the first row is the header.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub header: bool,
}

fn yes() -> bool {
    true
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_true(value: &bool) -> bool {
    *value
}

/// Where the columns of delimited text get their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// From the first row.
    #[default]
    FirstRow,
    /// Nowhere: they are `column_1`, `column_2` and so on.
    None,
    /// These are the names; the first row is data.
    Names(Vec<String>),
}

/// One column of delimited text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvColumn {
    /// The name that its values get in the records.
    pub name: String,
    /// What its cells become.
    pub kind: CsvKind,
}

/// What the cells of a column become in JSON; an empty one is null.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CsvKind {
    /// Numbers, spelled as in the file.
    Number,
    /// `true` and `false`.
    Bool,
    /// Strings; an empty cell in quotes is the empty string.
    #[default]
    Text,
}

impl CsvKind {
    /// What a column is that holds both; `None` where all cells are empty.
    pub(crate) fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (kind, None) | (None, kind) => kind,
            (Some(one), Some(other)) if one == other => Some(one),
            _ => Some(Self::Text),
        }
    }
}
