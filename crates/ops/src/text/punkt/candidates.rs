//! Finds the positions where a sentence might end.

use super::super::block_scan::for_each_hit;
use super::super::python::is_space;
use super::tokens::cannot_be_in_word;

/// An end mark with something after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    /// The start of the word before the mark.
    word: usize,
    /// The position after the mark.
    pub(super) end: usize,
    /// The start of the next word, if there is whitespace in between.
    pub(super) next: Option<usize>,
    /// The end of the next word, or of the punctuation right after the mark.
    context_end: usize,
}

impl Candidate {
    /// Returns the word before, the mark, and the text after it.
    pub(super) fn context<'t>(&self, text: &'t str) -> &'t str {
        &text[self.word..self.context_end]
    }
}

/// Reports the candidates, in order. If a word has several marks, only the last one counts.
pub(super) fn for_each_candidate(text: &str, mut found: impl FnMut(Candidate)) {
    let bytes = text.as_bytes();
    let mut last: Option<Candidate> = None;
    // The start of the word before the last mark, as it was searched for, and the mark itself.
    let (mut word, mut mark) = (0, 0);
    for_each_hit(bytes, may_be_candidate, |place| {
        let Some((next, context_end)) = behind(text, place + 1) else {
            return;
        };
        // A blank right at the start of the searched text is not seen, as in NLTK.
        let blank = bytes[mark..place].iter().rposition(is_ascii_space);
        word = match blank {
            Some(blank) if blank > 0 => mark + blank + 1,
            _ => word,
        };
        if let Some(candidate) = last.take()
            && mark <= word
        {
            found(candidate);
        }
        mark = place;
        last = Some(Candidate {
            word,
            end: place + 1,
            next,
            context_end,
        });
    });
    if let Some(candidate) = last {
        found(candidate);
    }
}

#[inline(always)]
fn may_be_candidate(a: u8, b: u8, _: u8) -> bool {
    let mark = (a == b'.') | (a == b'!') | (a == b'?');
    let word = (b.wrapping_sub(b'0') < 10) | ((b | 0x20).wrapping_sub(b'a') < 26) | (b == 0);
    mark & !word
}

/// Returns the start of the next word, if there is whitespace in between, and the end of that word or of the punctuation right
/// here; `None` if neither is here.
fn behind(text: &str, place: usize) -> Option<(Option<usize>, usize)> {
    let rest = &text[place..];
    let first = rest.chars().next()?;
    if cannot_be_in_word(first) {
        return Some((None, place + first.len_utf8()));
    }
    let word = rest.trim_start_matches(is_space);
    let start = text.len() - word.len();
    if start == place || word.is_empty() {
        return None;
    }
    let length = word.find(is_space).unwrap_or(word.len());
    Some((Some(start), start + length))
}

/// Returns whether a byte is one of Python's `string.whitespace`.
fn is_ascii_space(byte: &u8) -> bool {
    matches!(byte, b'\t'..=b'\r' | b' ')
}
