//! Converts ARPA text to hash tables, as KenLM's `build_binary` does.

use super::arpa::{Arpa, Ngram};
use super::hash::with_word_before;
use super::header::{Header, Layout};
use super::numbers::f32_at;
use super::probing::Probing;
use super::table::Table;
use super::vocabulary::{ENTRY_BYTES, UNKNOWN, Vocabulary};
use crate::Fault;
use crate::cursor::Cursor;

/// The default number of buckets of a table for each entry.
const MULTIPLIER: f32 = 1.5;
/// The probability of an unknown word, if the model has none.
const UNKNOWN_PROB: f32 = -100.0;
/// The backoffs of an n-gram that no other begins with, and of one that others begin with.
const NO_EXTENSION: f32 = -0.0;
const EXTENSION: f32 = 0.0;

/// Returns the bytes of the binary file that corresponds to ARPA text, without the words themselves.
///
/// # Errors
/// [`Fault::Damaged`] if the text violates the format.
pub(super) fn hash_tables(text: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut arpa = Arpa::new(text);
    let counts = arpa.counts()?;
    let mut builder = Builder::new(&counts)?;
    let mut ngram = Ngram {
        prob: 0.0,
        words: Vec::new(),
        backoff: NO_EXTENSION,
    };
    arpa.heading(1)?;
    for _ in 0..counts[0] {
        arpa.ngram(1, &mut ngram)?;
        builder.add_word(&ngram, &arpa)?;
    }
    builder.finish_words()?;
    for (order, &count) in (2..).zip(&counts[1..]) {
        arpa.heading(order)?;
        for _ in 0..count {
            arpa.ngram(order, &mut ngram)?;
            builder.add(&ngram, &arpa)?;
        }
    }
    arpa.end()?;
    Ok(builder.bytes)
}

/// A binary file under construction.
struct Builder {
    bytes: Vec<u8>,
    vocabulary: Vocabulary,
    vocabulary_table: Table,
    /// The position of the number of words in the vocabulary.
    bound_place: usize,
    /// The lowest unused number of a word.
    bound: u32,
    has_unknown: bool,
    ngrams: Probing,
    order: usize,
    /// The numbers of an n-gram's words, the last one first.
    words: Vec<u32>,
    /// The hashes of the n-gram's suffixes of two words and more.
    keys: Vec<u64>,
    /// The positions of the weights of the longest suffix that was in the model, and before it of those that were not.
    between: Vec<usize>,
}

impl Builder {
    /// Returns a file without entries.
    fn new(counts: &[u64]) -> Result<Self, Fault> {
        let mut bytes = Vec::new();
        Header::write(counts, MULTIPLIER, &mut bytes);
        let bound_place = bytes.len() + 4;
        let buckets = |entries: u64| Table::buckets_for(entries, MULTIPLIER);
        let longest = counts.len() - 1;
        let middles = counts[1..longest].iter().map(|&count| buckets(count) * 16);
        let size = 8
            + buckets(counts[0]) * ENTRY_BYTES as u64
            + (counts[0] + 1) * 8
            + middles.sum::<u64>()
            + buckets(counts[longest]) * 12;
        // The size is bounded by the text, whose length limits the counts.
        bytes.resize(bytes.len() + size as usize, 0);
        let header = Header {
            layout: Layout::Probing {
                has_rest_costs: false,
            },
            multiplier: MULTIPLIER,
            has_words: false,
            counts: counts.to_vec(),
        };
        let mut cursor = Cursor::new(&bytes);
        cursor.take(bound_place as u64 - 4, "the header")?;
        let vocabulary = Vocabulary::read(&mut cursor, &bytes, &header)?;
        let ngrams = Probing::read(&mut cursor, &bytes, &header, false)?;
        let Vocabulary::Probing { table, .. } = &vocabulary else {
            return Err(Fault::damaged("it has no hash table of words"));
        };
        Ok(Self {
            vocabulary_table: table.clone(),
            vocabulary,
            bound_place,
            bound: 1,
            has_unknown: false,
            ngrams,
            order: counts.len(),
            words: Vec::new(),
            keys: Vec::new(),
            between: Vec::new(),
            bytes,
        })
    }

    fn add_word(&mut self, unigram: &Ngram<'_>, arpa: &Arpa<'_>) -> Result<(), Fault> {
        let word = unigram.words[0];
        let number = if is_unknown(word) {
            self.has_unknown = true;
            UNKNOWN
        } else {
            let hash = super::hash::of_word(word);
            let place = match self.vocabulary_table.find_or_free(&self.bytes, hash) {
                Some(Err(free)) => free,
                // The first of equal words counts, and so does the first of equal n-grams.
                Some(Ok(_)) => return Ok(()),
                None => return Err(arpa.fault("one word too many")),
            };
            self.bytes[place - 8..place].copy_from_slice(&hash.to_le_bytes());
            self.bytes[place..place + 4].copy_from_slice(&self.bound.to_le_bytes());
            self.bound += 1;
            self.bound - 1
        };
        let place = self.ngrams.unigram_place(number);
        self.set(place, unigram.prob);
        self.set(place + 4, unigram.backoff);
        Ok(())
    }

    fn finish_words(&mut self) -> Result<(), Fault> {
        let bound = self.bound;
        self.bytes[self.bound_place..self.bound_place + 4].copy_from_slice(&bound.to_le_bytes());
        if let Vocabulary::Probing { bound: known, .. } = &mut self.vocabulary {
            *known = bound;
        }
        for mark in ["<s>", "</s>"] {
            if self.vocabulary.number(&self.bytes, mark.as_bytes()) == UNKNOWN {
                return Err(Fault::damaged(format!("it lacks the word `{mark}`")));
            }
        }
        if !self.has_unknown {
            let place = self.ngrams.unigram_place(UNKNOWN);
            self.set(place, UNKNOWN_PROB);
            self.set(place + 4, 0.0);
        }
        Ok(())
    }

    /// Adds an n-gram of two words or more.
    fn add(&mut self, ngram: &Ngram<'_>, arpa: &Arpa<'_>) -> Result<(), Fault> {
        let order = ngram.words.len();
        self.words.clear();
        for &word in ngram.words.iter().rev() {
            let number = self.vocabulary.number(&self.bytes, word);
            if number == UNKNOWN && !is_unknown(word) {
                return Err(arpa.fault("an n-gram with a word that is not among the 1-grams"));
            }
            self.words.push(number);
        }
        self.keys.clear();
        let mut key = u64::from(self.words[0]);
        for &word in &self.words[1..] {
            key = with_word_before(key, word);
            self.keys.push(key);
        }
        let is_longest = order == self.order;
        let table = match is_longest {
            true => self.ngrams.longest_table(),
            false => &self.ngrams.middles()[order - 2],
        };
        let place = match table.find_or_free(&self.bytes, key) {
            Some(Ok(_)) => return Ok(()),
            Some(Err(free)) => free,
            None => return Err(arpa.fault("one n-gram too many")),
        };
        self.bytes[place - 8..place].copy_from_slice(&key.to_le_bytes());
        // The sign means that no longer n-gram is known to end in this one so far.
        self.set(place, -ngram.prob.abs());
        if !is_longest {
            self.set(place + 4, ngram.backoff);
        } else if ngram.backoff.to_bits() != NO_EXTENSION.to_bits() {
            return Err(arpa.fault("an n-gram of the greatest length with a backoff"));
        }
        self.find_ends(arpa)?;
        self.fill_ends();
        self.mark_context(arpa)
    }

    /// Finds the longest suffix of the n-gram that is in the model, and makes room for those that are not.
    fn find_ends(&mut self, arpa: &Arpa<'_>) -> Result<(), Fault> {
        self.between.clear();
        for length in (2..self.words.len()).rev() {
            let key = self.keys[length - 2];
            match self.ngrams.middles()[length - 2].find_or_free(&self.bytes, key) {
                Some(Ok(place)) => {
                    self.between.push(place);
                    return Ok(());
                }
                Some(Err(place)) => {
                    self.bytes[place - 8..place].copy_from_slice(&key.to_le_bytes());
                    self.set(place + 4, NO_EXTENSION);
                    self.between.push(place);
                }
                None => return Err(arpa.fault("one n-gram too many whose end is not in the model")),
            }
        }
        self.between.push(self.ngrams.unigram_place(self.words[0]));
        Ok(())
    }

    /// Gives the suffixes that were not in the model the probabilities that follow from shorter ones, and marks all of them as
    /// suffixes of longer n-grams.
    fn fill_ends(&mut self) {
        let known = self.between.len() - 1;
        // Starts at the length of the longest suffix that was in the model.
        let lengths = self.words.len() - self.between.len()..;
        let mut prob = -f32_at(&self.bytes, self.between[known]).abs();
        for (length, missing) in lengths.zip((0..known).rev()) {
            // The penalty for a suffix that the model lacks: the backoff of the words before the last one.
            if let Some(place) = self.context_place(length) {
                self.set_extension(place);
                prob += f32_at(&self.bytes, place + 4);
            }
            self.set(self.between[missing], prob);
        }
        for at in 0..self.between.len() {
            let place = self.between[at];
            self.set(place, f32_at(&self.bytes, place).abs());
        }
    }

    /// Returns the position of the weights of the `length` words before the last one.
    fn context_place(&self, length: usize) -> Option<usize> {
        let context = &self.words[1..=length];
        if length == 1 {
            return Some(self.ngrams.unigram_place(context[0]));
        }
        let start = u64::from(context[0]);
        let key = context[1..]
            .iter()
            .fold(start, |key, &word| with_word_before(key, word));
        self.ngrams.middles()[length - 2].find(&self.bytes, key)
    }

    /// Marks the n-gram without its last word as one that others begin with.
    fn mark_context(&mut self, arpa: &Arpa<'_>) -> Result<(), Fault> {
        let place = self
            .context_place(self.words.len() - 1)
            .ok_or_else(|| arpa.fault("an n-gram whose words but the last are not in the model"))?;
        self.set_extension(place);
        Ok(())
    }

    fn set_extension(&mut self, place: usize) {
        if f32_at(&self.bytes, place + 4).to_bits() == NO_EXTENSION.to_bits() {
            self.set(place + 4, EXTENSION);
        }
    }

    fn set(&mut self, place: usize, value: f32) {
        self.bytes[place..place + 4].copy_from_slice(&value.to_le_bytes());
    }
}

fn is_unknown(word: &[u8]) -> bool {
    word == b"<unk>" || word == b"<UNK>"
}
