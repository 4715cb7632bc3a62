//! Segments: the operators between two checkpoints, and what is set aside there.

use std::ops::Range;

use coldpress_checkpoint::Manifest;
use coldpress_operator::Quarantined;
use coldpress_record::{Origin, Reject};

use crate::attempt::Assignment;
use crate::dropped::DroppedWriter;
use crate::error::AttemptError;
use crate::quarantine::{QuarantineEntry, QuarantineWriter};

/// The operators from one checkpoint to the next.
///
/// Each has a quarantine file of its own: who goes on from the checkpoint behind it keeps that file, and gets what
/// later operators fail on anew.
pub(crate) struct Segment<'a> {
    work: Assignment<'a>,
    pub(crate) operators: Range<usize>,
    /// Which checkpoint of the attempt is wanted after it, if one is.
    pub(crate) point: Option<usize>,
    quarantine: QuarantineWriter,
    dropped: DroppedWriter,
    marks: Vec<u64>,
    /// Records of this segment in quarantine before each mark.
    error_marks: Vec<u64>,
}

impl<'a> Segment<'a> {
    /// The segments from behind `first` operators to behind `last`. Records that are not of the slice, because an operator
    /// `places` them, are before none of its marks.
    pub(crate) fn of(work: Assignment<'a>, first: usize, last: usize, places: bool) -> Vec<Self> {
        let marks = match places {
            true => Vec::new(),
            false => work.attempt.slice.marks.clone(),
        };
        let mut segments = Vec::new();
        let mut start = first;
        for point in work.attempt.checkpoints.iter().map(|point| *point as usize) {
            if point > first && point <= last {
                segments.push(Self::new(work, start..point, Some(segments.len()), &marks));
                start = point;
            }
        }
        if start < last || segments.is_empty() {
            segments.push(Self::new(work, start..last, None, &marks));
        }
        segments
    }

    /// The numbers of operators after which a checkpoint is wanted.
    pub(crate) fn points(segments: &[Self]) -> Vec<u32> {
        let points = segments.iter().filter(|segment| segment.point.is_some());
        points.map(|segment| segment.operators.end as u32).collect()
    }

    fn new(
        work: Assignment<'a>,
        operators: Range<usize>,
        point: Option<usize>,
        marks: &[u64],
    ) -> Self {
        let suffix = format!(".op{:03}.jsonl", operators.start);
        let name = work.attempt.name().suffix(&suffix);
        Self {
            work,
            operators,
            point,
            quarantine: QuarantineWriter::new(work.stores, name),
            dropped: DroppedWriter::new(work.stores, work.attempt.name()),
            error_marks: vec![0; marks.len()],
            marks: marks.to_vec(),
        }
    }

    pub(crate) fn reject(&mut self, reject: Reject) -> Result<(), AttemptError> {
        self.count(&reject.origin.clone());
        let entry = QuarantineEntry::rejected(&self.work.source.identity.path, reject);
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
            &self.work.source.identity.path,
            origin,
            length,
            error,
        ))
    }

    pub(crate) fn fail(&mut self, failed: Quarantined) -> Result<(), AttemptError> {
        self.count(&failed.origin);
        let source = self.work.source_of(&failed.origin);
        let entry = QuarantineEntry::failed(&source.identity.path, failed);
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
    pub(crate) fn finish(self, manifest: &mut Manifest) -> Result<(), AttemptError> {
        manifest.quarantine.extend(self.quarantine.finish()?);
        if let Some(dropped) = &mut manifest.dropped {
            dropped.extend(self.dropped.finish()?);
        }
        manifest
            .error_marks
            .iter_mut()
            .zip(self.error_marks)
            .for_each(|(sum, errors)| *sum += errors);
        manifest.operation = self.operators.end as u32;
        Ok(())
    }
}
