//! A map whose end has not been reached: unique names, merge keys.

use std::collections::{HashMap, HashSet};

use crate::error::{Error, Place, Result};
use crate::node::{Key, Node, Span, Value};

/// The entries of a map so far.
#[derive(Default)]
pub(super) struct OpenMap {
    own: Vec<(Key, Node)>,
    /// The entries that came through `<<`. If a name has several, the first one comes first.
    merged: Vec<(Key, Node)>,
    pending: Option<PendingKey>,
}

struct PendingKey {
    key: Key,
    merge: bool,
}

impl OpenMap {
    /// Returns whether the next value is a key.
    pub(super) fn awaits_key(&self) -> bool {
        self.pending.is_none()
    }

    /// Takes a key; `merge` if it is an unquoted `<<`.
    pub(super) fn take_key(&mut self, key: Key, merge: bool) {
        self.pending = Some(PendingKey { key, merge });
    }

    /// Returns the place of the key that waits for its value.
    pub(super) fn key_span(&self) -> Option<Span> {
        self.pending.as_ref().map(|pending| pending.key.span)
    }

    /// Takes the value of the last key.
    pub(super) fn take_value(&mut self, node: Node, origin: &str) -> Result<()> {
        match self.pending.take() {
            Some(PendingKey { merge: true, .. }) => self.merge(node, origin),
            Some(PendingKey { key, .. }) => {
                self.own.push((key, node));
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Merges a map, or a list of maps in which earlier ones win.
    fn merge(&mut self, node: Node, origin: &str) -> Result<()> {
        let maps = match node.value {
            Value::List(items) => items,
            _ => vec![node],
        };
        for map in maps {
            let Value::Map(entries) = map.value else {
                return Err(Error::Syntax {
                    place: Place::new(origin, map.span),
                    message: format!(
                        "`<<` takes a map or a list of maps, found {}",
                        map.describe()
                    ),
                });
            };
            self.merged.extend(entries);
        }
        Ok(())
    }

    /// Returns the entries: first the map's own, then merged ones that aren't among them.
    pub(super) fn finish(self, origin: &str) -> Result<Vec<(Key, Node)>> {
        let mut spans: HashMap<&str, Span> = HashMap::with_capacity(self.own.len());
        for (key, _) in &self.own {
            if let Some(first) = spans.insert(&key.name, key.span) {
                return Err(Error::Duplicate {
                    key: key.name.clone(),
                    place: Place::new(origin, key.span),
                    first,
                });
            }
        }
        if self.merged.is_empty() {
            return Ok(self.own);
        }
        let mut names: HashSet<String> = spans.into_keys().map(str::to_string).collect();
        let mut entries = self.own;
        let new = self
            .merged
            .into_iter()
            .filter(|(key, _)| names.insert(key.name.clone()));
        entries.extend(new);
        Ok(entries)
    }
}
