//! The compression, the encoding and the format of a source.

use serde::{Deserialize, Serialize};

/// The compression of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileCompression {
    /// Not compressed.
    #[default]
    None,
    /// gzip (RFC 1952), one or more members.
    Gzip,
    /// Zstandard (RFC 8878), one or more frames.
    Zstd,
}

/// The encoding of a file's text, once unpacked.
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

/// The format of the unpacked bytes of a source.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Format {
    /// JSONL: one record on each line.
    #[default]
    Lines,
    /// One JSON array of records.
    Array,
    /// JSON objects one after another that are not one per line: pretty-printed, or without line breaks.
    Values,
    /// One JSON object with an array of records in this field.
    Field(String),
    /// Rows of delimited text with a header: CSV and TSV.
    Csv(CsvDialect),
    /// Text files, each of which is one record, `{"text": "<content>"}`.
    Text,
    /// Apache Parquet.
    Parquet,
    /// The file form of Arrow IPC, which is also Feather version 2.
    ArrowFile,
    /// The stream form of Arrow IPC.
    ArrowStream,
    /// A file that is named or begins like one of these but cannot be read, with the reason and what to do.
    Damaged(String),
}

impl Format {
    /// Returns the name of the format.
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

/// The syntax of delimited text, and the kinds of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvDialect {
    /// The character between two cells.
    pub delimiter: u8,
    /// All columns of the file in order, with unique names.
    pub columns: Vec<CsvColumn>,
    /// True if cells may be quoted. Otherwise a quote is an ordinary character.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub quoting: bool,
    /// The character, besides a second quote, that escapes a quote inside a quoted cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub escape: Option<u8>,
    /// True if the first row is the header.
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

/// The source of the names of columns in delimited text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum CsvHeader {
    /// From the first row.
    #[default]
    FirstRow,
    /// From nowhere: the columns are named `column_1`, `column_2` and so on.
    None,
    /// From this list; the first row is data.
    Names(Vec<String>),
}

/// One column of delimited text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvColumn {
    /// The name of its values in the records.
    pub name: String,
    /// The kind of its values.
    pub kind: CsvKind,
}

/// The JSON type that the cells of a column become. An empty cell is null.
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
    /// Returns the kind of a column that holds both; `None` if all cells are empty.
    pub(crate) fn join(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (kind, None) | (None, kind) => kind,
            (Some(one), Some(other)) if one == other => Some(one),
            _ => Some(Self::Text),
        }
    }
}
