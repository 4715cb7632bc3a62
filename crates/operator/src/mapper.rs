//! Mappers: operators that change fields.

use coldpress_record::Edits;
use serde_json::Value;

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

/// The changes to one record: an edit script per declared field, fields that are set or removed, or an edit script of the
/// whole record.
#[derive(Debug, Default)]
pub struct Changes {
    edits: Vec<Edits>,
    /// The new values of fields; none = the field is removed.
    values: Vec<(usize, Option<Value>)>,
    /// What is changed in the record as a whole.
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

    /// The edit script of the operator's `field`-th declared field.
    pub fn field(&mut self, field: usize) -> &mut Edits {
        &mut self.edits[field]
    }

    /// Sets the operator's `field`-th declared field to a JSON value, whatever it was. Edits of the same field are lost.
    ///
    /// The operator has to declare this with [`Resolved::sets_values`](crate::Resolved::sets_values).
    pub fn set(&mut self, field: usize, value: impl Into<Value>) {
        self.edits[field].clear();
        self.values.push((field, Some(value.into())));
    }

    /// Removes the operator's `field`-th declared field. It has to be declared as for [`set`](Self::set).
    pub fn remove(&mut self, field: usize) {
        self.edits[field].clear();
        self.values.push((field, None));
    }

    /// The edit script of the whole record, as [`Record::whole`] gives it, for fields that cannot be declared. Where it is
    /// not empty, it must be the only change.
    ///
    /// What comes out has to be one JSON object. The operator has to declare this with
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
