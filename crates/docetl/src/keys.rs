//! The keys of records, which records share.

use std::collections::HashMap;

/// The number of keys up to which a linear search is faster than hashing.
const LINEAR: usize = 12;

/// Distinct keys in their order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    names: Vec<Box<str>>,
    /// The position of each name, once there are more than a few.
    places: HashMap<Box<str>, u32>,
}

impl Keys {
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    pub(crate) fn name(&self, at: usize) -> Option<&str> {
        self.names.get(at).map(AsRef::as_ref)
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        if self.names.len() <= LINEAR {
            return self.names.iter().position(|own| **own == *name);
        }
        self.places.get(name).map(|at| *at as usize)
    }

    /// Adds a new name.
    pub(crate) fn push(&mut self, name: &str) {
        self.names.push(name.into());
        if self.names.len() == LINEAR + 1 {
            self.places = (0..)
                .zip(&self.names)
                .map(|(at, name)| (name.clone(), at))
                .collect();
        } else if self.names.len() > LINEAR {
            self.places.insert(name.into(), self.names.len() as u32 - 1);
        }
    }
}

impl PartialEq for Keys {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl<'a> FromIterator<&'a str> for Keys {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> Self {
        let mut keys = Self::default();
        names.into_iter().for_each(|name| keys.push(name));
        keys
    }
}
