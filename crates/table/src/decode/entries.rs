//! The entries of a JSON object, without interpreting them.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

use coldpress_record::unescape_into;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

/// Returns the entries of an object, each key once with its last value; `None` if `json` isn't an object.
pub(super) fn entries_of(json: &str) -> Option<Vec<(&RawValue, &RawValue)>> {
    let mut entries: Vec<(&RawValue, &RawValue)> = Vec::new();
    let mut places = HashMap::new();
    let mut parser = serde_json::Deserializer::from_str(json);
    for (key, value) in parser.deserialize_map(All).ok()? {
        let place = *places.entry(name_of(key.get())).or_insert(entries.len());
        match entries.get_mut(place) {
            Some(entry) => entry.1 = value,
            None => entries.push((key, value)),
        }
    }
    Some(entries)
}

/// Returns the text of a JSON string. A string that isn't valid text stays as it is written.
pub(super) fn name_of(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut name = String::new();
    match unescape_into(inner, &mut name) {
        Ok(()) => name.into(),
        Err(_) => quoted.into(),
    }
}

struct All;

impl<'de> Visitor<'de> for All {
    type Value = Vec<(&'de RawValue, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}
