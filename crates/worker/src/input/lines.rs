//! A slice of a text.

use std::path::Path;

use arrow::datatypes::SchemaRef;
use coldpress_checkpoint::Manifest;
use coldpress_dataset::{Block, LineStream};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Lines, Origin, Unreadable};
use coldpress_storage::Hasher;

use super::drawing::Drawing;
use super::records::{Found, Records};
use super::suffix::add_suffixes;
use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::tee::Base;

/// The records of a slice of a text, and the hash of what was read.
pub(super) struct LinesInput<'a> {
    work: Assignment<'a>,
    stream: LineStream,
    lines: Lines,
    hasher: Hasher,
    source: u32,
    /// Bytes so far of a record that is too long to hold.
    long: u64,
    /// Whether the source consists of several files.
    is_joined: bool,
    /// Whether the slice is what the planner left of it.
    is_fetched: bool,
    /// What is drawn; none = all records.
    drawing: Option<Drawing>,
    /// The position of a last line that is not drawn, while it may turn out to break off.
    undrawn: Option<u64>,
}

impl<'a> LinesInput<'a> {
    pub(super) fn open(
        work: Assignment<'a>,
        drawing: Option<Drawing>,
    ) -> Result<Self, AttemptError> {
        let slice = &work.attempt.slice;
        let mut is_fetched = false;
        let stream = match &slice.copy {
            Some(copy) => {
                let copied = work.stores.object(copy);
                match LineStream::open_copy(&copied, slice.start, work.spec.max_record_bytes) {
                    Err(coldpress_dataset::Error::Storage(error)) if error.is_not_found() => {
                        return Err(AttemptError::damaged_copy(copy, "is gone"));
                    }
                    opened => opened?,
                }
            }
            None => match fetched_of(work) {
                Some(stream) => {
                    is_fetched = true;
                    stream
                }
                None => LineStream::open_at(
                    work.source,
                    slice.start,
                    slice.seek,
                    Some(slice.end),
                    work.spec.max_record_bytes,
                )?,
            },
        };
        let is_joined = work.source.is_joined() && slice.copy.is_none();
        let mut stream = stream;
        if is_joined {
            stream.track_seeks();
        }
        Ok(Self {
            work,
            stream,
            lines: Lines::new(slice.source),
            hasher: Hasher::new(),
            source: slice.source,
            long: 0,
            is_joined,
            is_fetched,
            drawing,
            undrawn: None,
        })
    }

    /// Leaves out the lines that are not drawn, before anyone looks into them.
    fn draw_lines(&mut self, found: &mut Found) {
        let Some(drawing) = &mut self.drawing else {
            return;
        };
        let before = self.lines.records.len();
        let unterminated = self.stream.unterminated();
        // A part that is lost is reported whatever is drawn, and so is a last line that breaks off.
        self.lines.retain(|line, is_lost| {
            if is_lost || drawing.takes_next() {
                return true;
            }
            self.undrawn = unterminated.filter(|position| *position == line.position);
            self.undrawn.is_some()
        });
        found.not_sampled += (before - self.lines.records.len()) as u64;
    }

    /// Leaves out the last line if it is not drawn, once it was found to be whole.
    fn leave_out_undrawn(&mut self, batch: &mut Batch, found: &mut Found) {
        let Some(position) = self.undrawn.take() else {
            return;
        };
        if found.unreadable.iter().any(|torn| torn.start == position) {
            return;
        }
        found.not_sampled += 1;
        found
            .rejects
            .retain(|reject| reject.origin.position != position);
        let mut rows = batch.selection().iter().map(|row| *row as usize);
        let undrawn = rows.rfind(|row| batch.origin(*row).position == position);
        batch.retain(|row| Some(row) != undrawn);
    }

    /// Takes in the end of a record that is too long to hold.
    fn end_long_record(&mut self, position: u64, found: &mut Found) {
        found.records = 1;
        if self
            .drawing
            .as_mut()
            .is_some_and(|drawing| !drawing.takes_next())
        {
            found.not_sampled += 1;
            return;
        }
        // The line end is no part of the record.
        let bytes = self.lines.bytes.iter().rev();
        let line_end = bytes.take_while(|byte| matches!(byte, b'\n' | b'\r'));
        let length = self.long - line_end.take(2).count() as u64;
        let origin = Origin::new(self.source, position);
        found.too_long.push((origin, length));
    }

    /// Names the files that rejected lines are in, where the source consists of several.
    fn name_files(&mut self, found: &mut Found) {
        if !self.is_joined {
            return;
        }
        for reject in found.rejects.iter_mut().filter(|reject| !reject.lost) {
            let seek = self.stream.seek_of(reject.origin.position);
            let file = seek.and_then(|seek| self.work.source.member_at(seek)?.file_name());
            if let Some(file) = file {
                reject.reason = format!("`{}`: {}", file.to_string_lossy(), reject.reason);
            }
        }
    }

    /// Lines that stand for a lost part are no records either, and what they stand for may have been many.
    fn find_lost(&self, found: &mut Found) {
        for lost in found.rejects.extract_if(.., |reject| reject.lost) {
            found.records -= 1;
            found.unreadable.push(Unreadable {
                source: self.source,
                start: lost.origin.position,
                length: 0,
                reason: lost.reason,
            });
        }
    }

    /// A last line that no line end follows and whose JSON breaks off is what a torn write leaves: no record.
    fn find_torn(&self, found: &mut Found) {
        let unterminated = self.stream.unterminated();
        let torn = found
            .rejects
            .pop_if(|last| last.incomplete && Some(last.origin.position) == unterminated);
        if let Some(torn) = torn {
            found.records -= 1;
            found.unreadable.push(Unreadable {
                source: self.source,
                start: torn.origin.position,
                length: torn.bytes.len() as u64,
                reason: format!("the last line breaks off: {}", torn.reason),
            });
        }
    }
}

/// What the planner left of the slice of a source behind a URL.
fn fetched_of(work: Assignment<'_>) -> Option<LineStream> {
    let fetched = work.spec.fetched.as_ref()?;
    let partition = work.attempt.task.partition;
    fetched.open(partition, &work.attempt.slice, work.spec.max_record_bytes)
}

impl Records for LinesInput<'_> {
    fn manifest(&self) -> Option<&Manifest> {
        None
    }

    fn base(&self) -> Base {
        Base::slice(self.work)
    }

    fn text(&self) -> Option<&Path> {
        let is_copy = self.work.attempt.slice.copy.is_some();
        let source = self.work.source;
        let file = source.path.citable();
        file.filter(|_| source.is_addressable() && !is_copy)
    }

    fn schema(&self) -> Option<SchemaRef> {
        None
    }

    fn next(
        &mut self,
        batch: &mut Batch,
        chain: &Chain,
        found: &mut Found,
    ) -> Result<bool, AttemptError> {
        self.lines.source = self.source;
        let block = self.stream.next_block(&mut self.lines)?;
        self.hasher.update(&self.lines.bytes);
        match block {
            Block::End => return Ok(false),
            Block::Lines => {
                found.records = self.lines.records.len() as u64;
                self.draw_lines(found);
            }
            Block::LongRecord {
                position,
                first,
                last,
            } => {
                self.long = if first { 0 } else { self.long } + self.lines.bytes.len() as u64;
                if last {
                    self.end_long_record(position, found);
                }
            }
        }
        batch.fill(&mut self.lines, chain.fields(), &mut found.rejects);
        chain.begin(batch);
        add_suffixes(batch, chain, self.work.source);
        self.name_files(found);
        self.find_lost(found);
        self.find_torn(found);
        self.leave_out_undrawn(batch, found);
        Ok(true)
    }

    fn finish(self: Box<Self>) -> Result<(), AttemptError> {
        let work = self.work;
        let slice = &work.attempt.slice;
        if self.is_fetched
            && let Some(fetched) = &work.spec.fetched
        {
            fetched.forget(work.attempt.task.partition);
        }
        if self.hasher.finish() == slice.digest {
            return Ok(());
        }
        if self.is_fetched {
            let message = format!(
                "what was fetched of `{}` for the partition is damaged; it is fetched again",
                work.source.path.display()
            );
            return Err(AttemptError::from_outside(message));
        }
        match &slice.copy {
            Some(copy) => Err(AttemptError::damaged_copy(copy, "is damaged")),
            None => Err(AttemptError::input_changed(format!(
                "`{}` changed after the job was planned ({} are others); run with `--fresh` to process the new content",
                work.source.path.display(),
                slice.describe(work.source)
            ))),
        }
    }
}
