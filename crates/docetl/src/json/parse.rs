//! Parsing JSON into values.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use super::cursor::{Cursor, Parsed};
use super::fields::Fields;
use crate::keys::Keys;
use crate::value::{Record, Value};

/// The number of sets of keys that are remembered. It keeps a file from making the memory grow without bound.
const MAX_REMEMBERED: usize = 1024;

/// Parses values. It remembers the keys of objects, so that similar objects share them.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    /// The keys of the last object at each place of the records.
    remembered: HashMap<u64, Arc<Keys>, BuildHasherDefault<PlaceHasher>>,
}

/// Hashes places, which are hashes already.
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
    /// Parses a text that consists of a single value.
    pub(crate) fn parse_whole(&mut self, text: &[u8]) -> Parsed<Value> {
        let mut cursor = Cursor::new(text);
        cursor.skip_space();
        let value = self.value(&mut cursor, 0, 0)?;
        cursor.skip_space();
        match cursor.is_at_end() {
            true => Ok(value),
            false => Err(cursor.fault("there is more after the value")),
        }
    }

    /// Parses the value at the beginning of a text, and returns its length in bytes.
    pub(crate) fn parse_first(&mut self, text: &[u8]) -> Parsed<(Value, usize)> {
        let mut cursor = Cursor::new(text);
        let value = self.value(&mut cursor, 0, 0)?;
        Ok((value, cursor.passed()))
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
            Some(b'-') if cursor.peek_second() == Some(b'I') => {
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
                    None => fields.add_guessed(value),
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

/// Returns the place of a child of the value at a place.
fn below(place: u64, child: u64) -> u64 {
    (place ^ child.wrapping_add(1))
        .wrapping_mul(0x9E37_79B9_7F4A_7C15)
        .rotate_left(23)
}
