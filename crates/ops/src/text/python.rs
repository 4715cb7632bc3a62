//! String functions that agree with Python 3.11 to the character.

use std::ops::Range;

use super::chars::{changes_when_lowered, is_alnum, is_in, is_later};
use super::class_table::{CASE_IGNORABLE, CASED, DIGITS};

/// Returns whether `ch` is whitespace to Python's `str.isspace`: U+001C to U+001F and U+0085 are, U+200B and U+FEFF are not.
pub fn is_space(ch: char) -> bool {
    matches!(
        ch,
        '\t'..='\r' | '\u{1c}'..=' ' | '\u{85}' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
            | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}'
    )
}

/// Returns whether `ch` matches `\w` in `re`, the regex engine of Python's standard library.
pub fn is_word(ch: char) -> bool {
    ch == '_' || is_alnum(ch)
}

/// Returns the result of Python's `str.strip()`.
pub fn strip(text: &str) -> &str {
    text.trim_matches(is_space)
}

/// Returns the byte range of `text` that `strip` keeps; empty and at the end if nothing is kept.
pub fn strip_range(text: &str) -> Range<usize> {
    let start = text.len() - text.trim_start_matches(is_space).len();
    let end = start + text[start..].trim_end_matches(is_space).len();
    start..end
}

/// Returns the words of `text`, which spaces, line feeds and tabs separate. Empty words are left out.
pub fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split([' ', '\n', '\t'])
        .filter(|word| !word.is_empty())
}

/// Appends Python's `str.lower()` of `text` to `out`.
pub fn lower_into(text: &str, out: &mut String) {
    let mut place = 0;
    while place < text.len() {
        // Most text is ASCII, so it is copied run by run.
        let run = ascii_prefix(&text.as_bytes()[place..]);
        let start = out.len();
        out.push_str(&text[place..place + run]);
        out[start..].make_ascii_lowercase();
        place += run;
        for ch in text[place..].chars().take_while(|ch| !ch.is_ascii()) {
            lower_char(text, place, ch, out);
            place += ch.len_utf8();
        }
    }
}

/// Returns Python's `float(text)`, or `None` where it fails. Whitespace around the number and single underscores between digits are
/// allowed, digits may be of any script, and `inf` and `nan` are numbers.
pub fn parse_float(text: &str) -> Option<f64> {
    let mut digits = String::new();
    let mut chars = strip(text).chars().map(ascii_digit).peekable();
    while let Some(ch) = chars.next() {
        // Any other character means that the text isn't a number, so a long text is only read up to there.
        if !ch.is_ascii_alphanumeric() && !matches!(ch, '.' | '+' | '-' | '_') {
            return None;
        }
        if ch != '_' {
            digits.push(ch);
            continue;
        }
        let between = [digits.chars().next_back(), chars.peek().copied()];
        if !between
            .iter()
            .all(|ch| ch.is_some_and(|ch| ch.is_ascii_digit()))
        {
            return None;
        }
    }
    digits.parse().ok()
}

/// Returns the ASCII digit of the same value for a digit of another script, and any other character unchanged.
fn ascii_digit(ch: char) -> char {
    if ch.is_ascii() {
        return ch;
    }
    // Digits come in runs of ten, from 0 to 9.
    let code = u32::from(ch);
    let run = DIGITS
        .iter()
        .find(|(first, last)| (*first..=*last).contains(&code) && !is_later(ch));
    run.and_then(|(first, _)| char::from_digit((code - first) % 10, 10))
        .unwrap_or(ch)
}

/// Returns the number of ASCII bytes at the start.
fn ascii_prefix(bytes: &[u8]) -> usize {
    let (blocks, _) = bytes.as_chunks::<32>();
    let whole = blocks.iter().take_while(|block| block.is_ascii()).count() * 32;
    let rest = bytes[whole..].iter().take_while(|byte| byte.is_ascii());
    whole + rest.count()
}

/// Appends the lower case of `ch`, which is at `place` of `text`.
fn lower_char(text: &str, place: usize, ch: char, out: &mut String) {
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

/// Returns whether the capital sigma at `place` ends a word: there is a cased letter before it and none after it, ignoring
/// case-ignorable characters in between.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        // Letters that got a lower-case form after Unicode 14 stay.
        check_lower("\u{1c89} \u{10d50}", "\u{1c89} \u{10d50}");
    }

    proptest! {
        #[test]
        fn lowering_by_runs_agrees_with_lowering_by_characters(text in "([ -~]{0,70}|\\PC{0,9}|[ΑΣİ.' a]{0,9}){0,4}") {
            let mut expected = String::new();
            for (place, ch) in text.char_indices() {
                lower_char(&text, place, ch, &mut expected);
            }
            let mut out = String::new();
            lower_into(&text, &mut out);
            prop_assert_eq!(out, expected);
        }
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
    fn floats_are_read_as_python_reads_them() {
        let cases = [
            (" 4\u{a0}", Some(4.0)),
            ("1e3", Some(1000.0)),
            ("1_000.5_0", Some(1000.5)),
            ("\u{ff15}\u{0663}", Some(53.0)),
            ("𝟙𝟘", Some(10.0)),
            ("-.5", Some(-0.5)),
            ("+5.", Some(5.0)),
            ("-Infinity", Some(f64::NEG_INFINITY)),
            ("inf", Some(f64::INFINITY)),
            ("1__0", None),
            ("_1", None),
            ("1_", None),
            ("1_.5", None),
            ("1_e5", None),
            ("", None),
            ("1 2", None),
            ("0x10", None),
            ("½", None),
            ("e5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_float(text), expected, "{text:?}");
        }
        assert!(parse_float("nan").is_some_and(f64::is_nan));
    }

    #[test]
    fn only_space_line_feed_and_tab_part_words() {
        let found: Vec<&str> = words("a  b\n\tc\rd\u{a0}e ").collect();
        assert_eq!(found, ["a", "b", "c\rd\u{a0}e"]);
    }
}
