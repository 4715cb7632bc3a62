//! Short words, which make up nine tenths of the words in a text.

use std::ops::Range;

use crate::prefetch::prefetch;

/// Remembers the positions of the tokens of words of up to eight bytes.
#[derive(Clone, Debug, Default)]
pub(super) struct FewBytes {
    /// The sets; empty until the first word.
    sets: Vec<Set>,
}

/// Words with the same hash, the most recent first: as many as fit in a cache line of the processor.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Set([Slot; 4]);

/// A word, padded with zeros, and its tokens. Every word has bytes, so a word without bytes marks an empty slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    word: u64,
    first: u32,
    tokens: u16,
    bytes: u16,
}

/// The number of bytes of a word, at most.
pub(super) const MOST: usize = 8;

const SETS: usize = 1 << 15;

impl FewBytes {
    pub(super) fn clear(&mut self) {
        self.sets.clear();
    }

    /// Prefetches the memory where a word is looked up, without waiting for it.
    #[inline(always)]
    pub(super) fn prefetch(&self, word: u64, bytes: usize) {
        prefetch(&self.sets, place(word, bytes));
    }

    /// Returns the positions of the tokens of a word.
    #[inline(always)]
    pub(super) fn find(&self, word: u64, bytes: usize) -> Option<Range<usize>> {
        let Set(slots) = self.sets.get(place(word, bytes))?;
        let is_it = |slot: &&Slot| slot.word == word && usize::from(slot.bytes) == bytes;
        let slot = slots.iter().find(is_it)?;
        let first = slot.first as usize;
        Some(first..first + usize::from(slot.tokens))
    }

    /// Remembers `tokens` as those of a word, replacing the oldest word of its set.
    #[cold]
    pub(super) fn keep(&mut self, word: u64, bytes: usize, tokens: Range<usize>) {
        self.sets.resize(SETS, Set::default());
        let Set([first, second, third, _]) = self.sets[place(word, bytes)];
        let slot = Slot {
            word,
            first: tokens.start as u32,
            tokens: tokens.len() as u16,
            bytes: bytes as u16,
        };
        self.sets[place(word, bytes)] = Set([slot, first, second, third]);
    }
}

/// Returns the number of a word's set.
#[inline(always)]
fn place(word: u64, bytes: usize) -> usize {
    let mixed = word ^ (bytes as u64) << 59;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SETS.ilog2())) as usize
}
