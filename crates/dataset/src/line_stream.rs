//! Reading a source, or a slice of it, in blocks of whole lines.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use coldpress_record::{LineSpan, Lines, trim_record};
use coldpress_storage::StoredObject;
use memchr::{memchr, memrchr};

use crate::convert::{Converter, Torn};
use crate::decode::Raw;
use crate::error::{Error, Result, is_of_reading};
use crate::format::Format;
use crate::source::Source;

mod block;
mod open;

pub use block::{Block, Damage};

/// Bytes of a block: small enough for the second-level cache, with what is made of it.
const BLOCK_BYTES: usize = 256 * 1024;

/// The lines of a source from one position to another, in blocks.
///
/// Planner and workers read through the same stream, so that they agree on what a record is. The bytes of the
/// blocks follow each other without a gap: hashing them hashes the slice.
pub struct LineStream {
    reader: Reader,
    path: PathBuf,
    /// Position in the source of the first byte that the next block will hold.
    position: u64,
    /// Bytes of the text that were not read yet; `None` = up to its end.
    left: Option<u64>,
    max_record_bytes: u64,
    /// A line whose end was not read yet.
    carry: Vec<u8>,
    /// Position of the record that is too long to be held, while its pieces are read.
    long_record: Option<u64>,
    unterminated: Option<u64>,
    can_be_damaged: bool,
    damage: Option<Damage>,
    ended: bool,
}

/// Where the text comes from.
enum Reader {
    /// It is the file's own, unpacked.
    Text(Raw<'static>),
    /// It is made of another format.
    Converted(Converter),
}

impl LineStream {
    /// The lines of `source` from `start` to `end` (positions in its text, at line starts), or to its end.
    ///
    /// # Errors
    /// When the source cannot be opened, or not be read up to `start`, or is columnar.
    pub fn open(
        source: &Source,
        start: u64,
        end: Option<u64>,
        max_record_bytes: u64,
    ) -> Result<Self> {
        Self::open_at(source, start, None, end, max_record_bytes)
    }

    /// As [`LineStream::open`], where reading begins at the place in the file of the record at `start`.
    ///
    /// `seek` is what [`LineStream::seek_of`] told of `start`: an offset in the file, or the number of a text file.
    /// `None` reads the source from its beginning and passes over what is before `start`.
    ///
    /// # Errors
    /// As [`LineStream::open`].
    pub fn open_at(
        source: &Source,
        start: u64,
        seek: Option<u64>,
        end: Option<u64>,
        max_record_bytes: u64,
    ) -> Result<Self> {
        let reader = open::reader(source, start, seek, end, max_record_bytes)?;
        let mut stream = Self::over(reader, source.path.shown(), start, max_record_bytes);
        stream.left = end.map(|end| end.saturating_sub(start));
        // Of several files, each tells its own damage.
        let is_one = source.members.is_empty() && source.format != Format::Text;
        stream.can_be_damaged = !source.is_plain() && is_one;
        if let Format::Damaged(reason) = &source.format {
            stream.ended = true;
            stream.damage = Some(Damage {
                position: start,
                reason: reason.clone(),
            });
        }
        Ok(stream)
    }

    /// The lines of a slice that was copied to an object of its own; `start` is its position in its source.
    ///
    /// # Errors
    /// When the object cannot be opened.
    pub fn open_copy(copy: &StoredObject, start: u64, max_record_bytes: u64) -> Result<Self> {
        let path = copy.path();
        let path = path.unwrap_or_else(|| copy.name().as_str().into());
        let bytes = Box::new(copy.read()?);
        Ok(Self::of_slice(bytes, &path, start, max_record_bytes))
    }

    /// The lines of a slice whose bytes are these; `path` names them in errors, and `start` is its position in its source.
    pub fn of_slice(
        bytes: Box<dyn Read + Send>,
        path: &Path,
        start: u64,
        max_record_bytes: u64,
    ) -> Self {
        Self::over(Reader::Text(bytes), path, start, max_record_bytes)
    }

    fn over(reader: Reader, path: &Path, position: u64, max_record_bytes: u64) -> Self {
        Self {
            reader,
            path: path.to_owned(),
            position,
            left: None,
            max_record_bytes,
            carry: Vec::new(),
            long_record: None,
            unterminated: None,
            can_be_damaged: false,
            damage: None,
            ended: false,
        }
    }

    /// From now on remembers where the records begin in the file, for [`LineStream::seek_of`].
    pub fn track_seeks(&mut self) {
        if let Reader::Converted(converter) = &mut self.reader {
            converter.track_seeks();
        }
    }

    /// Where the record that begins at `position` begins in the file; what is before is forgotten.
    ///
    /// `position` lies in the block in hand. `None` for JSONL, where it is the place in the file itself, and if
    /// seeks are not tracked. It means something for sources that [can be resumed inside](Source::can_resume_inside).
    pub fn seek_of(&mut self, position: u64) -> Option<u64> {
        match &mut self.reader {
            Reader::Text(_) => None,
            Reader::Converted(converter) => converter.seek_of(position),
        }
    }

    /// Replaces the bytes and records of `lines` by the next block.
    ///
    /// # Errors
    /// When a plain file cannot be read. What is wrong inside a packed one is [`LineStream::damage`].
    pub fn next_block(&mut self, lines: &mut Lines) -> Result<Block> {
        lines.clear();
        std::mem::swap(&mut lines.bytes, &mut self.carry);
        if let Reader::Converted(converter) = &mut self.reader {
            converter.forget_before(self.position);
        }
        if self.long_record.is_some() {
            if lines.bytes.is_empty() {
                self.read_more(&mut lines.bytes)?;
            }
            return Ok(self.long_piece(lines, false));
        }
        let mut searched = 0;
        let whole = loop {
            if let Some(end) = memrchr(b'\n', &lines.bytes[searched..]) {
                break searched + end + 1;
            }
            searched = lines.bytes.len();
            // A byte more may be the CR of a line end.
            if searched as u64 > self.max_record_bytes + 1 {
                return Ok(self.long_piece(lines, true));
            }
            if self.read_more(&mut lines.bytes)? == 0 {
                let is_whole = self.damage.is_none();
                let is_long = is_whole && searched as u64 > self.max_record_bytes;
                return Ok(if is_long {
                    self.long_piece(lines, true)
                } else {
                    self.finish(lines)
                });
            }
        };
        let first_line = memchr(b'\n', &lines.bytes).unwrap_or(whole);
        if self.is_too_long(&lines.bytes[..first_line]) {
            return Ok(self.long_piece(lines, true));
        }
        let taken = self.find_records(lines, whole);
        self.carry.extend_from_slice(&lines.bytes[taken..]);
        lines.bytes.truncate(taken);
        Ok(Block::Lines)
    }

    /// Where the text became unreadable, once the stream has ended.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Position of the last line if no line end follows it, once the stream has ended.
    pub fn unterminated(&self) -> Option<u64> {
        self.unterminated
    }

    /// Reads up to a block more; 0 at the end and where the source is damaged.
    fn read_more(&mut self, bytes: &mut Vec<u8>) -> Result<usize> {
        let before = bytes.len();
        if self.ended {
            return Ok(0);
        }
        let wanted = BLOCK_BYTES.saturating_sub(before).max(BLOCK_BYTES / 2);
        bytes.reserve(wanted);
        let limit = self
            .left
            .map_or(wanted as u64, |left| left.min(wanted as u64));
        let result = match &mut self.reader {
            Reader::Text(text) => text.take(limit).read_to_end(bytes),
            Reader::Converted(converter) => converter.take(limit).read_to_end(bytes),
        };
        if let Err(error) = result {
            self.damage = Some(self.damage_of(error)?);
        }
        let read = bytes.len() - before;
        self.left = self.left.map(|left| left.saturating_sub(read as u64));
        self.ended = self.damage.is_some() || read < wanted;
        Ok(read)
    }

    /// What an error says about the source, if it does not just say that the file cannot be read.
    fn damage_of(&self, error: io::Error) -> Result<Damage> {
        let is_torn = error.get_ref().is_some_and(|inner| inner.is::<Torn>());
        if !is_torn && (!self.can_be_damaged || is_of_reading(&error)) {
            return Err(Error::io("read", &self.path)(error));
        }
        // A checksum comes last: what it proves wrong was read before it.
        let altered = if is_torn || error.kind() == io::ErrorKind::UnexpectedEof {
            ""
        } else {
            "; what was read of the file before is kept and may be altered"
        };
        Ok(Damage {
            position: self.position,
            reason: format!("{error}{altered}"),
        })
    }

    /// Lists the records of the first `whole` bytes, up to a line that is too long; returns the bytes taken.
    fn find_records(&mut self, lines: &mut Lines, whole: usize) -> usize {
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', &lines.bytes[..whole]) {
            if self.is_too_long(&lines.bytes[start..end]) {
                break;
            }
            let record = trim_record(&lines.bytes[start..end]);
            if !record.is_empty() {
                lines.records.push(LineSpan {
                    start: (start + record.start) as u32,
                    length: record.len() as u32,
                    position: self.position + start as u64,
                });
            }
            start = end + 1;
        }
        self.position += start as u64;
        start
    }

    /// Whether a line, without its LF, is too long to be a record; a CR before the LF is no part of it.
    fn is_too_long(&self, line: &[u8]) -> bool {
        line.strip_suffix(b"\r").unwrap_or(line).len() as u64 > self.max_record_bytes
    }

    /// The last line, which no line end follows.
    fn finish(&mut self, lines: &mut Lines) -> Block {
        if let Some(damage) = &mut self.damage {
            // Half a line is no record.
            damage.position = self.position;
            lines.clear();
        }
        if lines.bytes.is_empty() {
            return Block::End;
        }
        let record = trim_record(&lines.bytes);
        if !record.is_empty() {
            let (start, length) = (record.start as u32, record.len() as u32);
            lines.records.push(LineSpan {
                start,
                length,
                position: self.position,
            });
            self.unterminated = Some(self.position);
        }
        self.position += lines.bytes.len() as u64;
        Block::Lines
    }

    /// The bytes in hand as far as they belong to the long record; the rest is carried.
    fn long_piece(&mut self, lines: &mut Lines, first: bool) -> Block {
        let start = *self.long_record.get_or_insert(self.position);
        let line_end = memchr(b'\n', &lines.bytes).map(|end| end + 1);
        let length = line_end.unwrap_or(lines.bytes.len());
        self.carry.extend_from_slice(&lines.bytes[length..]);
        lines.bytes.truncate(length);
        if let Some(damage) = self.damage.as_mut().filter(|_| line_end.is_none()) {
            // Half a record is not a record: what was told of it is taken back.
            damage.position = start;
            lines.clear();
            return Block::End;
        }
        self.position += length as u64;
        let last = line_end.is_some() || self.ended;
        if last {
            self.long_record = None;
        }
        Block::LongRecord {
            position: start,
            first,
            last,
        }
    }
}

#[cfg(test)]
mod tests;
