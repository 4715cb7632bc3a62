//! Mappers: operators that change fields.

use coldpress_record::Edits;
use serde_json::Value;

use crate::record::{Record, RecordError};

/// Changes fields of one record at a time.
///
/// An instance serves one thread and may keep scratch memory from record to record, but its changes to a record must not depend on
/// the records before. After a panic the instance is discarded and built anew.
pub trait Mapper: Send {
    /// Puts the changes to the record's declared fields into `changes`. Without changes, the record stays as it is.
    ///
    /// # Errors
    /// An error sends this record to quarantine; `changes` is then ignored.
    fn map(&mut self, record: &Record<'_>, changes: &mut Changes) -> Result<(), RecordError>;
}

/// The changes to one record: an edit script per declared field, fields that are set or removed, or an edit script of the
/// whole record.
#[derive(Debug, Default)]
pub struct Changes {
    edits: Vec<Edits>,
    /// The new values of fields; `None` removes the field.
    values: Vec<(usize, Option<Value>)>,
    /// The edits of the record as a whole.
    whole: Edits,
}

impl Changes {
    pub(crate) fn for_fields(count: usize) -> Self {
        Self {
            edits: vec![Edits::default(); count],
            values: Vec::new(),
            whole: Edits::default(),
        }
    }

    /// Returns the edit script of the operator's `field`-th declared field.
    pub fn field(&mut self, field: usize) -> &mut Edits {
        &mut self.edits[field]
    }

    /// Sets the operator's `field`-th declared field to a JSON value, replacing any value. Edits of the same field are lost.
    ///
    /// The operator has to declare this with [`Resolved::sets_values`](crate::Resolved::sets_values).
    pub fn set(&mut self, field: usize, value: impl Into<Value>) {
        self.edits[field].clear();
        self.values.push((field, Some(value.into())));
    }

    /// Removes the operator's `field`-th declared field. The operator has to declare this as for [`set`](Self::set).
    pub fn remove(&mut self, field: usize) {
        self.edits[field].clear();
        self.values.push((field, None));
    }

    /// Returns the edit script of the whole record, as [`Record::whole`] returns it, for fields that cannot be declared. If the
    /// script is not empty, it must be the only change.
    ///
    /// The result has to be one JSON object. The operator has to declare this with
    /// [`Resolved::whole_records`](crate::Resolved::whole_records).
    pub fn whole(&mut self) -> &mut Edits {
        &mut self.whole
    }

    pub(crate) fn clear(&mut self) {
        self.edits.iter_mut().for_each(Edits::clear);
        self.values.clear();
        self.whole.clear();
    }

    pub(crate) fn of_whole(&self) -> &Edits {
        &self.whole
    }

    pub(crate) fn values(&self) -> &[(usize, Option<Value>)] {
        &self.values
    }

    pub(crate) fn edits(&self) -> &[Edits] {
        &self.edits
    }
}
