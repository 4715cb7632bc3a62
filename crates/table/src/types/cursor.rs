//! A cursor over JSON that was validated before, which finds its members, elements and values.

use memchr::memchr2;

use super::kind::{Kind, Spelling};

/// The value at a place in a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Null,
    /// Neither a list nor an object.
    Scalar(Kind),
    /// A list that begins at this byte.
    List(usize),
    /// An object that begins at this byte.
    Object(usize),
}

/// A key or a string, between the quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) escapes: bool,
    pub(super) lone_surrogate: bool,
}

/// A place in a valid JSON text. In an invalid text the cursor finds something or nothing, but it always ends.
pub(super) struct Cursor<'a> {
    json: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(json: &'a str) -> Self {
        Self { json, at: 0 }
    }

    /// Creates a cursor inside the list or object that begins at `start`.
    pub(super) fn inside(json: &'a str, start: usize) -> Self {
        Self {
            json,
            at: start + 1,
        }
    }

    /// Returns the next member of the object; `None` after the last.
    pub(super) fn member(&mut self) -> Option<(Quoted, Value)> {
        self.skip_separators();
        if self.byte()? != b'"' {
            return None;
        }
        let key = self.quoted()?;
        self.skip_separators();
        Some((key, self.value()?))
    }

    /// Returns the next element of the list; `None` after the last.
    pub(super) fn element(&mut self) -> Option<Value> {
        self.skip_separators();
        self.value()
    }

    /// Returns the value here and moves past it.
    pub(super) fn value(&mut self) -> Option<Value> {
        self.skip_separators();
        let start = self.at;
        Some(match self.byte()? {
            b'"' => Value::Scalar(if self.quoted()?.lone_surrogate {
                Kind::LoneSurrogate
            } else {
                Kind::Text
            }),
            b'{' => {
                self.skip_nested();
                Value::Object(start)
            }
            b'[' => {
                self.skip_nested();
                Value::List(start)
            }
            b't' | b'f' => {
                self.skip_word();
                Value::Scalar(Kind::Boolean)
            }
            b'n' => {
                self.skip_word();
                Value::Null
            }
            b'-' | b'0'..=b'9' => Value::Scalar(self.number()?),
            _ => return None,
        })
    }

    fn byte(&self) -> Option<u8> {
        self.json.as_bytes().get(self.at).copied()
    }

    fn skip_separators(&mut self) {
        while let Some(b' ' | b',' | b':' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
    }

    /// Moves past `true`, `false` or `null`.
    fn skip_word(&mut self) {
        while let Some(b'a'..=b'z') = self.byte() {
            self.at += 1;
        }
    }

    /// Moves past the number here.
    fn number(&mut self) -> Option<Kind> {
        let start = self.at;
        let mut spelling = Spelling::Integer;
        while let Some(byte) = self.byte() {
            match byte {
                b'0'..=b'9' | b'-' | b'+' => {}
                b'.' => spelling = Spelling::Fraction,
                b'e' | b'E' => spelling = Spelling::Exponent,
                _ => break,
            }
            self.at += 1;
        }
        let json = self.json.get(start..self.at)?;
        Some(Kind::of_number(json, spelling))
    }

    /// Moves past the list or object here, however deeply nested.
    fn skip_nested(&mut self) {
        let mut depth = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => {
                    if self.quoted().is_none() {
                        return;
                    }
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
            if depth == 0 {
                return;
            }
        }
    }

    /// Moves past the string here.
    fn quoted(&mut self) -> Option<Quoted> {
        let bytes = self.json.as_bytes();
        let start = self.at + 1;
        let mut found = Quoted {
            start,
            end: start,
            escapes: false,
            lone_surrogate: false,
        };
        let mut at = start;
        loop {
            at = next_special(bytes, at)?;
            if bytes[at] == b'"' {
                found.end = at;
                self.at = at + 1;
                return Some(found);
            }
            found.escapes = true;
            at += match (bytes.get(at + 1)?, bytes.get(at + 2)) {
                (b'u', Some(b'd' | b'D')) => match surrogate(bytes, at) {
                    Some(Surrogate::Pair) => 12,
                    Some(Surrogate::Lone) => {
                        found.lone_surrogate = true;
                        6
                    }
                    None => 6,
                },
                (b'u', _) => 6,
                _ => 2,
            };
        }
    }
}

/// Returns the first quote or backslash from `at` on.
#[inline]
fn next_special(bytes: &[u8], mut at: usize) -> Option<usize> {
    const NEAR: usize = 16;
    // Escapes are often close together, and then a call costs more than it saves.
    let near = bytes.get(at..)?;
    let near = near.get(..NEAR).unwrap_or(near);
    match near.iter().position(|byte| matches!(byte, b'"' | b'\\')) {
        Some(before) => Some(at + before),
        None => {
            at += near.len();
            Some(at + memchr2(b'"', b'\\', &bytes[at..])?)
        }
    }
}

enum Surrogate {
    /// Two escapes that form one character.
    Pair,
    Lone,
}

/// Returns the kind of surrogate that the escape at `at` is, if it is one.
fn surrogate(bytes: &[u8], at: usize) -> Option<Surrogate> {
    let unit = |at: usize, high_digit: std::ops::RangeInclusive<u8>| {
        let escape = bytes.get(at..at + 6)?;
        let is_unit = escape[..2] == *br"\u" && escape[2].eq_ignore_ascii_case(&b'd');
        let digit = escape[3].to_ascii_lowercase();
        (is_unit && high_digit.contains(&digit)).then_some(())
    };
    let is_high = unit(at, b'8'..=b'9').or(unit(at, b'a'..=b'b')).is_some();
    let is_low = |at| unit(at, b'c'..=b'f').is_some();
    if is_high && is_low(at + 6) {
        Some(Surrogate::Pair)
    } else {
        (is_high || is_low(at)).then_some(Surrogate::Lone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, expected: &[Value]) {
        let mut cursor = Cursor::inside(json, 0);
        let mut found = Vec::new();
        while let Some(value) = cursor.element() {
            found.push(value);
        }
        assert_eq!(found, expected, "{json}");
    }

    #[test]
    fn values_are_told_apart_and_skipped() {
        let text = Value::Scalar(Kind::Text);
        let number = Value::Scalar(Kind::Positive);
        check(
            r#"[ "a\"]" , 1,{"b": ["}", {}]},[[]] , null,true]"#,
            &[
                text,
                number,
                Value::Object(13),
                Value::List(30),
                Value::Null,
                Value::Scalar(Kind::Boolean),
            ],
        );
        check("[]", &[]);
        check("[1,2]", &[number, number]);
    }

    #[test]
    fn lone_surrogates_are_found() {
        let cases = [
            (r#"["\ud83d\ude00"]"#, false),
            (r#"["\uD83D\uDE00\\ud800"]"#, false),
            (r#"["\u00e9\ud7ff\ue000"]"#, false),
            (r#"["\ud83d"]"#, true),
            (r#"["\ud83d\u0041"]"#, true),
            (r#"["\ud83d\ud83d\ude00"]"#, true),
            (r#"["\ude00\ud83d"]"#, true),
            (r#"["x \uDFFF"]"#, true),
        ];
        for (json, is_lone) in cases {
            let kind = if is_lone {
                Kind::LoneSurrogate
            } else {
                Kind::Text
            };
            check(json, &[Value::Scalar(kind)]);
        }
    }

    #[test]
    fn broken_text_ends() {
        for json in [
            "[", "[\"", "[\"\\", "[\"\\u", "[[[", "[{\"a", "[-", "[x", "é", "",
        ] {
            let mut cursor = Cursor::inside(json, 0);
            while cursor.element().is_some() {}
            let mut cursor = Cursor::inside(json, 0);
            while cursor.member().is_some() {}
        }
    }
}
