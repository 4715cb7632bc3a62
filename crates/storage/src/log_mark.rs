//! A place in a log, and the proof that a file is the log it was taken in.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use serde::{Deserialize, Serialize};

use crate::Digest;
use crate::log_line::MAX_LINE_BYTES;

/// A place between two lines of a log file. A view of the log keeps it, so that a reader can go on from there.
///
/// The first line of a journal names its driver and when it began, and a log only ever grows. So a file that has these two
/// lines in these places is the very log, and what lies between them is what was there when the mark was taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogMark {
    /// The epoch of the file.
    pub epoch: u64,
    /// How many lines come before the place.
    pub lines: u64,
    /// How many bytes they have.
    pub length: u64,
    /// The first line.
    pub first: LineMark,
    /// The last line before the place.
    pub last: LineMark,
}

/// A line of a log: enough to recognize it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMark {
    /// Its length in bytes, line feed included.
    pub length: u64,
    /// The digest of these bytes.
    pub digest: Digest,
}

impl LineMark {
    pub(crate) fn of(line: &[u8]) -> Self {
        Self {
            length: line.len() as u64,
            digest: Digest::of(line),
        }
    }

    fn is_at(self, file: &File, offset: u64) -> io::Result<bool> {
        let length = self.length.min(MAX_LINE_BYTES);
        let mut line = vec![0; usize::try_from(length).unwrap_or(0)];
        match file.read_exact_at(&mut line, offset) {
            Ok(()) => Ok(line.last() == Some(&b'\n') && Self::of(&line) == self),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
            Err(error) => Err(error),
        }
    }
}

impl LogMark {
    /// Returns whether the file has the two lines in their places.
    pub(crate) fn is_in(&self, file: &File) -> io::Result<bool> {
        let Some(last) = self.length.checked_sub(self.last.length) else {
            return Ok(false);
        };
        Ok(self.first.is_at(file, 0)? && self.last.is_at(file, last)?)
    }
}
