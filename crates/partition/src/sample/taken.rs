//! The records that were read from a window.

use coldpress_dataset::RowGroup;

/// The records from one window.
pub(super) struct Taken {
    pub(super) source: u32,
    /// The position where the window begins.
    pub(super) position: u64,
    /// The bytes of the lines that begin in it, including line ends and blank lines.
    pub(super) line_bytes: u64,
    pub(super) records: Vec<TakenRecord>,
    /// True if this is all that the source has.
    pub(super) is_all: bool,
    /// The row groups of a columnar source, with the sizes of all its rows. `records` are some of them.
    pub(super) groups: Option<Vec<RowGroup>>,
}

/// A record, or what is known of a long one.
pub(super) struct TakenRecord {
    pub(super) position: u64,
    /// Its length, or a lower bound.
    pub(super) length: u64,
    /// The record; empty if its end was not read.
    pub(super) bytes: Vec<u8>,
}

impl TakenRecord {
    pub(super) fn is_whole(&self) -> bool {
        !self.bytes.is_empty()
    }
}
