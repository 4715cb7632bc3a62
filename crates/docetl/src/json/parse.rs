//! Parsing JSON into values.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use memchr::memchr2;

use super::number::{number, number_length};
use crate::keys::Keys;
use crate::value::{Record, Value};

/// How deep lists and objects may be in each other; Python gives up at about as many.
pub(crate) const MAX_DEPTH: usize = 900;
/// How many sets of keys are remembered, so that no file can make the memory grow.
const MAX_REMEMBERED: usize = 1024;

/// What is wrong with a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The place of the byte that is wrong.
    pub(crate) offset: usize,
    pub(crate) reason: &'static str,
    /// More bytes could make the text right.
    pub(crate) is_incomplete: bool,
}

type Parsed<T> = std::result::Result<T, Fault>;

/// Parses values, and remembers the keys that objects had, so that like objects share them.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The keys of the last object at each place of the records.
    remembered: HashMap<u64, Arc<Keys>, BuildHasherDefault<PlaceHasher>>,
}

/// Places are hashes already.
#[derive(Debug, Default)]
struct PlaceHasher(u64);

impl Hasher for PlaceHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes
            .iter()
            .for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, place: u64) {
        self.0 = place;
    }
}

impl Parser {
    /// Parses a text that holds one value and nothing else.
    pub(crate) fn parse_whole(&mut self, text: &[u8]) -> Parsed<Value> {
        let mut cursor = Cursor { text, at: 0 };
        cursor.skip_space();
        let value = self.value(&mut cursor, 0, 0)?;
        cursor.skip_space();
        match cursor.at == text.len() {
            true => Ok(value),
            false => Err(cursor.fault("there is more after the value")),
        }
    }

    /// Parses the value at the beginning of a text, and returns how many bytes it has.
    pub(crate) fn parse_first(&mut self, text: &[u8]) -> Parsed<(Value, usize)> {
        let mut cursor = Cursor { text, at: 0 };
        let value = self.value(&mut cursor, 0, 0)?;
        Ok((value, cursor.at))
    }

    fn value(&mut self, cursor: &mut Cursor<'_>, depth: usize, place: u64) -> Parsed<Value> {
        match cursor.peek() {
            Some(b'"') => cursor.text_value(),
            Some(b'{') => self.object(cursor, depth, place).map(Value::Object),
            Some(b'[') => self.list(cursor, depth, place),
            Some(b't') => cursor.word("true", Value::Bool(true)),
            Some(b'f') => cursor.word("false", Value::Bool(false)),
            Some(b'n') => cursor.word("null", Value::Null),
            Some(b'N') => cursor.word("NaN", Value::Float(f64::NAN)),
            Some(b'I') => cursor.word("Infinity", Value::Float(f64::INFINITY)),
            Some(b'-') if cursor.text.get(cursor.at + 1) == Some(&b'I') => {
                cursor.word("-Infinity", Value::Float(f64::NEG_INFINITY))
            }
            Some(b'-' | b'0'..=b'9') => cursor.number(),
            Some(_) => Err(cursor.fault("no JSON value begins so")),
            None => Err(cursor.cut_off()),
        }
    }

    fn list(&mut self, cursor: &mut Cursor<'_>, depth: usize, place: u64) -> Parsed<Value> {
        cursor.enter(depth)?;
        let mut values = Vec::new();
        if cursor.passes(b']') {
            return Ok(Value::List(values));
        }
        loop {
            values.push(self.value(cursor, depth + 1, below(place, u64::MAX))?);
            cursor.skip_space();
            match cursor.next() {
                Some(b',') => cursor.skip_space(),
                Some(b']') => return Ok(Value::List(values)),
                found => return Err(cursor.expected(found, "a list goes on with `,` or `]`")),
            }
        }
    }

    fn object(&mut self, cursor: &mut Cursor<'_>, depth: usize, place: u64) -> Parsed<Record> {
        cursor.enter(depth)?;
        let guess = self.remembered.get(&place).map(Arc::clone);
        let mut fields = Fields::new(guess);
        if !cursor.passes(b'}') {
            loop {
                if cursor.peek() != Some(b'"') {
                    let found = cursor.next();
                    return Err(cursor.expected(found, "a key is a text in quotes"));
                }
                let guessed = fields.guess().is_some_and(|name| cursor.passes_key(name));
                let key = match guessed {
                    true => None,
                    false => Some(cursor.key()?),
                };
                cursor.skip_space();
                match cursor.next() {
                    Some(b':') => cursor.skip_space(),
                    found => return Err(cursor.expected(found, "a key has a `:` after it")),
                }
                let value = self.value(cursor, depth + 1, below(place, fields.len() as u64))?;
                match key {
                    None => fields.values.push(value),
                    Some(key) => fields.add(&key, value),
                }
                cursor.skip_space();
                match cursor.next() {
                    Some(b',') => cursor.skip_space(),
                    Some(b'}') => break,
                    found => {
                        return Err(cursor.expected(found, "an object goes on with `,` or `}`"));
                    }
                }
            }
        }
        Ok(self.finish(fields, place))
    }

    fn finish(&mut self, fields: Fields, place: u64) -> Record {
        let (keys, is_new, values) = fields.finish();
        if is_new {
            if self.remembered.len() == MAX_REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.insert(place, Arc::clone(&keys));
        }
        Record::from_parts(keys, values)
    }
}

/// The place of a child of the value at a place.
fn below(place: u64, child: u64) -> u64 {
    (place ^ child.wrapping_add(1))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(23)
}

/// The fields of an object that is being read.
struct Fields {
    /// The keys that it probably has.
    guess: Option<Arc<Keys>>,
    /// Its own keys, once they are others.
    own: Option<Keys>,
    values: Vec<Value>,
}

impl Fields {
    fn new(guess: Option<Arc<Keys>>) -> Self {
        let capacity = guess.as_ref().map_or(0, |keys| keys.len());
        Self {
            guess,
            own: None,
            values: Vec::with_capacity(capacity),
        }
    }

    fn len(&self) -> usize {
        self.values.len()
    }

    /// The next key, if all before it were guessed.
    fn guess(&self) -> Option<&str> {
        match (&self.own, &self.guess) {
            (None, Some(keys)) => keys.name(self.values.len()),
            _ => None,
        }
    }

    /// Adds a field whose key was not guessed.
    fn add(&mut self, key: &str, value: Value) {
        let (guess, length) = (&self.guess, self.values.len());
        let own = self.own.get_or_insert_with(|| {
            let guessed = guess.iter().flat_map(|keys| keys.iter());
            guessed.take(length).collect()
        });
        match own.position(key) {
            Some(at) => self.values[at] = value,
            None => {
                own.push(key);
                self.values.push(value);
            }
        }
    }

    /// The keys, whether they were not guessed, and the values.
    fn finish(self) -> (Arc<Keys>, bool, Vec<Value>) {
        match (self.own, self.guess) {
            (Some(own), _) => (Arc::new(own), true, self.values),
            (None, Some(guess)) if guess.len() == self.values.len() => (guess, false, self.values),
            (None, guess) => {
                let guessed = guess.iter().flat_map(|keys| keys.iter());
                let keys = guessed.take(self.values.len()).collect();
                (Arc::new(keys), true, self.values)
            }
        }
    }
}

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn fault(&self, reason: &'static str) -> Fault {
        Fault {
            offset: self.at,
            reason,
            is_incomplete: false,
        }
    }

    fn cut_off(&self) -> Fault {
        Fault {
            offset: self.text.len(),
            reason: "it is cut off",
            is_incomplete: true,
        }
    }

    /// The fault of a byte that was taken, or of none.
    fn expected(&self, found: Option<u8>, reason: &'static str) -> Fault {
        match found {
            None => self.cut_off(),
            Some(_) => Fault {
                offset: self.at - 1,
                reason,
                is_incomplete: false,
            },
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Goes into a list or object.
    fn enter(&mut self, depth: usize) -> Parsed<()> {
        if depth >= MAX_DEPTH {
            return Err(self.fault("lists and objects are more than 900 deep in each other"));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    fn passes(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    /// Passes a key in quotes if it is spelled plainly.
    fn passes_key(&mut self, name: &str) -> bool {
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

    fn word(&mut self, word: &'static str, value: Value) -> Parsed<Value> {
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

    fn number(&mut self) -> Parsed<Value> {
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

    fn key(&mut self) -> Parsed<Cow<'a, str>> {
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

    fn text_value(&mut self) -> Parsed<Value> {
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
        // Only a text with half of a surrogate pair needs these; they replace `text` then.
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

    /// Reads what follows a backslash.
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

    /// Makes a character of a unit and, if it is the first half of a pair, of the escape that follows.
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
