//! The fields of an object that is being read.

use std::sync::Arc;

use crate::keys::Keys;
use crate::value::Value;

/// The fields of an object that is being read.
pub(super) struct Fields {
    /// The keys that the object probably has.
    guess: Option<Arc<Keys>>,
    /// The object's own keys, once they differ.
    own: Option<Keys>,
    values: Vec<Value>,
}

impl Fields {
    /// Adds the value of a key that was guessed.
    pub(super) fn add_guessed(&mut self, value: Value) {
        self.values.push(value);
    }

    pub(super) fn new(guess: Option<Arc<Keys>>) -> Self {
        let capacity = guess.as_ref().map_or(0, |keys| keys.len());
        Self {
            guess,
            own: None,
            values: Vec::with_capacity(capacity),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Returns the next key, if all before it were guessed.
    pub(super) fn guess(&self) -> Option<&str> {
        match (&self.own, &self.guess) {
            (None, Some(keys)) => keys.name(self.values.len()),
            _ => None,
        }
    }

    /// Adds a field whose key was not guessed.
    pub(super) fn add(&mut self, key: &str, value: Value) {
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

    /// Returns the keys, whether they differ from the guess, and the values.
    pub(super) fn finish(self) -> (Arc<Keys>, bool, Vec<Value>) {
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
