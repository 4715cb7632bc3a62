//! How much of a text is made of word n-grams that occur more than once.
//!
//! A word is known by a hash of 64 bits of its lower-case spelling, an n-gram by a rolling hash of its words modulo
//! 2^61 − 1. Two different n-grams of one text share a hash with a chance of about (number of words)² / 2^61, which is
//! 10^-13 for a text of a thousand words. There is no seed: the same text gives the same ratio everywhere.

use super::block_scan::for_each_hit;
use super::chars::{changes_when_lowered, is_special};
use super::ngram_hash::{collect_rolling, mix};
use super::ngram_tally::{Collector, HashSequence, NgramTally};
use super::python;

/// The form of the hashes; part of the operator's version, as another form could (in theory) give another ratio.
pub const VERSION: u32 = 1;

/// The highest bit of each byte of a word.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// The lowest bit of each byte of a word.
const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// Memory that is used again from text to text.
#[derive(Clone, Debug, Default)]
pub struct WordRepetition {
    words: Vec<u64>,
    lowered: String,
    tally: NgramTally,
}

impl WordRepetition {
    /// The share of those n-grams of `len` words that occur more than once among all n-grams of `text`.
    ///
    /// Words stand between spaces, line feeds and tabs; they are lowered as Python does it, and special characters are
    /// stripped from both ends, which leaves nothing of some. A text without n-grams has the ratio 0.
    pub fn ratio(&mut self, text: &str, len: usize) -> f64 {
        self.read_words(text);
        if len == 0 || self.words.len() < len {
            return 0.0;
        }
        self.tally.count(Ngrams {
            words: &self.words,
            len,
        });
        (self.tally.total() - self.tally.once()) as f64 / self.tally.total() as f64
    }

    /// Fills `words` with the hashes of the words of `text`.
    fn read_words(&mut self, text: &str) {
        self.words.clear();
        let bytes = text.as_bytes();
        let mut start = 0;
        let mut take = |start: usize, end: usize| {
            if let Some(hash) = hash_word(text, start, end, &mut self.lowered) {
                self.words.push(hash);
            }
        };
        for_each_hit(
            bytes,
            |byte, _, _| (byte == b' ') | (byte == b'\n') | (byte == b'\t'),
            |end| {
                if start < end {
                    take(start, end);
                }
                start = end + 1;
            },
        );
        if start < bytes.len() {
            take(start, bytes.len());
        }
    }
}

/// The hashes of the n-grams of a sequence of words.
struct Ngrams<'a> {
    words: &'a [u64],
    len: usize,
}

impl HashSequence for Ngrams<'_> {
    fn most(&self) -> usize {
        (self.words.len() + 1).saturating_sub(self.len)
    }

    fn fill(self, collector: &mut Collector<'_>) {
        collect_rolling(self.words, self.len, collector);
    }
}

/// The hash of the word `text[start..end]`, lowered and stripped; none when nothing is left of it. The word is not empty.
#[inline(always)]
fn hash_word(text: &str, mut start: usize, mut end: usize, lowered: &mut String) -> Option<u64> {
    let bytes = text.as_bytes();
    let special = |place: usize| SPECIAL_ASCII[usize::from(bytes[place])];
    // Lowering changes no special character of ASCII and makes none, so these can go first. Most words have none or one
    // at an end, which is taken off without a branch.
    start += usize::from(special(start));
    end -= usize::from(start < end && special(end - 1));
    while start < end && special(start) {
        start += 1;
    }
    while start < end && special(end - 1) {
        end -= 1;
    }
    if start == end {
        return None;
    }
    match hash_lowered(bytes, start, end) {
        (hash, true) => Some(hash),
        (_, false) => hash_longer_word(text, start, end, lowered),
    }
}

/// The same for a word that is not ASCII throughout.
#[inline(never)]
fn hash_longer_word(text: &str, start: usize, end: usize, lowered: &mut String) -> Option<u64> {
    let mut text = text;
    let mut word = start..end;
    if text[word.clone()]
        .chars()
        .any(|ch| !ch.is_ascii() && changes_when_lowered(ch))
    {
        lowered.clear();
        python::lower_into(&text[word], lowered);
        text = lowered;
        word = 0..text.len();
    }
    let head = text[word.clone()].trim_start_matches(is_special);
    let kept = head.trim_end_matches(is_special);
    let start = word.end - head.len();
    (!kept.is_empty()).then(|| hash_lowered(text.as_bytes(), start, start + kept.len()).0)
}

/// The hash of `bytes[start..end]`, with capital ASCII letters taken as small ones, and whether all of it is ASCII.
#[inline(always)]
fn hash_lowered(bytes: &[u8], start: usize, end: usize) -> (u64, bool) {
    let mut hash = (end - start) as u64;
    let mut place = start;
    let mut all = 0;
    loop {
        let eight = load(bytes, place, end);
        all |= eight;
        hash = mix(lower_ascii(eight), hash);
        place += 8;
        if place >= end {
            return (hash, all & HIGH_BITS == 0);
        }
    }
}

/// The bytes from `place` up to `end`, eight at most, filled up with zeros.
#[inline(always)]
fn load(bytes: &[u8], place: usize, end: usize) -> u64 {
    let len = end - place;
    match bytes
        .get(place..place + 8)
        .and_then(|eight| <[u8; 8]>::try_from(eight).ok())
    {
        Some(eight) => {
            let beyond = 8usize.saturating_sub(len) * 8;
            u64::from_le_bytes(eight) << beyond >> beyond
        }
        None => {
            let mut eight = [0; 8];
            eight[..len].copy_from_slice(&bytes[place..end]);
            u64::from_le_bytes(eight)
        }
    }
}

/// Makes the capital ASCII letters among eight bytes small, and leaves all other bytes.
#[inline(always)]
fn lower_ascii(eight: u64) -> u64 {
    let low = eight & !HIGH_BITS;
    let from_a = low + LOW_BITS * u64::from(0x80 - b'A');
    let behind_z = low + LOW_BITS * u64::from(0x7F - b'Z');
    let capital = (from_a ^ behind_z) & !eight & HIGH_BITS;
    eight | capital >> 2
}

/// Which ASCII bytes are special.
static SPECIAL_ASCII: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 0x7F {
        let letter = (byte as u8).is_ascii_alphabetic();
        table[byte] = !letter && (byte >= 0x20 || (byte >= 9 && byte <= 13));
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The plain form: a table of all n-grams.
    fn plain_ratio(text: &str, len: usize) -> f64 {
        let words: Vec<String> = python::words(text)
            .map(|word| {
                let mut lowered = String::new();
                python::lower_into(word, &mut lowered);
                lowered.trim_matches(is_special).to_owned()
            })
            .filter(|word| !word.is_empty())
            .collect();
        let mut counts = std::collections::HashMap::<&[String], u64>::new();
        for ngram in words.windows(len) {
            *counts.entry(ngram).or_default() += 1;
        }
        let total: u64 = counts.values().sum();
        if total == 0 {
            return 0.0;
        }
        counts.values().filter(|&&count| count > 1).sum::<u64>() as f64 / total as f64
    }

    #[test]
    fn ascii_table_agrees_with_the_classes() {
        for byte in 0..=127u8 {
            assert_eq!(
                SPECIAL_ASCII[usize::from(byte)],
                is_special(char::from(byte)),
                "{byte}"
            );
        }
    }

    #[test]
    fn ratios_of_short_texts() {
        let cases: [(&str, usize, f64); 9] = [
            ("", 1, 0.0),
            ("1 2 1 2", 1, 0.0),
            ("a b c a", 1, 0.5),
            ("a! A? (a)", 1, 1.0),
            ("one two\none\ttwo", 2, 2.0 / 3.0),
            ("中文 测试 中文 测试 中文", 2, 1.0),
            ("😊 a b 😊 a b", 2, 2.0 / 3.0),
            ("ΑΣ x ας x Ø ø", 2, 2.0 / 3.0),
            ("abcdefgh abcdefghi ABCDEFGHI", 1, 2.0 / 3.0),
        ];
        let mut repetition = WordRepetition::default();
        for (text, len, expected) in cases {
            assert_eq!(plain_ratio(text, len), expected, "{text:?} by {len}");
            assert_eq!(repetition.ratio(text, len), expected, "{text:?} by {len}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(
            texts in proptest::collection::vec("([ab]{1,2}[ \n\t]|[aA“”ø Ø.,Σσ]{0,6}|(The cat, ){0,9}|[一 ]{0,9}|[a-zA-Z \r]{0,60}){0,9}", 1..3),
            len in 1usize..12,
        ) {
            let mut repetition = WordRepetition::default();
            for text in texts {
                prop_assert_eq!(repetition.ratio(&text, len), plain_ratio(&text, len));
            }
        }
    }
}
