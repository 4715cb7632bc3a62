//! Splits texts into words before these become tokens. Common patterns are matched by hand-written code.

use super::classes::{Class, Classes};

/// A known pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    /// The pattern of GPT-2, which is built into the pre-tokenizer `ByteLevel`.
    Gpt2,
    /// The pattern of GPT-4 and Llama 3, with at most this many digits of a number.
    Cl100k { digits: usize },
}

/// The patterns of GPT-4 and similar models, with the greatest number of digits.
const CL100K: [(&str, usize); 2] = [
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        3,
    ),
    (
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        1,
    ),
];

impl Pattern {
    /// Returns the pattern with this spelling, if it is known.
    pub(super) fn of(spelling: &str) -> Option<Self> {
        const GPT2: &str =
            r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
        if spelling == GPT2 {
            return Some(Self::Gpt2);
        }
        let known = CL100K.iter().find(|(known, _)| *known == spelling);
        known.map(|&(_, digits)| Self::Cl100k { digits })
    }

    /// Returns the end of the word that starts at a position, which must be before the end of the text.
    #[inline]
    pub(super) fn end(self, classes: Classes, text: &str, start: usize) -> usize {
        match self {
            Self::Gpt2 => gpt2(classes, text, start),
            Self::Cl100k { digits } => cl100k(classes, text, start, digits),
        }
    }
}

/// Matches `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`.
#[inline]
fn gpt2(classes: Classes, text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes[start] == b'\''
        && let Some(length) = contraction(&bytes[start + 1..])
    {
        return start + 1 + length;
    }
    let first = start + usize::from(bytes[start] == b' ');
    match classes.at(text, first) {
        Some((Class::Letter, next)) => classes.letters(text, next),
        Some((class @ (Class::Number | Class::Other), next)) => {
            classes.run(text, next, |other| other == class)
        }
        _ => spaces(classes, text, start),
    }
}

/// Matches `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`.
#[inline]
fn cl100k(classes: Classes, text: &str, start: usize, digits: usize) -> usize {
    let bytes = text.as_bytes();
    if bytes[start] == b'\''
        && let Some(length) = contraction_of_any_case(&text[start + 1..])
    {
        return start + 1 + length;
    }
    let Some((class, next)) = classes.at(text, start) else {
        return text.len();
    };
    let second = classes.at(text, next);
    match (class, second) {
        (Class::Letter, _) => classes.letters(text, next),
        (Class::Number, _) => {
            let mut end = next;
            for _ in 1..digits {
                match classes.at(text, end) {
                    Some((Class::Number, next)) => end = next,
                    _ => break,
                }
            }
            end
        }
        (Class::Space | Class::Other, Some((Class::Letter, next))) => classes.letters(text, next),
        (Class::Other, _) => others_and_breaks(classes, text, next),
        (Class::Space, Some((Class::Other, next))) if bytes[start] == b' ' => {
            others_and_breaks(classes, text, next)
        }
        _ => match last_break(classes, text, start) {
            Some(end) => end,
            None => spaces(classes, text, start),
        },
    }
}

/// Matches the rest of `[^\s\p{L}\p{N}]+[\r\n]*`.
fn others_and_breaks(classes: Classes, text: &str, start: usize) -> usize {
    let end = classes.run(text, start, |class| class == Class::Other);
    classes.run(text, end, |class| class == Class::Break)
}

/// Matches `\s*[\r\n]+`: returns the end of the last line break in the spaces that start here.
fn last_break(classes: Classes, text: &str, start: usize) -> Option<usize> {
    let end = classes.run(text, start, Class::is_space);
    let last = text[start..end].rfind(['\r', '\n']);
    last.map(|last| start + last + 1)
}

/// Matches `\s+(?!\S)|\s+`: the last of several spaces belongs to the word after them.
fn spaces(classes: Classes, text: &str, start: usize) -> usize {
    let end = classes.run(text, start, Class::is_space);
    let last = text[start..end]
        .chars()
        .next_back()
        .map_or(0, char::len_utf8);
    match end - last {
        before_last if end < text.len() && before_last > start => before_last,
        _ => end,
    }
}

/// Returns the length of the part after the apostrophe in `'s`, `'re` and similar forms.
fn contraction(rest: &[u8]) -> Option<usize> {
    match rest {
        [b's' | b't' | b'm' | b'd', ..] => Some(1),
        [b'r' | b'v', b'e', ..] | [b'l', b'l', ..] => Some(2),
        _ => None,
    }
}

fn contraction_of_any_case(rest: &str) -> Option<usize> {
    let mut two = [0; 2];
    for (lower, byte) in two.iter_mut().zip(rest.bytes()) {
        *lower = byte.to_ascii_lowercase();
    }
    // The long s is another case of s.
    contraction(&two).or_else(|| rest.starts_with('ſ').then_some('ſ'.len_utf8()))
}
