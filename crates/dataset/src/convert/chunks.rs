//! A file's bytes in chunks, without the byte order mark.

use std::io::{self, Read};

use crate::decode::Raw;

const CHUNK_BYTES: usize = 64 * 1024;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The bytes of a file, a chunk at a time.
pub(crate) struct Chunks<'a> {
    raw: Raw<'a>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// True if a byte order mark may come, because reading starts at the beginning of the file.
    at_start: bool,
    /// The offset in the file of the first byte of the current chunk.
    offset: u64,
}

impl<'a> Chunks<'a> {
    /// Reads the bytes of `raw`, the first of which is at `offset` in its file.
    pub(crate) fn new(raw: Raw<'a>, offset: u64) -> Self {
        Self {
            raw,
            buffer: vec![0; CHUNK_BYTES],
            start: 0,
            end: 0,
            at_start: offset == 0,
            offset,
        }
    }

    /// Returns the current bytes, which are empty only at the end of the file.
    pub(crate) fn fill(&mut self) -> io::Result<&[u8]> {
        if self.at_start {
            self.skip_mark()?;
        }
        if self.start == self.end {
            self.start = 0;
            self.end = self.read(0)?;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    /// Marks the first `length` bytes of the current chunk as done.
    pub(crate) fn consume(&mut self, length: usize) {
        self.start = (self.start + length).min(self.end);
        self.offset += length as u64;
    }

    /// Returns the offset in the file of the first byte of the current chunk.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        while self.end < BYTE_ORDER_MARK.len() {
            let read = self.read(self.end)?;
            self.end += read;
            if read == 0 {
                break;
            }
        }
        self.at_start = false;
        if self.buffer[..self.end].starts_with(BYTE_ORDER_MARK) {
            self.consume(BYTE_ORDER_MARK.len());
        }
        Ok(())
    }

    fn read(&mut self, from: usize) -> io::Result<usize> {
        loop {
            match self.raw.read(&mut self.buffer[from..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}
