//! Options for how a dataset is found and read.

use coldpress_storage::KeyPlace;

use crate::format::CsvHeader;

/// Options for how the files of a dataset are found and read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolveOptions {
    /// The suffixes of the files to read from a directory. None means those with a known suffix, packed or not.
    pub suffixes: Vec<String>,
    /// The columns to read from CSV and columnar files. None means all.
    pub columns: Vec<String>,
    /// The character between the cells of CSV files. `None` detects it for each file.
    pub delimiter: Option<u8>,
    /// True if the cells of CSV files may be quoted. `None` detects it for each file.
    pub quoting: Option<bool>,
    /// The character that escapes a quote inside a quoted cell. `None` detects it for each file.
    pub escape: Option<u8>,
    /// The source of the column names of CSV files.
    pub header: CsvHeader,
    /// The field that holds the records, for files that are one JSON object.
    pub field: Option<String>,
    /// True if only files of one suffix are read as one, so that the suffix of each record's file is known.
    pub by_suffix: bool,
    /// The fields that hold text. Columns of these names are strings, whatever their cells look like.
    pub text_keys: Vec<String>,
    /// The place of the key, if all files are encrypted.
    pub key: Option<KeyPlace>,
}
