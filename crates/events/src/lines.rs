//! The lines of a log's files, in order, even while the files are written and rotated.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use coldpress_storage::open_file;
use flate2::read::MultiGzDecoder;

use crate::rotate::LogName;
use crate::{Error, Result};

/// The length of the longest line that is read, in bytes. The writer cuts its own lines far below that.
pub(crate) const MAX_LINE_BYTES: u64 = 16 << 20;

/// The number of bytes to search for the end of a line that is too long. A file with more isn't a log.
const MAX_SKIPPED_BYTES: u64 = 256 << 20;

/// The result of reading a line.
pub(crate) enum Line {
    Whole,
    Damaged,
}

/// The lines of all files of a log. At the end of the current file, it can be read again later, even if the file has been rotated
/// in the meantime.
#[derive(Debug)]
pub(crate) struct LogLines {
    name: LogName,
    /// Rotated files below this number have been read.
    next_number: u64,
    reader: Option<LineReader>,
    /// The file that is being read.
    pub(crate) path: PathBuf,
    /// The number that the file will get when it is rotated, or the one that it has.
    number: u64,
    is_current: bool,
    pub(crate) line: Vec<u8>,
    line_is_used: bool,
}

impl LogLines {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        let name = LogName::json(folder);
        let lines = Self {
            path: name.current(),
            name,
            next_number: 1,
            reader: None,
            number: 0,
            is_current: false,
            line: Vec::new(),
            line_is_used: false,
        };
        lines.rotated()?;
        Ok(lines)
    }

    /// Reads the next line into `line`. `None` means that there is no complete line now; `line` then has the text after the last
    /// line feed.
    pub(crate) fn next(&mut self) -> Result<Option<Line>> {
        if std::mem::take(&mut self.line_is_used) {
            self.line.clear();
        }
        loop {
            if self.reader.is_none() && !self.open_next()? {
                return Ok(None);
            }
            if let Some(line) = self.read_line()? {
                return Ok(Some(line));
            }
            if self.is_current && self.rotated()?.range(self.number..).next().is_none() {
                return Ok(None);
            }
            // The file is rotated, so nothing is added to it any more. But lines may have been added between the last read and the
            // rotation.
            if let Some(line) = self.read_line()? {
                return Ok(Some(line));
            }
            self.reader = None;
            self.next_number = self.number + 1;
            if !self.line.is_empty() {
                self.line_is_used = true;
                return Ok(Some(Line::Whole));
            }
        }
    }

    fn read_line(&mut self) -> Result<Option<Line>> {
        let Some(reader) = &mut self.reader else {
            return Ok(None);
        };
        match reader.read(&mut self.line) {
            Ok(line) => {
                self.line_is_used = line.is_some();
                Ok(line)
            }
            // A damaged archive. The part that could be decompressed has been read.
            Err(_) if reader.is_compressed => {
                reader.is_at_end = true;
                self.line_is_used = true;
                Ok(Some(Line::Damaged))
            }
            Err(source) => Err(Error::io("read", &self.path, source)),
        }
    }

    /// Opens the oldest file that has not been read; returns false if there is none.
    fn open_next(&mut self) -> Result<bool> {
        loop {
            let rotated = self.rotated()?;
            if let Some(&number) = rotated.range(self.next_number..).next() {
                self.number = number;
                self.is_current = false;
                if self.open_rotated(number)? {
                    return Ok(true);
                }
                self.next_number = number + 1;
                continue;
            }
            let last = rotated.last().copied().unwrap_or(0);
            self.number = self.next_number.max(last + 1);
            self.path = self.name.current();
            let reader = match LineReader::open(&self.path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
                reader => reader.map_err(|source| Error::io("open", &self.path, source))?,
            };
            // If it were rotated between the two checks, it would be unknown which file this is.
            if self.rotated()?.range(self.number..).next().is_none() {
                self.reader = Some(reader);
                self.is_current = true;
                return Ok(true);
            }
        }
    }

    /// Opens a rotated file in its current form; returns false if it has been removed.
    fn open_rotated(&mut self, number: u64) -> Result<bool> {
        for path in [self.name.plain(number), self.name.compressed(number)] {
            match LineReader::open(&path) {
                Ok(reader) => {
                    self.reader = Some(reader);
                    self.path = path;
                    return Ok(true);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(source) => return Err(Error::io("open", &path, source)),
            }
        }
        Ok(false)
    }

    fn rotated(&self) -> Result<BTreeSet<u64>> {
        self.name
            .numbers()
            .map_err(|source| Error::io("list", &self.name.folder, source))
    }
}

/// The lines of one file.
pub(crate) struct LineReader {
    input: BufReader<Input>,
    pub(crate) is_compressed: bool,
    is_at_end: bool,
    is_skipping: bool,
    /// The number of bytes skipped since the last line.
    skipped: u64,
}

enum Input {
    Plain(File),
    Compressed(Box<MultiGzDecoder<BufReader<File>>>),
}

impl Read for Input {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(buffer),
            Self::Compressed(decoder) => decoder.read(buffer),
        }
    }
}

impl LineReader {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = open_file(path)?;
        let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
        let input = if is_compressed {
            Input::Compressed(Box::new(MultiGzDecoder::new(BufReader::new(file))))
        } else {
            Input::Plain(file)
        };
        Ok(Self {
            input: BufReader::with_capacity(64 << 10, input),
            is_compressed,
            is_at_end: false,
            is_skipping: false,
            skipped: 0,
        })
    }

    /// Skips all but the last bytes of a plain file. The first line is then incomplete.
    pub(crate) fn skip_to_tail(&mut self, tail_bytes: u64) {
        use std::io::{Seek, SeekFrom};
        if let Input::Plain(file) = self.input.get_mut()
            && let Ok(metadata) = file.metadata()
            && metadata.len() > tail_bytes
        {
            let start = metadata.len() - tail_bytes;
            self.is_skipping = file.seek(SeekFrom::Start(start)).is_ok();
        }
    }

    /// Appends the text up to the line feed, which is left out, to `line`. `None` at the current end of the file; an incomplete
    /// line stays in `line` for the next call.
    pub(crate) fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
        while !self.is_at_end {
            let room = (MAX_LINE_BYTES + 1).saturating_sub(line.len() as u64);
            let read = (&mut self.input).take(room).read_until(b'\n', line)?;
            if line.last() == Some(&b'\n') {
                line.pop();
                self.skipped = 0;
                let was_skipping = std::mem::take(&mut self.is_skipping);
                return Ok(Some(if was_skipping {
                    Line::Damaged
                } else {
                    Line::Whole
                }));
            }
            if line.len() as u64 > MAX_LINE_BYTES {
                self.is_skipping = true;
            }
            if self.is_skipping {
                line.clear();
                self.skipped += read as u64;
            }
            if self.skipped > MAX_SKIPPED_BYTES {
                self.is_at_end = true;
                return Ok(Some(Line::Damaged));
            }
            if read == 0 {
                return Ok(None);
            }
        }
        Ok(None)
    }
}

impl std::fmt::Debug for LineReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LineReader")
            .field("is_compressed", &self.is_compressed)
            .finish_non_exhaustive()
    }
}
