//! The metadata that pandas writes about the columns of its Parquet files.

use std::collections::HashSet;

use parquet::file::metadata::ParquetMetaData;
use serde::Deserialize;

/// The description of a file's columns in the metadata that pandas writes.
#[derive(Debug, Default)]
pub(super) struct PandasColumns {
    /// Columns that were texts.
    pub(super) texts: HashSet<String>,
    /// Columns with the index of the data frame, which isn't a field of its records.
    pub(super) indexes: HashSet<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Described {
    index_columns: Vec<serde_json::Value>,
    columns: Vec<Column>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Column {
    name: Option<String>,
    field_name: Option<String>,
    pandas_type: String,
}

impl PandasColumns {
    /// Reads the metadata of a file. It is empty if pandas did not write the file.
    pub(super) fn of(parquet: &ParquetMetaData) -> Self {
        let pairs = parquet.file_metadata().key_value_metadata();
        let described = pairs
            .into_iter()
            .flatten()
            .find(|pair| pair.key == "pandas");
        let text = described.and_then(|pair| pair.value.as_deref());
        let described: Described = text
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let texts = described
            .columns
            .into_iter()
            .filter(|column| column.pandas_type == "unicode");
        Self {
            texts: texts
                .filter_map(|column| column.field_name.or(column.name))
                .collect(),
            // An index that is a plain range is an object and has no column.
            indexes: described
                .index_columns
                .iter()
                .filter_map(|index| Some(index.as_str()?.to_owned()))
                .collect(),
        }
    }
}
