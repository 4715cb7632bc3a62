//! The object that a container is written to.

use std::error::Error as StdError;
use std::io::{self, Write};

use arrow::error::ArrowError;
use coldpress_storage::{Digest, FileStamp, Hasher};
use parquet::errors::ParquetError;

use crate::{Error, Result};
use coldpress_storage::StoreWriter;

/// The number of bytes that are collected before they are passed to the store.
const BUFFER_BYTES: usize = 64 << 10;

/// Any failure of an encoder, or of the store below it.
pub(super) type EncodeError = Box<dyn StdError + Send + Sync>;

/// The object, with the place and the digest of the group that is being written.
pub(super) struct Out {
    store: Box<dyn StoreWriter>,
    buffer: Vec<u8>,
    position: u64,
    group_start: u64,
    group: Hasher,
    /// The bytes after the groups, once they have begun.
    tail: Option<Vec<u8>>,
}

impl Out {
    pub(super) fn new(store: Box<dyn StoreWriter>) -> Self {
        Self {
            store,
            buffer: Vec::with_capacity(BUFFER_BYTES),
            position: 0,
            group_start: 0,
            group: Hasher::new(),
            tail: None,
        }
    }

    /// Returns the position of the next byte.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    pub(super) fn begin_group(&mut self) {
        self.group_start = self.position;
        self.group = Hasher::new();
    }

    /// Returns the first byte, length and digest of what was written since the group began.
    pub(super) fn end_group(&self) -> (u64, u64, Digest) {
        let bytes = self.position - self.group_start;
        (self.group_start, bytes, self.group.finish())
    }

    /// Keeps everything that is written from here on, until it is [taken](Self::take_tail).
    pub(super) fn begin_tail(&mut self) {
        self.tail = Some(Vec::new());
    }

    pub(super) fn take_tail(&mut self) -> Vec<u8> {
        self.tail.take().unwrap_or_default()
    }

    /// Passes on the rest and makes the object durable.
    pub(super) fn finish(mut self, name: &str) -> Result<FileStamp> {
        self.pass_on()
            .map_err(|source| Error::write(name, source.into()))?;
        Ok(self.store.finish()?)
    }

    fn pass_on(&mut self) -> io::Result<()> {
        self.store.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(tail) = &mut self.tail {
            tail.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        if self.buffer.len() + bytes.len() > BUFFER_BYTES {
            self.pass_on()?;
        }
        if bytes.len() >= BUFFER_BYTES {
            self.store.write_all(bytes)?;
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        self.group.update(bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }

    /// Does nothing. Encoders flush between groups, which is no reason to send small pieces to the store.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Returns the error without the texts that Arrow wraps around the store's own answer.
pub(super) fn arrow_error(error: ArrowError) -> EncodeError {
    match error {
        ArrowError::IoError(_, source) => source.into(),
        ArrowError::ExternalError(source) => source,
        other => other.into(),
    }
}

/// Like [`arrow_error`].
pub(super) fn parquet_error(error: ParquetError) -> EncodeError {
    match error {
        ParquetError::External(source) => source,
        other => other.into(),
    }
}
