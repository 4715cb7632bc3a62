//! Checkpoints of whole records between two operators, with their origins and statistics.
//!
//! Columns: `record` (the line without its end; absent in an index file), `source`, `position`, `piece` (null for a record that no
//! splitter made), and for each statistic `stats.<name>.int` and `stats.<name>.float`, at most one of which is set in a row, so
//! that both kinds come back to the bit. The manifest is that of the container.
//!
//! **Compatibility.** The manifest's `schema_version` applies to the whole file; a newer one is refused.

mod block;
mod columns;
mod decoded;
mod indexed;
mod reader;
mod round;
mod writer;

pub use block::RowBlock;
pub(crate) use columns::Columns;
pub use indexed::IndexedRows;
pub use reader::RowsReader;
pub use writer::{RowGroups, RowsOptions, RowsWriter};

/// The bytes of lines in a block: what a batch holds, so that it stays in the cache.
const BLOCK_BYTES: usize = 256 << 10;
/// The rows of a block, for files whose rows are tiny or have no lines.
const BLOCK_ROWS: usize = 8192;
/// The longest record that is stored: Parquet counts the bytes of a page in 31 bits.
const MAX_RECORD_BYTES: usize = 1 << 30;

#[cfg(test)]
mod tests;
