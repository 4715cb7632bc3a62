//! Where the records of an attempt come from: its slice, or what an earlier attempt made of it.

mod earlier;
mod lines;
mod table;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{CheckpointStore, Manifest};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Origin, Reject, Unreadable};

use crate::attempt::Attempt;
use crate::error::AttemptError;
use earlier::EarlierInput;
use lines::LinesInput;
use table::TableInput;

/// The records of a partition, batch by batch.
pub(crate) enum Input {
    Lines(Box<LinesInput>),
    Table(Box<TableInput>),
    Earlier(Box<EarlierInput>),
}

/// What the input had besides the records of a batch.
#[derive(Default)]
pub(crate) struct Found {
    /// Records of the slice that the batch was made of; 0 for rows of an earlier attempt.
    pub(crate) records: u64,
    /// Lines that are no records.
    pub(crate) rejects: Vec<Reject>,
    /// Records too long to hold: origin and length.
    pub(crate) too_long: Vec<(Origin, u64)>,
    /// A torn last line.
    pub(crate) torn: Option<Unreadable>,
}

impl Input {
    /// Opens the best start that is good; the reasons why others were not go to `set_aside`.
    pub(crate) fn open(
        attempt: &Attempt,
        store: &dyn CheckpointStore,
        set_aside: &mut Vec<String>,
    ) -> Result<Self, AttemptError> {
        for start in &attempt.starts {
            match EarlierInput::open(attempt, start, store) {
                Ok(rows) => return Ok(Self::Earlier(Box::new(rows))),
                Err(error) => set_aside.push(error.message),
            }
        }
        if !attempt.from_input {
            let message = "no checkpoint is good and the recipe forbids to start over; set \
                           `recovery.restart_from_beginning_if_no_checkpoint: true` or run with `--fresh`";
            return Err(AttemptError::new(
                coldpress_failure::ErrorClass::Config,
                message,
            ));
        }
        Ok(match attempt.source.is_columnar() {
            true => Self::Table(Box::new(TableInput::open(attempt)?)),
            false => Self::Lines(Box::new(LinesInput::open(attempt)?)),
        })
    }

    /// What is known of the work done before: where it ended and its counts.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Lines(_) | Self::Table(_) => None,
            Self::Earlier(rows) => Some(rows.manifest()),
        }
    }

    /// The schema of the rows that the batches carry, if they do.
    pub(crate) fn schema(&self) -> Option<SchemaRef> {
        match self {
            Self::Lines(_) => None,
            Self::Table(table) => Some(table.schema()),
            Self::Earlier(rows) => rows.schema(),
        }
    }

    /// Whether the records are read from the slice itself.
    pub(crate) fn is_slice(&self) -> bool {
        matches!(self, Self::Lines(_) | Self::Table(_))
    }

    /// Fills `batch` with the next records and begins their statistics; `false` at the end.
    pub(crate) fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        *found = Found::default();
        match self {
            Self::Lines(lines) => lines.next(batch, chain, found),
            Self::Table(table) => table.next(batch, chain, found),
            Self::Earlier(rows) => rows.next(batch, chain),
        }
    }

    /// Checks, at the end, that everything read is what was planned.
    pub(crate) fn finish(self, attempt: &Attempt) -> Result<(), AttemptError> {
        match self {
            Self::Lines(lines) => lines.finish(attempt),
            Self::Table(table) => table.finish(attempt),
            Self::Earlier(rows) => rows.finish(),
        }
    }
}
