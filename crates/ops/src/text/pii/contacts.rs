//! Finds ways to contact somebody.

use std::ops::Range;

use super::{Words, run};
use crate::text::chars::is_digit;
use crate::text::python::{is_space, is_word};

/// Finds `https?://[^\s"'<>]+`.
pub(super) fn url(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut free = 0;
    for colon in memchr::memmem::find_iter(text.as_bytes(), b"://") {
        if colon < free {
            continue;
        }
        let mut schemes = ["https", "http"].into_iter();
        let Some(scheme) = schemes.find(|scheme| text[free..colon].ends_with(scheme)) else {
            continue;
        };
        let rest = colon + 3;
        let is_of_url = |ch| !is_space(ch) && !matches!(ch, '"' | '\'' | '<' | '>');
        let end = rest + run(&text[rest..], is_of_url);
        if end > rest {
            found.push(colon - scheme.len()..end);
            free = end;
        }
    }
}

/// Finds `[a-zA-Z0-9][\w.+-]*@[\w.-]+\.(?:[a-zA-Z]{2,}|\w{2,})`.
pub(super) fn email(_: Words, text: &str, found: &mut Vec<Range<usize>>) {
    let mut free = 0;
    for at in memchr::memchr_iter(b'@', text.as_bytes()) {
        if at < free {
            continue;
        }
        let is_of_name = |ch: char| is_word(ch) || matches!(ch, '.' | '+' | '-');
        let name = text[free..at].trim_end_matches(is_of_name).len() + free;
        let begin = text[name..at].find(|ch: char| ch.is_ascii_alphanumeric());
        let domain =
            at + 1..at + 1 + run(&text[at + 1..], |ch| is_word(ch) || matches!(ch, '.' | '-'));
        if let Some(begin) = begin
            && let Some(length) = domain_length(&text[domain])
        {
            free = at + 1 + length;
            found.push(name + begin..free);
        }
    }
}

/// Returns the length of the domain at the start of a run of name characters: up to the last dot that a name follows, and that
/// name.
fn domain_length(run_of_names: &str) -> Option<usize> {
    let mut dots = memchr::memrchr_iter(b'.', run_of_names.as_bytes());
    dots.find_map(|dot| {
        let rest = &run_of_names[dot + 1..];
        let letters = run(rest, |ch| ch.is_ascii_alphabetic());
        let word = run(rest, is_word);
        let length = if letters >= 2 {
            letters
        } else if rest[..word].chars().nth(1).is_some() {
            word
        } else {
            return None;
        };
        (dot > 0).then_some(dot + 1 + length)
    })
}

/// Finds `\b1[3-9]\d{9}\b`.
pub(super) fn chinese_phone(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    const LATER_DIGITS: usize = 9;
    let mut free = 0;
    for start in memchr::memchr_iter(b'1', text.as_bytes()) {
        let second = text.as_bytes().get(start + 1);
        let may_begin = second.is_some_and(|byte| matches!(byte, b'3'..=b'9'));
        if start < free || !may_begin || !words.parts(text, start) {
            continue;
        }
        let mut rest = text[start + 2..].chars();
        let digits = rest
            .by_ref()
            .take(LATER_DIGITS)
            .take_while(|ch| is_digit(*ch));
        if digits.count() == LATER_DIGITS {
            let end = text.len() - rest.as_str().len();
            if words.parts(text, end) {
                found.push(start..end);
                free = end;
            }
        }
    }
}

/// Finds `\+\d{1,4}[-.\s]?\d{6,14}\b`.
pub(super) fn phone(words: Words, text: &str, found: &mut Vec<Range<usize>>) {
    /// A number of digits that is too large for any telephone number.
    const MANY: usize = 19;
    let digits = |at: usize| {
        let taken = text[at..].chars().take(MANY).take_while(|ch| is_digit(*ch));
        taken.fold((0, at), |(count, end), ch| (count + 1, end + ch.len_utf8()))
    };
    let mut free = 0;
    for plus in memchr::memchr_iter(b'+', text.as_bytes()).filter(|plus| *plus < text.len()) {
        if plus < free {
            continue;
        }
        let end = match digits(plus + 1) {
            (7..=18, end) => Some(end),
            (1..=4, end) => {
                let separator = text[end..].chars().next();
                let separator = separator.filter(|ch| is_space(*ch) || matches!(ch, '-' | '.'));
                separator.and_then(|separator| {
                    let (count, end) = digits(end + separator.len_utf8());
                    (6..=14).contains(&count).then_some(end)
                })
            }
            _ => None,
        };
        if let Some(end) = end.filter(|end| words.parts(text, *end)) {
            found.push(plus..end);
            free = end;
        }
    }
}
