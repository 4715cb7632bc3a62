//! Drawing some of the records of a slice.

use coldpress_partition::Draw;

/// Tells of each record of a slice, in their order, whether it is drawn.
pub(super) struct Drawing {
    draw: Draw,
    /// The number of the next record in the slice.
    next: u64,
}

impl Drawing {
    pub(super) fn new(draw: Draw) -> Self {
        Self { draw, next: 0 }
    }

    /// Returns whether the next record is drawn.
    pub(super) fn takes_next(&mut self) -> bool {
        self.next += 1;
        self.draw.takes(self.next - 1)
    }
}
