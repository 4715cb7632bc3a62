//! Groups of rows that are stored together.

use std::collections::VecDeque;
use std::ops::Range;

/// Rows of a file that are stored together: a row group of Parquet, a record batch of Arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowGroup {
    /// The number of its rows.
    pub rows: u64,
    /// About how many bytes those of its columns that are read take in memory.
    pub decoded_bytes: u64,
}

/// Returns the groups that `rows` of the file are in, with the rows of each that are among them.
pub(super) fn parts_of(groups: &[RowGroup], rows: &Range<u64>) -> VecDeque<(usize, Range<u64>)> {
    let mut start = 0;
    let mut parts = VecDeque::new();
    for (index, group) in groups.iter().enumerate() {
        let end = start + group.rows;
        let within = rows.start.max(start)..rows.end.min(end);
        if !within.is_empty() {
            parts.push_back((index, within.start - start..within.end - start));
        }
        start = end;
    }
    parts
}
