//! Splitters: operators that make several records of one.

use serde_json::Value;

use crate::record::{Record, RecordError};

/// Makes any number of records of one; the other fields are copied to each.
///
/// A record without children is dropped. An instance serves one thread.
///
/// A splitter that declares no fields at all, but that it [sets values](crate::Resolved::sets_values), gives whole records
/// instead of texts: each child is one JSON object on one line.
pub trait Splitter: Send {
    /// Adds the texts of the record's first declared field that its children get, and sets other declared fields of them.
    ///
    /// # Errors
    /// An error sends this record to quarantine; its children are then ignored.
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError>;
}

/// The children of one record, in order.
#[derive(Debug, Default)]
pub struct Children {
    texts: Vec<String>,
    values: Vec<ChildValue>,
    aside: Vec<u8>,
}

/// A field that a child gets besides its text.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ChildValue {
    /// The number of the child.
    pub(crate) child: usize,
    /// The number of the operator's declared field.
    pub(crate) field: usize,
    pub(crate) value: Value,
}

impl Children {
    /// Adds a child with this text.
    pub fn push(&mut self, text: impl Into<String>) {
        self.texts.push(text.into());
    }

    /// Sets the operator's `field`-th declared field of the child that was added last to a JSON value, whatever it was; it
    /// does nothing before there is a child.
    ///
    /// The operator has to declare this with [`Resolved::sets_values`](crate::Resolved::sets_values).
    pub fn set(&mut self, field: usize, value: impl Into<Value>) {
        if let Some(child) = self.texts.len().checked_sub(1) {
            let value = value.into();
            self.values.push(ChildValue {
                child,
                field,
                value,
            });
        }
    }

    /// Writes a line beside the export, where lines of all records are in the order of these; `json` is one JSON value. It does
    /// not count if the operator fails on the record.
    ///
    /// The operator has to declare where with [`Resolved::writes_aside`](crate::Resolved::writes_aside).
    pub fn set_aside(&mut self, json: &str) {
        // Line breaks are blanks between the tokens of JSON, and are written as `\n` within its texts.
        let bytes = json.bytes();
        self.aside.extend(bytes.map(|byte| match byte {
            b'\n' | b'\r' => b' ',
            byte => byte,
        }));
        self.aside.push(b'\n');
    }

    pub(crate) fn aside(&self) -> &[u8] {
        &self.aside
    }

    pub(crate) fn texts(&self) -> &[String] {
        &self.texts
    }

    pub(crate) fn values(&self) -> &[ChildValue] {
        &self.values
    }

    pub(crate) fn drain(
        &mut self,
    ) -> (
        impl Iterator<Item = String>,
        impl Iterator<Item = ChildValue>,
    ) {
        (self.texts.drain(..), self.values.drain(..))
    }

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
        self.values.clear();
        self.aside.clear();
    }
}
