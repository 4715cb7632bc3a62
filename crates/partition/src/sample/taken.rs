//! What was read of a window.

use coldpress_dataset::RowGroup;

/// What one window gave.
pub(super) struct Taken {
    pub(super) source: u32,
    /// Where the window begins.
    pub(super) position: u64,
    /// Bytes of the lines that begin in it, line ends and blank lines counted in.
    pub(super) line_bytes: u64,
    pub(super) records: Vec<TakenRecord>,
    /// Whether this is all that the source has.
    pub(super) is_all: bool,
    /// The row groups of a columnar source: the sizes of all its rows, of which `records` are some.
    pub(super) groups: Option<Vec<RowGroup>>,
}

/// A record, or of a long one what is known of it.
pub(super) struct TakenRecord {
    pub(super) position: u64,
    /// Its length, or the least that it has.
    pub(super) length: u64,
    /// The record; empty where its end was out of reach.
    pub(super) bytes: Vec<u8>,
}

impl TakenRecord {
    pub(super) fn is_whole(&self) -> bool {
        !self.bytes.is_empty()
    }
}
