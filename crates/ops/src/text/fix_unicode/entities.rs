//! HTML character references: `&eacute;`, `&#233;`, `&#xe9;`, and names in capitals such as `&EACUTE;`.
//!
//! Only references that end in a semicolon count, because "this&not that" has no reference. Names of lower-case letters are also
//! known in capitals, and then mean the upper-case character. The exception is a name in capitals that begins like a reference that
//! browsers read without its semicolon (`&GTRSIM;` begins like `&GT`).

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::codecs;

/// The length of the longest run of letters and digits between `&` or `&#` and the semicolon.
const MAX_NAME: usize = 24;

/// Upper-case names that browsers also read without their semicolon.
const OPEN_NAMES: [&str; 8] = ["AMP", "COPY", "ETH", "GT", "LT", "QUOT", "REG", "THORN"];

/// Returns `text` with every reference replaced by its character; `None` if there is none.
pub(super) fn unescape(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let ampersands = memchr::memchr_iter(b'&', text.as_bytes());
    for (range, meaning) in ampersands.filter_map(|at| reference_at(text, at)) {
        out.push_str(&text[copied..range.start]);
        out.push_str(&meaning);
        copied = range.end;
    }
    (copied > 0).then(|| out + &text[copied..])
}

/// Returns the reference that begins at the ampersand at byte `at`, and its replacement.
pub(super) fn reference_at(text: &str, at: usize) -> Option<(Range<usize>, String)> {
    let name = text.as_bytes().get(at + 1..)?;
    let number = usize::from(name.first() == Some(&b'#'));
    let length = name[number..]
        .iter()
        .take(MAX_NAME + 1)
        .position(|b| !b.is_ascii_alphanumeric())?;
    let end = number + length;
    if length == 0 || name.get(end) != Some(&b';') {
        return None;
    }
    let body = &text[at + 1 + number..at + 1 + end];
    let meaning = if number == 1 {
        numbered(body)?
    } else {
        NAMED.get(body)?.clone()
    };
    Some((at..at + 2 + end, meaning))
}

/// Returns the character of `&#digits;` as browsers read it, which is not always the character with that number.
fn numbered(digits: &str) -> Option<String> {
    let number = match digits.strip_prefix(['x', 'X']) {
        Some(hex) => parse(hex, 16)?,
        None => parse(digits, 10)?,
    };
    let meaning = match number {
        0 | 0xd800..=0xdfff | 0x11_0000.. => '\u{fffd}',
        0x0d => '\r',
        0x80..=0x9f => codecs::windows_1252(number as u8),
        _ if is_refused(number) => return Some(String::new()),
        _ => char::from_u32(number)?,
    };
    // A semicolon would look like the rest of a reference, and ftfy leaves those references alone.
    (meaning != ';').then(|| meaning.into())
}

/// Parses digits. Numbers that don't fit are beyond every character, so their exact value does not matter.
fn parse(digits: &str, radix: u32) -> Option<u32> {
    let digit = |d: char| d.to_digit(radix);
    let push = |number: u32, d| Some(number.saturating_mul(radix).saturating_add(digit(d)?));
    (!digits.is_empty()).then(|| digits.chars().try_fold(0, push))?
}

/// Returns whether the number is that of a control character or noncharacter, which no reference gives.
fn is_refused(number: u32) -> bool {
    matches!(number, 0x01..=0x08 | 0x0b | 0x0e..=0x1f | 0x7f | 0xfdd0..=0xfdef)
        || number & 0xfffe == 0xfffe
}

/// Returns the character of a name in the standard's list.
pub(crate) fn named_character(name: &str) -> Option<&'static str> {
    STANDARD.get(name).map(String::as_str)
}

/// Returns the character of a number as browsers read it.
pub(crate) fn numbered_character(number: u32) -> char {
    match number {
        0 => '\u{fffd}',
        0x80..=0x9f => codecs::windows_1252(number as u8),
        _ => char::from_u32(number).unwrap_or('\u{fffd}'),
    }
}

static STANDARD: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let lines = include_str!("entities.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(parse_line).collect()
});

static NAMED: LazyLock<HashMap<String, String>> = LazyLock::new(|| {
    let mut all = STANDARD.clone();
    for (name, meaning) in STANDARD.iter() {
        let shouted = name.to_ascii_uppercase();
        let is_open = OPEN_NAMES.iter().any(|open| shouted.starts_with(open));
        if shouted != *name && *name == name.to_ascii_lowercase() && !is_open {
            all.entry(shouted).or_insert_with(|| meaning.to_uppercase());
        }
    }
    all
});

fn parse_line(line: &str) -> Option<(String, String)> {
    let (name, codes) = line.split_once('\t')?;
    let char = |code| char::from_u32(u32::from_str_radix(code, 16).ok()?);
    Some((
        name.to_owned(),
        codes.split(' ').map(char).collect::<Option<_>>()?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(
            unescape(text).as_deref().unwrap_or(text),
            expected,
            "{text}"
        );
    }

    // The expected values are those of `ftfy.fixes.unescape_html`, ftfy 6.3.1.
    #[test]
    fn references_are_read_as_ftfy_reads_them() {
        check("&lt;tag&gt; &amp;amp;", "<tag> &amp;");
        check("&Jscr;ohn &HilbertSpace;ancock", "𝒥ohn ℋancock");
        check("P&EACUTE;REZ BUNDESSTRA&SZLIG;E", "PÉREZ BUNDESSTRASSE");
        check("&ntilde; &Ntilde; &NTILDE; &nTILDE;", "ñ Ñ Ñ &nTILDE;");
        check("&GTRSIM; &GT; &gt &;", "&GTRSIM; > &gt &;");
        check("&#233;&#xE9;&#Xe9;", "ééé");
        check("&#150;&#x81;&#0;&#13;", "–\u{81}\u{fffd}\r");
        check("&#x3b;&#59;&#;&#x;&#12ab;", "&#x3b;&#59;&#;&#x;&#12ab;");
        check(
            "&#1;|&#xFDD0;|&#x1ffff;|&#xD800;|&#99999999999999999999999;",
            "|||\u{fffd}|\u{fffd}",
        );
        check(
            "&CounterClockwiseContourIntegral;",
            "&CounterClockwiseContourIntegral;",
        );
    }
}
