//! Leaving out lines while they are copied.

use memchr::memchr;

/// Which of the lines of a partition belong to the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptLines {
    lines: u64,
    /// A bit for each line, the lowest of a byte first.
    bits: Vec<u8>,
}

impl KeptLines {
    /// The lines whose bits are set, the lowest of a byte first; none if there are not as many bits as lines need.
    #[must_use]
    pub fn new(lines: u64, bits: Vec<u8>) -> Option<Self> {
        (bits.len() as u64 == lines.div_ceil(8)).then_some(Self { lines, bits })
    }

    fn has(&self, line: u64) -> bool {
        let byte = self.bits.get((line / 8) as usize);
        byte.is_some_and(|byte| byte >> (line % 8) & 1 == 1)
    }
}

/// Goes through the bytes of lines, wherever they are cut, and gives those of the lines that are kept.
pub(crate) struct Keeping<'k> {
    kept: &'k KeptLines,
    /// The line that the next byte is in.
    line: u64,
    /// Whether its first bytes have come already.
    inside: bool,
}

impl<'k> Keeping<'k> {
    pub(crate) fn new(kept: &'k KeptLines) -> Self {
        Self {
            kept,
            line: 0,
            inside: false,
        }
    }

    /// Gives the longest stretches of these bytes that belong to kept lines, in order.
    pub(crate) fn take<E>(
        &mut self,
        bytes: &[u8],
        mut give: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let (mut start, mut at) = (0, 0);
        while at < bytes.len() {
            let end = memchr(b'\n', &bytes[at..]);
            let next = end.map_or(bytes.len(), |end| at + end + 1);
            if !self.kept.has(self.line) {
                if start < at {
                    give(&bytes[start..at])?;
                }
                start = next;
            }
            self.inside = end.is_none();
            self.line += u64::from(end.is_some());
            at = next;
        }
        match start < bytes.len() {
            true => give(&bytes[start..]),
            false => Ok(()),
        }
    }

    /// Whether as many lines have come as there are bits.
    pub(crate) fn is_complete(&self) -> bool {
        self.line == self.kept.lines && !self.inside
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kept(bits: &[bool]) -> KeptLines {
        let mut bytes = vec![0; bits.len().div_ceil(8)];
        for (at, _) in bits.iter().enumerate().filter(|(_, kept)| **kept) {
            bytes[at / 8] |= 1 << (at % 8);
        }
        KeptLines::new(bits.len() as u64, bytes).unwrap()
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
        assert_eq!(KeptLines::new(9, vec![1]), None);
    }
}
