//! What an attempt sees of its input, whichever kind it is.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::Manifest;
use coldpress_operator::Chain;
use coldpress_record::{Batch, Origin, Reject, Unreadable};

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::tee::Base;

/// The records of a partition, batch by batch.
pub(crate) trait Records {
    /// Returns what is known of the work that an earlier attempt did: where it ended and its counts. None of the
    /// slice itself.
    fn manifest(&self) -> Option<&Manifest>;

    /// Returns where checkpoints of this attempt go on from.
    fn base(&self) -> Base;

    /// The file in which records lie as they are read, at the positions of their lines; none where they lie nowhere so.
    fn text(&self) -> Option<&Path> {
        None
    }

    /// The schema of the rows that the batches carry, if they do.
    fn schema(&self) -> Option<SchemaRef>;

    /// Fills `batch` with the next records and begins their statistics; `false` at the end. What else it comes across
    /// goes to `found`, which is empty before.
    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError>;

    /// Checks, at the end, that everything read is what was planned. Before that nothing that was read may be published.
    fn finish(self: Box<Self>) -> Result<(), AttemptError>;
}

/// What the input had besides the records of a batch.
#[derive(Default)]
pub(crate) struct Found {
    /// Records of the slice that the batch was made of; 0 for rows of an earlier attempt.
    pub(crate) records: u64,
    /// Records that were left out because they have no text.
    pub(crate) without_text: u64,
    /// Records that were left out because they were not drawn.
    pub(crate) not_sampled: u64,
    /// Lines that are not records.
    pub(crate) rejects: Vec<Reject>,
    /// Records too long to hold: origin and length.
    pub(crate) too_long: Vec<(Origin, u64)>,
    /// What could not be read at all: a torn last line, lost parts.
    pub(crate) unreadable: Vec<Unreadable>,
}

impl Found {
    /// Returns how many records of the slice are not in the batch because they are not records or are too long.
    pub(crate) fn rejected(&self) -> u64 {
        (self.rejects.len() + self.too_long.len()) as u64
    }

    /// Their bytes.
    pub(crate) fn rejected_bytes(&self) -> u64 {
        let lengths = self.rejects.iter().map(|reject| reject.bytes.len() as u64);
        lengths
            .chain(self.too_long.iter().map(|(_, length)| *length))
            .sum()
    }

    /// Refuses the first record that cannot be read, for a recipe that wants none left out.
    pub(crate) fn refuse_unread(&self, work: Assignment<'_>) -> Result<(), AttemptError> {
        let rejects = self
            .rejects
            .iter()
            .map(|reject| (reject.origin.position, reject.reason.clone()));
        let limit = work.spec.max_record_bytes;
        let too_long = self.too_long.iter().map(|(origin, length)| {
            let reason = format!(
                "the record is longer than `max_record_mb` ({length} bytes, limit {limit})"
            );
            (origin.position, reason)
        });
        let lost = self
            .unreadable
            .iter()
            .map(|part| (part.start, part.reason.clone()));
        let Some((position, reason)) = rejects.chain(too_long).chain(lost).min() else {
            return Ok(());
        };
        let path = work.source.path.display();
        let unit = match work.source.is_columnar() {
            true => "row",
            false => "byte",
        };
        Err(AttemptError::strict(format!(
            "`{path}` at {unit} {position}: {reason}; `load_jsonl_lenient: true` puts such records in quarantine"
        )))
    }
}
