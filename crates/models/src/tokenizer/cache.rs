//! What was made of words, for those that come again.

use xxhash_rust::xxh3::xxh3_64;

/// Remembers the tokens of words that were met lately, in bounded memory.
#[derive(Clone, Debug, Default)]
pub(crate) struct WordCache {
    /// By the last bits of a word's hash; empty until the first word.
    slots: Vec<Slot>,
    words: Vec<u8>,
    tokens: Vec<u32>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    hash: u64,
    word: u32,
    word_bytes: u32,
    first_token: u32,
    tokens: u32,
}

const SLOTS: usize = 1 << 16;

/// Longer words seldom come again.
const MAX_WORD_BYTES: usize = 64;

/// Everything is forgotten when the words take more.
const MAX_BYTES: usize = 4 << 20;

impl WordCache {
    /// Forgets all words.
    pub(crate) fn clear(&mut self) {
        self.slots.clear();
        self.words.clear();
        self.tokens.clear();
    }

    /// Calls `take` with the tokens of a word, which `make` appends if they are not known.
    #[inline]
    pub(crate) fn with<T>(
        &mut self,
        word: &[u8],
        make: impl FnOnce(&mut Vec<u32>),
        take: impl FnOnce(&[u32]) -> T,
    ) -> T {
        let hash = xxh3_64(word);
        let at = hash as usize % SLOTS;
        if let Some(slot) = self.slots.get(at)
            && slot.hash == hash
        {
            let start = slot.word as usize;
            if &self.words[start..start + slot.word_bytes as usize] == word {
                let first = slot.first_token as usize;
                return take(&self.tokens[first..first + slot.tokens as usize]);
            }
        }
        self.add(word, hash, make, take)
    }

    #[cold]
    fn add<T>(
        &mut self,
        word: &[u8],
        hash: u64,
        make: impl FnOnce(&mut Vec<u32>),
        take: impl FnOnce(&[u32]) -> T,
    ) -> T {
        if self.words.len() + self.tokens.len() > MAX_BYTES {
            self.clear();
        }
        self.slots.resize(SLOTS, Slot::default());
        let first = self.tokens.len();
        make(&mut self.tokens);
        let tokens = &self.tokens[first..];
        let result = take(tokens);
        if word.is_empty() || word.len() > MAX_WORD_BYTES {
            self.tokens.truncate(first);
            return result;
        }
        self.slots[hash as usize % SLOTS] = Slot {
            hash,
            word: self.words.len() as u32,
            word_bytes: word.len() as u32,
            first_token: first as u32,
            tokens: tokens.len() as u32,
        };
        self.words.extend_from_slice(word);
        result
    }
}
