//! Reading the records that begin in a window.

use std::collections::HashMap;
use std::io::{Read, Seek, SeekFrom};

use coldpress_dataset::{Block, InputFile, LineStream, Source, open_source};
use coldpress_record::{Lines, trim_record};
use memchr::memchr;

use super::layout::Window;
use super::table::read_rows;
use super::taken::{Taken, TakenRecord};

/// The number of bytes that are first read to find the end of a record. It then doubles with each step.
const STEP_BYTES: u64 = 1024;

/// The number of bytes that a source that cannot be sought gives at once.
const BLOCK_BYTES: u64 = 256 * 1024;

/// The most bytes that are read of a record. A longer one is only known to be at least this long.
const MAX_RECORD_BYTES: u64 = 1 << 20;

/// Reads windows until the budget is used up.
pub(super) struct Reader<'a> {
    sources: &'a [Source],
    left: u64,
    /// The plain files that are open.
    files: HashMap<u32, InputFile>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a [Source], budget_bytes: u64) -> Self {
        Self {
            sources,
            left: budget_bytes,
            files: HashMap::new(),
        }
    }

    /// Returns the records that begin in the window; `None` if nothing can be read, and once the budget is used up.
    pub(super) fn read(&mut self, window: Window) -> Option<Taken> {
        let source = self.sources.get(window.source as usize)?;
        if self.left == 0 {
            None
        } else if source.is_columnar() {
            read_rows(source, window.source, &mut self.left)
        } else if source.is_addressable() {
            self.read_plain(source, window)
        } else {
            self.read_beginning(source, window)
        }
    }

    fn read_plain(&mut self, source: &Source, window: Window) -> Option<Taken> {
        let file = match self.files.entry(window.source) {
            std::collections::hash_map::Entry::Occupied(open) => open.into_mut(),
            std::collections::hash_map::Entry::Vacant(free) => {
                free.insert(open_source(&source.path).ok()?)
            }
        };
        // The byte before shows whether a line begins with the window.
        let from = window.start.saturating_sub(1);
        file.seek(SeekFrom::Start(from)).ok()?;
        let length = source.identity.length;
        let mut text = Text {
            file,
            bytes: Vec::new(),
            left: &mut self.left,
            unread: length.saturating_sub(from),
        };
        let end = (window.start - from) + window.length;
        text.read(end)?;
        let skipped = if window.start == 0 {
            0
        } else {
            memchr(b'\n', &text.bytes)? + 1
        };
        let mut taken = Taken {
            source: window.source,
            position: window.start,
            line_bytes: 0,
            records: Vec::new(),
            is_all: window.start == 0 && window.length >= length,
            groups: None,
        };
        let mut start = skipped;
        while (start as u64) < end {
            let Some(line) = text.line(start)? else {
                break;
            };
            if !line.is_whole && line.length as u64 <= MAX_RECORD_BYTES {
                // The budget ended inside the record, which says nothing about its length.
                break;
            }
            let bytes = &text.bytes[start..start + line.length];
            taken.add(bytes, from + start as u64, line.is_whole);
            if !line.is_whole {
                break;
            }
            start += line.length;
        }
        Some(taken)
    }

    /// Returns the records at the beginning of a source that cannot be sought.
    fn read_beginning(&mut self, source: &Source, window: Window) -> Option<Taken> {
        let mut stream = LineStream::open(source, 0, None, MAX_RECORD_BYTES).ok()?;
        let mut lines = Lines::default();
        let mut taken = Taken {
            source: window.source,
            position: 0,
            line_bytes: 0,
            records: Vec::new(),
            is_all: false,
            groups: None,
        };
        // A shorter block is the last one, so the end of a short source is detected.
        let wanted = window.length.min(self.left).max(BLOCK_BYTES);
        let mut read = 0;
        while read < wanted {
            let block = match stream.next_block(&mut lines) {
                Ok(Block::End) => {
                    taken.is_all = stream.damage().is_none();
                    break;
                }
                Ok(block) => block,
                Err(_) => break,
            };
            let bytes = lines.bytes.len() as u64;
            read += bytes;
            if let Block::LongRecord { position, last, .. } = block {
                taken.add_piece(bytes, position, last);
                continue;
            }
            taken.line_bytes += bytes;
            let records = lines.records.iter();
            taken.records.extend(records.map(|span| TakenRecord {
                position: span.position,
                length: u64::from(span.length),
                bytes: lines.bytes[span.range()].to_vec(),
            }));
        }
        self.left = self.left.saturating_sub(read);
        Some(taken)
    }
}

impl Taken {
    /// Adds a line and its record, unless it is blank.
    fn add(&mut self, line: &[u8], position: u64, is_whole: bool) {
        self.line_bytes += line.len() as u64;
        let record = trim_record(line);
        if !record.is_empty() {
            self.records.push(TakenRecord {
                position,
                length: record.len() as u64,
                bytes: if is_whole {
                    line[record].to_vec()
                } else {
                    Vec::new()
                },
            });
        }
    }

    /// Adds a piece of a record that is too long to be held.
    fn add_piece(&mut self, bytes: u64, position: u64, last: bool) {
        self.line_bytes += bytes;
        let bytes = bytes.saturating_sub(u64::from(last));
        match self.records.last_mut() {
            Some(record) if record.position == position => record.length += bytes,
            _ => self.records.push(TakenRecord {
                position,
                length: bytes,
                bytes: Vec::new(),
            }),
        }
    }
}

/// The part of a plain file that was read.
struct Text<'a> {
    file: &'a mut InputFile,
    bytes: Vec<u8>,
    left: &'a mut u64,
    /// The bytes of the file after those that were read.
    unread: u64,
}

/// A line in the text, including its line end.
struct Line {
    length: usize,
    is_whole: bool,
}

impl Text<'_> {
    /// Reads up to `wanted` more bytes; `None` if the file cannot be read or ends too early.
    fn read(&mut self, wanted: u64) -> Option<u64> {
        let wanted = wanted.min(*self.left).min(self.unread);
        let read = self.file.take(wanted).read_to_end(&mut self.bytes).ok()? as u64;
        *self.left -= read;
        self.unread -= read;
        (read == wanted).then_some(read)
    }

    /// Returns the line that begins at `start`; `Some(None)` after the last one.
    fn line(&mut self, start: usize) -> Option<Option<Line>> {
        let mut searched = start;
        loop {
            if let Some(end) = memchr(b'\n', &self.bytes[searched..]) {
                let length = searched + end + 1 - start;
                let is_whole = true;
                return Some(Some(Line { length, is_whole }));
            }
            searched = self.bytes.len();
            let length = searched - start;
            let is_last = self.unread == 0;
            let is_out_of_reach = length as u64 > MAX_RECORD_BYTES || *self.left == 0;
            if is_last || is_out_of_reach {
                let is_whole = is_last;
                let line = (length > 0).then_some(Line { length, is_whole });
                return Some(line);
            }
            self.read(STEP_BYTES.max(length as u64))?;
        }
    }
}
