//! The words of few bytes, which nine of ten in a text are.

use std::ops::Range;

use crate::prefetch::prefetch;

/// Remembers where the tokens of words of up to eight bytes are.
#[derive(Clone, Debug, Default)]
pub(super) struct FewBytes {
    /// Empty until the first word.
    sets: Vec<Set>,
}

/// Words with the same hash, the one that came last first: as many as a line of the processor's cache has room for.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
struct Set([Slot; 4]);

/// A word, filled up with zeros, and its tokens. No word has no bytes, so that is what an empty slot has.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    word: u64,
    first: u32,
    tokens: u16,
    bytes: u16,
}

/// The most bytes of a word.
pub(super) const MOST: usize = 8;

const SETS: usize = 1 << 15;

impl FewBytes {
    pub(super) fn clear(&mut self) {
        self.sets.clear();
    }

    /// Asks for the memory that a word is looked up in, and does not wait for it.
    #[inline(always)]
    pub(super) fn prefetch(&self, word: u64, bytes: usize) {
        prefetch(&self.sets, place(word, bytes));
    }

    /// Returns where the tokens of a word are.
    #[inline(always)]
    pub(super) fn find(&self, word: u64, bytes: usize) -> Option<Range<usize>> {
        let Set(slots) = self.sets.get(place(word, bytes))?;
        let is_it = |slot: &&Slot| slot.word == word && usize::from(slot.bytes) == bytes;
        let slot = slots.iter().find(is_it)?;
        let first = slot.first as usize;
        Some(first..first + usize::from(slot.tokens))
    }

    /// Remembers that `tokens` are those of a word, in the place of the one of its set that came first.
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
