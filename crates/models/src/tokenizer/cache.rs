//! Remembers the results for words that come again.

mod few_bytes;

use std::ops::Range;

use self::few_bytes::FewBytes;
use crate::prefetch::prefetch;
use xxhash_rust::xxh3::xxh3_64;

/// Remembers the tokens of recent words, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(super) struct WordCache {
    few_bytes: FewBytes,
    /// Longer words, in sets of two with the most recent first; empty until the first word.
    sets: Vec<[Slot; 2]>,
    /// Long words, one after the other.
    words: Vec<u8>,
    tokens: Vec<u32>,
}

/// A word and its tokens. Every word has bytes, so a word without bytes marks an empty slot.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    key: Key,
    first: u32,
    tokens: u32,
}

/// The word itself if it has up to 16 bytes, or the hash and position of a longer one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Key {
    low: u64,
    high: u64,
    bytes: u32,
}

const SETS: usize = 1 << 17;

const SHORT: usize = 16;

/// The length of the longest words that are kept. Longer ones seldom come again.
const MAX_WORD_BYTES: usize = 64;

/// The number of bytes of long words, or of tokens, above which everything is forgotten.
const MAX_LONG_BYTES: usize = 1 << 22;
const MAX_TOKENS: usize = 1 << 21;

impl WordCache {
    /// Forgets all words.
    pub(super) fn clear(&mut self) {
        self.few_bytes.clear();
        self.sets.clear();
        self.words.clear();
        self.tokens.clear();
    }

    /// Calls `take` with the tokens of a word in the text. If they are not known, `make` appends them.
    #[inline]
    pub(super) fn with<T>(
        &mut self,
        text: &[u8],
        word: Range<usize>,
        make: impl FnOnce(&mut Vec<u32>),
        take: impl FnOnce(&[u32]) -> T,
    ) -> T {
        if word.len() <= few_bytes::MOST {
            let (few, bytes) = (eight(text, word.start, word.end), word.len());
            if let Some(tokens) = self.few_bytes.find(few, bytes) {
                return take(&self.tokens[tokens]);
            }
            let first = self.make(make);
            self.few_bytes.keep(few, bytes, first..self.tokens.len());
            return take(&self.tokens[first..]);
        }
        let key = Key::of(text, word.clone());
        let bytes = &text[word];
        let known = self.sets.get(key.set()).and_then(|set| {
            let is_it = |slot: &&Slot| match bytes.len() <= SHORT {
                true => slot.key == key,
                false => self.is_long(slot, key, bytes),
            };
            set.iter().find(is_it)
        });
        if let Some(slot) = known {
            return take(&self.tokens[slot.first as usize..][..slot.tokens as usize]);
        }
        let first = self.make(make);
        let result = take(&self.tokens[first..]);
        match bytes.len() <= MAX_WORD_BYTES {
            true => self.keep(key, bytes, first),
            false => self.tokens.truncate(first),
        }
        result
    }

    /// Prefetches the memory where [`with`](Self::with) will look up a word, without waiting for it.
    #[inline]
    pub(super) fn prefetch(&self, text: &[u8], word: Range<usize>) {
        let bytes = word.len();
        if bytes <= few_bytes::MOST {
            let few = eight(text, word.start, word.end);
            self.few_bytes.prefetch(few, bytes);
        } else if bytes <= SHORT {
            prefetch(&self.sets, Key::of(text, word).set());
        }
        // Hashing longer words twice would take more time than waiting.
    }

    /// Makes the tokens of an unknown word, and returns the position of the first.
    fn make(&mut self, make: impl FnOnce(&mut Vec<u32>)) -> usize {
        if self.words.len() > MAX_LONG_BYTES || self.tokens.len() > MAX_TOKENS {
            self.clear();
        }
        let first = self.tokens.len();
        make(&mut self.tokens);
        first
    }

    fn is_long(&self, slot: &Slot, key: Key, word: &[u8]) -> bool {
        let start = slot.key.high as usize;
        (slot.key.low, slot.key.bytes) == (key.low, key.bytes)
            && self.words.get(start..start + word.len()) == Some(word)
    }

    #[cold]
    fn keep(&mut self, mut key: Key, word: &[u8], first: usize) {
        let at = key.set();
        if word.len() > SHORT {
            key.high = self.words.len() as u64;
            self.words.extend_from_slice(word);
        }
        self.sets.resize(SETS, Default::default());
        let slot = Slot {
            key,
            first: first as u32,
            tokens: (self.tokens.len() - first) as u32,
        };
        self.sets[at] = [slot, self.sets[at][0]];
    }
}

impl Key {
    #[inline(always)]
    fn of(text: &[u8], word: Range<usize>) -> Self {
        let bytes = word.len() as u32;
        if word.len() > SHORT {
            // Its position is not known yet.
            return Self {
                low: xxh3_64(&text[word]),
                high: 0,
                bytes,
            };
        }
        let middle = (word.start + 8).min(word.end);
        Self {
            low: eight(text, word.start, word.end),
            high: eight(text, middle, word.end),
            bytes,
        }
    }

    /// Returns the number of its set.
    #[inline]
    fn set(self) -> usize {
        let mixed = self.low ^ self.high.rotate_left(29) ^ u64::from(self.bytes) << 59;
        (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - SETS.ilog2())) as usize
    }
}

/// Returns the bytes from `start` up to `end`, at most eight, padded with zeros.
#[inline(always)]
fn eight(text: &[u8], start: usize, end: usize) -> u64 {
    let bytes = (end - start).min(8);
    if bytes == 0 {
        return 0;
    }
    match text.get(start..).and_then(|rest| rest.first_chunk()) {
        // The bytes after the word are shifted out.
        Some(eight) => {
            let beyond = 64 - 8 * bytes as u32;
            u64::from_le_bytes(*eight) << beyond >> beyond
        }
        None => {
            let mut eight = [0; 8];
            eight[..bytes].copy_from_slice(&text[start..start + bytes]);
            u64::from_le_bytes(eight)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_made_once_and_not_confused() {
        let mut cache = WordCache::default();
        // Many words of each length differ only in the last byte.
        let words: Vec<String> = (0..80_000)
            .map(|number| format!("{}{number:x}", "x".repeat(number % 70)))
            .collect();
        let mut made = 0;
        for _ in 0..2 {
            for word in &words {
                let text = format!("{word} and more");
                let expected: Vec<u32> = word.bytes().map(u32::from).collect();
                // The second time, the word is at the end.
                for text in [text.as_bytes(), word.as_bytes()] {
                    let make = |tokens: &mut Vec<u32>| {
                        made += 1;
                        tokens.extend(&expected);
                    };
                    cache.with(text, 0..word.len(), make, |found| {
                        assert_eq!(found, expected)
                    });
                }
            }
        }
        // Each word is known when it comes again, unless it is too long to be kept.
        let long = words
            .iter()
            .filter(|word| word.len() > MAX_WORD_BYTES)
            .count();
        assert!(
            made >= words.len() && made <= 2 * (words.len() + long),
            "{made}"
        );
    }
}
