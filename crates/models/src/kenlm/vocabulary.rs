//! The numbers of words.

use super::hash;
use super::header::{Header, Layout};
use super::numbers::{u32_at, u64_at};
use super::table::Table;
use super::uniform;
use crate::Fault;
use crate::cursor::Cursor;
use crate::prefetch::prefetch;

/// The number of the unknown word.
pub(super) const UNKNOWN: u32 = 0;

/// A map from words to their numbers, by the hashes of the words.
#[derive(Debug)]
pub(super) enum Vocabulary {
    /// A hash table from hashes to numbers below `bound`.
    Probing { table: Table, bound: u32 },
    /// Hashes in ascending order. A word's number is the position of its hash, from 1 on.
    Sorted { start: usize, words: u64 },
}

impl Vocabulary {
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        bytes: &[u8],
        header: &Header,
    ) -> Result<Self, Fault> {
        let what = "the vocabulary";
        let count = header.counts[0];
        if let Layout::Trie { .. } = header.layout {
            let words = cursor.u64(what)?;
            let start = cursor.range(count, 8, what)?.start;
            if words > count {
                return Err(Fault::damaged(format!(
                    "it claims {words} words, and {count}"
                )));
            }
            return Ok(Self::Sorted { start, words });
        }
        let (version, bound) = (cursor.u32(what)?, cursor.u32(what)?);
        if version != 0 {
            return Err(Fault::unsupported(format!(
                "its vocabulary has version {version}, and version 0 is known"
            )));
        }
        if u64::from(bound) > count + 1 {
            return Err(Fault::damaged(format!(
                "it claims {bound} words, and {count}"
            )));
        }
        let buckets = Table::buckets_for(count, header.multiplier);
        let table = Table::read(cursor, bytes, buckets, ENTRY_BYTES, what)?;
        Ok(Self::Probing { table, bound })
    }

    /// Prefetches the memory that a search for a hash needs first.
    #[inline]
    pub(super) fn prefetch(&self, bytes: &[u8], hash: u64) {
        match self {
            Self::Probing { table, .. } => table.prefetch(bytes, hash),
            Self::Sorted { start, words } => {
                let place = uniform::first_guess(0..*words, u64::MAX, hash);
                prefetch(bytes, start + place as usize * 8);
            }
        }
    }

    /// Returns the number of a word.
    pub(super) fn number(&self, bytes: &[u8], word: &[u8]) -> u32 {
        self.number_of_hash(bytes, hash::of_word(word))
    }

    /// Returns the number of the word with this hash.
    #[inline]
    pub(super) fn number_of_hash(&self, bytes: &[u8], hash: u64) -> u32 {
        match self {
            Self::Probing { table, bound } => {
                let number = table.find(bytes, hash).map(|place| u32_at(bytes, place));
                number.filter(|number| number < bound).unwrap_or(UNKNOWN)
            }
            Self::Sorted { start, words } => {
                let hash_at = |at: u64| u64_at(bytes, start + at as usize * 8);
                let found = uniform::find(0..*words, u64::MAX, hash, hash_at);
                found.map_or(UNKNOWN, |at| at as u32 + 1)
            }
        }
    }
}

/// The size of an entry in the hash table in bytes.
pub(super) const ENTRY_BYTES: usize = 12;
