//! An append-only log of JSON records with a checksum per line: the reading side.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::log_line::{FIRST_SEQUENCE, MAX_LINE_BYTES, checksum};
use crate::log_mark::LogMark;
use crate::{Digest, Error, Hasher, Result, open_file};

/// One record of a log with its place.
#[derive(Clone, Debug)]
pub struct Frame {
    /// The epoch of the driver that wrote it; the same in all lines of a file.
    pub epoch: u64,
    /// The number of the line in its file, from [`FIRST_SEQUENCE`].
    pub sequence: u64,
    /// The record's JSON as it was written.
    pub record: Box<RawValue>,
}

impl Frame {
    /// Decodes the record.
    ///
    /// # Errors
    ///
    /// The decoder's, if the record has not the form of a `T`.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_str(self.record.get())
    }
}

/// Whether the last line may lack its end, as a crash while appending leaves it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TornTail {
    /// A last line without its end is left out and counted: for the newest file of a log.
    Allow,
    /// A last line without its end is damage: for all older files.
    Refuse,
}

/// All that a log file holds.
#[derive(Clone, Debug)]
pub struct LogContents {
    /// The whole records in order.
    pub frames: Vec<Frame>,
    /// The number of bytes that they take: what may be sealed.
    pub good_length: u64,
    /// The digest of these bytes.
    pub good_digest: Digest,
    /// The number of bytes of the torn last line, 0 if there is none.
    pub torn_bytes: u64,
}

/// Reads a whole log file and checks every line of it.
///
/// With a `sealed_length` only that many bytes are looked at, whatever a late writer put behind
/// them, and none of them may be torn.
///
/// A line is torn only if it is the last and its line feed is missing; it has never been acted on,
/// because its sync did not return. All else that a line may be (a wrong checksum, a gap in the
/// sequence, another epoch, more than [`MAX_LINE_BYTES`]) is damage, also at the end of the file.
///
/// # Errors
///
/// [`Error::Damaged`] with the place, [`Error::Io`] if the file cannot be read.
pub fn read_log(
    path: impl AsRef<Path>,
    sealed_length: Option<u64>,
    torn: TornTail,
) -> Result<LogContents> {
    let mut reader = LogReader::open(path, sealed_length, torn)?;
    let frames = reader.by_ref().collect::<Result<Vec<_>>>()?;
    Ok(LogContents {
        frames,
        good_length: reader.good_length(),
        good_digest: reader.good_digest(),
        torn_bytes: reader.torn_bytes(),
    })
}

/// Reads a log file record by record, in memory bounded by its longest line; as [`read_log`].
///
/// After the first error it yields nothing more.
#[derive(Debug)]
pub struct LogReader {
    path: PathBuf,
    bytes: Take<BufReader<File>>,
    sealed_length: Option<u64>,
    torn: TornTail,
    line: Vec<u8>,
    lines: u64,
    epoch: Option<u64>,
    hasher: Hasher,
    good_length: u64,
    torn_bytes: u64,
    ended: bool,
}

impl LogReader {
    /// Opens a log file for reading.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be opened, [`Error::Damaged`] if it is shorter than its seal.
    pub fn open(
        path: impl AsRef<Path>,
        sealed_length: Option<u64>,
        torn: TornTail,
    ) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let file = open_file(&path)?;
        let reader = BufReader::with_capacity(128 << 10, file);
        Ok(Self {
            path,
            bytes: reader.take(sealed_length.unwrap_or(u64::MAX)),
            sealed_length,
            torn: sealed_length.map_or(torn, |_| TornTail::Refuse),
            line: Vec::new(),
            lines: 0,
            epoch: None,
            hasher: Hasher::new(),
            good_length: 0,
            torn_bytes: 0,
            ended: false,
        })
    }

    /// Opens a log file to read on from a mark, without reading what is before it. Returns none if the mark is not of this
    /// file, or lies behind the seal.
    ///
    /// The [digest](Self::good_digest) is that of the lines after the mark.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it cannot be opened or read.
    pub fn open_at(
        path: impl AsRef<Path>,
        mark: &LogMark,
        sealed_length: Option<u64>,
        torn: TornTail,
    ) -> Result<Option<Self>> {
        let mut reader = Self::open(path, sealed_length, torn)?;
        let unreadable = |source| Error::io("read", &reader.path, source);
        let file = reader.bytes.get_ref().get_ref();
        let left = sealed_length.unwrap_or(u64::MAX).checked_sub(mark.length);
        let (Some(left), true) = (left, mark.is_in(file).map_err(unreadable)?) else {
            return Ok(None);
        };
        reader.bytes.set_limit(left);
        reader.lines = mark.lines;
        reader.epoch = Some(mark.epoch);
        reader.good_length = mark.length;
        reader.resume()?;
        Ok(Some(reader))
    }

    /// The number of bytes of the lines read so far.
    #[must_use]
    pub fn good_length(&self) -> u64 {
        self.good_length
    }

    /// The digest of the lines read so far.
    #[must_use]
    pub fn good_digest(&self) -> Digest {
        self.hasher.finish()
    }

    /// The number of bytes of the torn last line; 0 before the end is reached.
    #[must_use]
    pub fn torn_bytes(&self) -> u64 {
        self.torn_bytes
    }

    /// Reads on after the end, where lines may have been added to a file that is not sealed. What was torn then may be whole now.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the file cannot be read.
    pub fn resume(&mut self) -> Result<()> {
        let file = self.bytes.get_mut();
        file.seek(SeekFrom::Start(self.good_length))
            .map_err(|source| Error::io("read", &self.path, source))?;
        self.torn_bytes = 0;
        self.ended = false;
        Ok(())
    }

    fn next_frame(&mut self) -> Result<Option<Frame>> {
        self.read_line()?;
        if self.line.last() != Some(&b'\n') {
            return self.end().map(|()| None);
        }
        let frame = self.parse_line(&self.line[..self.line.len() - 1])?;
        self.hasher.update(&self.line);
        self.good_length += self.line.len() as u64;
        self.lines += 1;
        self.epoch = Some(frame.epoch);
        Ok(Some(frame))
    }

    fn read_line(&mut self) -> Result<()> {
        self.line.clear();
        let limit = MAX_LINE_BYTES + 1;
        (&mut self.bytes)
            .take(limit)
            .read_until(b'\n', &mut self.line)
            .map_err(|source| Error::io("read", &self.path, source))?;
        if self.line.len() as u64 == limit {
            return Err(self.damaged(format!("the line is longer than {MAX_LINE_BYTES} bytes")));
        }
        Ok(())
    }

    /// Judges what stands behind the last line feed.
    fn end(&mut self) -> Result<()> {
        let torn_bytes = self.line.len() as u64;
        if let Some(sealed) = self.sealed_length {
            let found = self.good_length + torn_bytes;
            if found < sealed {
                let reason = format!("the file ends after {found} of {sealed} sealed bytes");
                return Err(self.damaged(reason));
            }
        }
        if torn_bytes == 0 {
            return Ok(());
        }
        if self.torn == TornTail::Refuse {
            return Err(self.damaged("the last line has no end".to_owned()));
        }
        // A whole line with something other than a line feed behind it was not cut off while it
        // was written: the line had its end, and lost it.
        if self.parse_line(&self.line[..self.line.len() - 1]).is_ok() {
            return Err(self.damaged("the end of the last line is damaged".to_owned()));
        }
        self.torn_bytes = torn_bytes;
        Ok(())
    }

    fn parse_line(&self, line: &[u8]) -> Result<Frame> {
        let parsed = split_line(line).ok_or_else(|| self.damaged("not a log line".to_owned()))?;
        let found = checksum(parsed.epoch, parsed.sequence, parsed.record);
        if found != parsed.crc {
            let expected = parsed.crc;
            let reason = format!("the checksum is {found:08x}, the line says {expected:08x}");
            return Err(self.damaged(reason));
        }
        let expected = FIRST_SEQUENCE + self.lines;
        if parsed.sequence != expected {
            let found = parsed.sequence;
            let reason = format!("sequence {found} stands where {expected} should be");
            return Err(self.damaged(reason));
        }
        if let Some(epoch) = self.epoch.filter(|epoch| *epoch != parsed.epoch) {
            let found = parsed.epoch;
            let reason = format!("epoch {found} is in a file of epoch {epoch}");
            return Err(self.damaged(reason));
        }
        let record = serde_json::from_slice(parsed.record)
            .map_err(|error| self.damaged(format!("the record is not JSON: {error}")))?;
        Ok(Frame {
            epoch: parsed.epoch,
            sequence: parsed.sequence,
            record,
        })
    }

    fn damaged(&self, reason: String) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            line: self.lines + 1,
            offset: self.good_length,
            reason,
        }
    }
}

impl Iterator for LogReader {
    type Item = Result<Frame>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let next = self.next_frame();
        self.ended = !matches!(next, Ok(Some(_)));
        next.transpose()
    }
}

struct Line<'a> {
    crc: u32,
    epoch: u64,
    sequence: u64,
    record: &'a [u8],
}

/// Takes a line apart. Only the very form that the writer writes is accepted, so that no flipped
/// bit can hide in a place that a lenient reader would pass over.
fn split_line(line: &[u8]) -> Option<Line<'_>> {
    let rest = line.strip_prefix(br#"{"crc32":""#)?;
    let (crc, rest) = rest.split_at_checked(8)?;
    let rest = rest.strip_prefix(br#"","epoch":"#)?;
    let (epoch, rest) = split_number(rest)?;
    let rest = rest.strip_prefix(br#","sequence":"#)?;
    let (sequence, rest) = split_number(rest)?;
    let rest = rest.strip_prefix(br#","record":"#)?;
    let record = rest.strip_suffix(b"}")?;
    Some(Line {
        crc: parse_crc(crc)?,
        epoch,
        sequence,
        record,
    })
}

fn parse_crc(digits: &[u8]) -> Option<u32> {
    let lower_hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    if !digits.iter().all(lower_hex) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

fn split_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let length = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let (digits, rest) = bytes.split_at(length);
    if digits.len() > 1 && digits[0] == b'0' {
        return None;
    }
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}
