//! Writing a dataset: where the output goes, in which form, and how it gets there in one step.

mod arrow_file;
mod columns;
mod csv;
mod encode;
mod form;
mod join;
mod lines;
mod ownership;
mod parquet_file;
mod piece;
mod pipeline;
mod place;
mod rows;
mod second_pass;
mod staged;
mod table_rows;
mod target;
mod unit;
mod writer;

pub use encode::{RowsEncoder, decode_rows};
pub use form::{ExportForm, ParquetCodec};
pub use ownership::{OWNERSHIP_SCHEMA, Ownership, Standing};
pub use piece::Piece;
pub use rows::RowsForm;
pub use staged::{Staged, staged_digest};
pub use table_rows::{TableRowsReader, TableRowsWriter};
pub use target::{DEFAULT_SHARD_BYTES, ExportTarget};
pub use writer::{ExportWriter, Finished};

#[cfg(test)]
mod tests;
