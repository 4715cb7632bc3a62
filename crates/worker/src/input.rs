//! Where the records of an attempt come from: its slice, or what an earlier attempt made of it.

mod delta;
mod earlier;
mod lines;
mod table;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::{CheckpointStore, DeltaBase, Manifest};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Origin, Reject, Unreadable};

use crate::attempt::{Assignment, Start};
use crate::error::AttemptError;
use crate::tee::Base;
use delta::DeltaInput;
use earlier::EarlierInput;
use lines::LinesInput;
use table::TableInput;

/// The records of a partition, batch by batch.
pub(crate) enum Input {
    Lines(Box<LinesInput>),
    Table(Box<TableInput>),
    Delta(Box<DeltaInput>),
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
    /// What could not be read at all: a torn last line, lost parts.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Input {
    /// Opens the best start from the `first`-th on that is good, and says which it is; the reasons why others were not go
    /// to `set_aside`. The slice itself counts as the last.
    pub(crate) fn open(
        work: Assignment<'_>,
        first: usize,
        store: &dyn CheckpointStore,
        set_aside: &mut Vec<String>,
    ) -> Result<(Self, usize), AttemptError> {
        for (at, start) in work.attempt.starts.iter().enumerate().skip(first) {
            match Self::open_start(work, start, store) {
                Ok(input) => return Ok((input, at)),
                // A slice that is not what was planned is no matter of the checkpoint, and neither is an obstacle.
                Err(error) if error.is_of_every_start() => return Err(error),
                Err(error) => set_aside.push(error.message),
            }
        }
        if !work.attempt.from_input {
            let message = "no checkpoint is good and the recipe forbids to start over; set \
                           `recovery.restart_from_beginning_if_no_checkpoint: true` or run with `--fresh`";
            return Err(AttemptError::new(
                coldpress_failure::ErrorClass::Config,
                message,
            ));
        }
        Ok((Self::open_slice(work)?, work.attempt.starts.len()))
    }

    fn open_slice(work: Assignment<'_>) -> Result<Self, AttemptError> {
        Ok(match work.source.is_columnar() {
            true => Self::Table(Box::new(TableInput::open(work)?)),
            false => Self::Lines(Box::new(LinesInput::open(work)?)),
        })
    }

    fn open_start(
        work: Assignment<'_>,
        start: &Start,
        store: &dyn CheckpointStore,
    ) -> Result<Self, AttemptError> {
        let input = match start {
            Start::Delta { operation, files } => {
                let delta = DeltaInput::open(work, *operation, files, store)?;
                Self::Delta(Box::new(delta))
            }
            _ => Self::Earlier(Box::new(EarlierInput::open(work, start, store)?)),
        };
        // What is taken over besides rows must be whole too.
        let manifest = input.manifest().into_iter();
        for manifest in manifest {
            let dropped = manifest.dropped.iter().flatten().map(|rows| &rows.file);
            let dropped = dropped.filter(|_| work.spec.keep_dropped);
            let mut taken = manifest.quarantine.iter().chain(dropped);
            taken.try_for_each(|file| file.verify(&work.spec.job_dir))?;
        }
        Ok(input)
    }

    /// What is known of the work done before: where it ended and its counts.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Lines(_) | Self::Table(_) => None,
            Self::Delta(delta) => Some(delta.manifest()),
            Self::Earlier(rows) => Some(rows.manifest()),
        }
    }

    /// Where checkpoints of this attempt go on from.
    pub(crate) fn base(&self, work: Assignment<'_>) -> Base {
        match self {
            Self::Lines(_) | Self::Table(_) => Base::Slice(DeltaBase {
                operation: 0,
                chain: work.attempt.chain[0].to_string(),
                files: Vec::new(),
            }),
            Self::Delta(delta) => Base::Slice(delta.base()),
            Self::Earlier(_) => Base::Rows,
        }
    }

    /// The schema of the rows that the batches carry, if they do.
    pub(crate) fn schema(&self) -> Option<SchemaRef> {
        match self {
            Self::Lines(_) => None,
            Self::Table(table) => Some(table.schema()),
            Self::Delta(delta) => delta.schema(),
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
            Self::Delta(delta) => delta.next(batch, chain),
            Self::Earlier(rows) => rows.next(batch, chain).map_err(AttemptError::of_start),
        }
    }

    /// Checks, at the end, that everything read is what was planned.
    pub(crate) fn finish(self, work: Assignment<'_>) -> Result<(), AttemptError> {
        match self {
            Self::Lines(lines) => lines.finish(work),
            Self::Table(table) => table.finish(work),
            Self::Delta(delta) => delta.finish(work),
            Self::Earlier(rows) => rows.finish().map_err(AttemptError::of_start),
        }
    }
}
