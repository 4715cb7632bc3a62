//! N-grams in a trie, from their last word to the first: bit-packed arrays, one for each length.
//!
//! The n-grams that end in a given one are a range of the next array, sorted by the word that comes before.

use std::ops::Range;

use super::header::Header;
use super::numbers::{bits_at, bits_for, f32_at, u64_at};
use super::score::{Found, Search, Weights};
use super::uniform;
use crate::Fault;
use crate::cursor::Cursor;
use crate::prefetch::prefetch;

mod pointers;
mod values;

use pointers::Pointers;
use values::Values;

/// The size in bytes of a single word's entry: its weights, and the start of the n-grams that end in it.
const UNIGRAM_BYTES: usize = 16;
/// The number of bits into which a number is packed, at most.
const MOST_BITS: u32 = 57;

/// The trie.
#[derive(Debug)]
pub(super) struct Trie {
    unigrams: usize,
    /// The arrays of n-grams of two words and more, with the longest last.
    arrays: Vec<Array>,
}

/// The n-grams of one length.
#[derive(Debug)]
struct Array {
    start: usize,
    entries: u64,
    /// The greatest number of a word.
    last_word: u64,
    word_bits: u32,
    entry_bits: u64,
    values: Values,
    /// The starts of longer n-grams; the longest have none.
    pointers: Option<Pointers>,
}

impl Trie {
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        bytes: &[u8],
        header: &Header,
        is_quantised: bool,
        has_pointer_arrays: bool,
    ) -> Result<Self, Fault> {
        let counts = &header.counts;
        let mut values = Values::read(cursor, counts.len(), is_quantised)?.into_iter();
        let unigrams = cursor.range(counts[0] + 2, UNIGRAM_BYTES as u64, "the unigrams")?;
        let chopped = match has_pointer_arrays && counts.len() > 2 {
            true => Some(pointers::chopped_bits(cursor)?),
            false => None,
        };
        let mut arrays = Vec::new();
        for (order, &entries) in (2..).zip(&counts[1..]) {
            let what = format!("the {order}-grams");
            // The counts come from the file, and each entry has at least one bit.
            if entries >= (bytes.len() as u64).saturating_mul(8) {
                return Err(Fault::damaged(format!("it claims {entries} {order}-grams")));
            }
            let values = values.next().unwrap_or(Values::Plain);
            let pointers = counts
                .get(order)
                .map(|&next| Pointers::read(cursor, chopped, entries, next, &what))
                .transpose()?;
            let word_bits = bits_for(counts[0]);
            let pointer_bits = pointers.as_ref().map_or(0, Pointers::bits);
            if pointer_bits > MOST_BITS {
                return Err(Fault::damaged(format!("{what} have too long pointers")));
            }
            let entry_bits = u64::from(word_bits + values.bits(pointers.is_none()) + pointer_bits);
            // One more entry for the last pointer, and a margin because reads go beyond the last bits.
            let length = ((entries + 1) * entry_bits).div_ceil(8) + 8;
            arrays.push(Array {
                start: cursor.range(length, 1, &what)?.start,
                entries,
                last_word: counts[0],
                word_bits,
                entry_bits,
                values,
                pointers,
            });
        }
        Ok(Self {
            unigrams: unigrams.start,
            arrays,
        })
    }
}

impl Array {
    /// Returns the position of the n-gram in this range that begins with a word.
    #[inline]
    fn find(&self, bytes: &[u8], word: u32, range: Range<u64>) -> Option<u64> {
        let end = range.end.min(self.entries);
        let mask = (1 << self.word_bits) - 1;
        let word_at = |place: u64| bits_at(bytes, self.start, place * self.entry_bits) & mask;
        uniform::find(
            range.start.min(end)..end,
            self.last_word,
            u64::from(word),
            word_at,
        )
    }

    /// Prefetches the memory where the search for an n-gram of this range that begins with a word starts.
    #[inline]
    fn prefetch(&self, bytes: &[u8], word: u32, range: Range<u64>) {
        let end = range.end.min(self.entries);
        let range = range.start.min(end)..end;
        let place = uniform::first_guess(range, self.last_word, u64::from(word));
        prefetch(bytes, self.start + (place * self.entry_bits / 8) as usize);
    }

    /// Returns the first bit after the word of an n-gram.
    #[inline]
    fn after_word(&self, place: u64) -> u64 {
        place * self.entry_bits + u64::from(self.word_bits)
    }
}

impl Search for Trie {
    /// The n-grams that are longer by one word, as positions in the next array.
    type Node = (u64, u64);

    #[inline]
    fn unigram(&self, bytes: &[u8], word: u32) -> Found<Self::Node> {
        let place = self.unigrams + word as usize * UNIGRAM_BYTES;
        let node = (
            u64_at(bytes, place + 8),
            u64_at(bytes, place + 8 + UNIGRAM_BYTES),
        );
        Found {
            weights: Weights {
                prob: f32_at(bytes, place),
                backoff: f32_at(bytes, place + 4),
            },
            is_extended: node.0 != node.1,
            node,
        }
    }

    #[inline]
    fn middle(
        &self,
        bytes: &[u8],
        number: usize,
        word: u32,
        node: Self::Node,
    ) -> Option<Found<Self::Node>> {
        let array = &self.arrays[number];
        let place = array.find(bytes, word, node.0..node.1)?;
        let bit = array.after_word(place);
        let node = array.pointers.as_ref().map_or((0, 0), |pointers| {
            // The pointer is the last part of an entry.
            let first = (place + 1) * array.entry_bits - u64::from(pointers.bits());
            pointers.range(bytes, array.start, first, place, array.entry_bits)
        });
        Some(Found {
            weights: array.values.weights(bytes, array.start, bit),
            is_extended: node.0 != node.1,
            node,
        })
    }

    #[inline]
    fn prefetch(&self, bytes: &[u8], word: u32) {
        prefetch(bytes, self.unigrams + word as usize * UNIGRAM_BYTES);
    }

    #[inline]
    fn prefetch_more(&self, bytes: &[u8], words: &[u32]) {
        if let ([.., before, last], Some(array)) = (words, self.arrays.first()) {
            let (start, end) = self.unigram(bytes, *last).node;
            array.prefetch(bytes, *before, start..end);
        }
    }

    #[inline]
    fn longest(&self, bytes: &[u8], word: u32, node: Self::Node) -> Option<f32> {
        let array = self.arrays.last()?;
        let place = array.find(bytes, word, node.0..node.1)?;
        let bit = array.after_word(place);
        Some(array.values.prob(bytes, array.start, bit))
    }
}
