//! Fields in the order in which they were first seen.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::held::Held;

/// Below this many fields looking through them all is fast enough.
const FEW: usize = 16;

/// The fields of records or of objects, in the order in which they were first seen.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Fields {
    fields: Vec<FieldHeld>,
    /// Where the first fields stand, as many as it has; only of use when there are many.
    #[serde(skip)]
    places: HashMap<Box<str>, u32>,
}

/// A field and what it holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct FieldHeld {
    pub(crate) name: String,
    pub(crate) held: Held,
    /// Which member of the object that is being read has the field.
    #[serde(skip)]
    pub(super) member: usize,
}

impl PartialEq for Fields {
    fn eq(&self, other: &Self) -> bool {
        self.fields == other.fields
    }
}

impl PartialEq for FieldHeld {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.held == other.held
    }
}

impl Fields {
    pub(crate) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &FieldHeld> {
        self.fields.iter()
    }

    pub(super) fn field_mut(&mut self, place: usize) -> &mut FieldHeld {
        &mut self.fields[place]
    }

    /// Where the field `name` stands, probably at `expected`; it is added if there is none, unless there are `most`.
    pub(super) fn place(&mut self, expected: usize, name: &str, most: usize) -> Option<usize> {
        match self.fields.get(expected) {
            Some(field) if field.name == name => Some(expected),
            _ => match self.find(name) {
                Some(place) => Some(place),
                None => (self.fields.len() < most).then(|| self.add(name)),
            },
        }
    }

    fn find(&mut self, name: &str) -> Option<usize> {
        if self.fields.len() <= FEW {
            return self.fields.iter().position(|field| field.name == name);
        }
        for place in self.places.len()..self.fields.len() {
            let name = self.fields[place].name.as_str().into();
            self.places.insert(name, place as u32);
        }
        self.places.get(name).map(|place| *place as usize)
    }

    fn add(&mut self, name: &str) -> usize {
        self.fields.push(FieldHeld {
            name: name.to_owned(),
            held: Held::default(),
            member: 0,
        });
        self.fields.len() - 1
    }

    /// Adds the fields of a later part of the dataset, until there are `most`; whether all could be added.
    pub(super) fn join(&mut self, later: &Self, most: usize) -> bool {
        let mut is_whole = true;
        for (expected, field) in later.fields.iter().enumerate() {
            match self.place(expected, &field.name, most) {
                Some(place) => self.fields[place].held.join(&field.held),
                None => is_whole = false,
            }
        }
        is_whole
    }
}
