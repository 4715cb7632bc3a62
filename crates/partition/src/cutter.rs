//! Cutting the sources into partitions, as they are read.

use std::path::PathBuf;

use coldpress_dataset::{Block, LineStream, Result, Source};
use coldpress_record::Lines;
use coldpress_storage::{FileRef, Hasher, NewFile, create_dir_all_durable};
use memchr::memchr;

use crate::plan::{MARK_RECORDS, PlannedPartition, Slice};
use crate::settings::{CopyPlace, Copying, CutSettings};

/// Reads the sources in order and yields each partition as soon as it is complete.
pub struct Cutter {
    sources: Vec<Source>,
    settings: CutSettings,
    place: CopyPlace,
    next_index: u32,
    /// Records of the dataset before the current slice.
    first_record: u64,
    next_source: usize,
    resume_at: u64,
    open: Option<Open>,
}

/// What the cutter found next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cut {
    /// A partition.
    Partition(PlannedPartition),
    /// The rest of a source cannot be read.
    Damage {
        /// Index of the source.
        source: u32,
        /// Position in its unpacked text from which on nothing can be read.
        position: u64,
        /// Why.
        reason: String,
    },
}

/// The source being read, and the slice that grows in it.
struct Open {
    source: u32,
    stream: LineStream,
    block: Lines,
    /// Position in the source of the first byte of the block.
    block_position: u64,
    /// Bytes of the block that belong to a slice already.
    taken: usize,
    /// The next record of the block to be judged.
    at: usize,
    slice: Growing,
}

struct Growing {
    start: u64,
    end: u64,
    records: u64,
    marks: Vec<u64>,
    hasher: Hasher,
    copy: Option<(String, PathBuf, NewFile)>,
}

impl Cutter {
    /// A cutter that begins with the first source.
    pub fn new(sources: Vec<Source>, settings: CutSettings, place: CopyPlace) -> Self {
        let (next_index, first_record, next_source, resume_at) = (0, 0, 0, 0);
        Self {
            sources,
            settings,
            place,
            next_index,
            first_record,
            next_source,
            resume_at,
            open: None,
        }
    }

    /// Goes on behind the last partition of an unfinished plan.
    pub fn resume_after(&mut self, last: &PlannedPartition) {
        self.next_index = last.index + 1;
        self.first_record = last.first_record + last.slice.records;
        self.next_source = last.slice.source as usize;
        self.resume_at = last.slice.end;
    }

    /// Leaves out the rest of a source, which is known to be damaged.
    pub fn skip_source(&mut self, source: u32) {
        if self.next_source <= source as usize {
            self.next_source = source as usize + 1;
            self.resume_at = 0;
        }
    }

    /// The next partition or damage; `None` at the end of the dataset.
    ///
    /// # Errors
    /// When a source cannot be read or a copy not be written.
    pub fn next_cut(&mut self) -> Result<Option<Cut>> {
        loop {
            if self.open.is_none() && !self.open_next()? {
                return Ok(None);
            }
            if let Some(cut) = self.advance()? {
                return Ok(Some(cut));
            }
        }
    }

    fn open_next(&mut self) -> Result<bool> {
        let done = self.limit_left() == 0;
        let Some(source) = self.sources.get(self.next_source).filter(|_| !done) else {
            return Ok(false);
        };
        let start = std::mem::take(&mut self.resume_at);
        let stream = LineStream::open(
            source,
            start,
            planned_end(source),
            self.settings.max_record_bytes,
        )?;
        let slice = self.begin_slice(self.next_source as u32, start)?;
        self.open = Some(Open {
            source: self.next_source as u32,
            stream,
            block: Lines::default(),
            block_position: start,
            taken: 0,
            at: 0,
            slice,
        });
        self.next_source += 1;
        Ok(true)
    }

    fn limit_left(&self) -> u64 {
        self.settings
            .limit
            .map_or(u64::MAX, |limit| limit.saturating_sub(self.first_record))
    }

    fn begin_slice(&self, source: u32, start: u64) -> Result<Growing> {
        let sought = self.sources[source as usize].is_addressable();
        let copied = match self.settings.copying {
            Copying::Always => true,
            Copying::Never => false,
            Copying::Auto => !sought && start > 0,
        };
        let mut copy = None;
        if copied {
            let (name, path) = self.place.path(self.next_index);
            if let Some(folder) = path.parent() {
                create_dir_all_durable(folder)?;
            }
            let file = NewFile::create(&path)?;
            copy = Some((name, path, file));
        }
        Ok(Growing {
            start,
            end: start,
            records: 0,
            marks: Vec::new(),
            hasher: Hasher::new(),
            copy,
        })
    }

    /// Judges the records of the block in hand, then reads the next one.
    fn advance(&mut self) -> Result<Option<Cut>> {
        let limit_left = self.limit_left();
        let Some(open) = &mut self.open else {
            return Ok(None);
        };
        while let Some(span) = open.block.records.get(open.at).copied() {
            let line_end =
                memchr(b'\n', &open.block.bytes[span.range().end..]).map_or(0, |end| end + 1);
            let end = open.block_position + span.range().end as u64 + line_end as u64;
            if open.slice.is_full(end, limit_left, &self.settings) {
                return self.cut_at(span.position);
            }
            open.slice.count(self.first_record, span.position);
            open.at += 1;
        }
        open.take(open.block.bytes.len())?;
        open.block_position += open.block.bytes.len() as u64;
        (open.taken, open.at) = (0, 0);
        match open.stream.next_block(&mut open.block)? {
            Block::Lines => Ok(None),
            Block::LongRecord {
                position,
                first,
                last,
            } => {
                // It begins a partition of its own, so that nothing else goes with it where the stream breaks off.
                let cut = if first && open.slice.records > 0 {
                    self.cut_at(position)?
                } else {
                    None
                };
                if let Some(open) = self.open.as_mut().filter(|_| last) {
                    open.slice.count(self.first_record, position);
                }
                Ok(cut)
            }
            Block::End => self.end_source(),
        }
    }

    /// Ends the slice before the byte `position` of its source and begins the next one there.
    fn cut_at(&mut self, position: u64) -> Result<Option<Cut>> {
        let Some(mut open) = self.open.take() else {
            return Ok(None);
        };
        open.take((position - open.block_position) as usize)?;
        let source = open.source;
        let partition = self.finish_slice(source, open.slice)?;
        if self.limit_left() > 0 {
            open.slice = self.begin_slice(source, position)?;
            self.open = Some(open);
        } else {
            self.next_source = self.sources.len();
        }
        Ok(Some(Cut::Partition(partition)))
    }

    fn end_source(&mut self) -> Result<Option<Cut>> {
        let Some(open) = &mut self.open else {
            return Ok(None);
        };
        if open.slice.records > 0 {
            // The damage, if any, is told by the next call: the stream stays at its end.
            let (source, end) = (open.source, open.slice.end);
            let next = Growing {
                start: end,
                end,
                records: 0,
                marks: Vec::new(),
                hasher: Hasher::new(),
                copy: None,
            };
            let slice = std::mem::replace(&mut open.slice, next);
            return self
                .finish_slice(source, slice)
                .map(|partition| Some(Cut::Partition(partition)));
        }
        let (source, damage) = (open.source, open.stream.damage().cloned());
        self.open = None;
        Ok(damage.map(|damage| Cut::Damage {
            source,
            position: damage.position,
            reason: damage.reason,
        }))
    }

    fn finish_slice(&mut self, source: u32, slice: Growing) -> Result<PlannedPartition> {
        let digest = slice.hasher.finish();
        let copy = match slice.copy {
            Some((name, _, file)) => Some(FileRef::new(name, file.finish()?)),
            None => None,
        };
        let (start, end, records, marks) = (slice.start, slice.end, slice.records, slice.marks);
        let (index, first_record) = (self.next_index, self.first_record);
        self.next_index += 1;
        self.first_record += records;
        Ok(PlannedPartition {
            index,
            first_record,
            slice: Slice {
                source,
                start,
                end,
                records,
                digest,
                marks,
                copy,
            },
        })
    }
}

/// Where a source that can be sought must end: what is appended while it is read is not what was planned.
fn planned_end(source: &Source) -> Option<u64> {
    source.is_addressable().then_some(source.identity.length)
}

impl Open {
    /// Adds the block's bytes up to `end` to the slice.
    fn take(&mut self, end: usize) -> Result<()> {
        let bytes = &self.block.bytes[self.taken..end];
        self.slice.hasher.update(bytes);
        self.slice.end += bytes.len() as u64;
        if let Some((.., file)) = &mut self.slice.copy {
            file.put(bytes)?;
        }
        self.taken = end;
        Ok(())
    }
}

impl Growing {
    /// Counts the record at `position`, which `first_record` and the slice's own come before.
    fn count(&mut self, first_record: u64, position: u64) {
        let number = first_record + self.records;
        if number > 0 && number.is_multiple_of(MARK_RECORDS) {
            self.marks.push(position);
        }
        self.records += 1;
    }

    /// Whether a record that ends at `end` belongs to the next slice.
    fn is_full(&self, end: u64, limit_left: u64, settings: &CutSettings) -> bool {
        let too_many = self.records >= settings.max_records.max(1) || self.records >= limit_left;
        self.records > 0 && (too_many || end - self.start > settings.max_bytes)
    }
}

#[cfg(test)]
mod tests;
