//! Decoding arbitrary bytes.

use crate::varint;

/// The bytes that are left to read.
pub(crate) struct ByteReader<'p>(pub(crate) &'p [u8]);

impl<'p> ByteReader<'p> {
    pub(crate) fn number(&mut self) -> Option<u64> {
        varint::take(&mut self.0)
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        varint::take_signed(&mut self.0)
    }

    /// Reads a count of items, each of which takes at least one of the remaining bytes.
    pub(crate) fn count(&mut self) -> Option<usize> {
        let count = usize::try_from(self.number()?).ok()?;
        (count <= self.0.len()).then_some(count)
    }

    pub(crate) fn size(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'p [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn text(&mut self, length: usize) -> Option<&'p str> {
        std::str::from_utf8(self.bytes(length)?).ok()
    }

    /// Reads a row number that is relative to the last one.
    pub(crate) fn row(&mut self, last: &mut i64, rows: usize) -> Option<usize> {
        let row = last.checked_add(self.signed()?)?;
        *last = row;
        usize::try_from(row).ok().filter(|row| *row < rows)
    }
}
