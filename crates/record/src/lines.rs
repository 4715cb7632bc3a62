//! Lines as a reader passes them on: bytes, and the places of the records in them.

use std::ops::Range;

use crate::rejected::is_lost;

/// A block of bytes and the records in it.
///
/// The reader fills it, and [`Batch::fill`](crate::Batch::fill) takes the bytes out and returns a used buffer, so that a stream of
/// blocks allocates only at its start.
#[derive(Debug, Default)]
pub struct Lines {
    /// The index of the source in plan order.
    pub source: u32,
    /// The bytes. [`Lines::records`] lists the records in them.
    pub bytes: Vec<u8>,
    /// The records in order.
    pub records: Vec<LineSpan>,
}

/// The place of one record: `start..start + length` of the block, and its position in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineSpan {
    /// The first byte in the block.
    pub start: u32,
    /// The length in bytes, without line end, byte order mark and outer blanks.
    pub length: u32,
    /// The byte offset of the line in its source.
    pub position: u64,
}

impl LineSpan {
    /// Returns the bytes of the block that the record takes.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.start as usize + self.length as usize
    }
}

impl Lines {
    /// Creates an empty block of this source.
    pub fn new(source: u32) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// Appends one record.
    pub fn push(&mut self, position: u64, record: &[u8]) {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(record);
        self.bytes.push(b'\n');
        self.records.push(LineSpan {
            start,
            length: record.len() as u32,
            position,
        });
    }

    /// Keeps the records for which `fits` returns true. It is also told whether each stands for a lost part of the input and isn't
    /// a record.
    pub fn retain(&mut self, mut fits: impl FnMut(LineSpan, bool) -> bool) {
        let bytes = &self.bytes;
        self.records
            .retain(|record| fits(*record, is_lost(&bytes[record.range()])));
    }

    /// Empties the block and keeps its memory.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }
}

/// Returns the part of a line that is the record: without byte order mark and outer blanks (spaces, tabs, CR, LF). It is empty for
/// a blank line, which isn't a record.
pub fn trim_record(line: &[u8]) -> Range<usize> {
    const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
    let mut start = line
        .iter()
        .position(|byte| !blank(byte))
        .unwrap_or(line.len());
    while line[start..].starts_with(BYTE_ORDER_MARK) {
        start += BYTE_ORDER_MARK.len();
        start += line[start..]
            .iter()
            .position(|byte| !blank(byte))
            .unwrap_or(line.len() - start);
    }
    let end = line
        .iter()
        .rposition(|byte| !blank(byte))
        .map_or(start, |last| (last + 1).max(start));
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_blanks_are_no_part_of_a_record() {
        let cases: [(&[u8], &[u8]); 7] = [
            (b"{}\r", b"{}"),
            (b"\xEF\xBB\xBF{} ", b"{}"),
            (b" \xEF\xBB\xBF {}", b"{}"),
            (b"   \t\r", b""),
            (b"", b""),
            (b"\xEF\xBB\xBF", b""),
            (b"\xEF\xBB", b"\xEF\xBB"),
        ];
        for (line, record) in cases {
            assert_eq!(&line[trim_record(line)], record, "{line:?}");
        }
    }
}
