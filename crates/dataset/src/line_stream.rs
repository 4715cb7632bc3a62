//! Reading a source, or a slice of it, in blocks of whole lines.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use coldpress_record::{LineSpan, Lines, trim_record};
use memchr::{memchr, memrchr};

use crate::decode::{Raw, decompress, transcode};
use crate::error::{Error, Result};
use crate::source::Source;

/// Bytes of a block: small enough for the second-level cache, with what is made of it.
const BLOCK_BYTES: usize = 256 * 1024;

/// The lines of a source from one position to another, in blocks.
///
/// Planner and workers read through the same stream, so that they agree on what a record is. The bytes of the
/// blocks follow each other without a gap: hashing them hashes the slice.
pub struct LineStream {
    reader: Raw<'static>,
    path: PathBuf,
    /// Position in the source of the first byte that the next block will hold.
    position: u64,
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

/// What [`LineStream::next_block`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// Whole lines; the records among them are listed.
    Lines,
    /// A piece of a record that is too long to be held in memory; the block lists no records. Only the last piece makes
    /// it a record: where the stream breaks off in it, [`Block::End`] follows instead.
    LongRecord {
        /// Position of the record's line.
        position: u64,
        /// Whether this is its first piece.
        first: bool,
        /// Whether this is its last piece.
        last: bool,
    },
    /// Nothing is left.
    End,
}

/// A part of a source that cannot be read: everything from `position` on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Position in the unpacked text.
    pub position: u64,
    /// Why.
    pub reason: String,
}

impl LineStream {
    /// The lines of `source` from `start` to `end` (positions in its unpacked text, at line starts), or to its end.
    ///
    /// # Errors
    /// When the source cannot be opened, or not be read up to `start`.
    pub fn open(
        source: &Source,
        start: u64,
        end: Option<u64>,
        max_record_bytes: u64,
    ) -> Result<Self> {
        let mut file = File::open(&source.path).map_err(Error::io("open", &source.path))?;
        let reader: Raw<'static> = if source.is_addressable() {
            file.seek(SeekFrom::Start(start))
                .map_err(Error::io("read", &source.path))?;
            Box::new(file)
        } else {
            let bytes = decompress(Box::new(file), source.compression)
                .map_err(Error::io("read", &source.path))?;
            let mut text = transcode(bytes, source.encoding);
            io::copy(&mut (&mut text).take(start), &mut io::sink())
                .map_err(Error::io("read", &source.path))?;
            text
        };
        let reader = if let Some(end) = end {
            Box::new(reader.take(end.saturating_sub(start)))
        } else {
            reader
        };
        let mut stream = Self::over(reader, &source.path, start, max_record_bytes);
        stream.can_be_damaged = !source.is_addressable();
        Ok(stream)
    }

    /// The lines of a slice that was copied to a file of its own; `start` is its position in its source.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open_copy(path: &Path, start: u64, max_record_bytes: u64) -> Result<Self> {
        let file = File::open(path).map_err(Error::io("open", path))?;
        Ok(Self::over(Box::new(file), path, start, max_record_bytes))
    }

    fn over(reader: Raw<'static>, path: &Path, position: u64, max_record_bytes: u64) -> Self {
        Self {
            reader,
            path: path.to_owned(),
            position,
            max_record_bytes,
            carry: Vec::new(),
            long_record: None,
            unterminated: None,
            can_be_damaged: false,
            damage: None,
            ended: false,
        }
    }

    /// Replaces the bytes and records of `lines` by the next block.
    ///
    /// # Errors
    /// When a plain file cannot be read. What is wrong inside a packed one is [`LineStream::damage`].
    pub fn next_block(&mut self, lines: &mut Lines) -> Result<Block> {
        lines.clear();
        std::mem::swap(&mut lines.bytes, &mut self.carry);
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
        match (&mut self.reader).take(wanted as u64).read_to_end(bytes) {
            Ok(_) => {}
            Err(error) if self.can_be_damaged => {
                // A checksum comes last: what it proves wrong was read before it.
                let altered = match error.kind() {
                    io::ErrorKind::UnexpectedEof => "",
                    _ => "; what was read of the file before is kept and may be altered",
                };
                self.damage = Some(Damage {
                    position: 0,
                    reason: format!("{error}{altered}"),
                });
            }
            Err(error) => return Err(Error::io("read", &self.path)(error)),
        }
        let read = bytes.len() - before;
        self.ended = self.damage.is_some() || read < wanted;
        Ok(read)
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
            // Half a record is no record: what was told of it is taken back.
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
