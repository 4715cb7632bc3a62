//! KenLM language models: ARPA text, and both binary forms (hash tables and tries, also quantised and with compressed pointers).
//!
//! ```no_run
//! use coldpress_models::kenlm::Kenlm;
//!
//! let model = Kenlm::open("en.arpa.bin".as_ref())?;
//! println!("{}", model.score_sentence("the cat sat"));
//! # Ok::<(), coldpress_models::Error>(())
//! ```
//!
//! Binary files are read in place from the mapped file, so opening one takes no time, and all processes share its memory. ARPA text
//! is converted in memory to the same file with hash tables that KenLM's `build_binary` would make. Scores are equal to the C++
//! library's to the bit.

mod arpa;
mod build;
mod hash;
mod header;
mod numbers;
mod probing;
mod score;
mod table;
mod trie;
mod uniform;
mod vocabulary;

use std::path::Path;

use crate::bytes::Bytes;
use crate::cursor::Cursor;
use crate::{Fault, Result};
use header::{Header, Layout};
use probing::Probing;
use score::{Search, State};
use trie::Trie;
use vocabulary::{UNKNOWN, Vocabulary};

/// The length of the longest n-grams that are supported.
const MAX_ORDER: usize = 10;

/// The number of words that are scored in one stretch. The memory for all of them is prefetched before the first is scored, because
/// a large model is in no cache, and words would otherwise wait for each other.
const AHEAD: usize = 16;
/// The number of words before another one for which memory is prefetched.
const BEFORE: usize = 3;
/// The size of the smallest model for which memory is prefetched. Smaller ones are in the cache of each core anyway.
const LEAST_TO_ASK_FOR: usize = 1 << 19;

/// A language model.
#[derive(Debug)]
pub struct Kenlm {
    bytes: Bytes,
    order: usize,
    vocabulary: Vocabulary,
    ngrams: Ngrams,
    /// The state after the beginning of a sentence.
    begin: State,
    end_of_sentence: u32,
}

/// A word of a [`Kenlm`]. It is meaningless to other models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word(u32);

#[derive(Debug)]
enum Ngrams {
    Probing(Probing),
    Trie(Trie),
}

impl Kenlm {
    /// Opens a model file of any form.
    ///
    /// # Errors
    /// [`Error`](crate::Error), which names the file, if it cannot be read or is damaged.
    pub fn open(path: &Path) -> Result<Self> {
        let bytes = Bytes::map(path)?;
        Self::read(bytes).map_err(|fault| fault.in_file(path))
    }

    /// Reads a model from the bytes of its file.
    ///
    /// # Errors
    /// As for [`Self::open`], but without the name of a file.
    pub fn from_bytes(bytes: Vec<u8>) -> Result<Self, Fault> {
        Self::read(Bytes::Owned(bytes))
    }

    fn read(bytes: Bytes) -> Result<Self, Fault> {
        let bytes = match Header::is_there(&bytes) {
            true => bytes,
            false => Bytes::Owned(build::hash_tables(&bytes)?),
        };
        let mut cursor = Cursor::new(&bytes);
        let header = Header::read(&mut cursor)?;
        let vocabulary = Vocabulary::read(&mut cursor, &bytes, &header)?;
        let ngrams = match header.layout {
            Layout::Probing { has_rest_costs } => {
                Probing::read(&mut cursor, &bytes, &header, has_rest_costs).map(Ngrams::Probing)
            }
            Layout::Trie {
                is_quantised,
                has_pointer_arrays,
            } => Trie::read(
                &mut cursor,
                &bytes,
                &header,
                is_quantised,
                has_pointer_arrays,
            )
            .map(Ngrams::Trie),
        }?;
        if header.has_words && cursor.take(6, "its words")? != b"<unk>\0" {
            return Err(Fault::damaged(format!(
                "its words do not begin at byte {}",
                cursor.place() - 6
            )));
        }
        let begin = vocabulary.number(&bytes, b"<s>");
        let begin = match &ngrams {
            Ngrams::Probing(search) => State::after(search, &bytes, begin),
            Ngrams::Trie(search) => State::after(search, &bytes, begin),
        };
        Ok(Self {
            order: header.counts.len(),
            begin,
            end_of_sentence: vocabulary.number(&bytes, b"</s>"),
            vocabulary,
            ngrams,
            bytes,
        })
    }

    /// Returns the number of words of the longest n-grams.
    pub fn order(&self) -> usize {
        self.order
    }

    /// Returns a word of the model. All words that it doesn't know are the same one.
    pub fn word(&self, word: &str) -> Word {
        Word(self.vocabulary.number(&self.bytes, word.as_bytes()))
    }

    /// Returns the logarithm, to the base 10, of the probability of a sentence: of its words, which are separated by ASCII
    /// whitespace, and of its end after them.
    pub fn score_sentence(&self, sentence: &str) -> f32 {
        let mut words = sentence
            .as_bytes()
            .split(|byte| matches!(byte, b'\t'..=b'\r' | b' '))
            .filter(|word| !word.is_empty());
        let bytes = &*self.bytes;
        self.score(|numbers| {
            let mut hashes = [0; AHEAD];
            let mut count = 0;
            for (hash, word) in hashes.iter_mut().zip(&mut words) {
                *hash = hash::of_word(word);
                self.vocabulary.prefetch(bytes, *hash);
                count += 1;
            }
            for (number, &hash) in numbers.iter_mut().zip(&hashes[..count]) {
                *number = self.vocabulary.number_of_hash(bytes, hash);
            }
            count
        })
    }

    /// Returns the result of [`score_sentence`](Self::score_sentence) for a sentence of these words.
    ///
    /// Finding a word takes about as long as scoring it, so it is worthwhile to keep words that are repeated.
    pub fn score_words(&self, words: &[Word]) -> f32 {
        let mut left = words;
        self.score(|numbers| {
            let (stretch, rest) = left.split_at(left.len().min(AHEAD));
            for (number, word) in numbers.iter_mut().zip(stretch) {
                *number = word.0;
            }
            left = rest;
            stretch.len()
        })
    }

    /// Scores a sentence. `fill` writes the numbers of its next words, and returns how many it wrote. If it didn't use all the
    /// room, they were the last ones.
    fn score(&self, fill: impl FnMut(&mut [u32]) -> usize) -> f32 {
        match &self.ngrams {
            Ngrams::Probing(search) => self.score_by(search, fill),
            Ngrams::Trie(search) => self.score_by(search, fill),
        }
    }

    fn score_by(&self, search: &impl Search, mut fill: impl FnMut(&mut [u32]) -> usize) -> f32 {
        let bytes = &*self.bytes;
        // One is the state before a word and the other the state after it, in turn.
        let mut states = [self.begin.clone(), State::default()];
        let mut is_first_before = true;
        let mut total = 0.0;
        // The last words of the stretch before, in order, and then those of the stretch.
        let mut numbers = [UNKNOWN; BEFORE + AHEAD];
        loop {
            let mut count = fill(&mut numbers[BEFORE..]);
            if bytes.len() >= LEAST_TO_ASK_FOR {
                for &number in &numbers[BEFORE..BEFORE + count] {
                    search.prefetch(bytes, number);
                }
                for at in 0..count {
                    search.prefetch_more(bytes, &numbers[at..=BEFORE + at]);
                }
            }
            let is_last = count < AHEAD;
            if is_last {
                numbers[BEFORE + count] = self.end_of_sentence;
                count += 1;
            }
            for &number in &numbers[BEFORE..BEFORE + count] {
                let [first, second] = &mut states;
                let (before, after) = match is_first_before {
                    true => (first, second),
                    false => (second, first),
                };
                total += score::score(search, (bytes, self.order), before, number, after);
                is_first_before = !is_first_before;
            }
            if is_last {
                return total;
            }
            numbers.copy_within(AHEAD.., 0);
        }
    }
}

#[cfg(test)]
mod tests;
