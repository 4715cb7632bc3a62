//! Segments: the operators between two checkpoints, and what is set aside there.

use std::ops::Range;

use coldpress_checkpoint::{CheckpointStore, Manifest};
use coldpress_operator::{Chain, Quarantined};
use coldpress_record::{Origin, Reject};

use crate::attempt::Attempt;
use crate::dropped::DroppedWriter;
use crate::error::AttemptError;
use crate::outcome::CheckpointOutcome;
use crate::output::CheckpointWriter;
use crate::quarantine::{QuarantineEntry, QuarantineWriter};

/// The operators from one checkpoint to the next.
///
/// Each has a quarantine file of its own: who goes on from the checkpoint behind it keeps that file, and gets what
/// later operators fail on anew.
pub(crate) struct Segment {
    pub(crate) operators: Range<usize>,
    checkpoint: Option<CheckpointWriter>,
    quarantine: QuarantineWriter,
    dropped: DroppedWriter,
    source_path: String,
    marks: Vec<u64>,
    /// Records of this segment in quarantine before each mark.
    error_marks: Vec<u64>,
}

impl Segment {
    /// The segments of a chain that begins behind `first` operators.
    pub(crate) fn of(
        attempt: &Attempt,
        first: usize,
        chain: &Chain,
        store: &dyn CheckpointStore,
    ) -> Result<Vec<Self>, AttemptError> {
        let mut segments = Vec::new();
        let mut start = first;
        for point in attempt
            .checkpoints
            .iter()
            .filter(|point| **point as usize > first)
        {
            let checkpoint = CheckpointWriter::create(attempt, *point, chain, store)?;
            segments.push(Self::new(attempt, start..*point as usize, Some(checkpoint)));
            start = *point as usize;
        }
        if start < chain.len() || segments.is_empty() {
            segments.push(Self::new(attempt, start..chain.len(), None));
        }
        Ok(segments)
    }

    fn new(
        attempt: &Attempt,
        operators: Range<usize>,
        checkpoint: Option<CheckpointWriter>,
    ) -> Self {
        let name = attempt.file_name(&format!(".op{:03}.jsonl", operators.start));
        let marks = attempt.partition.slice.marks.clone();
        Self {
            operators,
            checkpoint,
            quarantine: QuarantineWriter::new(&attempt.job_dir, &name),
            dropped: DroppedWriter::new(attempt),
            source_path: attempt.source.identity.path.clone(),
            error_marks: vec![0; marks.len()],
            marks,
        }
    }

    pub(crate) fn checkpoint(&mut self) -> Option<&mut CheckpointWriter> {
        self.checkpoint.as_mut()
    }

    pub(crate) fn reject(&mut self, reject: Reject) -> Result<(), AttemptError> {
        self.count(&reject.origin.clone());
        let entry = QuarantineEntry::rejected(&self.source_path, reject);
        self.quarantine.put(&entry)
    }

    pub(crate) fn reject_too_long(
        &mut self,
        origin: Origin,
        length: u64,
        limit: u64,
    ) -> Result<(), AttemptError> {
        self.count(&origin);
        let error = format!(
            "the record is longer than `max_record_mb` ({} bytes, limit {limit})",
            length
        );
        self.quarantine.put(&QuarantineEntry::unread(
            &self.source_path,
            origin,
            length,
            error,
        ))
    }

    pub(crate) fn fail(&mut self, failed: Quarantined) -> Result<(), AttemptError> {
        self.count(&failed.origin);
        let entry = QuarantineEntry::failed(&self.source_path, failed);
        self.quarantine.put(&entry)
    }

    /// Keeps lines that the filter at this place of the recipe dropped.
    pub(crate) fn drop_rows(&mut self, operation: u32, lines: &[u8]) -> Result<(), AttemptError> {
        self.dropped.put(operation, lines)
    }

    fn count(&mut self, origin: &Origin) {
        let behind = self
            .marks
            .iter()
            .zip(&mut self.error_marks)
            .filter(|(mark, _)| origin.position < **mark);
        behind.for_each(|(_, errors)| *errors += 1);
    }

    /// Makes the segment's files durable and adds to `manifest`, which says what is true behind the segment.
    pub(crate) fn finish(
        self,
        manifest: &mut Manifest,
    ) -> Result<Option<CheckpointOutcome>, AttemptError> {
        manifest.quarantine.extend(self.quarantine.finish()?);
        if let Some(dropped) = &mut manifest.dropped {
            dropped.extend(self.dropped.finish()?);
        }
        manifest
            .error_marks
            .iter_mut()
            .zip(self.error_marks)
            .for_each(|(sum, errors)| *sum += errors);
        self.checkpoint
            .map(|checkpoint| checkpoint.finish(manifest))
            .transpose()
    }
}
