//! Reads the parts of JSON that have no parts: words, numbers, texts.

use std::borrow::Cow;

use memchr::memchr2;

use super::number::{number, number_length};
use crate::value::Value;

/// The depth of nested lists and objects that is accepted. Python gives up at about the same depth.
const MAX_DEPTH: usize = 900;

/// A fault in a JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The offset of the wrong byte.
    pub(crate) offset: usize,
    pub(crate) reason: &'static str,
    /// True if more bytes could make the text valid.
    pub(crate) is_incomplete: bool,
}

/// The value that was read, or the fault.
pub(super) type Parsed<T> = std::result::Result<T, Fault>;

/// A text that is being read.
pub(super) struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// Returns the number of bytes that have been read.
    pub(super) fn passed(&self) -> usize {
        self.at
    }

    pub(super) fn peek_second(&self) -> Option<u8> {
        self.text.get(self.at + 1).copied()
    }

    pub(super) fn fault(&self, reason: &'static str) -> Fault {
        Fault {
            offset: self.at,
            reason,
            is_incomplete: false,
        }
    }

    pub(super) fn cut_off(&self) -> Fault {
        Fault {
            offset: self.text.len(),
            reason: "it is cut off",
            is_incomplete: true,
        }
    }

    /// Returns the fault of a byte that was read, or of the end.
    pub(super) fn expected(&self, found: Option<u8>, reason: &'static str) -> Fault {
        match found {
            None => self.cut_off(),
            Some(_) => Fault {
                offset: self.at - 1,
                reason,
                is_incomplete: false,
            },
        }
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Enters a list or object.
    pub(super) fn enter(&mut self, depth: usize) -> Parsed<()> {
        if depth >= MAX_DEPTH {
            return Err(self.fault("lists and objects are more than 900 deep in each other"));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    pub(super) fn passes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Skips a key in quotes if it is spelled without escapes.
    pub(super) fn passes_key(&mut self, name: &str) -> bool {
        let rest = &self.text[self.at + 1..];
        let is_there = rest.len() > name.len()
            && rest[name.len()] == b'"'
            && rest[..name.len()] == *name.as_bytes()
            && memchr2(b'"', b'\\', name.as_bytes()).is_none();
        if is_there {
            self.at += name.len() + 2;
        }
        is_there
    }

    pub(super) fn word(&mut self, word: &'static str, value: Value) -> Parsed<Value> {
        let rest = &self.text[self.at..];
        if rest.starts_with(word.as_bytes()) {
            self.at += word.len();
            return Ok(value);
        }
        match word.as_bytes().starts_with(rest) {
            true => Err(self.cut_off()),
            false => Err(self.fault("no JSON value begins so")),
        }
    }

    pub(super) fn number(&mut self) -> Parsed<Value> {
        let rest = &self.text[self.at..];
        match number_length(rest) {
            Ok(length) => {
                self.at += length;
                Ok(number(&rest[..length]))
            }
            Err(at) if at == rest.len() => Err(self.cut_off()),
            Err(at) => {
                self.at += at;
                Err(self.fault("a number is not spelled so"))
            }
        }
    }

    pub(super) fn key(&mut self) -> Parsed<Cow<'a, str>> {
        let start = self.at;
        match self.string()? {
            Text::Plain(text) => Ok(Cow::Borrowed(text)),
            Text::Escaped(Value::Text(text)) => Ok(Cow::Owned(text.into())),
            Text::Escaped(_) => {
                self.at = start;
                Err(self.fault("a key has half of a surrogate pair, which cannot be kept"))
            }
        }
    }

    pub(super) fn text_value(&mut self) -> Parsed<Value> {
        Ok(match self.string()? {
            Text::Plain(text) => Value::Text(text.into()),
            Text::Escaped(value) => value,
        })
    }

    fn string(&mut self) -> Parsed<Text<'a>> {
        self.at += 1;
        let start = self.at;
        let rest = &self.text[start..];
        let Some(length) = memchr2(b'"', b'\\', rest) else {
            return Err(self.cut_off());
        };
        if rest[length] == b'"' {
            let text = self.utf8(start, start + length)?;
            self.at = start + length + 1;
            return Ok(Text::Plain(text));
        }
        self.escaped(start).map(Text::Escaped)
    }

    fn utf8(&self, start: usize, end: usize) -> Parsed<&'a str> {
        std::str::from_utf8(&self.text[start..end]).map_err(|error| Fault {
            offset: start + error.valid_up_to(),
            reason: "it isn't UTF-8",
            is_incomplete: false,
        })
    }

    /// Reads a text with escapes, from after its quote.
    fn escaped(&mut self, start: usize) -> Parsed<Value> {
        let mut text = String::new();
        // Only a text with half of a surrogate pair needs these units, which then replace `text`.
        let mut units: Option<Vec<u16>> = None;
        self.at = start;
        loop {
            let Some(length) = memchr2(b'"', b'\\', &self.text[self.at..]) else {
                return Err(self.cut_off());
            };
            let plain = self.utf8(self.at, self.at + length)?;
            match &mut units {
                None => text.push_str(plain),
                Some(units) => units.extend(plain.encode_utf16()),
            }
            self.at += length + 1;
            if self.text[self.at - 1] == b'"' {
                return Ok(match units {
                    None => Value::Text(text.into()),
                    Some(units) => Value::from_utf16(units),
                });
            }
            let unit = self.escape()?;
            match (&mut units, self.pair(unit)?) {
                (None, Ok(char)) => text.push(char),
                (None, Err(unit)) => {
                    units = Some(text.encode_utf16().chain([unit]).collect());
                }
                (Some(units), Ok(char)) => units.extend(char.encode_utf16(&mut [0; 2]).iter()),
                (Some(units), Err(unit)) => units.push(unit),
            }
        }
    }

    /// Reads the part of an escape after the backslash.
    fn escape(&mut self) -> Parsed<u16> {
        let Some(byte) = self.next() else {
            return Err(self.cut_off());
        };
        Ok(match byte {
            b'"' | b'\\' | b'/' => u16::from(byte),
            b'b' => 8,
            b'f' => 12,
            b'n' => 10,
            b'r' => 13,
            b't' => 9,
            b'u' => return self.hexadecimal(),
            _ => return Err(self.expected(Some(byte), "no such escape")),
        })
    }

    fn hexadecimal(&mut self) -> Parsed<u16> {
        let mut unit = 0;
        for _ in 0..4 {
            let byte = self.next();
            match byte.and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => unit = unit << 4 | digit as u16,
                None => return Err(self.expected(byte, "an escape has four hexadecimal digits")),
            }
        }
        Ok(unit)
    }

    /// Makes a character from a unit and, if it is the first half of a pair, from the escape that follows.
    fn pair(&mut self, unit: u16) -> Parsed<std::result::Result<char, u16>> {
        if let Some(char) = char::from_u32(u32::from(unit)) {
            return Ok(Ok(char));
        }
        let before = self.at;
        if unit < 0xDC00 && self.passes(b'\\') && self.passes(b'u') {
            let second = self.hexadecimal()?;
            if let Some(Ok(char)) = char::decode_utf16([unit, second]).next() {
                return Ok(Ok(char));
            }
        }
        if unit < 0xDC00 && b"\\u".starts_with(&self.text[before..]) {
            return Err(self.cut_off());
        }
        self.at = before;
        Ok(Err(unit))
    }
}

enum Text<'a> {
    Plain(&'a str),
    Escaped(Value),
}
