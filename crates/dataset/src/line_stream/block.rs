//! The blocks that a stream of lines gives.

/// The result of [`LineStream::next_block`](crate::LineStream::next_block).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Whole lines; the records among them are listed.
    Lines,
    /// A piece of a record that is too long to be held in memory. The block lists no records. Only the last piece makes it a
    /// record: if the stream breaks off inside it, [`Block::End`] follows instead.
    LongRecord {
        /// The position of the record's line.
        position: u64,
        /// True if this is its first piece.
        first: bool,
        /// True if this is its last piece.
        last: bool,
    },
    /// Nothing is left.
    End,
}

/// A part of a source that cannot be read: everything from `position` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The position in the unpacked text.
    pub position: u64,
    /// The reason.
    pub reason: String,
}
