//! String functions that agree with Python 3.11 to the character.

use std::ops::Range;

use super::chars::changes_when_lowered;
use super::class_table::{CASE_IGNORABLE, CASED};

/// Returns what Python's `str.isspace` holds to be whitespace: U+001C to U+001F and U+0085 are, U+200B and U+FEFF are
/// not.
pub fn is_space(ch: char) -> bool {
    matches!(
        ch,
        '\t'..='\r' | '\u{1c}'..=' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
            | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Python's `str.strip()`.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// The byte range of `text` that `strip` keeps; empty and at the end when nothing is kept.
pub fn strip_range(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start_matches(is_space).len();
    let end = start + text[start..].trim_end_matches(is_space).len();
    start..end
}

/// The words of `text`: what stands between spaces, line feeds and tabs. Empty words are left out.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n', '\t'])
        .filter(|word| !word.is_empty())
}

/// Appends Python's `str.lower()` of `text` to `out`.
pub fn lower_into(text: &str, out: &mut String) {
    for (place, ch) in text.char_indices() {
        if ch == 'Σ' {
            out.push(if is_final_sigma(text, place) {
                'ς'
            } else {
                'σ'
            });
        } else if changes_when_lowered(ch) {
            out.extend(ch.to_lowercase());
        } else {
            out.push(ch);
        }
    }
}

/// Returns whether the capital sigma at `place` ends a word: a cased letter stands before it and none behind it, the
/// case-ignorable characters between left aside.
fn is_final_sigma(text: &str, place: usize) -> bool {
    let before = text[..place]
        .chars()
        .rev()
        .find(|&ch| !is_in(&CASE_IGNORABLE, ch));
    let behind = text[place + 'Σ'.len_utf8()..]
        .chars()
        .find(|&ch| !is_in(&CASE_IGNORABLE, ch));
    before.is_some_and(|ch| is_in(&CASED, ch)) && !behind.is_some_and(|ch| is_in(&CASED, ch))
}

fn is_in(ranges: &[(u32, u32)], ch: char) -> bool {
    let code = u32::from(ch);
    let after = ranges.partition_point(|&(first, _)| first <= code);
    after.checked_sub(1).is_some_and(|i| code <= ranges[i].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_lower(text: &str, expected: &str) {
        let mut out = String::new();
        lower_into(text, &mut out);
        assert_eq!(out, expected);
    }

    #[test]
    fn lower_knows_the_final_sigma_and_growing_letters() {
        check_lower("ΑΣ Σ ΑΣΑ ΑΣ.Α Α.Σ'", "ας σ ασα ασ.α α.ς'");
        check_lower("İstanbul K ǅ Ⅷ Ⓐ ẞ", "i\u{307}stanbul k ǆ ⅷ ⓐ ß");
        // Letters that got their lower case after Unicode 14 stay.
        check_lower("\u{1c89} \u{10d50}", "\u{1c89} \u{10d50}");
    }

    #[test]
    fn strip_follows_isspace() {
        let cases = [
            ("", ""),
            (" \u{1c}\u{1f}\u{85}", ""),
            ("\u{a0}a b\u{3000}\r\n", "a b"),
            ("\u{200b} a\u{feff}", "\u{200b} a\u{feff}"),
        ];
        for (text, expected) in cases {
            assert_eq!(strip(text), expected);
            assert_eq!(&text[strip_range(text)], expected);
        }
    }

    #[test]
    fn only_space_line_feed_and_tab_part_words() {
        let found: Vec<&str> = words("a  b\n\tc\rd\u{a0}e ").collect();
        assert_eq!(found, ["a", "b", "c\rd\u{a0}e"]);
    }
}
