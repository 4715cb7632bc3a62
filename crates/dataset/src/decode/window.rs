//! A window over the packed bytes of a file that can go back a little.

use std::io::{self, BufRead, Read};

use super::Raw;

/// The number of bytes that are read at once.
const CHUNK_BYTES: usize = 128 * 1024;
/// The number of bytes that are kept after they were taken. It exceeds what a decoder takes of damaged bytes before it notices.
const KEPT_BYTES: usize = 256 * 1024;

/// A buffered reader that can go back a little.
pub(super) struct Window<'a> {
    raw: Raw<'a>,
    bytes: Vec<u8>,
    /// The number of bytes of `bytes` that were taken.
    taken: usize,
    /// The offset in the file of the first of `bytes`.
    offset: u64,
}

impl<'a> Window<'a> {
    pub(super) fn new(raw: Raw<'a>) -> Self {
        Self {
            raw,
            bytes: Vec::new(),
            taken: 0,
            offset: 0,
        }
    }

    /// Returns the offset in the file of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.offset + self.taken as u64
    }

    /// Reads another chunk and returns its size.
    fn read_chunk(&mut self) -> io::Result<usize> {
        // The chunks are the same however the file delivers them, because decoders lose the rest of a chunk.
        (&mut self.raw)
            .take(CHUNK_BYTES as u64)
            .read_to_end(&mut self.bytes)
    }

    fn forget(&mut self, length: usize) {
        self.bytes.drain(..length);
        self.taken = self.taken.saturating_sub(length);
        self.offset += length as u64;
    }

    /// Moves to the first place, from offset `from` on, for which `begins` returns true. Returns `false` if there is none. `begins`
    /// is given up to `length` bytes.
    pub(super) fn find(
        &mut self,
        from: u64,
        length: usize,
        begins: impl Fn(&[u8]) -> bool,
    ) -> io::Result<bool> {
        let mut at = usize::try_from(from.saturating_sub(self.offset)).unwrap_or(usize::MAX);
        at = at.min(self.bytes.len());
        loop {
            let whole = (self.bytes.len() + 1).saturating_sub(length);
            if let Some(found) = (at..whole).find(|at| begins(&self.bytes[*at..*at + length])) {
                self.taken = found;
                return Ok(true);
            }
            at = whole.max(at);
            self.taken = self.bytes.len();
            if at > KEPT_BYTES {
                self.forget(at);
                at = 0;
            }
            if self.read_chunk()? == 0 {
                return Ok(false);
            }
        }
    }
}

impl Read for Window<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let length = available.len().min(buffer.len());
        buffer[..length].copy_from_slice(&available[..length]);
        self.consume(length);
        Ok(length)
    }
}

impl BufRead for Window<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.taken == self.bytes.len() {
            // Moving the kept bytes costs as much as they are long, which is negligible if done rarely.
            if self.taken >= 4 * KEPT_BYTES {
                self.forget(self.taken - KEPT_BYTES);
            }
            self.read_chunk()?;
        }
        Ok(&self.bytes[self.taken..])
    }

    fn consume(&mut self, length: usize) {
        self.taken = (self.taken + length).min(self.bytes.len());
    }
}
