//! Splitters: operators that make several records out of one.

use serde_json::Value;

use crate::record::{Record, RecordError};

/// Makes any number of records out of one. The other fields are copied to each.
///
/// A record without children is dropped. An instance serves one thread.
///
/// A splitter that declares no fields, but declares that it [sets values](crate::Resolved::sets_values), makes whole records
/// instead of texts: each child is one JSON object on one line.
pub trait Splitter: Send {
    /// Adds children with the texts for the record's first declared field, and sets other declared fields of them.
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

/// A field that a child gets in addition to its text.
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

    /// Sets the operator's `field`-th declared field of the last child to a JSON value, replacing any value. Before the first
    /// child, it does nothing.
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

    /// Writes a line beside the export. The lines are in the order of their records. `json` is one JSON value. The line is
    /// discarded if the operator fails on the record.
    ///
    /// The operator has to declare the file with [`Resolved::writes_aside`](crate::Resolved::writes_aside).
    pub fn set_aside(&mut self, json: &str) {
        // In JSON, line breaks between tokens are blanks, and those within texts are written as `\n`.
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
