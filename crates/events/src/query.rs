//! Reading a log: rotated files and the current one, in order, also while it is written.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use crate::rotate::LogName;
use crate::{Error, Event, EventFilter, Result, SCHEMA_VERSION};

/// The longest line that is read, in bytes; the writer cuts its own far below.
pub(crate) const MAX_LINE_BYTES: u64 = 16 << 20;

/// Reads the events of the log in this folder (`…/event_logs`), oldest first.
///
/// A folder without a log is an empty log.
///
/// # Errors
///
/// [`Error::Io`] if the folder cannot be read.
pub fn read_events(folder: impl AsRef<Path>, filter: EventFilter) -> Result<EventReader> {
    Ok(EventReader {
        lines: LogLines::new(folder.as_ref())?,
        filter,
        damaged_lines: 0,
        ended: false,
    })
}

/// The events of a log, oldest first, in memory bounded by the longest line.
///
/// Lines that are no events are passed over and counted. After the first error it yields nothing
/// more.
#[derive(Debug)]
pub struct EventReader {
    lines: LogLines,
    filter: EventFilter,
    damaged_lines: u64,
    ended: bool,
}

impl EventReader {
    /// The number of lines so far that were no events.
    #[must_use]
    pub fn damaged_lines(&self) -> u64 {
        self.damaged_lines
    }

    /// The next event that has been written whole; `None` when there is none *yet*.
    pub(crate) fn poll(&mut self) -> Result<Option<Event>> {
        while let Some(line) = self.lines.next()? {
            match line {
                Line::Whole => {}
                Line::Damaged => {
                    self.damaged_lines += 1;
                    continue;
                }
            }
            match parse(&self.lines.line, &self.lines.path)? {
                Some(event) if self.filter.matches(&event) => return Ok(Some(event)),
                Some(_) => {}
                None => self.damaged_lines += 1,
            }
        }
        Ok(None)
    }

    /// What stands behind the last line feed may be a whole event whose end is not written yet.
    fn poll_tail(&mut self) -> Result<Option<Event>> {
        let event = parse(&self.lines.line, &self.lines.path)?;
        Ok(event.filter(|event| self.filter.matches(event)))
    }
}

impl Iterator for EventReader {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        match self.poll().transpose() {
            Some(Ok(event)) => Some(Ok(event)),
            Some(Err(error)) => {
                self.ended = true;
                Some(Err(error))
            }
            None => {
                self.ended = true;
                self.poll_tail().transpose()
            }
        }
    }
}

/// The number of the last event in the log, 0 if there is none.
pub(crate) fn last_sequence(folder: &Path) -> Result<u64> {
    let name = LogName::json(folder);
    let mut paths = vec![name.current()];
    let numbers = name
        .numbers()
        .map_err(|source| Error::io("list", folder, source))?;
    let rotated = numbers.into_iter().rev();
    paths.extend(rotated.flat_map(|number| [name.plain(number), name.compressed(number)]));
    for path in paths {
        let last = last_sequence_of_file(&path)?;
        if last > 0 {
            return Ok(last);
        }
    }
    Ok(0)
}

/// The highest number in one file. A plain file is read backwards as far as needed.
fn last_sequence_of_file(path: &Path) -> Result<u64> {
    let mut lines = match LineReader::open(path) {
        Ok(lines) => lines,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(source) => return Err(Error::io("open", path, source)),
    };
    lines.skip_to_tail(1 << 20);
    let mut line = Vec::new();
    let mut last = 0;
    loop {
        match lines.read(&mut line) {
            Ok(Some(Line::Whole)) => {
                last = parse(&line, path)?.map_or(last, |event| last.max(event.sequence));
            }
            Ok(Some(Line::Damaged)) => {}
            Ok(None) => return Ok(last),
            Err(_) if lines.is_compressed => return Ok(last),
            Err(source) => return Err(Error::io("read", path, source)),
        }
        line.clear();
    }
}

/// An event, or `None` if the line is none.
fn parse(line: &[u8], path: &Path) -> Result<Option<Event>> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        schema_version: u32,
    }
    let event: Option<Event> = serde_json::from_slice(line).ok();
    let version = match &event {
        Some(event) => event.schema_version,
        // A newer form need not be readable as ours, and must not pass as damage.
        None => serde_json::from_slice(line).map_or(0, |version: Version| version.schema_version),
    };
    if version > SCHEMA_VERSION {
        return Err(Error::Newer {
            path: path.to_path_buf(),
            found: version,
            supported: SCHEMA_VERSION,
        });
    }
    // A JSON object without a type is some other thing.
    Ok(event.filter(|event| !event.kind.as_str().is_empty()))
}

enum Line {
    Whole,
    Damaged,
}

/// The lines of all files of a log. At the end of the current file it can be asked again later,
/// and finds its way when the file is rotated in the meantime.
#[derive(Debug)]
struct LogLines {
    name: LogName,
    /// Rotated files below this number are done with.
    next_number: u64,
    reader: Option<LineReader>,
    /// Which file the reader reads.
    path: PathBuf,
    /// The number that the file will get when it is rotated; its own if it has been.
    number: u64,
    is_current: bool,
    line: Vec<u8>,
    line_is_used: bool,
}

impl LogLines {
    fn new(folder: &Path) -> Result<Self> {
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

    /// Reads the next line into `line`. `None`: nothing whole is there now; `line` then holds what
    /// stands behind the last line feed.
    fn next(&mut self) -> Result<Option<Line>> {
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
            // The file is rotated, so nothing is added to it any more, but something may have been
            // between the last look at it and the rotation.
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
            // A damaged archive: what could be unpacked of it has been read.
            Err(_) if reader.is_compressed => {
                reader.is_at_end = true;
                self.line_is_used = true;
                Ok(Some(Line::Damaged))
            }
            Err(source) => Err(Error::io("read", &self.path, source)),
        }
    }

    /// Opens the oldest file that has not been read; `false` if there is none.
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
            // Had it been rotated between the two looks, nobody could tell which file this is.
            if self.rotated()?.range(self.number..).next().is_none() {
                self.reader = Some(reader);
                self.is_current = true;
                return Ok(true);
            }
        }
    }

    /// Opens a rotated file, whichever form it has by now; `false` if it has been removed.
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

    fn rotated(&self) -> Result<std::collections::BTreeSet<u64>> {
        self.name
            .numbers()
            .map_err(|source| Error::io("list", &self.name.folder, source))
    }
}

/// The lines of one file.
struct LineReader {
    input: BufReader<Input>,
    is_compressed: bool,
    is_at_end: bool,
    is_skipping: bool,
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
    fn open(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
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
        })
    }

    /// Skips all but the last bytes of a plain file; the first line is then a part of one.
    fn skip_to_tail(&mut self, tail_bytes: u64) {
        use std::io::{Seek, SeekFrom};
        if let Input::Plain(file) = self.input.get_mut()
            && let Ok(metadata) = file.metadata()
            && metadata.len() > tail_bytes
        {
            let start = metadata.len() - tail_bytes;
            self.is_skipping = file.seek(SeekFrom::Start(start)).is_ok();
        }
    }

    /// Appends to `line` up to the line feed, which is left out. `None` at the end of the file as
    /// it is now; what came of a line stays in `line` for the next call.
    fn read(&mut self, line: &mut Vec<u8>) -> io::Result<Option<Line>> {
        while !self.is_at_end {
            let room = (MAX_LINE_BYTES + 1).saturating_sub(line.len() as u64);
            let read = (&mut self.input).take(room).read_until(b'\n', line)?;
            if line.last() == Some(&b'\n') {
                line.pop();
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
