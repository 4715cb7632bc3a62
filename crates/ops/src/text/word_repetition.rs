//! Measures how much of a text is made of word n-grams that occur more than once.
//!
//! A word is identified by a 64-bit hash of its lower-case spelling, and an n-gram by a hash of the hashes of its words. Two
//! different n-grams of one text share a hash with a probability of about (number of words)² / 2^62, which is 10^-13 for a text of
//! a thousand words. There is no seed, so the same text gives the same ratio everywhere.

use super::ngram_hash::Runs;
use super::ngram_tally::NgramTally;
use super::words::WordHashes;

/// The form of the hashes; part of the operator's version, because another form could (in theory) give another ratio.
pub const VERSION: u32 = 2;

/// Memory that is reused from text to text.
#[derive(Clone, Debug, Default)]
pub struct WordRepetition {
    runs: Runs,
    tally: NgramTally,
}

impl WordRepetition {
    /// Returns the share of the n-grams of `len` words that occur more than once, among all n-grams of a text with these words. A
    /// text without n-grams has the ratio 0.
    pub fn ratio(&mut self, words: &WordHashes, len: usize) -> f64 {
        let WordHashes(words) = words;
        if len == 0 || words.len() < len {
            return 0.0;
        }
        self.tally.count(self.runs.of(words, len));
        (self.tally.total() - self.tally.once()) as f64 / self.tally.total() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::super::words::{lowered_hashes, plain_words};
    use super::*;
    use proptest::prelude::*;

    /// Computes the ratio the simple way, with a table of all n-grams.
    fn plain_ratio(text: &str, len: usize) -> f64 {
        let mut words = Vec::new();
        plain_words(text, |word| words.push(word.to_owned()));
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
            assert_eq!(
                repetition.ratio(&lowered_hashes(text), len),
                expected,
                "{text:?} by {len}"
            );
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
                prop_assert_eq!(repetition.ratio(&lowered_hashes(&text), len), plain_ratio(&text, len));
            }
        }
    }
}
