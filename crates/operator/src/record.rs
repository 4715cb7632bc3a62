//! A record as an operator sees it.

use std::borrow::Cow;
use std::sync::Arc;

use coldpress_record::{Batch, FieldError, Origin, STATS_FIELD};

use crate::rounding::read_back;

/// One record of a batch, with the fields that the operator declared.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    batch: &'a Batch,
    row: usize,
    columns: &'a [usize],
    names: &'a [String],
    compat: bool,
}

/// The reason why an operator could not process a record. The record goes to quarantine with this message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(String);

impl RecordError {
    /// Makes an error with this message, which should name the field and say what is wrong with it.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl<'a> Record<'a> {
    pub(crate) fn new(
        batch: &'a Batch,
        row: usize,
        columns: &'a [usize],
        names: &'a [String],
        compat: bool,
    ) -> Self {
        Self {
            batch,
            row,
            columns,
            names,
            compat,
        }
    }

    /// Returns the text of the operator's `field`-th declared field.
    ///
    /// # Errors
    /// If the record lacks the field or it isn't a text; the message names the field.
    pub fn text(&self, field: usize) -> Result<&'a str, RecordError> {
        self.batch
            .text(self.columns[field], self.row)
            .map_err(|error| self.describe(field, error))
    }

    /// Returns the JSON text of the operator's `field`-th declared field as it came in; `None` if it is missing. A field of
    /// `__dj__stats__` is the statistic that an earlier filter computed.
    pub fn json(&self, field: usize) -> Option<Cow<'a, str>> {
        self.stat(field)
            .or_else(|| self.batch.json(self.columns[field], self.row))
    }

    /// Returns the statistic with the field's name, as JSON.
    fn stat(&self, field: usize) -> Option<Cow<'a, str>> {
        let path = self.names[field].strip_prefix(STATS_FIELD)?;
        let stats = self.batch.stats();
        let value = stats.get(stats.column(path.strip_prefix('.')?)?, self.row)?;
        let mut json = Vec::new();
        match self.compat {
            true => read_back(value).write_json(&mut json),
            false => value.write_json(&mut json),
        }
        String::from_utf8(json).ok().map(Cow::Owned)
    }

    /// Returns the result of `derive` for the text of the operator's `field`-th declared field, such as its words.
    ///
    /// It is called once for all operators of a chain that ask for the same type and `key`, as long as none of them changes the
    /// text. The `key` distinguishes different ways of deriving the same type: hash all parameters that `derive` depends on into
    /// it.
    ///
    /// # Errors
    /// As for [`text`](Self::text).
    pub fn derived<T: Send + Sync + 'static>(
        &self,
        field: usize,
        key: u64,
        derive: impl FnOnce(&str) -> T,
    ) -> Result<Arc<T>, RecordError> {
        self.batch
            .derived(self.columns[field], self.row, key, derive)
            .map_err(|error| self.describe(field, error))
    }

    /// Returns the whole record as JSON in its current state, including fields that no operator declared. It costs a copy of the
    /// record.
    ///
    /// The operator has to declare this with [`Resolved::whole_records`](crate::Resolved::whole_records), because its result then
    /// depends on every field.
    pub fn whole(&self) -> String {
        self.batch.record(self.row)
    }

    /// Returns the record's place in the dataset.
    pub fn origin(&self) -> &'a Origin {
        self.batch.origin(self.row)
    }

    #[cold]
    fn describe(&self, field: usize, error: FieldError) -> RecordError {
        RecordError::new(format!("field `{}` {error}", self.names[field]))
    }
}
