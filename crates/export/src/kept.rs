//! Leaving out rows while they are copied.

use arrow::array::BooleanArray;
use arrow::compute::filter_record_batch;
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;
use memchr::memchr;

/// The rows of a partition, lines or rows of columns, that belong to the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRows {
    rows: u64,
    /// A bit for each row, the lowest of a byte first.
    bits: Vec<u8>,
}

impl KeptRows {
    /// Creates the set of rows whose bits are set, the lowest of a byte first; none if there are fewer bits than rows need.
    #[must_use]
    pub fn new(rows: u64, bits: Vec<u8>) -> Option<Self> {
        (bits.len() as u64 == rows.div_ceil(8)).then_some(Self { rows, bits })
    }

    fn has(&self, row: u64) -> bool {
        let byte = self.bits.get((row / 8) as usize);
        byte.is_some_and(|byte| byte >> (row % 8) & 1 == 1)
    }
}

/// Goes through the bytes of lines, wherever they are cut, or through rows of columns, and returns those that are kept.
pub(crate) struct Keeping<'k> {
    kept: &'k KeptRows,
    /// The next row; for lines, the row of the next byte.
    row: u64,
    /// True if the first bytes of a line were already seen.
    inside: bool,
}

impl<'k> Keeping<'k> {
    pub(crate) fn new(kept: &'k KeptRows) -> Self {
        Self {
            kept,
            row: 0,
            inside: false,
        }
    }

    /// Passes on the longest runs of these bytes that belong to kept lines, in order.
    pub(crate) fn take<E>(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]);
            let next = end.map_or(bytes.len(), |end| at + end + 1);
            if !self.kept.has(self.row) {
                if start < at {
                    give(&bytes[start..at])?;
                }
                start = next;
            }
            self.inside = end.is_none();
            self.row += u64::from(end.is_some());
            at = next;
        }
        match start < bytes.len() {
            true => give(&bytes[start..]),
            false => Ok(()),
        }
    }

    /// Returns the kept ones among the next rows.
    pub(crate) fn take_rows(&mut self, batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
        let rows = self.row..self.row + batch.num_rows() as u64;
        self.row = rows.end;
        let kept: BooleanArray = rows.map(|row| Some(self.kept.has(row))).collect();
        match kept.true_count() == kept.len() {
            true => Ok(batch.clone()),
            false => filter_record_batch(batch, &kept),
        }
    }

    /// Returns whether as many rows were seen as there are bits.
    pub(crate) fn is_complete(&self) -> bool {
        self.row == self.kept.rows && !self.inside
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(bits: &[bool]) -> KeptRows {
        let mut bytes = vec![0; bits.len().div_ceil(8)];
        for (at, _) in bits.iter().enumerate().filter(|(_, kept)| **kept) {
            bytes[at / 8] |= 1 << (at % 8);
        }
        KeptRows::new(bits.len() as u64, bytes).unwrap()
    }

    proptest! {
        #[test]
        fn kept_lines_come_whole_however_the_bytes_are_cut(
            lines in prop::collection::vec(("[a-c]{0,4}", any::<bool>()), 0..30), cut in 1usize..9,
        ) {
            let all: String = lines.iter().map(|(text, _)| format!("{text}\n")).collect();
            let expected: String =
                lines.iter().filter(|(_, kept)| *kept).map(|(text, _)| format!("{text}\n")).collect();
            let bits: Vec<bool> = lines.iter().map(|(_, kept)| *kept).collect();
            let kept = kept(&bits);
            let (mut keeping, mut out) = (Keeping::new(&kept), Vec::new());
            for bytes in all.as_bytes().chunks(cut) {
                keeping.take(bytes, |kept| { out.extend_from_slice(kept); Ok::<_, ()>(()) }).unwrap();
            }
            prop_assert_eq!(String::from_utf8(out).unwrap(), expected);
            prop_assert!(keeping.is_complete());
        }
    }

    #[test]
    fn too_few_or_too_many_lines_are_found() {
        let kept = kept(&[true, false]);
        for (text, is_complete) in [
            ("a\n", false),
            ("a\nb", false),
            ("a\nb\n", true),
            ("a\nb\nc\n", false),
        ] {
            let mut keeping = Keeping::new(&kept);
            keeping.take(text.as_bytes(), |_| Ok::<_, ()>(())).unwrap();
            assert_eq!(keeping.is_complete(), is_complete, "{text:?}");
        }
        assert_eq!(KeptRows::new(9, vec![1]), None);
    }
}
