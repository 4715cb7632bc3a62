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

/// The size of a block: small enough for the second-level cache, together with what is made of it.
const BLOCK_BYTES: usize = 256 * 1024;

/// The lines of a source from one position to another, in blocks.
///
/// Planner and workers read through the same stream, so that they agree on what a record is. The bytes of the blocks follow one
/// another without a gap, so hashing the blocks hashes the slice.
pub struct LineStream {
    reader: Reader,
    path: PathBuf,
    /// The position in the source of the first byte that the next block will hold.
    position: u64,
    /// The number of bytes of the text that were not read yet; `None` means up to its end.
    left: Option<u64>,
    max_record_bytes: u64,
    /// A line whose end was not read yet.
    carry: Vec<u8>,
    /// The position of a record that is too long to be held, while its pieces are read.
    long_record: Option<u64>,
    unterminated: Option<u64>,
    can_be_damaged: bool,
    damage: Option<Damage>,
    ended: bool,
}

/// The origin of the text.
enum Reader {
    /// The text of the file itself, unpacked.
    Text(Raw<'static>),
    /// Text converted from another format.
    Converted(Converter),
}

impl LineStream {
    /// Opens the lines of `source` from `start` to `end`, or to its end. Both are positions in its text, at line starts.
    ///
    /// # Errors
    /// Fails when the source is columnar, or cannot be opened or read up to `start`.
    pub fn open(
        source: &Source,
        start: u64,
        end: Option<u64>,
        max_record_bytes: u64,
    ) -> Result<Self> {
        Self::open_at(source, start, None, end, max_record_bytes)
    }

    /// Like [`LineStream::open`], but begins reading at the place in the file of the record at `start`.
    ///
    /// `seek` is the value that [`LineStream::seek_of`] returned for `start`: an offset in the file, or the number of a text file.
    /// `None` reads the source from its beginning and skips everything before `start`.
    ///
    /// # Errors
    /// Those of [`LineStream::open`].
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
        // When there are several files, each reports its own damage.
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

    /// Opens the lines of a slice that was copied to an object of its own; `start` is its position in its source.
    ///
    /// # Errors
    /// Fails when the object cannot be opened.
    pub fn open_copy(copy: &StoredObject, start: u64, max_record_bytes: u64) -> Result<Self> {
        let path = copy.path();
        let path = path.unwrap_or_else(|| copy.name().as_str().into());
        let bytes = Box::new(copy.read()?);
        Ok(Self::of_slice(bytes, &path, start, max_record_bytes))
    }

    /// Returns the lines of a slice with these bytes. `path` names them in errors, and `start` is the slice's position in its
    /// source.
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

    /// Remembers where the records begin in the file, from now on, for [`LineStream::seek_of`].
    pub fn track_seeks(&mut self) {
        if let Reader::Converted(converter) = &mut self.reader {
            converter.track_seeks();
        }
    }

    /// Returns where the record that begins at `position` begins in the file, and forgets everything before it.
    ///
    /// `position` is in the current block. The result is `None` for JSONL, where the position is the place in the file itself, and
    /// if seeks are not tracked. It is meaningful for sources that [can be resumed inside](Source::can_resume_inside).
    pub fn seek_of(&mut self, position: u64) -> Option<u64> {
        match &mut self.reader {
            Reader::Text(_) => None,
            Reader::Converted(converter) => converter.seek_of(position),
        }
    }

    /// Replaces the bytes and records of `lines` with the next block.
    ///
    /// # Errors
    /// Fails when a plain file cannot be read. Damage inside a packed one is reported by [`LineStream::damage`].
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
            // One more byte may be the CR of a line end.
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

    /// Returns where the text became unreadable, once the stream has ended.
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }

    /// Returns the position of the last line if no line end follows it, once the stream has ended.
    pub fn unterminated(&self) -> Option<u64> {
        self.unterminated
    }

    /// Reads up to one more block. Returns 0 at the end, and where the source is damaged.
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

    /// Returns what an error says about the source, unless it only says that the file cannot be read.
    fn damage_of(&self, error: io::Error) -> Result<Damage> {
        let is_torn = error.get_ref().is_some_and(|inner| inner.is::<Torn>());
        if !is_torn && (!self.can_be_damaged || is_of_reading(&error)) {
            return Err(Error::io("read", &self.path)(error));
        }
        // A checksum comes last, so the data that it proves wrong was read before it.
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

    /// Lists the records of the first `whole` bytes, up to a line that is too long. Returns the number of bytes taken.
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

    /// Returns whether a line, without its LF, is too long to be a record. A CR before the LF does not count.
    fn is_too_long(&self, line: &[u8]) -> bool {
        line.strip_suffix(b"\r").unwrap_or(line).len() as u64 > self.max_record_bytes
    }

    /// Returns the last line, which has no line end.
    fn finish(&mut self, lines: &mut Lines) -> Block {
        if let Some(damage) = &mut self.damage {
            // Half a line is not a record.
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

    /// Returns the current bytes that belong to the long record, and carries the rest over.
    fn long_piece(&mut self, lines: &mut Lines, first: bool) -> Block {
        let start = *self.long_record.get_or_insert(self.position);
        let line_end = memchr(b'\n', &lines.bytes).map(|end| end + 1);
        let length = line_end.unwrap_or(lines.bytes.len());
        self.carry.extend_from_slice(&lines.bytes[length..]);
        lines.bytes.truncate(length);
        if let Some(damage) = self.damage.as_mut().filter(|_| line_end.is_none()) {
            // Half a record is not a record, so the pieces that were handed out are revoked.
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
