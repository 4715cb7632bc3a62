//! Counts the lines of a text and measures their lengths. Lines end where Python's `str.splitlines` ends them.

use super::block_scan::for_each_hit;
use super::chars::count_chars;

/// The number and the length of a text's lines. Lengths are in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineLengths {
    /// The number of lines. An empty rest after the last line end doesn't count.
    pub lines: u64,
    /// The length of the longest line, without its line end.
    pub longest: u64,
}

/// Returns the average length of the lines of `text`, including line ends; 0 for an empty text.
pub fn average_line_length(text: &str) -> f64 {
    let mut lines = 0u64;
    let mut rest = 0;
    for_each_line_end(text, |_, after| {
        lines += 1;
        rest = after;
    });
    lines += u64::from(rest < text.len());
    match lines {
        0 => 0.0,
        _ => count_chars(text) as f64 / lines as f64,
    }
}

/// Counts the lines of `text` and the characters of the longest.
pub fn line_lengths(text: &str) -> LineLengths {
    let mut lengths = LineLengths::default();
    each_line(text, |line| {
        lengths.lines += 1;
        // A line has no more characters than bytes, so most lines need not be counted.
        if line.len() as u64 > lengths.longest {
            lengths.longest = lengths.longest.max(count_chars(line));
        }
    });
    lengths
}

/// Calls `visit` with each line of `text`, without its line end.
pub fn each_line(text: &str, mut visit: impl FnMut(&str)) {
    let mut start = 0;
    for_each_line_end(text, |end, after| {
        visit(&text[start..end]);
        start = after;
    });
    if start < text.len() {
        visit(&text[start..]);
    }
}

/// Calls `visit` for each line end, with its position and the position after it.
#[inline(always)]
fn for_each_line_end(text: &str, mut visit: impl FnMut(usize, usize)) {
    let bytes = text.as_bytes();
    let mut after = 0;
    for_each_hit(
        bytes,
        |byte, next, third| {
            (byte.wrapping_sub(b'\n') < 4)
                | (byte.wrapping_sub(0x1C) < 3)
                | ((byte == 0xC2) & (next == 0x85))
                | ((byte == 0xE2) & (next == 0x80) & (third | 1 == 0xA9))
        },
        |end| {
            // The line feed after a carriage return was taken with it.
            if end < after {
                return;
            }
            let length = match bytes[end] {
                0xC2 => 2,
                0xE2 => 3,
                b'\r' if bytes.get(end + 1) == Some(&b'\n') => 2,
                _ => 1,
            };
            after = end + length;
            visit(end, after);
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns the lines of `text`, found one character at a time.
    fn plain_lines(text: &str) -> Vec<String> {
        let (mut lines, mut line) = (Vec::new(), String::new());
        let mut chars = text.chars().peekable();
        while let Some(ch) = chars.next() {
            match ch {
                '\n' | '\x0b' | '\x0c' | '\r' | '\x1c' | '\x1d' | '\x1e' | '\u{85}'
                | '\u{2028}' | '\u{2029}' => {
                    if ch == '\r' {
                        chars.next_if_eq(&'\n');
                    }
                    lines.push(std::mem::take(&mut line));
                }
                _ => line.push(ch),
            }
        }
        lines.extend(Some(line).filter(|line| !line.is_empty()));
        lines
    }

    #[track_caller]
    fn check(text: &str) {
        let lines = plain_lines(text);
        let longest = lines.iter().map(|line| line.chars().count()).max();
        let expected = LineLengths {
            lines: lines.len() as u64,
            longest: longest.unwrap_or(0) as u64,
        };
        assert_eq!(line_lengths(text), expected, "{text:?}");
        let average = match lines.len() {
            0 => 0.0,
            lines => text.chars().count() as f64 / lines as f64,
        };
        assert_eq!(average_line_length(text), average, "{text:?}");
    }

    #[test]
    fn lines_of_short_texts() {
        assert_eq!(plain_lines("a\r\nb\rc\n\n"), ["a", "b", "c", ""]);
        for text in [
            "",
            "\n",
            "a",
            "a\n",
            "a\r\nb\rc\n\n",
            "é\u{85}ab\u{2028}",
            "\r",
            "\r\r\n",
        ] {
            check(text);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(text in "([a\n\r]{0,70}|[a\n\r\x0b\x0c\x1b-\x1f\u{85}\u{84}\u{2027}-\u{202a}é]{0,40}|[a-zé]{0,150}|\\PC{0,9}){0,5}") {
            check(&text);
        }
    }
}
