//! Where the records of an attempt come from: its slice, or what an earlier attempt made of it.

use std::fs::File;

use coldpress_checkpoint::{
    CheckpointStore, IndexedRows, LocalStore, Manifest, ObjectName, RowBlock, RowsReader,
};
use coldpress_dataset::{Block, LineStream, decode_rows};
use coldpress_operator::Chain;
use coldpress_record::{Batch, Lines, Origin, Reject, Unreadable};
use coldpress_storage::{FileRef, Hasher};

use crate::attempt::{Attempt, Start};
use crate::error::AttemptError;

/// The records of a partition, batch by batch.
pub(crate) enum Input {
    Slice(Box<SliceInput>),
    Rows(Box<RowsInput>),
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
            match RowsInput::open(attempt, start, store) {
                Ok(rows) => return Ok(Self::Rows(Box::new(rows))),
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
        SliceInput::open(attempt).map(|slice| Self::Slice(Box::new(slice)))
    }

    /// What is known of the work done before: where it ended and its counts.
    pub(crate) fn manifest(&self) -> Option<&Manifest> {
        match self {
            Self::Slice(_) => None,
            Self::Rows(rows) => Some(rows.manifest()),
        }
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
            Self::Slice(slice) => slice.next(batch, chain, found),
            Self::Rows(rows) => rows.next(batch, chain),
        }
    }

    /// Checks, at the end, that everything read is what was planned.
    pub(crate) fn finish(self, attempt: &Attempt) -> Result<(), AttemptError> {
        match self {
            Self::Slice(slice) => slice.finish(attempt),
            Self::Rows(_) => Ok(()),
        }
    }
}

pub(crate) struct SliceInput {
    stream: LineStream,
    lines: Lines,
    hasher: Hasher,
    source: u32,
    long: u64,
}

impl SliceInput {
    fn open(attempt: &Attempt) -> Result<Self, AttemptError> {
        let slice = &attempt.partition.slice;
        let stream = match &slice.copy {
            Some(copy) => {
                let path = copy.resolve(&attempt.job_dir);
                LineStream::open_copy(&path, slice.start, attempt.max_record_bytes)?
            }
            None => LineStream::open(
                &attempt.source,
                slice.start,
                Some(slice.end),
                attempt.max_record_bytes,
            )?,
        };
        Ok(Self {
            stream,
            lines: Lines::new(slice.source),
            hasher: Hasher::new(),
            source: slice.source,
            long: 0,
        })
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
            Block::Lines => found.records = self.lines.records.len() as u64,
            Block::LongRecord {
                position,
                first,
                last,
            } => {
                self.long = if first { 0 } else { self.long } + self.lines.bytes.len() as u64;
                if last {
                    // The line end is no part of the record.
                    let line_end = self
                        .lines
                        .bytes
                        .iter()
                        .rev()
                        .take_while(|byte| matches!(byte, b'\n' | b'\r'));
                    let length = self.long - line_end.take(2).count() as u64;
                    found.records = 1;
                    found
                        .too_long
                        .push((Origin::new(self.source, position), length));
                }
            }
        }
        batch.fill(&mut self.lines, chain.fields(), &mut found.rejects);
        chain.begin(batch);
        self.find_torn(found);
        Ok(true)
    }

    /// A last line that no line end follows and whose JSON breaks off is what a torn write leaves: no record.
    fn find_torn(&self, found: &mut Found) {
        let unterminated = self.stream.unterminated();
        let torn = found
            .rejects
            .pop_if(|last| last.incomplete && Some(last.origin.position) == unterminated);
        if let Some(torn) = torn {
            found.records -= 1;
            found.torn = Some(Unreadable {
                source: self.source,
                start: torn.origin.position,
                length: torn.bytes.len() as u64,
                reason: format!("the last line breaks off: {}", torn.reason),
            });
        }
    }

    fn finish(self, attempt: &Attempt) -> Result<(), AttemptError> {
        let slice = &attempt.partition.slice;
        if self.hasher.finish() == slice.digest {
            return Ok(());
        }
        let path = attempt.source.path.display();
        match &slice.copy {
            Some(copy) => Err(AttemptError::new(
                coldpress_failure::ErrorClass::System,
                format!(
                    "the copy `{}` of a part of `{path}` is damaged; run with `--fresh`",
                    copy.path
                ),
            )),
            None => Err(AttemptError::input_changed(format!(
                "`{path}` changed after the job was planned (bytes {} to {} are others); run with `--fresh` to process \
                 the new content",
                slice.start, slice.end
            ))),
        }
    }
}

pub(crate) struct RowsInput {
    rows: Rows,
    block: RowBlock,
}

enum Rows {
    Checkpoint(RowsReader),
    Result(IndexedRows<Box<dyn std::io::Read + Send>>),
}

impl RowsInput {
    fn open(
        attempt: &Attempt,
        start: &Start,
        store: &dyn CheckpointStore,
    ) -> Result<Self, AttemptError> {
        let rows = match start {
            Start::Checkpoint { name, stamp, .. } => Rows::Checkpoint(RowsReader::open(
                store.get(&ObjectName::new(name)?)?,
                stamp,
            )?),
            Start::Result {
                rows,
                compression,
                index,
                ..
            } => {
                rows.verify(&attempt.job_dir)?;
                let path = rows.resolve(&attempt.job_dir);
                let cannot_open = |error: std::io::Error| AttemptError::system(&error);
                let file = File::open(&path).map_err(cannot_open)?;
                let lines = decode_rows(file, *compression).map_err(cannot_open)?;
                let index = RowsReader::open(open_local(attempt, index)?, &index.stamp())?;
                Rows::Result(IndexedRows::new(index, lines, rows.path.clone())?)
            }
        };
        let input = Self {
            rows,
            block: RowBlock::default(),
        };
        let manifest = input.manifest();
        let wanted = attempt
            .chain
            .get(start.operation() as usize)
            .map(ToString::to_string);
        let fits = manifest.operation == start.operation()
            && manifest.partition == attempt.partition.index
            && manifest.slice == attempt.partition.slice.digest
            && Some(&manifest.chain) == wanted.as_ref();
        if fits {
            Ok(input)
        } else {
            Err(AttemptError::new(
                coldpress_failure::ErrorClass::System,
                "it is of other work",
            ))
        }
    }

    fn manifest(&self) -> &Manifest {
        match &self.rows {
            Rows::Checkpoint(rows) => rows.manifest(),
            Rows::Result(rows) => rows.manifest(),
        }
    }

    fn next(&mut self, batch: &mut Batch, chain: &Chain) -> Result<bool, AttemptError> {
        let more = match &mut self.rows {
            Rows::Checkpoint(rows) => rows.next(&mut self.block)?,
            Rows::Result(rows) => rows.next(&mut self.block)?,
        };
        if more {
            self.block.fill_batch(batch, chain.fields())?;
            chain.begin(batch);
            self.block.restore_stats(batch);
        }
        Ok(more)
    }
}

fn open_local(
    attempt: &Attempt,
    file: &FileRef,
) -> Result<Box<dyn coldpress_checkpoint::StoreReader>, AttemptError> {
    let path = file.resolve(&attempt.job_dir);
    let folder = path.parent().unwrap_or(&attempt.job_dir);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(LocalStore::new(folder).get(&ObjectName::new(name)?)?)
}
