//! Writing a dataset: where the output goes, in which form, and how it gets there in one step.

mod encode;
mod ownership;
mod shards;
mod target;
mod writer;

pub use encode::{RowsEncoder, decode_rows};
pub use ownership::{OWNERSHIP_SCHEMA, Ownership, Standing};
pub use target::{DEFAULT_SHARD_BYTES, ExportTarget};
pub use writer::{ExportWriter, Staged, staged_digest};

#[cfg(test)]
mod tests;
