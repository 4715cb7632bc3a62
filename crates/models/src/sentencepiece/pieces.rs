//! The pieces of a text.

use std::ops::Range;

/// The pieces of a text, one after the other in a buffer.
#[derive(Clone, Debug, Default)]
pub struct Pieces {
    pub(super) text: String,
    pub(super) ends: Vec<u32>,
    pub(super) ids: Vec<u32>,
}

impl Pieces {
    /// Returns the number of pieces.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether there are no pieces.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Returns the pieces without separators. With most models, this is the normalised text. If unknown characters become bytes, it
    /// has pieces such as `<0xF0>` instead of them.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the range of each piece in [`text`](Self::text).
    pub fn ranges(&self) -> impl ExactSizeIterator<Item = Range<usize>> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let end = end as usize;
            std::mem::replace(&mut start, end)..end
        })
    }

    /// Returns the pieces in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        self.ranges().map(|range| &self.text[range])
    }

    /// Returns the ids of the pieces.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.ids.clear();
    }

    /// Adds a piece that ends here.
    #[inline]
    pub(super) fn push(&mut self, end: usize, id: u32) {
        self.ends.push(end as u32);
        self.ids.push(id);
    }

    /// Adds a piece at the end of the text.
    pub(super) fn append(&mut self, piece: &str, id: u32) {
        self.text.push_str(piece);
        self.push(self.text.len(), id);
    }

    /// Joins adjacent unknown pieces into one.
    pub(super) fn join(&mut self, unknown: u32) {
        let Some(first) = self.ids.iter().position(|id| *id == unknown) else {
            return;
        };
        let mut kept = first;
        for at in first..self.ends.len() {
            let (end, id) = (self.ends[at], self.ids[at]);
            if kept > 0 && id == unknown && self.ids[kept - 1] == unknown {
                self.ends[kept - 1] = end;
                continue;
            }
            (self.ends[kept], self.ids[kept]) = (end, id);
            kept += 1;
        }
        self.ends.truncate(kept);
        self.ids.truncate(kept);
    }
}
