//! Objects: the rows of a batch, and structs.

use std::collections::HashMap;

use arrow::array::{ArrayRef, NullBufferBuilder, StructArray};
use arrow::datatypes::{FieldRef, Fields};
use arrow::error::ArrowError;
use coldpress_record::escape_into;
use serde::de::{Error as _, MapAccess};
use serde_json::value::RawValue;

use super::child::{Child, Seed, Storage};
use super::entries::{entries_of, name_of};
use super::fault::{Fault, Trouble};

/// The number of keys that are tried in order before the table of names is used.
const TRIED_IN_ORDER: usize = 4;

/// Objects with known keys, with one child for each key.
pub(super) struct Object {
    fields: Fields,
    children: Vec<Child>,
    names: Names,
    nulls: NullBufferBuilder,
    /// The members of the current object that have no child of their own, if the last child takes them.
    rest: Option<String>,
}

impl Object {
    pub(super) fn new(fields: Fields, children: Vec<Child>) -> Self {
        Self {
            names: Names::new(&fields),
            fields,
            children,
            nulls: NullBufferBuilder::new(0),
            rest: None,
        }
    }

    /// Lets the last child take all members that have no child of their own, as one object.
    pub(super) fn with_rest(mut self) -> Self {
        let known = self.fields.len().saturating_sub(1);
        self.names = Names::new(&self.fields[..known]);
        self.rest = Some(String::new());
        self
    }

    /// Adds the object with these entries.
    pub(super) fn take<'de, A: MapAccess<'de>>(
        &mut self,
        mut map: A,
        fault: &mut Option<Box<Fault>>,
    ) -> Result<(), A::Error> {
        let row = self.nulls.len();
        let mut expected = 0;
        let mut distinct = 0;
        self.rest.iter_mut().for_each(String::clear);
        while let Some(key) = map.next_key::<&RawValue>()? {
            let Some(at) = self.names.find(key.get(), expected) else {
                if let Some(rest) = &mut self.rest {
                    add_member(rest, key, map.next_value()?);
                    continue;
                }
                *fault = Some(Fault::unknown(&name_of(key.get())));
                return Err(A::Error::custom(""));
            };
            let child = &mut self.children[at];
            if child.storage().len() > row {
                child.storage_mut().truncate(row);
            } else {
                distinct += 1;
            }
            let value = Seed { child, fault };
            if let Err(error) = map.next_value_seed(value) {
                *fault = fault
                    .take()
                    .map(|fault| fault.within(self.fields[at].name()));
                return Err(error);
            }
            expected = at + 1;
        }
        distinct += self.push_rest().map_err(|missing| {
            *fault = Some(missing);
            A::Error::custom("")
        })?;
        if distinct < self.children.len() {
            self.fill(row).map_err(|missing| {
                *fault = Some(missing);
                A::Error::custom("")
            })?;
        }
        self.nulls.append_non_null();
        Ok(())
    }

    /// Adds the object `json` entry by entry, with only the last value of a repeated key.
    ///
    /// [`take`](Self::take) also reads the earlier values, and stops at one that its column does not accept.
    pub(super) fn push_apart(&mut self, json: &str) -> Result<(), Trouble> {
        let row = self.nulls.len();
        self.rest.iter_mut().for_each(String::clear);
        for (key, value) in entries_of(json).ok_or(Trouble::Misfit)? {
            let at = self.names.find(key.get(), 0);
            if let (Some(rest), None) = (&mut self.rest, at) {
                add_member(rest, key, value);
                continue;
            }
            let at = at.ok_or_else(|| Trouble::Within(Fault::unknown(&name_of(key.get()))))?;
            let pushed = self.children[at].push(value.get());
            let name = self.fields[at].name();
            pushed.map_err(|fault| Trouble::Within(fault.within(name)))?;
        }
        self.push_rest().map_err(Trouble::Within)?;
        self.fill(row).map_err(Trouble::Within)?;
        self.nulls.append_non_null();
        Ok(())
    }

    /// Gives the last child what no other child took. Returns how many children got a value.
    fn push_rest(&mut self) -> Result<usize, Box<Fault>> {
        let rest = self.rest.as_mut().filter(|rest| !rest.is_empty());
        let (Some(rest), Some(child)) = (rest, self.children.last_mut()) else {
            return Ok(0);
        };
        rest.push('}');
        let pushed = child.push(rest);
        pushed.map_err(|fault| fault.within(child.field().name()))?;
        Ok(1)
    }

    /// Gives every child a value in this row, which is null if the record has no such key.
    fn fill(&mut self, row: usize) -> Result<(), Box<Fault>> {
        for child in &mut self.children {
            if child.storage().len() == row {
                let filled = child.push_found_null("missing");
                filled.map_err(|fault| fault.within(child.field().name()))?;
            }
        }
        Ok(())
    }

    /// Returns the children as arrays and leaves no objects.
    pub(super) fn finish_columns(&mut self) -> Result<Vec<ArrayRef>, ArrowError> {
        self.nulls = NullBufferBuilder::new(0);
        let children = self.children.iter_mut();
        children.map(|child| child.storage_mut().finish()).collect()
    }
}

impl Storage for Object {
    fn push_null(&mut self) -> Result<(), Trouble> {
        for child in &mut self.children {
            child.storage_mut().push_null()?;
        }
        self.nulls.append_null();
        Ok(())
    }

    fn len(&self) -> usize {
        self.nulls.len()
    }

    fn truncate(&mut self, len: usize) {
        for child in &mut self.children {
            child.storage_mut().truncate(len);
        }
        self.nulls.truncate(len);
    }

    fn bytes(&self) -> usize {
        let children = self.children.iter();
        children.map(|child| child.storage().bytes()).sum::<usize>() + self.len() / 8
    }

    fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let len = self.len();
        let nulls = self.nulls.finish();
        let columns = self.finish_columns()?;
        let array = StructArray::try_new_with_length(self.fields.clone(), columns, nulls, len)?;
        Ok(std::sync::Arc::new(array))
    }
}

/// Adds a member to an object whose closing bracket is missing.
fn add_member(object: &mut String, key: &RawValue, value: &RawValue) {
    object.push(if object.is_empty() { '{' } else { ',' });
    object.push_str(key.get());
    object.push(':');
    object.push_str(value.get());
}

/// The names of the children.
struct Names {
    /// The names as JSON strings, in the order of the children.
    quoted: Vec<Box<str>>,
    places: HashMap<Box<str>, usize>,
}

impl Names {
    fn new(fields: &[FieldRef]) -> Self {
        let quote = |name: &str| {
            let mut quoted = Vec::new();
            escape_into(name, &mut quoted);
            String::from_utf8_lossy(&quoted).into()
        };
        let names = fields.iter().map(|field| field.name().as_str());
        Self {
            quoted: names.clone().map(quote).collect(),
            places: names.map(Box::from).zip(0..).collect(),
        }
    }

    /// Returns the child whose name is the JSON string `quoted`, probably the one at `expected` or soon after.
    fn find(&self, quoted: &str, expected: usize) -> Option<usize> {
        let rest = self.quoted.get(expected..).unwrap_or_default();
        let mut candidates = rest.iter().take(TRIED_IN_ORDER);
        match candidates.position(|name| **name == *quoted) {
            Some(steps) => Some(expected + steps),
            None => self.places.get(&*name_of(quoted)).copied(),
        }
    }
}
