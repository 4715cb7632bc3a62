//! Finds lines that look like rows of a table: words with one blank or one bar between them, the same number on each line.

use std::ops::Range;

use memchr::memchr;

/// The number of separators that a row may have, at most.
pub const MOST_SEPARATORS: u32 = 31;

/// Finds tables, reusing its memory from text to text.
#[derive(Clone, Debug, Default)]
pub struct TableLines {
    lines: Vec<Line>,
    tables: Vec<Range<usize>>,
}

#[derive(Clone, Debug)]
struct Line {
    start: usize,
    /// The start of the next line that isn't empty.
    end: usize,
    /// The possible numbers of separators: bit n is set if the line can be read as a row with n separators.
    counts: u32,
}

impl TableLines {
    /// Reports the tables in `text`, in order: at least two lines that can be read as rows with the same number of separators, and
    /// the empty lines after each.
    ///
    /// The numbers of `separators` are tried one after the other, and tables found for one are gone for the next. A row begins
    /// after a line feed and ends with one, so the first line of a text is never a row. A separator is a space, a tab or a bar; a
    /// bar may also be part of a word.
    pub fn find(
        &mut self,
        text: &str,
        separators: Range<u32>,
        mut found: impl FnMut(Range<usize>),
    ) {
        let Self { lines, tables } = self;
        read_lines(text, separators.end.min(MOST_SEPARATORS + 1), lines);
        tables.clear();
        for count in separators {
            let bit = 1_u32.checked_shl(count).unwrap_or_default();
            // The pairs of lines that are now adjacent and may both be such rows.
            let both = lines
                .windows(2)
                .any(|pair| pair[0].counts & pair[1].counts & bit != 0);
            if both {
                take_tables(lines, bit, tables);
            }
        }
        tables.sort_unstable_by_key(|table| table.start);
        tables.drain(..).for_each(&mut found);
    }
}

/// Takes the runs of at least two lines that have the bit out of `lines`.
fn take_tables(lines: &mut Vec<Line>, bit: u32, tables: &mut Vec<Range<usize>>) {
    let (mut kept, mut at) = (0, 0);
    while at < lines.len() {
        let run = lines[at..].iter().take_while(|line| line.counts & bit != 0);
        let length = run.count();
        if length >= 2 {
            // Lines in between may already be gone, each with a range of its own.
            tables.extend(
                lines[at..at + length]
                    .iter()
                    .map(|line| line.start..line.end),
            );
            at += length;
            continue;
        }
        for _ in 0..length.max(1) {
            lines.swap(kept, at);
            kept += 1;
            at += 1;
        }
    }
    lines.truncate(kept);
}

/// Reads the lines that aren't empty, and finds the rows that they can be.
fn read_lines(text: &str, counts: u32, lines: &mut Vec<Line>) {
    lines.clear();
    let bytes = text.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let length = memchr(b'\n', &bytes[start..]);
        let end = length.map_or(bytes.len(), |length| start + length);
        let blank = bytes[end..].iter().take_while(|byte| **byte == b'\n');
        let next = end + blank.count();
        if end > start {
            // The first line has no line feed before it, and the last may have none after it.
            let is_row = start > 0 && length.is_some();
            lines.push(Line {
                start,
                end: next,
                counts: if is_row {
                    row_counts(&text[start..end], counts)
                } else {
                    0
                },
            });
        }
        start = next;
    }
}

/// Returns the numbers of separators, below `limit`, with which a line can be read as a row, as bits.
fn row_counts(line: &str, limit: u32) -> u32 {
    let mut least = 0;
    let mut more = 0;
    // The first character cannot follow a word. A bar is read as a separator if there is a word before it.
    let mut is_in_word = false;
    let mut last_was_bar = false;
    for (place, byte) in line.bytes().enumerate() {
        match byte {
            b' ' | b'\t' => {
                // A bar right before was the end of a word, and not a separator.
                more -= u32::from(last_was_bar);
                if !is_in_word && !last_was_bar {
                    return 0;
                }
                least += 1;
                if least >= limit {
                    return 0;
                }
                (is_in_word, last_was_bar) = (false, false);
            }
            b'|' if is_in_word => {
                more += 1;
                (is_in_word, last_was_bar) = (false, true);
            }
            b'\x0b' | b'\x0c' | b'\r' => return 0,
            0..0x80 => (is_in_word, last_was_bar) = (true, false),
            _ if starts_blank(&line.as_bytes()[place..]) => return 0,
            _ => (is_in_word, last_was_bar) = (true, false),
        }
    }
    more -= u32::from(last_was_bar);
    if !is_in_word && !last_was_bar {
        return 0;
    }
    let most = (least + more).min(limit.saturating_sub(1));
    if most < least {
        return 0;
    }
    // The bits from `least` to `most`.
    (u32::MAX >> (31 - most)) & (u32::MAX << least)
}

/// Returns whether the bytes begin with a blank beyond ASCII.
fn starts_blank(bytes: &[u8]) -> bool {
    match bytes {
        [0xC2, 0x85 | 0xA0, ..] | [0xE1, 0x9A, 0x80, ..] | [0xE3, 0x80, 0x80, ..] => true,
        [0xE2, 0x80, last, ..] => matches!(last, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF),
        [0xE2, 0x81, 0x9F, ..] => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use regex::Regex;

    use super::*;

    /// Runs the patterns one after the other. They have no look-behind, so the line feed before a table is matched too.
    fn plain(text: &str, separators: Range<u32>) -> String {
        let mut text = text.to_owned();
        for count in separators {
            let row = format!(r"\S+?(?:[ |\t]\S+?){{{count}}}\n+");
            let table = Regex::new(&format!(r"\A(?:{row}){{2,}}")).unwrap();
            let (mut out, mut at) = (String::new(), 0);
            while at < text.len() {
                let follows = text[..at].ends_with('\n');
                match table.find(&text[at..]).filter(|_| follows) {
                    Some(found) => at += found.end(),
                    None => {
                        let ch = text[at..].chars().next().unwrap();
                        out.push(ch);
                        at += ch.len_utf8();
                    }
                }
            }
            text = out;
        }
        text
    }

    fn without(text: &str, separators: Range<u32>) -> String {
        let (mut out, mut done) = (String::new(), 0);
        TableLines::default().find(text, separators, |range| {
            out.push_str(&text[done..range.start]);
            done = range.end;
        });
        out + &text[done..]
    }

    proptest! {
        #[test]
        fn tables_are_what_the_patterns_find(text in "([ab|]{1,3}[ \t|]?|[ab] [ab] [ab]\n|[ab]\t[ab]\n|\n|[ \r\u{3000}]){0,24}", from in 1..4_u32) {
            prop_assert_eq!(without(&text, from..5), plain(&text, from..5));
        }
    }

    #[test]
    fn every_blank_of_the_pattern_is_known() {
        let space = Regex::new(r"\A\s\z").unwrap();
        for ch in ('\0'..=char::MAX).filter(|ch| !matches!(ch, '\n' | ' ' | '\t' | '|')) {
            let line = format!("a{ch}b c");
            let is_row = row_counts(&line, 5) != 0;
            assert_eq!(is_row, !space.is_match(&ch.to_string()), "{ch:?}");
        }
    }
}
