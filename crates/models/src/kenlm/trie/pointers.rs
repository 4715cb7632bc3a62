//! The starts, in the next array, of the n-grams that are longer by one word. They are stored as whole numbers, or as just the
//! lower bits.
//!
//! Pointers are in ascending order, so their upper bits seldom change. With pointer arrays (after Raj and Whittaker, "Lossless
//! compression of language model structure and word identifiers", 2003), an array has the entry at which each value of the upper
//! bits begins.

use super::super::numbers::{bits_at, bits_for, u64_at};
use crate::Fault;
use crate::cursor::Cursor;

/// The pointers of the n-grams of one length.
#[derive(Debug)]
pub(super) struct Pointers {
    /// The number of bits of a pointer that are in its entry.
    bits: u32,
    /// The entries at which the upper bits change.
    upper: Option<Upper>,
}

#[derive(Debug)]
struct Upper {
    start: usize,
    count: u64,
}

/// Returns the number of upper bits that may be stored separately, from the first array of a trie. The cursor doesn't move.
pub(super) fn chopped_bits(cursor: &Cursor<'_>) -> Result<u32, Fault> {
    let what = "the pointers";
    let mut cursor = cursor.clone();
    let (version, bits) = (cursor.u8(what)?, cursor.u8(what)?);
    if version != 0 {
        return Err(Fault::unsupported(format!(
            "its pointers are compressed as version {version} does, and version 0 is known"
        )));
    }
    Ok(u32::from(bits))
}

impl Pointers {
    /// Finds the pointers of `entries` n-grams into an array with `next` n-grams. The arrays of upper bits are at the cursor.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        chopped: Option<u32>,
        entries: u64,
        next: u64,
        what: &str,
    ) -> Result<Self, Fault> {
        let bits = bits_for(next);
        let Some(most) = chopped else {
            return Ok(Self { bits, upper: None });
        };
        let chopped = best_chop(entries + 1, next, most);
        let count = next.checked_shr(bits - chopped).unwrap_or(0) + 1;
        // A header, the array, and padding so that it begins at a multiple of eight bytes.
        let range = cursor.range(count + 1, 8, what)?;
        cursor.take(7, what)?;
        let start = range.start.next_multiple_of(8) + 8;
        Ok(Self {
            bits: bits - chopped,
            upper: Some(Upper { start, count }),
        })
    }

    /// Returns the number of bits of a pointer in an entry.
    #[inline]
    pub(super) fn bits(&self) -> u32 {
        self.bits
    }

    /// Returns the pointers of an entry and the next one, which are at `bit` and one entry further.
    #[inline]
    pub(super) fn range(
        &self,
        bytes: &[u8],
        start: usize,
        bit: u64,
        entry: u64,
        entry_bits: u64,
    ) -> (u64, u64) {
        let mask = (1 << self.bits) - 1;
        let begin = bits_at(bytes, start, bit) & mask;
        let end = bits_at(bytes, start, bit + entry_bits) & mask;
        match &self.upper {
            None => (begin, end),
            Some(upper) => {
                let first = upper.of(bytes, entry, 0);
                let last = upper.of(bytes, entry + 1, first);
                ((first << self.bits) | begin, (last << self.bits) | end)
            }
        }
    }
}

impl Upper {
    /// Returns the upper bits of an entry, which are at least `from`: the last value that begins at or before it.
    #[inline]
    fn of(&self, bytes: &[u8], entry: u64, from: u64) -> u64 {
        let begins_later = |value: u64| u64_at(bytes, self.start + value as usize * 8) > entry;
        // Usually, the next value already begins later.
        if from + 1 >= self.count || begins_later(from + 1) {
            return from;
        }
        let (mut last, mut end) = (from + 1, self.count);
        while end - last > 1 {
            let middle = last + (end - last) / 2;
            if begins_later(middle) {
                end = middle;
            } else {
                last = middle;
            }
        }
        last
    }
}

/// Returns the number of upper bits that are stored separately: the number that takes the least space, and the smallest of several.
fn best_chop(entries: u64, next: u64, most: u32) -> u32 {
    let bits = bits_for(next);
    // 64 bits for each value of the array, less the savings in the entries. The library computes with wrapping numbers.
    let cost = |chop: &u32| {
        let values = next.checked_shr(bits - chop).unwrap_or(0);
        let saved = entries.wrapping_mul(u64::from(*chop));
        values.wrapping_mul(64).wrapping_sub(saved) as i64
    };
    (0..=bits.min(most)).min_by_key(cost).unwrap_or(0)
}
