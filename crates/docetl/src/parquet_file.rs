//! Parquet files, both those of this crate and those of other programs.

mod adapt;
mod foreign;
mod metadata;
mod nested;
mod open;
mod own;
mod pandas;
mod seal;
mod writer;

pub(crate) use foreign::{ForeignGroups, rows as foreign_rows};
pub(crate) use metadata::{Base, VERSION};
pub(crate) use open::{OpenParquet, open};
pub(crate) use own::OwnFile;
pub(crate) use writer::GroupWriter;

/// A fault in a file whose path is not known yet.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The system refuses to read it.
    Io(std::io::Error),
    /// It differs from what was written, or isn't Parquet at all.
    Damaged(String),
    /// A newer release wrote it.
    Newer(u32),
}

impl From<std::io::Error> for Fault {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::UnexpectedEof => Self::Damaged("it is cut off".into()),
            _ => Self::Io(error),
        }
    }
}

impl From<parquet::errors::ParquetError> for Fault {
    fn from(error: parquet::errors::ParquetError) -> Self {
        Self::Damaged(error.to_string())
    }
}

impl From<arrow::error::ArrowError> for Fault {
    fn from(error: arrow::error::ArrowError) -> Self {
        Self::Damaged(error.to_string())
    }
}
