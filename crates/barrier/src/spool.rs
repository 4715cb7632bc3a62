//! Entries on disk, written once and read in the same order.

use std::fs::File;
use std::io::{BufWriter, Read, Seek, Write};
use std::marker::PhantomData;
use std::path::PathBuf;

use crate::entry::Entry;
use crate::error::{Error, Result};
use crate::room::Room;

pub(crate) const BUFFER_BYTES: usize = 256 << 10;

/// Entries that are being written, to a file without a name.
pub(crate) struct Spool<E> {
    out: BufWriter<File>,
    folder: PathBuf,
    bytes: Vec<u8>,
    entries: PhantomData<E>,
}

impl<E: Entry> Spool<E> {
    pub(crate) fn on_disk(room: &Room<'_>) -> Result<Self> {
        let folder = room.folder().to_path_buf();
        let file = tempfile::tempfile_in(&folder);
        let file = file.map_err(|source| scratch(&folder, source))?;
        Ok(Self {
            out: BufWriter::with_capacity(BUFFER_BYTES, file),
            folder,
            bytes: Vec::with_capacity(E::WIDTH),
            entries: PhantomData,
        })
    }

    pub(crate) fn push(&mut self, entry: E) -> Result<()> {
        self.bytes.clear();
        entry.write(&mut self.bytes);
        let written = self.out.write_all(&self.bytes);
        written.map_err(|source| scratch(&self.folder, source))
    }

    /// All that was written, from the start.
    pub(crate) fn read(self) -> Result<SpoolReader<E>> {
        let Self { out, folder, .. } = self;
        let file = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        let file = file.and_then(|mut file| file.rewind().map(|()| file));
        Ok(SpoolReader {
            file: file.map_err(|source| scratch(&folder, source))?,
            folder,
            buffer: Vec::new(),
            at: 0,
            entries: PhantomData,
        })
    }
}

/// Entries that are being read.
pub(crate) struct SpoolReader<E> {
    file: File,
    folder: PathBuf,
    buffer: Vec<u8>,
    at: usize,
    entries: PhantomData<E>,
}

impl<E: Entry> SpoolReader<E> {
    pub(crate) fn next(&mut self) -> Result<Option<E>> {
        if self.buffer.len() - self.at < E::WIDTH {
            self.fill(E::WIDTH)?;
        }
        let Some(head) = self.buffer.get(self.at..self.at + E::WIDTH) else {
            return Ok(None);
        };
        // None for entries of a fixed width, which then cost one comparison.
        let tail = E::tail_bytes(head);
        if tail > 0 && self.buffer.len() - self.at < E::WIDTH + tail {
            self.fill(E::WIDTH + tail)?;
        }
        let end = self.at + E::WIDTH + tail;
        let entry = self.buffer.get(self.at..end).map(E::read);
        self.at = end;
        Ok(entry)
    }

    /// Reads until there are so many bytes, and a buffer full of them at least.
    fn fill(&mut self, bytes: usize) -> Result<()> {
        self.buffer.drain(..self.at);
        self.at = 0;
        let most = bytes.max(BUFFER_BYTES);
        self.buffer.shrink_to(most);
        let more = most - self.buffer.len();
        self.buffer.reserve_exact(more);
        let read = (&mut self.file)
            .take(more as u64)
            .read_to_end(&mut self.buffer);
        read.map(drop)
            .map_err(|source| scratch(&self.folder, source))
    }

    /// Goes back to the first entry.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        self.buffer.clear();
        self.at = 0;
        let back = self.file.rewind();
        back.map_err(|source| scratch(&self.folder, source))
    }
}

fn scratch(folder: &std::path::Path, source: std::io::Error) -> Error {
    Error::Scratch {
        folder: folder.display().to_string(),
        source,
    }
}
