//! N-grams in hash tables, one for each length.

use super::hash::with_word_before;
use super::header::Header;
use super::numbers::f32_at;
use super::score::{Found, Search, Weights};
use super::table::Table;
use crate::Fault;
use crate::cursor::Cursor;
use crate::prefetch::prefetch;

/// The sign bit of a probability. A probability is the logarithm of a number up to 1, so its sign is free to show that no longer
/// n-gram ends in this one.
const SIGN: u32 = 1 << 31;

/// The tables.
#[derive(Debug)]
pub(super) struct Probing {
    unigrams: usize,
    weight_bytes: usize,
    middles: Vec<Table>,
    longest: Table,
}

impl Probing {
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        bytes: &[u8],
        header: &Header,
        has_rest_costs: bool,
    ) -> Result<Self, Fault> {
        let weight_bytes = if has_rest_costs { 12 } else { 8 };
        // One more, in case the count of words doesn't include the unknown one.
        let unigrams = cursor.range(header.counts[0] + 1, weight_bytes as u64, "the unigrams")?;
        let mut tables = Vec::new();
        for (order, &count) in (2..).zip(&header.counts[1..]) {
            let is_longest = order == header.counts.len();
            let value_bytes = if is_longest { 4 } else { weight_bytes };
            let buckets = Table::buckets_for(count, header.multiplier);
            let what = format!("the table of {order}-grams");
            tables.push(Table::read(cursor, bytes, buckets, 8 + value_bytes, &what)?);
        }
        let longest = tables
            .pop()
            .ok_or_else(|| Fault::damaged("it has no n-grams"))?;
        Ok(Self {
            unigrams: unigrams.start,
            weight_bytes,
            middles: tables,
            longest,
        })
    }

    /// Returns the position of a word's weights.
    pub(super) fn unigram_place(&self, word: u32) -> usize {
        self.unigrams + word as usize * self.weight_bytes
    }

    /// Returns the tables of the n-grams between unigrams and the longest ones.
    pub(super) fn middles(&self) -> &[Table] {
        &self.middles
    }

    pub(super) fn longest_table(&self) -> &Table {
        &self.longest
    }
}

#[inline]
fn found(bytes: &[u8], place: usize, node: u64) -> Found<u64> {
    let prob = f32_at(bytes, place).to_bits();
    Found {
        weights: Weights {
            prob: f32::from_bits(prob | SIGN),
            backoff: f32_at(bytes, place + 4),
        },
        is_extended: prob & SIGN == 0,
        node,
    }
}

impl Search for Probing {
    /// The hash of the n-gram.
    type Node = u64;

    #[inline]
    fn unigram(&self, bytes: &[u8], word: u32) -> Found<u64> {
        found(bytes, self.unigram_place(word), u64::from(word))
    }

    #[inline]
    fn middle(&self, bytes: &[u8], table: usize, word: u32, node: u64) -> Option<Found<u64>> {
        let node = with_word_before(node, word);
        let place = self.middles[table].find(bytes, node)?;
        Some(found(bytes, place, node))
    }

    #[inline]
    fn prefetch(&self, bytes: &[u8], word: u32) {
        prefetch(bytes, self.unigram_place(word));
    }

    #[inline]
    fn prefetch_more(&self, bytes: &[u8], words: &[u32]) {
        let Some((&last, before)) = words.split_last() else {
            return;
        };
        // No n-gram is searched for if its last word only occurs alone, like the unknown word.
        if !self.unigram(bytes, last).is_extended {
            return;
        }
        let mut node = u64::from(last);
        let tables = self.middles.iter().chain([&self.longest]);
        for (table, &word) in tables.zip(before.iter().rev()) {
            node = with_word_before(node, word);
            table.prefetch(bytes, node);
        }
    }

    #[inline]
    fn longest(&self, bytes: &[u8], word: u32, node: u64) -> Option<f32> {
        let place = self.longest.find(bytes, with_word_before(node, word))?;
        Some(f32_at(bytes, place))
    }
}
