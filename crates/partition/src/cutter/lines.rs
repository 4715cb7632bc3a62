//! Cutting a text. A slice ends before the record that would exceed a limit.

use coldpress_dataset::{Block, LineStream, Result, Source};
use coldpress_record::Lines;
use coldpress_storage::{Hasher, ObjectRef, Place, StoreWriter};
use memchr::memchr;

use super::{Bounds, Found};
use crate::fetched::Leaving;
use crate::settings::{CopyPlace, Copying, CutSettings};
use crate::slice::Slice;

/// A text being cut, with the slice that is growing.
pub(super) struct OpenLines {
    source: u32,
    can_be_sought: bool,
    /// True if it is at a URL.
    is_fetched: bool,
    stream: LineStream,
    block: Lines,
    /// The position in the source of the first byte of the block.
    block_position: u64,
    /// The bytes of the block that already belong to a slice.
    taken: usize,
    /// The next record of the block to look at.
    at: usize,
    /// The current slice; none before its first byte.
    slice: Option<Growing>,
    /// The position where it begins.
    next_start: u64,
    /// The position of a too long record whose first piece was read and belongs to the next slice, and whether that piece is also
    /// the last one.
    waiting: Option<(u64, bool)>,
    /// True if the stream has ended.
    ended: bool,
}

struct Growing {
    start: u64,
    seek: Option<u64>,
    end: u64,
    records: u64,
    marks: Vec<u64>,
    hasher: Hasher,
    /// The place for the copy, and its partition, if there is to be one.
    copied_to: Option<(CopyPlace, u32)>,
    /// The copy, once there is a byte to write.
    copy: Option<Box<dyn StoreWriter>>,
    /// The file that is left for the worker, if the slice is not copied.
    leaving: Option<Leaving>,
}

impl OpenLines {
    pub(super) fn open(
        source: &Source,
        index: u32,
        start: u64,
        settings: &CutSettings,
    ) -> Result<Self> {
        // Bytes that are appended while a source is read were not planned.
        let end = source.is_addressable().then_some(source.identity.length);
        let mut stream = LineStream::open(source, start, end, settings.max_record_bytes)?;
        stream.track_seeks();
        Ok(Self {
            source: index,
            can_be_sought: source.is_addressable() || source.can_resume_inside(),
            is_fetched: source.path.is_remote(),
            stream,
            block: Lines::default(),
            block_position: start,
            taken: 0,
            at: 0,
            slice: None,
            next_start: start,
            waiting: None,
            ended: false,
        })
    }

    pub(super) fn source(&self) -> u32 {
        self.source
    }

    /// Returns the position where the next slice begins.
    pub(super) fn position(&self) -> u64 {
        self.next_start
    }

    /// Reads until a slice is full or the source ends.
    pub(super) fn next_slice(&mut self, bounds: &Bounds<'_>) -> Result<Found> {
        loop {
            if self.slice.is_none() {
                self.slice = Some(self.begin_slice(bounds));
                if let Some((position, last)) = self.waiting.take() {
                    self.long_record(bounds, position, last);
                }
            }
            if let Some(slice) = self.judge_block(bounds)? {
                return Ok(Found::Slice(slice));
            }
            if self.ended {
                return self.end();
            }
            if let Some(slice) = self.read_block(bounds)? {
                return Ok(Found::Slice(slice));
            }
        }
    }

    fn begin_slice(&mut self, bounds: &Bounds<'_>) -> Growing {
        let start = self.next_start;
        let is_copied = match bounds.settings.copying {
            Copying::Always => true,
            Copying::Never => false,
            Copying::Auto => !self.can_be_sought && start > 0,
        };
        Growing {
            start,
            seek: self.stream.seek_of(start),
            end: start,
            records: 0,
            marks: Vec::new(),
            hasher: Hasher::new(),
            copied_to: is_copied.then(|| (bounds.place.clone(), bounds.index)),
            copy: None,
            leaving: bounds
                .fetched
                .filter(|_| self.is_fetched && !is_copied)
                .and_then(|fetched| fetched.begin(bounds.index)),
        }
    }

    /// Goes through the records of the current block, and returns a slice when it is full.
    fn judge_block(&mut self, bounds: &Bounds<'_>) -> Result<Option<Slice>> {
        while let Some(span) = self.block.records.get(self.at).copied() {
            let line_end =
                memchr(b'\n', &self.block.bytes[span.range().end..]).map_or(0, |end| end + 1);
            let end = self.block_position + span.range().end as u64 + line_end as u64;
            let Some(slice) = &mut self.slice else { break };
            if slice.is_full(end, bounds) {
                return self.cut_at(span.position);
            }
            slice.count(bounds, span.position);
            self.at += 1;
        }
        self.take(self.block.bytes.len())?;
        Ok(None)
    }

    /// Reads the next block, after all of the last one was taken.
    fn read_block(&mut self, bounds: &Bounds<'_>) -> Result<Option<Slice>> {
        self.block_position += self.block.bytes.len() as u64;
        (self.taken, self.at) = (0, 0);
        match self.stream.next_block(&mut self.block)? {
            Block::Lines => Ok(None),
            Block::LongRecord {
                position,
                first,
                last,
            } => {
                let has_records = self.slice.as_ref().is_some_and(|slice| slice.records > 0);
                if first && has_records {
                    self.waiting = Some((position, last));
                    return self.cut_at(position);
                }
                self.long_record(bounds, position, last);
                Ok(None)
            }
            Block::End => {
                self.ended = true;
                self.block.clear();
                Ok(None)
            }
        }
    }

    /// Begins a partition with a record that is too long. Nothing else is lost with it if the stream breaks off.
    fn long_record(&mut self, bounds: &Bounds<'_>, position: u64, last: bool) {
        if let Some(slice) = self.slice.as_mut().filter(|_| last) {
            slice.count(bounds, position);
        }
    }

    /// Ends the slice before the byte `position` of its source, where the next one begins.
    fn cut_at(&mut self, position: u64) -> Result<Option<Slice>> {
        self.take((position - self.block_position) as usize)?;
        self.next_start = position;
        let slice = self.slice.take();
        slice.map(|slice| slice.finish(self.source)).transpose()
    }

    /// Returns what is left at the end: the last slice, then the damage, if any.
    fn end(&mut self) -> Result<Found> {
        let last = self.slice.take().filter(|slice| slice.records > 0);
        if let Some(slice) = last {
            self.next_start = slice.end;
            return slice.finish(self.source).map(Found::Slice);
        }
        Ok(match self.stream.damage() {
            Some(damage) => Found::Damage {
                position: damage.position,
                reason: damage.reason.clone(),
            },
            None => Found::End,
        })
    }

    /// Adds the block's bytes up to `end` to the slice.
    fn take(&mut self, end: usize) -> Result<()> {
        let bytes = &self.block.bytes[self.taken..end];
        if let Some(slice) = &mut self.slice {
            slice.add(bytes)?;
        }
        self.taken = end;
        Ok(())
    }
}

impl Growing {
    fn add(&mut self, bytes: &[u8]) -> Result<()> {
        self.hasher.update(bytes);
        self.end += bytes.len() as u64;
        self.leaving = self.leaving.take().and_then(|leaving| leaving.add(bytes));
        let Some((place, partition)) = self.copied_to.as_ref().filter(|_| !bytes.is_empty()) else {
            return Ok(());
        };
        let mut copy = match self.copy.take() {
            Some(copy) => copy,
            None => place.begin(*partition)?,
        };
        copy.put(bytes)?;
        self.copy = Some(copy);
        Ok(())
    }

    /// Counts the record at `position`.
    fn count(&mut self, bounds: &Bounds<'_>, position: u64) {
        if Bounds::is_marked(bounds.first_record + self.records) {
            self.marks.push(position);
        }
        self.records += 1;
    }

    /// Returns whether a record that ends at `end` belongs to the next slice.
    fn is_full(&self, end: u64, bounds: &Bounds<'_>) -> bool {
        let too_many = self.records >= bounds.max_records();
        self.records > 0 && (too_many || end - self.start > bounds.max_bytes)
    }

    fn finish(self, source: u32) -> Result<Slice> {
        if let Some(leaving) = self.leaving {
            leaving.finish();
        }
        let copy = match self.copy {
            Some(copy) => {
                let (name, stamp) = (copy.name().clone(), copy.finish()?);
                Some(Box::new(ObjectRef::new(Place::Partitions, name, stamp)))
            }
            None => None,
        };
        Ok(Slice {
            source,
            start: self.start,
            end: self.end,
            records: self.records,
            digest: self.hasher.finish(),
            metadata: None,
            seek: self.seek,
            decoded_bytes: None,
            marks: self.marks,
            copy,
        })
    }
}
