//! Reads a log: rotated files and the current one, in order, even while it is written.

use std::io;
use std::path::Path;

use serde::Deserialize;

use crate::lines::{Line, LineReader, LogLines};
use crate::rotate::LogName;
use crate::{Error, Event, EventFilter, Result, SCHEMA_VERSION};

/// The number of bytes at a file's end that are enough to find its last event.
const TAIL_BYTES: u64 = 4 << 20;

/// Reads the events of the log in this folder (`…/event_logs`), oldest first.
///
/// A folder without a log counts as an empty log.
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

/// Reads the last events of the log in this folder, oldest first: those in the last 4 MiB of its current file.
///
/// # Errors
///
/// [`Error::Io`] if the file cannot be read, [`Error::Newer`] if a newer release wrote it.
pub fn last_events(folder: impl AsRef<Path>) -> Result<Vec<Event>> {
    let path = LogName::json(folder.as_ref()).current();
    if !path.is_file() {
        return Ok(Vec::new());
    }
    let mut lines = LineReader::open(&path).map_err(|source| Error::io("open", &path, source))?;
    lines.skip_to_tail(TAIL_BYTES);
    let (mut events, mut line) = (Vec::new(), Vec::new());
    while let Some(kind) = lines
        .read(&mut line)
        .map_err(|source| Error::io("read", &path, source))?
    {
        if matches!(kind, Line::Whole) {
            events.extend(parse(&line, &path)?);
        }
        line.clear();
    }
    Ok(events)
}

/// The events of a log, oldest first. Memory is bounded by the longest line.
///
/// Lines that are not events are skipped and counted. After the first error, the iterator ends.
#[derive(Debug)]
pub struct EventReader {
    lines: LogLines,
    filter: EventFilter,
    damaged_lines: u64,
    ended: bool,
}

impl EventReader {
    /// Returns the number of lines so far that were not events.
    #[must_use]
    pub fn damaged_lines(&self) -> u64 {
        self.damaged_lines
    }

    /// Returns the next event that has been written completely; `None` if there is none *yet*, so it may be called again later.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if a file cannot be read, [`Error::Newer`] if a newer release wrote it.
    pub fn poll(&mut self) -> Result<Option<Event>> {
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

    /// Returns the event after the last line feed, if it is complete except for its own line feed.
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

/// Returns the number of the last event in the log, 0 if there is none.
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

/// Returns the highest number in one file. If the end of a plain file is enough, only that is read.
fn last_sequence_of_file(path: &Path) -> Result<u64> {
    // A pipe or a device in the place of a file has no history, and may never end.
    if !path.is_file() {
        return Ok(0);
    }
    for tail_bytes in [TAIL_BYTES, u64::MAX] {
        let mut lines = match LineReader::open(path) {
            Ok(lines) => lines,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            Err(source) => return Err(Error::io("open", path, source)),
        };
        lines.skip_to_tail(tail_bytes);
        let last = highest_sequence(&mut lines, path)?;
        if last > 0 || lines.is_compressed {
            return Ok(last);
        }
    }
    Ok(0)
}

fn highest_sequence(lines: &mut LineReader, path: &Path) -> Result<u64> {
    let mut line = Vec::new();
    let mut last = 0;
    loop {
        match lines.read(&mut line) {
            Ok(Some(Line::Whole)) => {
                last = parse(&line, path)?.map_or(last, |event| last.max(event.sequence));
            }
            Ok(Some(Line::Damaged)) => {}
            Ok(None) => return Ok(last),
            // A damaged archive. The part that could be decompressed counts.
            Err(_) if lines.is_compressed => return Ok(last),
            Err(source) => return Err(Error::io("read", path, source)),
        }
        line.clear();
    }
}

/// Parses an event; `None` if the line isn't one.
fn parse(line: &[u8], path: &Path) -> Result<Option<Event>> {
    #[derive(Deserialize)]
    struct Version {
        #[serde(default)]
        schema_version: u32,
    }
    let event: Option<Event> = serde_json::from_slice(line).ok();
    let version = match &event {
        Some(event) => event.schema_version,
        // A newer format may be unreadable for this release, and must not count as damage.
        None => serde_json::from_slice(line).map_or(0, |version: Version| version.schema_version),
    };
    if version > SCHEMA_VERSION {
        return Err(Error::Newer {
            path: path.to_path_buf(),
            found: version,
            supported: SCHEMA_VERSION,
        });
    }
    // A JSON object without a type isn't an event.
    Ok(event.filter(|event| !event.kind.as_str().is_empty()))
}
