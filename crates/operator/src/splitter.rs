//! Splitters: operators that make several records of one.

use crate::record::{Record, RecordError};

/// Makes any number of records of one; the other fields are copied to each.
///
/// A record without children is dropped. An instance serves one thread.
pub trait Splitter: Send {
    /// Adds the texts of the record's first declared field that its children get.
    ///
    /// # Errors
    /// An error sends this record to quarantine; its children are then ignored.
    fn split(&mut self, record: &Record<'_>, children: &mut Children) -> Result<(), RecordError>;
}

/// The children of one record, in order.
#[derive(Debug, Default)]
pub struct Children {
    texts: Vec<String>,
}

impl Children {
    /// Adds a child with this text.
    pub fn push(&mut self, text: impl Into<String>) {
        self.texts.push(text.into());
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = String> {
        self.texts.drain(..)
    }

    pub(crate) fn clear(&mut self) {
        self.texts.clear();
    }
}
