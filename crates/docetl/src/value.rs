//! JSON values as Python sees them, and the objects that are records.

use std::fmt;
use std::sync::Arc;

use crate::keys::Keys;

/// A JSON value, with the distinctions that Python makes.
///
/// - `1` is an integer and `1.0` a float; integers can be of any size.
/// - NaN and the infinities are values, as in the JSON that Python writes.
/// - A text can have half of a surrogate pair, which no Rust string can hold.
///
/// Two values are equal if they are the same: NaN equals NaN, and `-0.0` is not `0.0`.
#[derive(Clone, Debug, Default)]
pub enum Value {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// An integer within `i64`.
    Int(i64),
    /// An integer beyond `i64`: its decimal digits, after a `-` if it is negative.
    BigInt(Box<str>),
    /// A number with a fraction or an exponent, NaN or an infinity.
    Float(f64),
    /// A text.
    Text(Box<str>),
    /// The UTF-16 code units of a text that has half of a surrogate pair somewhere.
    Utf16(Box<[u16]>),
    /// A list.
    List(Vec<Value>),
    /// An object.
    Object(Record),
}

impl Value {
    /// Returns the text, if the value is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the integer, if the value is one within `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns the number as the nearest float, if the value is one.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Int(number) => Some(*number as f64),
            Self::BigInt(digits) => digits.parse().ok(),
            Self::Float(number) => Some(*number),
            _ => None,
        }
    }

    /// Returns whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the kind of the value, with its article.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Int(_) | Self::BigInt(_) | Self::Float(_) => "a number",
            Self::Text(_) | Self::Utf16(_) => "a text",
            Self::List(_) => "a list",
            Self::Object(_) => "an object",
        }
    }

    /// Returns the value of these digits: an integer of any size that may have a sign.
    pub(crate) fn from_digits(digits: &str) -> Self {
        match digits.parse() {
            Ok(number) => Self::Int(number),
            Err(_) => Self::BigInt(digits.into()),
        }
    }

    /// Returns the text of these code units.
    pub(crate) fn from_utf16(units: Vec<u16>) -> Self {
        match String::from_utf16(&units) {
            Ok(text) => Self::Text(text.into()),
            Err(_) => Self::Utf16(units.into()),
        }
    }

    /// Returns the approximate memory of the value in bytes.
    pub(crate) fn memory_bytes(&self) -> usize {
        let within = match self {
            Self::Text(text) | Self::BigInt(text) => text.len(),
            Self::Utf16(units) => units.len() * 2,
            Self::List(values) => values.iter().map(Self::memory_bytes).sum(),
            Self::Object(record) => record.memory_bytes(),
            _ => 0,
        };
        size_of::<Self>() + within
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::BigInt(one), Self::BigInt(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => {
                one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan()
            }
            (Self::Text(one), Self::Text(other)) => one == other,
            (Self::Utf16(one), Self::Utf16(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Object(one), Self::Object(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Value {}

/// An object: keys in their order, each with a value.
///
/// Records of one file share their keys, so that a million of them take little more than their values.
#[derive(Clone, Default)]
pub struct Record {
    keys: Arc<Keys>,
    values: Vec<Value>,
}

impl Record {
    /// Returns an object without keys.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a record of these keys and values, which must be equally many.
    pub(crate) fn from_parts(keys: Arc<Keys>, values: Vec<Value>) -> Self {
        debug_assert_eq!(keys.len(), values.len());
        Self { keys, values }
    }

    pub(crate) fn shared_keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// Returns the values in the order of the keys.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Returns the keys in their order.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter()
    }

    /// Returns the keys with their values, in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.keys.iter().zip(&self.values)
    }

    /// Returns the value of a key, if the record has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.keys.position(key).map(|at| &self.values[at])
    }

    /// Returns the number of keys.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns whether the record has no keys.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Sets the value of a key, and returns the previous one. A new key becomes the last one.
    ///
    /// Adding a key takes time in proportion to the number of keys if records share them. To make a large record, collect an
    /// iterator.
    pub fn insert(&mut self, key: impl AsRef<str>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.as_ref(), value.into());
        match self.keys.position(key) {
            Some(at) => Some(std::mem::replace(&mut self.values[at], value)),
            None => {
                Arc::make_mut(&mut self.keys).push(key);
                self.values.push(value);
                None
            }
        }
    }

    /// Removes a key and returns its value, if the record has it.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.keys.position(key)?;
        let others = self.keys.iter().filter(|other| *other != key);
        self.keys = Arc::new(others.collect());
        Some(self.values.remove(at))
    }

    /// Returns the record with only those keys for which `wants` is true.
    pub(crate) fn select(self, wants: impl Fn(&str) -> bool) -> Self {
        if self.keys().all(&wants) {
            return self;
        }
        let fields = self.keys.iter().zip(self.values);
        fields.filter(|(key, _)| wants(key)).collect()
    }

    /// Returns the approximate memory of the record in bytes, without its keys.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.values.iter().map(Value::memory_bytes).sum()
    }
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        let same_keys = Arc::ptr_eq(&self.keys, &other.keys) || self.keys == other.keys;
        same_keys && self.values == other.values
    }
}

impl Eq for Record {}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// If a key comes more than once, its last value counts, in the place of the first.
impl<K: AsRef<str>, V: Into<Value>> FromIterator<(K, V)> for Record {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(fields: I) -> Self {
        let (mut keys, mut values) = (Keys::default(), Vec::new());
        for (key, value) in fields {
            match keys.position(key.as_ref()) {
                Some(at) => values[at] = value.into(),
                None => {
                    keys.push(key.as_ref());
                    values.push(value.into());
                }
            }
        }
        Self::from_parts(Arc::new(keys), values)
    }
}
