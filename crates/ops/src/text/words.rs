//! The words of a text, as Data-Juicer's filters count them.
//!
//! A text is *cut* into words at spaces, line feeds and tabs. Words are then *refined*: special characters are stripped from
//! both ends, and words of which nothing is left are no words. Most filters lower the words before that, as Python does it.
//! [`plain_words`] is that and nothing else; everything else here gives the same faster, for those who only count.
//!
//! What is counted are hashes of 64 bits. Two different words share a hash with a chance of 2^-64. There is no seed: the
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

/// Calls `visit` with each word of `text`, lowered and refined, in order.
pub fn plain_words(text: &str, visit: impl FnMut(&str)) {
    let mut words = LoweredWords::new(visit);
    python::words(text).for_each(|word| words.push(word));
}

/// Lowers and refines words, whatever cut them out of a text, and calls a function with what is left of each.
#[derive(Clone, Debug)]
pub struct LoweredWords<F> {
    lowered: String,
    visit: F,
}

impl<F: FnMut(&str)> LoweredWords<F> {
    /// Returns what calls `visit` with each word of which something is left.
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

/// What is left of a word without special characters at both ends.
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
            // The small letter is special where the capital one is not, and the other way round.
            ("Π Г", &["г"]),
        ];
        for (text, expected) in cases {
            let mut words = Vec::new();
            plain_words(text, |word| words.push(word.to_owned()));
            assert_eq!(words, expected, "{text:?}");
        }
    }
}
