//! Cuts a context into tokens.

use super::super::chars::{is_alnum, is_digit};
use super::super::python::is_space;

/// Returns whether a character always ends a word.
pub(super) fn cannot_be_in_word(ch: char) -> bool {
    matches!(
        ch,
        ')' | '"'
            | ';'
            | '}'
            | ']'
            | '*'
            | ':'
            | '@'
            | '\''
            | '('
            | '{'
            | '['
            | '?'
            | '!'
            | '‘'
            | '’'
            | '“'
            | '”'
            | '«'
            | '»'
    )
}

fn cannot_start_word(ch: char) -> bool {
    matches!(
        ch,
        '(' | '"'
            | '`'
            | '{'
            | '['
            | ':'
            | ';'
            | '&'
            | '#'
            | '*'
            | '@'
            | ')'
            | '}'
            | ']'
            | '-'
            | ','
    )
}

/// Calls `token` with the tokens of a context, in order: words, which may contain full stops, and punctuation.
pub(super) fn for_each_token<'t>(context: &'t str, mut token: impl FnMut(&'t str)) {
    for line in context.split('\n') {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            if is_space(first) {
                rest = rest.trim_start_matches(is_space);
                continue;
            }
            let length = match run(rest) {
                0 if cannot_start_word(first) => first.len_utf8(),
                0 => word(rest, first),
                length => length,
            };
            token(&rest[..length]);
            rest = &rest[length..];
        }
    }
}

/// Returns the length of the dash or ellipsis at the start: two or more hyphens or full stops, or three or more full stops with
/// blanks between them.
fn run(text: &str) -> usize {
    let of = |mark: u8| text.bytes().take_while(|byte| *byte == mark).count();
    match text.as_bytes() {
        [b'-', b'-', ..] => of(b'-'),
        [b'.', b'.', ..] => of(b'.'),
        [b'.', ..] => spaced(text),
        _ => 0,
    }
}

/// Returns the length of `. . .` at the start, with blanks of any kind.
fn spaced(text: &str) -> usize {
    let (mut length, mut stops) = (1, 1);
    let mut chars = text[1..].chars();
    while let (Some(blank), Some('.')) = (chars.next(), chars.next()) {
        if !is_space(blank) {
            break;
        }
        length += blank.len_utf8() + 1;
        stops += 1;
    }
    if stops >= 3 { length } else { 0 }
}

/// Returns the length of the word at the start, which has at least its first character.
fn word(text: &str, first: char) -> usize {
    let ends = |ch: char, rest: &str| is_space(ch) || cannot_be_in_word(ch) || run(rest) > 0;
    let mut chars = text[first.len_utf8()..].char_indices();
    let end = chars.find(|(place, ch)| {
        let rest = &text[first.len_utf8() + place..];
        if *ch == ',' {
            let behind = &rest[1..];
            return behind.chars().next().is_none_or(|next| ends(next, behind));
        }
        ends(*ch, rest)
    });
    end.map_or(text.len(), |(place, _)| first.len_utf8() + place)
}

/// Returns whether a token is a number, possibly with a sign, separators and a full stop.
pub(super) fn is_number(token: &str) -> bool {
    let token = token.strip_prefix('-').unwrap_or(token);
    let token = token.strip_prefix(['.', ',']).unwrap_or(token);
    token.starts_with(is_digit)
        && token
            .chars()
            .all(|ch| is_digit(ch) || matches!(ch, ',' | '.' | '-'))
}

/// Returns whether a token is one letter and a full stop.
pub(super) fn is_initial(token: &str) -> bool {
    let mut chars = token.chars();
    let letter = chars
        .next()
        .is_some_and(|ch| (is_alnum(ch) || ch == '_') && !is_digit(ch));
    letter && chars.as_str() == "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(context: &str, expected: &[&str]) {
        let mut tokens = Vec::new();
        for_each_token(context, |token| tokens.push(token));
        assert_eq!(tokens, expected, "{context:?}");
    }

    #[test]
    fn words_keep_their_full_stops() {
        check(
            "U.S. e.g., a,b c, \"d.\"",
            &["U.S.", "e.g.", ",", "a,b", "c", ",", "\"", "d.", "\""],
        );
        check(
            "a--b ... c.. . . .",
            &["a", "--", "b", "...", "c", "..", ". . ."],
        );
        check(
            "#x -y ,z\n\n 1,5. 中。",
            &["#", "x", "-", "y", ",", "z", "1,5.", "中。"],
        );
        check(". . b", &[".", ".", "b"]);
        check("acting!!! I", &["acting", "!", "!", "!", "I"]);
    }

    #[test]
    fn numbers_and_initials_are_known() {
        for (token, number) in [
            ("3.50", true),
            ("-.5,0-1.", true),
            ("1a", false),
            ("-", false),
            ("٣.", true),
        ] {
            assert_eq!(is_number(token), number, "{token}");
        }
        for (token, initial) in [
            ("J.", true),
            ("é.", true),
            ("1.", false),
            ("J", false),
            ("JK.", false),
        ] {
            assert_eq!(is_initial(token), initial, "{token}");
        }
    }
}
