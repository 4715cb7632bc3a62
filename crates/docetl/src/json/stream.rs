//! A JSON file of records, read a piece at a time.

use std::io::Read;

use super::cursor::Fault;
use super::parse::Parser;
use crate::value::{Record, Value};

/// The number of bytes that are read at first. The number doubles whenever a record is longer.
const PIECE_BYTES: usize = 1 << 20;
const MARK: &[u8] = b"\xef\xbb\xbf";

/// The reason why there is no next record.
#[derive(Debug)]
pub(crate) enum StreamFault {
    /// The bytes could not be read.
    Read(std::io::Error),
    /// The bytes are not a list of records.
    Content(String),
}

/// The records of a JSON list, one after the other. Memory is bounded by the longest of them.
pub(crate) struct JsonStream<R> {
    source: R,
    parser: Parser,
    buffer: Vec<u8>,
    /// The position of the next byte.
    at: usize,
    /// The number of bytes of the file that came before the buffer.
    passed: u64,
    records: u64,
    is_at_end: bool,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Start,
    Within,
    End,
}

impl<R: Read> JsonStream<R> {
    pub(crate) fn new(source: R) -> Self {
        Self {
            source,
            parser: Parser::default(),
            buffer: Vec::new(),
            at: 0,
            passed: 0,
            records: 0,
            is_at_end: false,
            state: State::Start,
        }
    }

    /// Returns the next record, or none at the end of the list and the file.
    pub(crate) fn next(&mut self) -> Result<Option<Record>, StreamFault> {
        if self.state == State::Start {
            self.begin()?;
        }
        if self.state == State::End {
            return Ok(None);
        }
        if self.records > 0 {
            match self.byte()? {
                Some(b',') => self.at += 1,
                Some(b']') => return self.end(),
                found => return Err(self.unexpected(found, "`,` or `]`")),
            }
        } else if self.byte()? == Some(b']') {
            return self.end();
        }
        self.record().map(Some)
    }

    fn begin(&mut self) -> Result<(), StreamFault> {
        while self.buffer.len() < MARK.len() && !self.is_at_end {
            self.read_more()?;
        }
        if self.buffer.starts_with(MARK) {
            self.at = MARK.len();
        }
        match self.byte()? {
            Some(b'[') => self.at += 1,
            None => return Err(self.fault_at(self.at, "the file is empty")),
            Some(b'{') => {
                return Err(self.fault_at(self.at, "it holds an object, not a list of records"));
            }
            found => return Err(self.unexpected(found, "a list of records")),
        }
        self.state = State::Within;
        Ok(())
    }

    fn end(&mut self) -> Result<Option<Record>, StreamFault> {
        self.at += 1;
        match self.byte()? {
            None => {
                self.state = State::End;
                Ok(None)
            }
            Some(_) => Err(self.fault_at(self.at, "there is more after the list of records")),
        }
    }

    fn record(&mut self) -> Result<Record, StreamFault> {
        // White space is skipped first, so that an error has the position of the wrong byte.
        self.byte()?;
        loop {
            match self.parser.parse_first(&self.buffer[self.at..]) {
                Ok((Value::Object(record), length)) => {
                    self.at += length;
                    self.records += 1;
                    return Ok(record);
                }
                Ok((other, _)) => {
                    let reason = format!(
                        "record {} is {}, not an object",
                        self.records + 1,
                        other.kind()
                    );
                    return Err(self.fault_at(self.at, reason));
                }
                Err(fault) if fault.is_incomplete && !self.is_at_end => self.read_more()?,
                Err(Fault { offset, reason, .. }) => {
                    let reason = format!("record {}: {reason}", self.records + 1);
                    return Err(self.fault_at(self.at + offset, reason));
                }
            }
        }
    }

    /// Returns the next byte that isn't white space, without consuming it.
    fn byte(&mut self) -> Result<Option<u8>, StreamFault> {
        loop {
            let rest = self.buffer[self.at..].iter();
            let space = rest.take_while(|byte| matches!(byte, b' ' | b'\n' | b'\t' | b'\r'));
            self.at += space.count();
            match self.buffer.get(self.at) {
                Some(byte) => return Ok(Some(*byte)),
                None if self.is_at_end => return Ok(None),
                None => self.read_more()?,
            }
        }
    }

    /// Reads all bytes that are available, and at least a piece. A record that doesn't fit is parsed again with twice the bytes, so
    /// that the time stays in proportion to its length.
    fn read_more(&mut self) -> Result<(), StreamFault> {
        self.buffer.drain(..self.at);
        self.passed += self.at as u64;
        self.at = 0;
        let wanted = self.buffer.len().max(PIECE_BYTES);
        let mut piece = (&mut self.source).take(wanted as u64);
        let read = piece
            .read_to_end(&mut self.buffer)
            .map_err(StreamFault::Read)?;
        self.is_at_end = read < wanted;
        Ok(())
    }

    fn unexpected(&self, found: Option<u8>, wanted: &str) -> StreamFault {
        match found {
            None => self.fault_at(self.at, "it is cut off"),
            Some(_) => self.fault_at(self.at, format!("{wanted} should be there")),
        }
    }

    fn fault_at(&self, at: usize, reason: impl AsRef<str>) -> StreamFault {
        let offset = self.passed + at as u64;
        StreamFault::Content(format!("at byte {offset}: {}", reason.as_ref()))
    }
}
