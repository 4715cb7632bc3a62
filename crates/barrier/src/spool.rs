//! Entries on disk, written once and read in the same order.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, Write};
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
    count: u64,
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
            count: 0,
            entries: PhantomData,
        })
    }

    pub(crate) fn push(&mut self, entry: E) -> Result<()> {
        self.bytes.clear();
        entry.write(&mut self.bytes);
        self.count += 1;
        let written = self.out.write_all(&self.bytes);
        written.map_err(|source| scratch(&self.folder, source))
    }

    /// Returns everything that was written, from the start.
    pub(crate) fn read(self) -> Result<SpoolReader<E>> {
        let Self {
            out, folder, count, ..
        } = self;
        let file = out
            .into_inner()
            .map_err(std::io::IntoInnerError::into_error);
        let file = file.and_then(|mut file| file.rewind().map(|()| file));
        Ok(SpoolReader {
            file: file.map_err(|source| scratch(&folder, source))?,
            folder,
            buffer: Vec::new(),
            at: 0,
            count,
            left: count,
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
    count: u64,
    left: u64,
    entries: PhantomData<E>,
}

impl<E: Entry> SpoolReader<E> {
    pub(crate) fn next(&mut self) -> Result<Option<E>> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        if self.buffer.len() - self.at < E::WIDTH {
            self.fill(E::WIDTH)?;
        }
        let head = &self.buffer[self.at..self.at + E::WIDTH];
        // Entries of fixed width have no tail, so this costs them one comparison.
        let tail = E::tail_bytes(head);
        if tail > 0 && self.buffer.len() - self.at < E::WIDTH + tail {
            self.fill(E::WIDTH + tail)?;
        }
        let end = self.at + E::WIDTH + tail;
        let entry = E::read(&self.buffer[self.at..end]);
        self.at = end;
        Ok(Some(entry))
    }

    /// Reads until the buffer has at least this many bytes, and as many more as fit.
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
        read.map_err(|source| scratch(&self.folder, source))?;
        // Otherwise, a file that lost its end would silently give a decision over fewer records.
        if self.buffer.len() < bytes {
            let source = io::ErrorKind::UnexpectedEof.into();
            return Err(scratch(&self.folder, source));
        }
        Ok(())
    }

    /// Goes back to the first entry.
    pub(crate) fn rewind(&mut self) -> Result<()> {
        self.buffer.clear();
        self.at = 0;
        self.left = self.count;
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::entry::Keyed;

    #[test]
    fn a_file_that_lost_its_end_is_no_shorter_list() {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        for lost in [1, 8, 16, 24] {
            let mut spool = Spool::on_disk(&room).unwrap();
            for ordinal in 0..3u64 {
                spool.push(Keyed { key: 7u64, ordinal }).unwrap();
            }
            let mut reader = spool.read().unwrap();
            reader.file.set_len(3 * 16 - lost).unwrap();
            let entries: Result<Vec<_>> =
                std::iter::from_fn(|| reader.next().transpose()).collect();
            assert!(matches!(entries, Err(Error::Scratch { .. })), "{lost}");
        }
    }
}
