//! Columnar files: Parquet and Arrow IPC, read as record batches.

mod arrow_file;
mod columns;
mod file;
mod fill;
mod flaw;
mod gather;
mod known_parts;
mod limits;
mod parquet;
mod proof;
mod row_group;
mod rows;
mod seen;
mod shown;
mod stream;
mod utf8;
mod views;
mod weight;

pub use file::TableFile;
pub use fill::ColumnKind;
pub(crate) use flaw::unpanicked;
pub use known_parts::KnownParts;
pub use row_group::RowGroup;
pub use rows::TableRows;
pub(crate) use shown::{is_bytes, unique_names};
pub use stream::TableStream;
pub use weight::rows_of_weight;
