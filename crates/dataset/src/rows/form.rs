//! The form in which a worker writes the rows of a partition.

use serde::{Deserialize, Serialize};

use crate::format::FileCompression;

/// The form of a partition's rows, which is the end of their file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowsForm {
    /// JSONL, possibly packed: `.jsonl`, `.jsonl.gz`, `.jsonl.zst`.
    Lines(FileCompression),
    /// An Arrow IPC stream: `.arrows`.
    Table,
}

impl RowsForm {
    /// Returns the end of the name of such a file.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::Lines(FileCompression::None) => ".jsonl",
            Self::Lines(FileCompression::Gzip) => ".jsonl.gz",
            Self::Lines(FileCompression::Zstd) => ".jsonl.zst",
            Self::Table => ".arrows",
        }
    }

    /// Returns the form of the rows in a file of this name; plain lines if the name does not say.
    pub fn of_path(path: &str) -> Self {
        let forms = [
            Self::Table,
            Self::Lines(FileCompression::Gzip),
            Self::Lines(FileCompression::Zstd),
        ];
        forms
            .into_iter()
            .find(|form| path.ends_with(form.suffix()))
            .unwrap_or(Self::Lines(FileCompression::None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_says_the_form() {
        for form in [
            RowsForm::Table,
            RowsForm::Lines(FileCompression::None),
            RowsForm::Lines(FileCompression::Gzip),
            RowsForm::Lines(FileCompression::Zstd),
        ] {
            let name = format!("results/partition_000003.e1.a2{}", form.suffix());
            assert_eq!(RowsForm::of_path(&name), form);
            let json = serde_json::to_string(&form).unwrap();
            assert_eq!(serde_json::from_str::<RowsForm>(&json).unwrap(), form);
        }
    }
}
