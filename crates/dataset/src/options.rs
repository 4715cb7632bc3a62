//! What can be chosen about how a dataset is found and read.

use coldpress_storage::KeyPlace;

use crate::format::CsvHeader;

/// How the files of a dataset are found and read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResolveOptions {
    /// Which files of a directory count; none = those with a known suffix, packed or not.
    pub suffixes: Vec<String>,
    /// The columns to read of CSV and columnar files; none = all.
    pub columns: Vec<String>,
    /// What stands between the cells of CSV files; `None` = found out for each file.
    pub delimiter: Option<u8>,
    /// Whether the cells of CSV files may be quoted; `None` = found out for each file.
    pub quoting: Option<bool>,
    /// The escape character before a quote in a quoted cell; `None` = found out for each file.
    pub escape: Option<u8>,
    /// Where the columns of CSV files get their names.
    pub header: CsvHeader,
    /// The field of a JSON object that holds the records, where a file is one such object.
    pub field: Option<String>,
    /// True if only files of one suffix are read as one, so that the suffix of each record's file is known.
    pub by_suffix: bool,
    /// Fields that hold text: columns of these names are strings, whatever their cells look like.
    pub text_keys: Vec<String>,
    /// Where the key is, if all files are encrypted.
    pub key: Option<KeyPlace>,
}
