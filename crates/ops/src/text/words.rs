//! The words of a text, as Data-Juicer's filters count them.
//!
//! A text is *cut* into words at spaces, line feeds and tabs. Words are then *refined*: special characters are stripped from both
//! ends, and words of which nothing is left don't count. Most filters lowercase the words before that, as Python does.
//! [`plain_words`] does just that; everything else here gives the same result faster for callers that only count.
//!
//! The counted values are 64-bit hashes. Two different words share a hash with a probability of 2^-64. There is no seed, so the
//! same text has the same hashes everywhere.

mod blocks;
mod count;
mod groups;
mod hashes;
mod list;
mod scan;

pub use count::count_words;
pub use groups::GroupCount;
pub use hashes::{WordHashes, lowered_hashes};
pub use list::{WordList, WordLists};

use super::chars::is_special;
use super::python;

/// Calls `visit` with each word of `text`, lowercased and refined, in order.
pub fn plain_words(text: &str, visit: impl FnMut(&str)) {
    let mut words = LoweredWords::new(visit);
    python::words(text).for_each(|word| words.push(word));
}

/// Lowercases and refines words, however they were cut out of a text, and calls a function with the rest of each.
#[derive(Clone, Debug)]
pub struct LoweredWords<F> {
    lowered: String,
    visit: F,
}

impl<F: FnMut(&str)> LoweredWords<F> {
    /// Calls `visit` with each word of which something is left.
    pub fn new(visit: F) -> Self {
        Self {
            lowered: String::new(),
            visit,
        }
    }

    /// Takes the next word.
    pub fn push(&mut self, word: &str) {
        self.lowered.clear();
        python::lower_into(word, &mut self.lowered);
        let word = refined(&self.lowered);
        if !word.is_empty() {
            (self.visit)(word);
        }
    }
}

/// Returns the word without special characters at both ends.
pub fn refined(word: &str) -> &str {
    word.trim_matches(is_special)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_lowered_then_stripped() {
        let cases: [(&str, &[&str]); 5] = [
            ("", &[]),
            ("Hello, WORLD! 123 -", &["hello", "world"]),
            ("(foul-word) a\u{a0}b", &["foul-word", "a\u{a0}b"]),
            ("上下 一 ΑΣ", &["下", "ας"]),
            // The lower-case letter is special and the capital isn't, or the other way round.
            ("Π Г", &["г"]),
        ];
        for (text, expected) in cases {
            let mut words = Vec::new();
            plain_words(text, |word| words.push(word.to_owned()));
            assert_eq!(words, expected, "{text:?}");
        }
    }
}
