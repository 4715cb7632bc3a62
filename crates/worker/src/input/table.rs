//! A slice of a columnar file.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::Manifest;
use coldpress_dataset::{Error, KnownParts, TableFile, TableRows, TableStream};
use coldpress_operator::Chain;
use coldpress_partition::verify_slices;
use coldpress_record::{Batch, Reject};

use super::drawing::Drawing;
use super::records::{Found, Records};
use super::suffix::add_suffixes;
use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::tee::Base;

/// The rows of a slice.
pub(super) struct TableInput<'a> {
    work: Assignment<'a>,
    file: Arc<TableFile>,
    schema: SchemaRef,
    stream: TableStream,
    next_row: u64,
    /// What is drawn; none = all rows.
    drawing: Option<Drawing>,
}

impl<'a> TableInput<'a> {
    pub(super) fn open(
        work: Assignment<'a>,
        drawing: Option<Drawing>,
    ) -> Result<Self, AttemptError> {
        let slice = &work.attempt.slice;
        if slice.metadata.is_none() {
            verify(work)?;
        }
        let memory = work.spec.table_memory_bytes;
        let file = match work.last_table.open(slice.source, work.source, memory) {
            // It could be opened when it was planned.
            Err(Error::DamagedTable { .. }) => return Err(changed(work)),
            opened => opened.map_err(changed_or_failed)?,
        };
        let is_other = |planned| planned != file.metadata_digest();
        if slice.metadata.is_some_and(is_other) || slice.end > file.rows() {
            return Err(changed(work));
        }
        Ok(Self {
            schema: file.schema().clone(),
            stream: file
                .stream(slice.start..slice.end)
                .map_err(changed_or_failed)?,
            file,
            work,
            next_row: slice.start,
            drawing,
        })
    }

    /// Returns which rows of the batch are drawn; none = all.
    fn drawn_rows(&mut self, rows: usize) -> Option<Vec<bool>> {
        let drawing = self.drawing.as_mut()?;
        Some((0..rows).map(|_| drawing.takes_next()).collect())
    }

    /// Rows with a text that is not UTF-8, as lines of JSON with such bytes are.
    fn set_aside_bad_rows(
        &self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
        is_drawn: impl Fn(usize) -> bool,
    ) {
        let bad = self.stream.bad_rows();
        if bad.is_empty() {
            return;
        }
        let mut reasons: BTreeMap<usize, String> = BTreeMap::new();
        for (row, reason) in bad.iter().filter(|(row, _)| is_drawn(*row)) {
            let known = reasons.entry(*row).or_default();
            let separator = if known.is_empty() { "" } else { ", " };
            known.push_str(&format!("{separator}{reason}"));
        }
        for (row, reason) in &reasons {
            let mut bytes = Vec::new();
            batch.write_record(*row, chain.fields(), &mut bytes);
            bytes.pop_if(|last| *last == b'\n');
            found.rejects.push(Reject {
                origin: batch.origin(*row).clone(),
                reason: format!("{reason}; the invalid bytes are shown as replacement characters"),
                bytes,
                incomplete: false,
                lost: false,
            });
        }
        batch.retain(|row| !reasons.contains_key(&row));
    }

    /// Rows whose declared fields are longer than a record may be.
    fn set_aside_long_rows(
        &self,
        batch: &mut Batch,
        found: &mut Found,
        is_drawn: impl Fn(usize) -> bool,
    ) {
        let longest = self.work.spec.max_record_bytes;
        let long = |row: &usize| is_drawn(*row) && batch.held_bytes(*row) > longest;
        let long: Vec<usize> = (0..batch.rows()).filter(long).collect();
        for row in &long {
            let length = batch.held_bytes(*row);
            found.too_long.push((batch.origin(*row).clone(), length));
        }
        if !long.is_empty() {
            batch.retain(|row| !long.contains(&row));
        }
    }

    /// Returns whether the file has other bytes than were planned, where the plan tells.
    fn is_changed(&self) -> Result<bool, AttemptError> {
        let slice = &self.work.attempt.slice;
        if slice.metadata.is_none() {
            return Ok(false);
        }
        let (rows, mut known) = (slice.start..slice.end, KnownParts::default());
        let found = self.file.digest_of_rows(rows, &mut known);
        Ok(found.map_err(changed_or_failed)? != slice.digest)
    }
}

impl Records for TableInput<'_> {
    fn manifest(&self) -> Option<&Manifest> {
        None
    }

    fn base(&self) -> Base {
        Base::slice(self.work)
    }

    fn schema(&self) -> Option<SchemaRef> {
        Some(self.schema.clone())
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        let rows = match self.stream.next_rows() {
            Ok(Some(rows)) => rows,
            Ok(None) => return Ok(false),
            // Damage that was not there when the slice was planned is a change.
            Err(error @ Error::DamagedTable { .. }) => {
                return Err(match self.is_changed()? {
                    true => changed(self.work),
                    false => error.into(),
                });
            }
            Err(error) => return Err(changed_or_failed(error)),
        };
        found.records = rows.num_rows() as u64;
        let positions = self.next_row..self.next_row + found.records;
        let rows = Arc::new(TableRows::new(rows));
        let source = self.work.attempt.slice.source;
        rows.fill(batch, source, positions, chain.fields());
        rows.note_fields(batch.seen_mut(), source, self.next_row);
        self.next_row += found.records;
        let drawn = self.drawn_rows(batch.rows());
        if let Some(drawn) = &drawn {
            batch.retain(|row| drawn[row]);
            found.not_sampled = found.records - batch.selection().len() as u64;
        }
        let is_drawn = |row: usize| drawn.as_ref().is_none_or(|drawn| drawn[row]);
        self.set_aside_bad_rows(batch, chain, found, is_drawn);
        self.set_aside_long_rows(batch, found, is_drawn);
        chain.begin(batch);
        add_suffixes(batch, chain, self.work.source);
        Ok(true)
    }

    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        let slice = &self.work.attempt.slice;
        if slice.metadata.is_none() {
            return verify(self.work);
        }
        let read = self.stream.finish().map_err(changed_or_failed)?;
        match read == slice.digest {
            true => Ok(()),
            false => Err(changed(self.work)),
        }
    }
}

/// Hashes the slice again. The digests of earlier releases do not say what is to be hashed while rows are read.
fn verify(work: Assignment<'_>) -> Result<(), AttemptError> {
    let slice = &work.attempt.slice;
    verify_slices(work.source, &[slice], work.spec.max_record_bytes).map_err(changed_or_failed)
}

fn changed(work: Assignment<'_>) -> AttemptError {
    let slice = &work.attempt.slice;
    changed_or_failed(Error::Changed {
        path: work.source.identity.path.clone(),
        what: format!("{} are others", slice.describe(work.source)),
    })
}

fn changed_or_failed(error: Error) -> AttemptError {
    match error {
        Error::Changed { .. } => AttemptError::input_changed(error.to_string()),
        error => error.into(),
    }
}
