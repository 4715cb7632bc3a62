//! A field with its column.

use std::fmt;

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use arrow::error::ArrowError;
use serde::Deserialize as _;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::{Fault, Trouble};
use super::list::List;
use super::object::Object;

/// The values of a column that becomes an array.
pub(super) trait Storage: Send {
    /// Adds a null, or a placeholder if an enclosing value is null. The only possible error is that there is no room.
    fn push_null(&mut self) -> Result<(), Trouble>;
    /// Returns the number of values.
    fn len(&self) -> usize;
    /// Drops all values except the first `len`, and anything left of an unfinished value.
    fn truncate(&mut self, len: usize);
    /// Returns about how many bytes the values take.
    fn bytes(&self) -> usize;
    /// Returns the values as an array and leaves none.
    fn finish(&mut self) -> Result<ArrayRef, ArrowError>;
}

/// A column that takes each value as a piece of JSON.
pub(super) trait Leaf: Storage {
    /// Adds a value that is valid JSON and not `null`. After an error, part of a value may be left.
    fn push(&mut self, json: &str) -> Result<(), Trouble>;
}

/// The column for the values of a field.
pub(super) enum Column {
    /// Values that are read in one step.
    Leaf(Box<dyn Leaf>),
    /// Structs, read key by key.
    Object(Object),
    /// Lists, read element by element.
    List(List),
}

impl Column {
    fn storage(&self) -> &dyn Storage {
        match self {
            Self::Leaf(leaf) => &**leaf,
            Self::Object(object) => object,
            Self::List(list) => list,
        }
    }

    fn storage_mut(&mut self) -> &mut dyn Storage {
        match self {
            Self::Leaf(leaf) => &mut **leaf,
            Self::Object(object) => object,
            Self::List(list) => list,
        }
    }
}

/// A field with its column.
pub(super) struct Child {
    field: FieldRef,
    column: Column,
}

impl Child {
    pub(super) fn new(field: FieldRef, column: Column) -> Self {
        Self { field, column }
    }

    pub(super) fn field(&self) -> &FieldRef {
        &self.field
    }

    pub(super) fn storage(&self) -> &dyn Storage {
        self.column.storage()
    }

    pub(super) fn storage_mut(&mut self) -> &mut dyn Storage {
        self.column.storage_mut()
    }

    /// Adds the value `json`, which is valid JSON. After an error, part of a value may be left.
    pub(super) fn push(&mut self, json: &str) -> Result<(), Box<Fault>> {
        if let Column::Leaf(leaf) = &mut self.column {
            if json != "null" {
                let pushed = leaf.push(json);
                return pushed.map_err(|trouble| Fault::of(trouble, &self.field, json));
            }
            return self.push_found_null("null");
        }
        let len = self.storage().len();
        match self.read(json) {
            Err(fault) if !fault.is_full() => {
                self.storage_mut().truncate(len);
                self.push_apart(json)
            }
            result => result,
        }
    }

    fn read(&mut self, json: &str) -> Result<(), Box<Fault>> {
        let mut fault = None;
        let mut parser = serde_json::Deserializer::from_str(json);
        let seed = Seed {
            child: self,
            fault: &mut fault,
        };
        seed.deserialize(&mut parser)
            .map_err(|_| fault.unwrap_or_else(|| Fault::misfit(&self.field, "a broken value")))
    }

    /// Adds a value that could not be read in one pass; see [`Object::push_apart`].
    fn push_apart(&mut self, json: &str) -> Result<(), Box<Fault>> {
        let pushed = match &mut self.column {
            Column::Leaf(leaf) => leaf.push(json),
            Column::Object(object) => object.push_apart(json),
            Column::List(list) => list.push_apart(json),
        };
        pushed.map_err(|trouble| Fault::of(trouble, &self.field, json))
    }

    /// Adds a null that the record has here, or has because the key is absent.
    pub(super) fn push_found_null(&mut self, found: &str) -> Result<(), Box<Fault>> {
        if !self.field.is_nullable() && *self.field.data_type() != DataType::Null {
            return Err(Fault::misfit(&self.field, found));
        }
        let pushed = self.storage_mut().push_null();
        pushed.map_err(|trouble| Fault::of(trouble, &self.field, found))
    }
}

/// Reads one value into a child. An error in the value, unlike one in the JSON, is left in `fault`.
pub(super) struct Seed<'a> {
    pub(super) child: &'a mut Child,
    pub(super) fault: &'a mut Option<Box<Fault>>,
}

impl Seed<'_> {
    fn settle<E: serde::de::Error>(self, result: Result<(), Box<Fault>>) -> Result<(), E> {
        result.map_err(|fault| {
            *self.fault = Some(fault);
            E::custom("")
        })
    }

    fn misfit<E: serde::de::Error>(self, found: &str) -> Result<(), E> {
        let fault = Fault::misfit(&self.child.field, found);
        self.settle(Err(fault))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match &self.child.column {
            Column::Leaf(_) => {
                let json = <&RawValue>::deserialize(deserializer)?.get();
                let pushed = self.child.push(json);
                self.settle(pushed)
            }
            Column::Object(_) | Column::List(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or a list")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        match &mut self.child.column {
            Column::Object(object) => object.take(map, self.fault),
            _ => self.misfit("an object"),
        }
    }

    fn visit_seq<A: SeqAccess<'de>>(self, elements: A) -> Result<(), A::Error> {
        let Column::List(list) = &mut self.child.column else {
            return self.misfit("a list");
        };
        let taken = list.take(elements, self.fault)?;
        let pushed = taken.map_err(|trouble| Fault::of(trouble, &self.child.field, "[]"));
        self.settle(pushed)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        let pushed = self.child.push_found_null("null");
        self.settle(pushed)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.misfit("a boolean")
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        self.misfit("a number")
    }

    fn visit_u64<E: serde::de::Error>(self, _: u64) -> Result<(), E> {
        self.misfit("a number")
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.misfit("a number")
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        self.misfit("text")
    }
}
