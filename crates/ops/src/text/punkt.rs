//! Punkt: finds the sentences of a text from the known abbreviations and words of a language.
//!
//! The algorithm is that of Kiss and Strunk (*Unsupervised multilingual sentence boundary detection*, 2006), in NLTK's version.
//! [`Tables`] reads NLTK's tables. Every `.`, `!` and `?` with something after it is a **candidate**. The words around it are cut
//! into **tokens**, and these decide whether a sentence ends there.

mod candidates;
mod decision;
mod tables;
mod tokens;

use std::ops::Range;

use candidates::{Candidate, for_each_candidate};
use decision::Judge;
pub use tables::{TableError, Tables};

use super::python::{is_space, strip_range};

/// Finds sentences, reusing its memory from text to text.
#[derive(Debug, Default)]
pub struct Sentences {
    judge: Judge,
    /// The possible sentences, before closing quotes are moved.
    pieces: Vec<Range<usize>>,
}

impl Sentences {
    /// Reports the sentences of `text`, in order. Whitespace between sentences belongs to none of them; whitespace before the first
    /// belongs to it.
    pub fn each(&mut self, text: &str, tables: &Tables, mut sentence: impl FnMut(Range<usize>)) {
        let Self { judge, pieces } = self;
        pieces.clear();
        let mut start = 0;
        for_each_candidate(text, |candidate: Candidate| {
            if judge.ends_sentence(candidate.context(text), tables) {
                pieces.push(start..candidate.end);
                start = candidate.next.unwrap_or(candidate.end);
            }
        });
        pieces.push(start..text.len() - trailing_space(text));
        realign(text, pieces, &mut sentence);
    }
}

/// Counts the bytes of whitespace at the end.
fn trailing_space(text: &str) -> usize {
    match strip_range(text) {
        kept if kept.is_empty() => text.len(),
        kept => text.len() - kept.end,
    }
}

/// Moves closing quotes and brackets at the start of a piece to the sentence before, and reports the pieces that aren't empty.
fn realign(text: &str, pieces: &[Range<usize>], sentence: &mut impl FnMut(Range<usize>)) {
    let mut moved = 0;
    for (number, piece) in pieces.iter().enumerate() {
        let start = piece.start + moved;
        moved = 0;
        let closing = pieces.get(number + 1).and_then(|next| {
            let lengths = closing(text.get(next.clone()).unwrap_or_default())?;
            Some((next.start, lengths))
        });
        match closing {
            Some((next, (marks, used))) => {
                sentence(start..next + marks);
                moved = used;
            }
            None if start < piece.end => sentence(start..piece.end),
            None => {}
        }
    }
}

/// Returns the length of the closing quotes and brackets at the start of a piece, if whitespace, a dash or nothing comes after
/// them: first without that whitespace, then with it.
fn closing(piece: &str) -> Option<(usize, usize)> {
    let closes = |ch: char| {
        matches!(
            ch,
            '"' | '\'' | ')' | ']' | '}' | '‘' | '’' | '“' | '”' | '«' | '»'
        )
    };
    let rest = piece.trim_start_matches(closes);
    let marks = piece.len() - rest.len();
    let behind = rest.trim_start_matches(is_space);
    let ends = rest.is_empty() || behind.len() < rest.len() || rest.starts_with("--");
    (marks > 0 && ends).then(|| (marks, piece.len() - behind.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sentences<'t>(text: &'t str, tables: &Tables) -> Vec<&'t str> {
        let mut all = Vec::new();
        Sentences::default().each(text, tables, |range| all.push(&text[range]));
        all
    }

    #[test]
    fn quotes_close_the_sentence_before() {
        let tables = Tables::default();
        for (text, expected) in [
            (
                "(One.) Two. \"Three.\"",
                vec!["(One.)", "Two.", "\"Three.\""],
            ),
            ("“One.” Two.", vec!["“One.”", "Two."]),
            ("One.)-- Two.", vec!["One.)", "-- Two."]),
            ("  One. \n Two.  ", vec!["  One.", "Two."]),
            ("", vec![]),
            (" \n", vec![]),
            ("One... two", vec!["One... two"]),
        ] {
            assert_eq!(sentences(text, &tables), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn sentences_are_in_order_and_leave_only_whitespace_out(text in "[aB.!?)” \n\u{3000}1'-]{0,40}|\\PC{0,30}") {
            let mut done = 0;
            let mut whole = true;
            Sentences::default().each(&text, &Tables::default(), |range| {
                whole &= done <= range.start && text[done..range.start].chars().all(is_space);
                done = range.end;
            });
            prop_assert!(whole && text[done..].chars().all(is_space), "{:?}", text);
        }
    }
}
