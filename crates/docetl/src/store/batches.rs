//! Divides records into batches of limited size.

use crate::{Record, Result};

/// Records that are read a batch at a time.
pub(super) trait Batches: Send {
    /// Reads the next records; `None` at the end.
    fn next(&mut self) -> Result<Option<Vec<Record>>>;

    /// Verifies as much as possible before the first record is read.
    fn verify(&self) -> Result<()>;
}

/// The number of records in a batch, at most. A batch is a row group of a file.
const MAX_ROWS: usize = 32_768;
/// The approximate memory in bytes at which a batch is full.
const MAX_BYTES: usize = 64 << 20;

/// Returns whether a batch with this number of records, which take this much memory, is full.
pub(super) fn is_full(records: usize, bytes: usize) -> bool {
    records >= MAX_ROWS || bytes >= MAX_BYTES
}

/// Returns records in batches.
pub(super) fn batches(mut records: &[Record]) -> impl Iterator<Item = &[Record]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let mut count = 0;
        while count < records.len() && !is_full(count, bytes) {
            bytes += records[count].memory_bytes();
            count += 1;
        }
        let (batch, rest) = records.split_at(count);
        records = rest;
        Some(batch).filter(|batch| !batch.is_empty())
    })
}
