//! What a stream of lines gives.

/// What [`LineStream::next_block`](crate::LineStream::next_block) found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Whole lines; the records among them are listed.
    Lines,
    /// A piece of a record that is too long to be held in memory; the block lists no records. Only the last piece makes
    /// it a record: where the stream breaks off in it, [`Block::End`] follows instead.
    LongRecord {
        /// Position of the record's line.
        position: u64,
        /// Whether this is its first piece.
        first: bool,
        /// Whether this is its last piece.
        last: bool,
    },
    /// Nothing is left.
    End,
}

/// A part of a source that cannot be read: everything from `position` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Position in the unpacked text.
    pub position: u64,
    /// Why.
    pub reason: String,
}
