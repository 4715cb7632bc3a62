//! A cache of the rows of words, so that the n-grams of a repeated word are not hashed again.

use std::ops::Range;

/// The number of words that are kept, at most.
const SLOTS: usize = 1 << 12;
/// The length of the longest words that are kept. Longer ones are rarely repeated.
const LONGEST: usize = 40;
/// The number of rows above which all words are forgotten, because more do not fit in the fast caches of a core. All rows are in
/// one list.
const MOST_ROWS: usize = 1 << 17;

/// Words of one model, with their rows.
#[derive(Debug, Default)]
pub(super) struct WordCache {
    /// The model that the rows belong to.
    model: u64,
    slots: Vec<Slot>,
    words: Vec<u8>,
    rows: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// The position of the word; empty if there is none.
    start: u32,
    length: u32,
    first_row: u32,
    rows: u32,
}

impl WordCache {
    /// Forgets the words if they belong to another model.
    pub(super) fn begin(&mut self, model: u64) {
        if self.model != model {
            self.clear();
            self.model = model;
        }
    }

    fn clear(&mut self) {
        self.slots.clear();
        self.slots.resize(SLOTS, Slot::default());
        self.words.clear();
        self.rows.clear();
    }

    /// Returns the rows of a word with this hash.
    #[inline]
    pub(super) fn rows(&self, word: &[u8], hash: u32) -> Option<&[u32]> {
        let slot = self.slots[place(hash)];
        let known = &self.words[range(slot.start, slot.length)];
        (known == word).then(|| &self.rows[range(slot.first_row, slot.rows)])
    }

    /// Keeps the rows of a word.
    pub(super) fn keep(&mut self, word: &[u8], hash: u32, rows: &[u32]) {
        if word.len() > LONGEST || rows.len() > MOST_ROWS {
            return;
        }
        if self.rows.len() + rows.len() > MOST_ROWS {
            self.clear();
        }
        self.slots[place(hash)] = Slot {
            start: self.words.len() as u32,
            length: word.len() as u32,
            first_row: self.rows.len() as u32,
            rows: rows.len() as u32,
        };
        self.words.extend_from_slice(word);
        self.rows.extend_from_slice(rows);
    }
}

#[inline]
fn place(hash: u32) -> usize {
    // The upper bits of the product depend on all bits of the hash.
    (hash.wrapping_mul(0x9e37_79b9) >> 20) as usize % SLOTS
}

#[inline]
fn range(start: u32, length: u32) -> Range<usize> {
    start as usize..start as usize + length as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_kept_until_there_are_too_many_or_the_model_is_another() {
        let mut cache = WordCache::default();
        cache.begin(1);
        assert_eq!(cache.rows(b"word", 7), None);
        cache.keep(b"word", 7, &[1, 2, 3]);
        assert_eq!(cache.rows(b"word", 7), Some(&[1, 2, 3][..]));
        // This is another word in the same slot.
        assert_eq!(cache.rows(b"other", 7), None);
        cache.keep(b"other", 7, &[]);
        assert_eq!(cache.rows(b"other", 7), Some(&[][..]));
        assert_eq!(cache.rows(b"word", 7), None);
        cache.begin(1);
        assert!(cache.rows(b"other", 7).is_some());
        cache.begin(2);
        assert_eq!(cache.rows(b"other", 7), None);
        let many = vec![9; MOST_ROWS / 2];
        for hash in 0..9 {
            cache.keep(b"long", hash, &many);
            assert_eq!(cache.rows(b"long", hash), Some(&many[..]));
            assert!(cache.rows.len() <= MOST_ROWS);
        }
        cache.keep(&[b'x'; LONGEST + 1], 3, &[]);
        assert_eq!(cache.rows(&[b'x'; LONGEST + 1], 3), None);
    }
}
