//! Reads a model's bytes from front to back.

use std::ops::Range;

use crate::Fault;

/// A position in the bytes of a model. All numbers are little-endian.
#[derive(Clone, Debug)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, place: 0 }
    }

    /// Returns the number of bytes before the position.
    pub(crate) fn place(&self) -> usize {
        self.place
    }

    /// Returns the number of bytes after the position.
    pub(crate) fn left(&self) -> usize {
        self.bytes.len() - self.place
    }

    /// Skips `count` values of `size` bytes each, and returns their range.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if there are fewer; `what` names them.
    pub(crate) fn range(
        &mut self,
        count: u64,
        size: u64,
        what: &str,
    ) -> Result<Range<usize>, Fault> {
        let length = count
            .checked_mul(size)
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| *length <= self.left());
        let length = length.ok_or_else(|| {
            Fault::damaged(format!(
                "it ends before {what}, at byte {} of {}",
                self.place,
                self.bytes.len()
            ))
        })?;
        let start = self.place;
        self.place += length;
        Ok(start..self.place)
    }

    /// Skips `length` bytes and returns them.
    ///
    /// # Errors
    /// As for [`Self::range`].
    pub(crate) fn take(&mut self, length: u64, what: &str) -> Result<&'a [u8], Fault> {
        self.range(length, 1, what).map(|range| &self.bytes[range])
    }

    /// Skips a text that ends with a zero byte, and returns its range, without that byte.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if no zero byte follows.
    pub(crate) fn zero_ended(&mut self, what: &str) -> Result<Range<usize>, Fault> {
        let rest = &self.bytes[self.place..];
        // Without a zero byte, the range is longer than the rest, which gives the right error.
        let length = memchr::memchr(0, rest).unwrap_or(rest.len());
        let range = self.range(length as u64 + 1, 1, what)?;
        Ok(range.start..range.end - 1)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Fault> {
        let bytes = self.take(N as u64, what)?;
        Ok(std::array::from_fn(|at| bytes[at]))
    }

    pub(crate) fn u8(&mut self, what: &str) -> Result<u8, Fault> {
        self.array(what).map(u8::from_le_bytes)
    }

    pub(crate) fn i32(&mut self, what: &str) -> Result<i32, Fault> {
        self.array(what).map(i32::from_le_bytes)
    }

    pub(crate) fn u32(&mut self, what: &str) -> Result<u32, Fault> {
        self.array(what).map(u32::from_le_bytes)
    }

    pub(crate) fn i64(&mut self, what: &str) -> Result<i64, Fault> {
        self.array(what).map(i64::from_le_bytes)
    }

    pub(crate) fn u64(&mut self, what: &str) -> Result<u64, Fault> {
        self.array(what).map(u64::from_le_bytes)
    }

    pub(crate) fn f32(&mut self, what: &str) -> Result<f32, Fault> {
        self.array(what).map(f32::from_le_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_an_error_with_its_place() {
        let mut cursor = Cursor::new(&[1, 0, 0, 0, b'a', 0, b'b']);
        assert_eq!(cursor.u32("the magic number").unwrap(), 1);
        assert_eq!(cursor.zero_ended("a word").unwrap(), 4..5);
        let error = cursor.clone().zero_ended("a word").unwrap_err().to_string();
        assert_eq!(error, "is damaged: it ends before a word, at byte 6 of 7");
        assert!(cursor.range(u64::MAX, 2, "the rows").is_err());
        assert_eq!(cursor.take(1, "a letter").unwrap(), b"b");
        assert_eq!(cursor.left(), 0);
        assert!(cursor.u8("more").is_err());
    }
}
