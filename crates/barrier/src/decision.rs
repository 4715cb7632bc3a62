//! Decision files: the decision about the rows of one partition, and the records that the removed rows duplicate.
//!
//! All numbers are little-endian `u64`. After 8 bytes of magic come the number of rows, of rows that go, of rows without a
//! signature, and of cuts. Then come one bit for each row, the lowest of a byte first, set if the row stays; for each row that
//! goes, in order, the ordinal of the record that stays for it; the rows without a signature; and for each cut its row and the
//! index of the part among those of the row.

use std::io::{self, Write};

use coldpress_operator::Decision;

use crate::error::Result;
use crate::read::{ReadAt, damaged, number, read_all};

const MAGIC: &[u8; 8] = b"colddec1";
const HEADER_BYTES: usize = 40;
const WHAT: &str = "a decision file";

/// A decision, and for each row that goes, in order, the ordinal of the record that stays for it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// The rows that stay, those that go, and the parts that are cut out.
    pub decision: Decision,
    /// For each row that goes, in order, the ordinal of the record that is kept instead; its own if there is none.
    pub kept_for: Vec<u64>,
}

impl Verdict {
    /// Writes a decision file.
    ///
    /// # Errors
    /// Any error of `out`.
    pub fn write(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        let Self { decision, kept_for } = self;
        let (unsigned, cuts) = (decision.unsigned(), decision.cuts());
        let counts = [kept_for.len(), unsigned.len(), cuts.len()].map(|count| count as u64);
        let mut bytes = Vec::new();
        bytes.extend(MAGIC);
        bytes.extend(decision.rows().to_le_bytes());
        bytes.extend(counts.iter().flat_map(|count| count.to_le_bytes()));
        bytes.extend(decision.bits());
        let cuts = cuts.iter().flat_map(|(row, part)| [row, part]);
        let numbers = kept_for.iter().chain(unsigned).chain(cuts);
        bytes.extend(numbers.flat_map(|number| number.to_le_bytes()));
        out.write_all(&bytes)
    }

    /// Reads a decision file.
    ///
    /// # Errors
    /// [`Error::Damaged`](crate::Error::Damaged), [`Error::Io`](crate::Error::Io).
    pub fn read<F: ReadAt + ?Sized>(file: &F) -> Result<Self> {
        let bytes = read_all(file, WHAT)?;
        if !bytes.starts_with(MAGIC) || bytes.len() < HEADER_BYTES {
            return Err(damaged(WHAT, "it does not begin like one"));
        }
        let [rows, removed, unsigned, cuts] = [8, 16, 24, 32].map(|at| number(&bytes, at));
        let mut counts = [removed, unsigned, cuts, cuts].into_iter();
        let numbers = counts.try_fold(0u64, u64::checked_add);
        let expected =
            numbers.and_then(|numbers| numbers.checked_mul(8)?.checked_add(rows.div_ceil(8)));
        if expected != Some((bytes.len() - HEADER_BYTES) as u64) {
            return Err(damaged(WHAT, "it has another length than its rows need"));
        }
        let (bits, numbers) = bytes[HEADER_BYTES..].split_at(rows.div_ceil(8) as usize);
        let mut numbers = numbers
            .as_chunks::<8>()
            .0
            .iter()
            .map(|number| u64::from_le_bytes(*number));
        let kept_for: Vec<u64> = numbers.by_ref().take(removed as usize).collect();
        let unsigned = numbers.by_ref().take(unsigned as usize).collect();
        let cuts = std::iter::from_fn(|| Some((numbers.next()?, numbers.next()?))).collect();
        let decision = Decision::from_parts(rows, bits.to_vec(), unsigned, cuts);
        let decision =
            decision.filter(|decision| decision.staying().checked_add(removed) == Some(rows));
        let decision = decision.ok_or_else(|| damaged(WHAT, "its parts do not fit together"))?;
        Ok(Self { decision, kept_for })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> (Verdict, Vec<u8>) {
        let mut decision = Decision::keep_all(10);
        [2, 5, 9].into_iter().for_each(|row| decision.remove(row));
        decision.push_unsigned(3);
        [(0, 1), (0, 4), (8, 2)]
            .into_iter()
            .for_each(|(row, part)| decision.push_cut(row, part));
        let kept_for = vec![3, 3, 11];
        let verdict = Verdict { decision, kept_for };
        let mut bytes = Vec::new();
        verdict.write(&mut bytes).unwrap();
        (verdict, bytes)
    }

    #[test]
    fn what_was_written_is_read_back() {
        let (verdict, bytes) = written();
        assert_eq!(Verdict::read(&bytes[..]).unwrap(), verdict);
    }

    #[test]
    fn damage_is_found() {
        let (_, bytes) = written();
        for length in 0..bytes.len() {
            assert!(Verdict::read(&bytes[..length]).is_err(), "{length}");
        }
        assert!(Verdict::read(&[&bytes[..], &[0]].concat()[..]).is_err());
        for at in 0..HEADER_BYTES + 2 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(Verdict::read(&bytes[..]).is_err(), "{at}");
        }
    }
}
