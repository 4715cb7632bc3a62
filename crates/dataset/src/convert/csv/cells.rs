//! The content of a cell, and how it is written as JSON.

use std::borrow::Cow;

use coldpress_record::escape_into;

use super::rows::Cell;
use crate::format::CsvKind;

impl<'a> Cell<'a> {
    /// Returns the content of the cell: without its quotes, and with doubled quotes undone.
    pub(super) fn content(self) -> Cow<'a, str> {
        if !self.is_quoted {
            return Cow::Borrowed(self.text);
        }
        let inner = self.text.strip_prefix('"').unwrap_or(self.text);
        if self.is_simple {
            return Cow::Borrowed(inner.strip_suffix('"').unwrap_or(inner));
        }
        let mut content = String::with_capacity(inner.len());
        let is_mark = |byte: u8| byte == b'"' || Some(byte) == self.escape;
        let mut rest = inner;
        while let Some(at) = rest.bytes().position(is_mark) {
            let (before, after) = (&rest[..at], &rest[at + 1..]);
            content.push_str(before);
            let mark = rest.as_bytes()[at];
            let next = after.as_bytes().first().copied();
            if mark == b'"' && next != Some(b'"') {
                // After the closing quote, everything is taken literally.
                content.push_str(after);
                return Cow::Owned(content);
            }
            // Before anything but a quote or itself, the escape character is an ordinary character.
            let escaped = next.filter(|next| is_mark(*next));
            content.push(char::from(escaped.unwrap_or(mark)));
            rest = &after[usize::from(escaped.is_some())..];
        }
        content.push_str(rest);
        Cow::Owned(content)
    }

    /// Returns whether a quote after a backslash closes the cell and text follows. The backslash was then meant to keep the cell
    /// open.
    pub(super) fn is_closed_by_escaped_quote(self) -> bool {
        if !self.is_quoted || self.is_simple {
            return false;
        }
        let mut rest = self.text.strip_prefix('"').unwrap_or(self.text);
        while let Some((before, after)) = rest.split_once('"') {
            match after.strip_prefix('"') {
                Some(after) => rest = after,
                None => return before.ends_with('\\') && !after.is_empty(),
            }
        }
        false
    }
}

const NULL: &[u8] = b"null";

/// Returns the kind of this cell on its own; `None` for an empty one.
pub(super) fn kind_of(cell: Cell<'_>) -> Option<CsvKind> {
    let content = cell.content();
    match trim(&content) {
        "" => None,
        text if is_number(text.as_bytes()) => Some(CsvKind::Number),
        text if bool_text(text).is_some() => Some(CsvKind::Bool),
        _ => Some(CsvKind::Text),
    }
}

/// Appends the cell as a JSON value. Returns `false` if the cell is not of this kind.
pub(super) fn write(cell: Cell<'_>, kind: CsvKind, out: &mut Vec<u8>) -> bool {
    if cell.text.is_empty() {
        out.extend_from_slice(NULL);
        return true;
    }
    if cell.is_quoted {
        write_content(&cell.content(), kind, out)
    } else {
        write_content(cell.text, kind, out)
    }
}

fn write_content(content: &str, kind: CsvKind, out: &mut Vec<u8>) -> bool {
    let json = match (kind, trim(content)) {
        (CsvKind::Text, _) => {
            escape_into(content, out);
            return true;
        }
        (_, "") => NULL,
        (CsvKind::Number, text) if is_number(text.as_bytes()) => text.as_bytes(),
        (CsvKind::Bool, text) => bool_text(text).unwrap_or_default().as_bytes(),
        _ => &[],
    };
    out.extend_from_slice(json);
    !json.is_empty()
}

pub(super) fn describe(kind: CsvKind) -> &'static str {
    match kind {
        CsvKind::Number => "number",
        CsvKind::Bool => "truth value",
        CsvKind::Text => "text",
    }
}

fn trim(content: &str) -> &str {
    let is_blank = |byte: Option<&u8>| matches!(byte, Some(b' ' | b'\t'));
    let bytes = content.as_bytes();
    if !is_blank(bytes.first()) && !is_blank(bytes.last()) {
        return content;
    }
    content.trim_matches([' ', '\t'])
}

fn bool_text(text: &str) -> Option<&'static str> {
    match text {
        "true" | "True" | "TRUE" => Some("true"),
        "false" | "False" | "FALSE" => Some("false"),
        _ => None,
    }
}

/// Returns whether this is a number as JSON spells it.
fn is_number(text: &[u8]) -> bool {
    let digits = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let text = text.strip_prefix(b"-").unwrap_or(text);
    let whole = digits(text);
    if whole == 0 || whole > 1 && text[0] == b'0' {
        return false;
    }
    let mut rest = &text[whole..];
    if let Some(fraction) = rest.strip_prefix(b".") {
        let length = digits(fraction);
        if length == 0 {
            return false;
        }
        rest = &fraction[length..];
    }
    if let Some(exponent) = rest.strip_prefix(b"e").or_else(|| rest.strip_prefix(b"E")) {
        let exponent = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            all => all,
        };
        return !exponent.is_empty() && digits(exponent) == exponent.len();
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_json() {
        let samples = "0 -0 1 10 01 -01 1. .5 1.5 1.50 1e5 1E+5 1e-5 1e 1e+ + - 1-2 1,5 0x1 NaN inf 00 0.0 \
                       123456789012345678901234567890 1_000 ١ 1.5.5 1e5e5";
        for text in samples.split(' ').chain([""]) {
            let expected = serde_json::from_str::<serde_json::Number>(text).is_ok();
            // serde_json refuses what overflows; the grammar does not.
            assert_eq!(is_number(text.as_bytes()), expected, "{text:?}");
        }
        assert!(is_number(b"1e999"));
    }

    #[test]
    fn cells_say_what_is_in_their_quotes() {
        for (text, is_simple, content) in [
            (r#""a""#, true, "a"),
            (r#""""#, true, ""),
            (r#""a""b""#, false, "a\"b"),
            (r#""a"b"c""#, false, "ab\"c\""),
            (r#""""""#, false, "\""),
            (r#""a""#, false, "a"),
        ] {
            let cell = Cell {
                text,
                is_quoted: true,
                is_simple,
                escape: None,
            };
            assert_eq!(cell.content(), content, "{text}");
        }
    }

    #[test]
    fn an_escape_character_takes_the_meaning_from_quotes_and_itself() {
        for (text, content) in [
            (r#""a \"b\", c""#, r#"a "b", c"#),
            (r#""C:\dir\n""#, r"C:\dir\n"),
            (r#""\\""#, r"\"),
            (r#""a ""b"" \"c""#, r#"a "b" "c"#),
        ] {
            let cell = Cell {
                text,
                is_quoted: true,
                is_simple: false,
                escape: Some(b'\\'),
            };
            assert_eq!(cell.content(), content, "{text}");
        }
    }
}
