//! A slice of a columnar file.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use coldpress_dataset::{Error, TableFile, TableRows, TableStream, Touched};
use coldpress_operator::Chain;
use coldpress_partition::verify_slices;
use coldpress_record::Batch;

use super::Found;
use crate::attempt::Attempt;
use crate::error::AttemptError;

/// The rows of a slice.
pub(crate) struct TableInput {
    schema: SchemaRef,
    stream: TableStream,
    source: u32,
    next_row: u64,
    max_record_bytes: u64,
}

impl TableInput {
    pub(super) fn open(attempt: &Attempt) -> Result<Self, AttemptError> {
        check_unchanged(attempt)?;
        let slice = &attempt.partition.slice;
        let file = TableFile::open(&attempt.source).map_err(changed_or_failed)?;
        Ok(Self {
            schema: file.schema().clone(),
            stream: file.stream(slice.start..slice.end)?,
            source: slice.source,
            next_row: slice.start,
            max_record_bytes: attempt.max_record_bytes,
        })
    }

    pub(super) fn schema(&self) -> SchemaRef {
        self.schema.clone()
    }

    pub(super) fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        let Some(rows) = self.stream.next_rows()? else {
            return Ok(false);
        };
        found.records = rows.num_rows() as u64;
        let positions = self.next_row..self.next_row + found.records;
        let rows = Arc::new(TableRows::new(rows));
        rows.fill(batch, self.source, positions, chain.fields());
        rows.note_fields(batch.seen_mut(), self.source, self.next_row);
        self.next_row += found.records;
        self.set_aside_long_rows(batch, found);
        chain.begin(batch);
        Ok(true)
    }

    /// Rows whose declared fields are longer than a record may be.
    fn set_aside_long_rows(&self, batch: &mut Batch, found: &mut Found) {
        let long = |row: &usize| batch.held_bytes(*row) > self.max_record_bytes;
        let long: Vec<usize> = (0..batch.rows()).filter(long).collect();
        for row in &long {
            let length = batch.held_bytes(*row);
            found.too_long.push((batch.origin(*row).clone(), length));
        }
        if !long.is_empty() {
            batch.retain(|row| !long.contains(&row));
        }
    }

    /// What was read is what was planned if the file is still the same.
    pub(super) fn finish(self, attempt: &Attempt) -> Result<(), AttemptError> {
        check_unchanged(attempt)
    }
}

/// A file that was written to since it was planned is hashed again.
fn check_unchanged(attempt: &Attempt) -> Result<(), AttemptError> {
    let source = &attempt.source;
    let slice = &attempt.partition.slice;
    let checked = match source.check_unchanged() {
        Ok(Touched::Touched) => verify_slices(source, &[slice], attempt.max_record_bytes),
        other => other.map(drop),
    };
    checked.map_err(changed_or_failed)
}

fn changed_or_failed(error: Error) -> AttemptError {
    match error {
        Error::Changed { .. } => AttemptError::input_changed(error.to_string()),
        error => error.into(),
    }
}
