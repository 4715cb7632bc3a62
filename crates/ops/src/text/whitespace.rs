//! Normalises whitespace: Python's `strip`, and then one space in place of every character of a fixed set.

use std::ops::Range;

use super::block_scan::for_each_hit;
use super::python;

/// Reports the edits that normalise the whitespace of `text`, in order.
///
/// The set is tab, U+0084, U+00A0, U+2000–200D, U+202F, U+205F, U+2060, U+3000 and U+FFFC; line ends stay. Stripping comes first
/// and follows Python's notion of whitespace, so a leading U+200B becomes a leading space.
pub fn normalize_whitespace(text: &str, mut edit: impl FnMut(Range<usize>, &'static str)) {
    let kept = python::strip_range(text);
    if kept.start > 0 {
        edit(0..kept.start, "");
    }
    let bytes = &text.as_bytes()[kept.clone()];
    for_each_hit(bytes, starts_blank, |place| {
        let start = kept.start + place;
        edit(start..start + encoded_len(bytes[place]), " ");
    });
    if kept.end < text.len() {
        edit(kept.end..text.len(), "");
    }
}

#[inline(always)]
fn starts_blank(a: u8, b: u8, c: u8) -> bool {
    (a == b'\t')
        | ((a == 0xC2) & ((b == 0x84) | (b == 0xA0)))
        | ((a == 0xE2) & (b == 0x80) & ((c <= 0x8D) | (c == 0xAF)))
        | ((a == 0xE2) & (b == 0x81) & ((c == 0x9F) | (c == 0xA0)))
        | ((a == 0xE3) & (b == 0x80) & (c == 0x80))
        | ((a == 0xEF) & (b == 0xBF) & (c == 0xBC))
}

fn encoded_len(lead: u8) -> usize {
    match lead {
        0..0x80 => 1,
        0x80..0xE0 => 2,
        _ => 3,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Normalises the text the simple way, one character after the other.
    fn plain(text: &str) -> String {
        python::strip(text)
            .chars()
            .map(|ch| match u32::from(ch) {
                0x9
                | 0x20
                | 0x84
                | 0xA0
                | 0x2000..=0x200D
                | 0x202F
                | 0x205F
                | 0x2060
                | 0x3000
                | 0xFFFC => ' ',
                _ => ch,
            })
            .collect()
    }

    fn apply(text: &str) -> String {
        let mut out = String::new();
        let mut done = 0;
        normalize_whitespace(text, |range, with| {
            out.push_str(&text[done..range.start]);
            out.push_str(with);
            done = range.end;
        });
        out + &text[done..]
    }

    #[test]
    fn strips_before_it_replaces() {
        let cases = [
            ("", ""),
            (" \n\u{3000}", ""),
            ("\u{200b} x\ty\u{1f}", "  x y"),
            ("a\u{b}b\u{c}c\td\ne\r", "a\u{b}b\u{c}c d\ne"),
            (
                "a\u{84}b\u{85}c\u{2028}d\u{1680}e\u{fffc}f",
                "a b\u{85}c\u{2028}d\u{1680}e f",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(apply(text), expected, "{text:?}");
        }
    }

    #[test]
    fn every_character_is_treated_as_in_the_plain_form() {
        for ch in (0..=0x10_FFFF).filter_map(char::from_u32) {
            let text = format!("a{ch}{ch}b");
            assert_eq!(apply(&text), plain(&text), "{ch:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(text in "[a \t\n\u{84}\u{a0}\u{2000}\u{200b}\u{2060}\u{3000}あ€\u{fffc}😀]{0,90}") {
            prop_assert_eq!(apply(&text), plain(&text));
        }
    }
}
