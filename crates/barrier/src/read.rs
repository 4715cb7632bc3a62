//! Reads files piece by piece, at any offset.

use std::io;

use crate::error::{Error, Result};

const PIECE_BYTES: usize = 256 << 10;

/// Bytes that can be read at any offset.
pub trait ReadAt {
    /// Returns the number of bytes.
    fn bytes(&self) -> u64;

    /// Fills `buffer` with the bytes at `offset`.
    ///
    /// # Errors
    /// If the bytes cannot be read, or the file ends before `buffer` is full.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for [u8] {
    fn bytes(&self) -> u64 {
        self.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        let start = usize::try_from(offset).map_err(io::Error::other)?;
        let bytes = start
            .checked_add(buffer.len())
            .and_then(|end| self.get(start..end));
        let bytes = bytes.ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }
}

/// Reads a part of a file from its start to its end, in pieces. The buffer is larger than a piece only while an item is.
pub(crate) struct Pieces<'f, F: ?Sized> {
    file: &'f F,
    what: &'static str,
    next: u64,
    end: u64,
    buffer: Vec<u8>,
    at: usize,
}

impl<'f, F: ReadAt + ?Sized> Pieces<'f, F> {
    pub(crate) fn new(file: &'f F, what: &'static str, start: u64, end: u64) -> Self {
        Self {
            file,
            what,
            next: start,
            end,
            buffer: Vec::new(),
            at: 0,
        }
    }

    /// Returns the number of bytes that have not been taken.
    pub(crate) fn left(&self) -> u64 {
        self.end - self.next + (self.buffer.len() - self.at) as u64
    }

    /// Takes the next bytes. A part with fewer bytes is damaged.
    pub(crate) fn take(&mut self, bytes: usize) -> Result<&[u8]> {
        if self.buffer.len() - self.at < bytes {
            self.fill(bytes)?;
        }
        let taken = &self.buffer[self.at..self.at + bytes];
        self.at += bytes;
        Ok(taken)
    }

    /// Takes the next bytes, whose number is known at compile time.
    pub(crate) fn take_array<const BYTES: usize>(&mut self) -> Result<[u8; BYTES]> {
        let mut array = [0; BYTES];
        array.copy_from_slice(self.take(BYTES)?);
        Ok(array)
    }

    /// Takes as many of the next items as are in the buffer, at least one; none at the end.
    pub(crate) fn take_items<const BYTES: usize>(&mut self) -> Result<&[[u8; BYTES]]> {
        if self.left() == 0 {
            return Ok(&[]);
        }
        if self.buffer.len() - self.at < BYTES {
            self.fill(BYTES)?;
        }
        let items = self.buffer[self.at..].as_chunks().0;
        self.at += items.len() * BYTES;
        Ok(items)
    }

    fn fill(&mut self, bytes: usize) -> Result<()> {
        // A damaged length must not request more memory than the file has bytes.
        if bytes as u64 > self.left() {
            return Err(damaged(self.what, "it ends too early"));
        }
        self.buffer.drain(..self.at);
        self.at = 0;
        let kept = self.buffer.len();
        let left = usize::try_from(self.end - self.next).unwrap_or(usize::MAX);
        let length = bytes.max(PIECE_BYTES).min(left.saturating_add(kept));
        self.buffer.resize(length, 0);
        self.buffer.shrink_to(length.max(PIECE_BYTES));
        read(self.file, self.what, self.next, &mut self.buffer[kept..])?;
        self.next += (length - kept) as u64;
        Ok(())
    }
}

/// Fills `buffer` from a file that should have that many bytes.
pub(crate) fn read<F: ReadAt + ?Sized>(
    file: &F,
    what: &'static str,
    offset: u64,
    buffer: &mut [u8],
) -> Result<()> {
    file.read_at(offset, buffer)
        .map_err(|source| match source.kind() {
            io::ErrorKind::UnexpectedEof => damaged(what, "it ends too early"),
            _ => Error::Io {
                action: "read",
                what,
                source,
            },
        })
}

/// Reads a whole file.
pub(crate) fn read_all<F: ReadAt + ?Sized>(file: &F, what: &'static str) -> Result<Vec<u8>> {
    let length = usize::try_from(file.bytes()).map_err(|_| damaged(what, "it is too long"))?;
    let mut bytes = vec![0; length];
    read(file, what, 0, &mut bytes)?;
    Ok(bytes)
}

/// Returns the little-endian number at an offset.
///
/// # Panics
/// If there are fewer bytes.
pub(crate) fn number(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes([0, 1, 2, 3, 4, 5, 6, 7].map(|byte| bytes[at + byte]))
}

pub(crate) fn damaged(what: &'static str, reason: impl Into<String>) -> Error {
    Error::Damaged {
        what,
        reason: reason.into(),
    }
}
