//! Finds comments in LaTeX documents: from a `%` to the end of the line.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// Reports the comments of `text` to remove, in order.
///
/// `inline` is for comments after other text, and `whole_lines` for lines with nothing before the comment, which are removed with
/// their line end. A percent sign after an odd number of backslashes doesn't begin a comment. One at the end of a line stays,
/// because it keeps LaTeX from putting a space there.
pub fn find_comments(
    text: &str,
    inline: bool,
    whole_lines: bool,
    mut found: impl FnMut(Range<usize>),
) {
    let bytes = text.as_bytes();
    let (mut line, mut searched) = (0, 0);
    while let Some(sign) = memchr(b'%', &bytes[searched..]).map(|place| searched + place) {
        if let Some(end) = memchr::memrchr(b'\n', &bytes[searched..sign]) {
            line = searched + end + 1;
        }
        searched = sign + 1;
        if is_escaped(&bytes[line..sign]) {
            continue;
        }
        let end = memchr(b'\n', &bytes[sign..]).map_or(bytes.len(), |length| sign + length);
        let before = text[line..sign].trim_end_matches([' ', '\t']).len();
        let is_whole = before == 0;
        let text_end = match bytes[..end].last() {
            Some(b'\r') if end < bytes.len() => end - 1,
            _ => end,
        };
        if is_whole && whole_lines {
            found(line..bytes.len().min(end + 1));
        } else if !is_whole && inline && text_end > sign + 1 {
            found(line + before..text_end);
        }
        searched = end;
    }
}

fn is_escaped(before: &[u8]) -> bool {
    let backslashes = before.iter().rev().take_while(|byte| **byte == b'\\');
    backslashes.count() % 2 == 1
}

/// Reports the inline comments that Data-Juicer removes: one character that isn't a backslash, a `%`, and at least one more
/// character up to the end of the line. The first character may be a line end.
pub fn find_inline_loosely(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for sign in memchr_iter(b'%', bytes) {
        let Some(before) = text
            .get(from..sign)
            .and_then(|rest| rest.chars().next_back())
        else {
            continue;
        };
        let is_empty = matches!(bytes.get(sign + 1), None | Some(b'\n'));
        if before == '\\' || is_empty {
            continue;
        }
        let end = memchr(b'\n', &bytes[sign..]).map_or(bytes.len(), |length| sign + length);
        found(sign - before.len_utf8()..end);
        from = end;
    }
}

/// Reports the lines that begin with a `%`, with their line ends.
pub fn find_lines_loosely(text: &str, mut found: impl FnMut(Range<usize>)) {
    let bytes = text.as_bytes();
    let mut from = 0;
    for sign in memchr_iter(b'%', bytes) {
        let begins_line = sign == 0 || bytes[sign - 1] == b'\n';
        if sign < from || !begins_line {
            continue;
        }
        let end = memchr(b'\n', &bytes[sign..]).map_or(bytes.len(), |length| sign + length + 1);
        found(sign..end);
        from = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, inline: bool, whole_lines: bool, expected: &str) {
        let (mut out, mut done) = (String::new(), 0);
        find_comments(text, inline, whole_lines, |range| {
            out.push_str(&text[done..range.start]);
            done = range.end;
        });
        assert_eq!(out + &text[done..], expected, "{text:?}");
    }

    #[test]
    fn comments_begin_at_signs_that_are_not_escaped() {
        check("a % c\nb%d\r\nc", true, true, "a\nb\r\nc");
        check("a\n  % c\n%d\r\ne\n%f", true, true, "a\ne\n");
        check("50\\% of \\\\% c\n", true, true, "50\\% of \\\\\n");
        check("x %\ny %\r\nz%", true, true, "x %\ny %\r\nz%");
        check("%% a % b", true, true, "");
        check("中文%注释\n", true, true, "中文\n");
    }

    #[test]
    fn each_kind_of_comment_may_stay() {
        check("%a\nb %c\n", false, true, "b %c\n");
        check("%a\nb %c\n", true, false, "%a\nb\n");
        check("%a % b\n", true, false, "%a % b\n");
        check("%a\nb %c\n", false, false, "%a\nb %c\n");
    }
}
