//! How outputs are written: where they go, in which form, and how they get there in one step.
//!
//! An [`ExportTarget`] says where an output goes and in which form. An [`ExportWriter`] puts the rows of the partitions
//! together in a temporary place beside it; what is complete there is [`Staged`], and takes its place with
//! [`commit`](Staged::commit). An [`Ownership`] file beside the output proves who made it.
//!
//! It knows nothing of operators or jobs.

mod arrow_file;
mod columns;
mod csv;
mod error;
mod form;
mod join;
mod lines;
mod ownership;
mod parquet_file;
mod piece;
mod pipeline;
mod place;
mod second_pass;
mod staged;
mod target;
mod unit;
mod writer;

pub use error::{Error, Result};
pub use form::{ExportForm, ParquetCodec};
pub use ownership::{OWNERSHIP_SCHEMA, Ownership, Standing};
pub use piece::Piece;
pub use staged::{Staged, staged_digest};
pub use target::{DEFAULT_SHARD_BYTES, ExportTarget};
pub use writer::{ExportWriter, Finished};

#[cfg(test)]
mod tests;
