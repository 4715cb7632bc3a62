//! Records: objects that keep the order of their keys.

use std::fmt;
use std::sync::Arc;

use crate::json::{Style, write_record};
use crate::keys::Keys;
use crate::{Error, Result, Value};

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

    /// Parses a JSON object as Python's `json.loads` does. Of a key that is there more than once, the last value counts.
    ///
    /// # Errors
    /// [`Error::Json`] if the text isn't JSON, or isn't an object.
    pub fn parse(text: &str) -> Result<Self> {
        match Value::parse(text)? {
            Value::Object(record) => Ok(record),
            other => Err(Error::Json {
                offset: 0,
                reason: format!("{} is where an object should be", other.kind()),
            }),
        }
    }

    /// The record of these keys and values, of which there are as many.
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

    /// Sets the value of a key and returns the one that it had. A new key becomes the last one.
    ///
    /// A new key takes time in proportion to the number of keys if records share them; collect an iterator to make a large
    /// record.
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

    /// Returns the record with those keys alone for which `wants` is true.
    pub(crate) fn select(self, wants: impl Fn(&str) -> bool) -> Self {
        if self.keys().all(&wants) {
            return self;
        }
        let fields = self.keys.iter().zip(self.values);
        fields.filter(|(key, _)| wants(key)).collect()
    }

    /// About how many bytes the record takes in memory, without its keys.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.values.iter().map(Value::memory_bytes).sum()
    }

    /// Returns the record as compact JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = Vec::new();
        write_record(self, Style::COMPACT, &mut out);
        String::from_utf8(out).unwrap_or_default()
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

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_json())
    }
}

/// Of a key that comes more than once, the last value counts, at the place of the first.
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

impl From<serde_json::Map<String, serde_json::Value>> for Record {
    fn from(fields: serde_json::Map<String, serde_json::Value>) -> Self {
        fields.into_iter().collect()
    }
}
