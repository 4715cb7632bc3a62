//! Mappers: operators that change fields.

use coldpress_record::Edits;

use crate::record::{Record, RecordError};

/// Changes fields of one record at a time.
///
/// An instance serves one thread and may keep scratch memory from record to record, but what it does to a record
/// must not depend on the records before it. After a panic the instance is thrown away and built anew.
pub trait Mapper: Send {
    /// Says in `changes` what becomes of the record's declared fields; no change leaves the record as it is.
    ///
    /// # Errors
    /// An error sends this record to quarantine; `changes` is then ignored.
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError>;
}

/// The changes to one record: an edit script per declared field.
#[derive(Debug, Default)]
pub struct Changes {
    edits: Vec<Edits>,
}

impl Changes {
    pub(crate) fn for_fields(count: usize) -> Self {
        Self {
            edits: vec![Edits::default(); count],
        }
    }

    /// The edit script of the operator's `field`-th declared field.
    pub fn field(&mut self, field: usize) -> &mut Edits {
        &mut self.edits[field]
    }

    pub(crate) fn clear(&mut self) {
        self.edits.iter_mut().for_each(Edits::clear);
    }

    pub(crate) fn edits(&self) -> &[Edits] {
        &self.edits
    }
}
