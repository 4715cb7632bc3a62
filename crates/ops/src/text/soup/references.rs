//! Reads character references as Beautiful Soup does.

use crate::text::fix_unicode::{named_character, numbered_character};

/// The length of the longest reference in an attribute.
const LONGEST: usize = 40;

/// The result of reading an ampersand.
pub(super) enum Reference {
    None,
    /// The replacement, and the number of bytes that it replaces.
    Character(String, usize),
}

/// Returns the reference that `text` begins with. At the end of the document there is none, because a reference needs a next
/// character to end it. The semicolon of an unknown name is lost.
pub(super) fn reference_at(text: &str) -> Reference {
    let found = match text.strip_prefix("&#") {
        Some(digits) => number(digits).map(|(meaning, length)| (meaning.to_string(), 2 + length)),
        None => name(&text[1..]).map(|(name, length)| {
            let meaning = named_character(name).map_or_else(|| format!("&{name}"), str::to_owned);
            (meaning, 1 + length)
        }),
    };
    let Some((meaning, length)) = found else {
        return Reference::None;
    };
    let semicolon = usize::from(text[length..].starts_with(';'));
    Reference::Character(meaning, length + semicolon)
}

fn number(digits: &str) -> Option<(char, usize)> {
    let hexadecimal = digits.strip_prefix(['x', 'X']);
    let (digits, radix, prefix) = match hexadecimal {
        Some(digits) => (digits, 16, 1),
        None => (digits, 10, 0),
    };
    let length = digits
        .find(|ch: char| !ch.is_digit(radix))
        .unwrap_or(digits.len());
    let next = digits[length..].chars().next()?;
    if length == 0 || next.is_ascii_hexdigit() {
        return None;
    }
    let push = |number: u32, digit: char| {
        number
            .saturating_mul(radix)
            .saturating_add(digit.to_digit(radix).unwrap_or_default())
    };
    let number = digits[..length].chars().fold(0, push);
    Some((numbered_character(number), prefix + length))
}

/// Returns a name and its length.
fn name(text: &str) -> Option<(&str, usize)> {
    let is_of_name = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '-' | '.');
    let mut length = text.find(|ch| !is_of_name(ch)).unwrap_or(text.len());
    if length == text.len() {
        length = text.rfind(['-', '.'])?;
    }
    let name = &text[..length];
    name.starts_with(|ch: char| ch.is_ascii_alphabetic())
        .then_some((name, length))
}

/// Returns the value of an attribute with its references replaced.
pub(super) fn unescape(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut rest = value;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        let reference = &rest[at..];
        // No name is longer than this.
        let head = &reference[..reference.floor_char_boundary(LONGEST)];
        let end = head.find(';').map(|end| &head[..=end]);
        let known = end.and_then(|whole| match whole.strip_prefix("&#") {
            Some(digits) => number(digits).map(|(meaning, _)| meaning.to_string()),
            None => named_character(&whole[1..whole.len() - 1]).map(str::to_owned),
        });
        let (meaning, length) = match (known, end) {
            (Some(meaning), Some(whole)) => (meaning, whole.len()),
            _ => ("&".to_owned(), 1),
        };
        out.push_str(&meaning);
        rest = &reference[length..];
    }
    out.push_str(rest);
    out
}
