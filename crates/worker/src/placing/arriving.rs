//! The records of a partition, handed over by another thread.

use std::sync::mpsc::Receiver;

use coldpress_barrier::Arranged;

/// The records of a partition, as they come.
pub(super) struct Arriving {
    pieces: Receiver<Vec<Arranged>>,
    piece: std::vec::IntoIter<Arranged>,
}

impl Arriving {
    pub(super) fn new(pieces: Receiver<Vec<Arranged>>) -> Self {
        Self {
            pieces,
            piece: Vec::new().into_iter(),
        }
    }

    /// Returns the next record. After the last one there is none; who takes them knows how many there are.
    pub(super) fn next(&mut self) -> Option<Arranged> {
        loop {
            if let Some(record) = self.piece.next() {
                return Some(record);
            }
            self.piece = self.pieces.recv().ok()?.into_iter();
        }
    }
}
