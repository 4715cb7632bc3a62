//! Opening the files of a source.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use coldpress_storage::{SealedBytes, UnsealedFile, open_file};
use parquet::errors::ParquetError;
use parquet::file::reader::{ChunkReader, Length};

use super::blocks::Blocks;
use super::location::{Location, Sealed};
use crate::error::{Error, Result};

/// An open file of a dataset, which can be read from its start or anywhere.
#[derive(Debug)]
pub struct InputFile(Inner);

#[derive(Debug)]
enum Inner {
    Local(File),
    Remote {
        blocks: Arc<Blocks>,
        position: u64,
    },
    Sealed {
        // It is boxed because it is much larger than the others.
        text: Box<UnsealedFile>,
        stored: Arc<InputFile>,
    },
}

/// Opens a file of a dataset. A pipe or a device is refused without waiting for it, because it gives its bytes only once.
///
/// # Errors
/// [`Error::Io`], [`Error::Unsupported`], [`Error::Storage`].
pub fn open_source(location: &Location) -> Result<InputFile> {
    Ok(InputFile(match location {
        Location::File(path) => Inner::Local(open_local(path)?),
        Location::Remote(remote) => Inner::Remote {
            blocks: remote.blocks()?,
            position: 0,
        },
        Location::Sealed(Sealed { path, key }) => {
            let stored = Arc::new(open_source(path)?);
            let text = UnsealedFile::open(stored.clone(), path.shown(), &key.load()?)?;
            Inner::Sealed {
                text: Box::new(text),
                stored,
            }
        }
    }))
}

/// Checks the signature of a file if it is encrypted, so that no byte counts that somebody may have changed. Later opens do not
/// check it again.
pub(crate) fn check_sealed(location: &Location) -> Result<()> {
    if let Location::Sealed(Sealed { path, key }) = location {
        UnsealedFile::open_checked(Arc::new(open_source(path)?), path.shown(), &key.load()?)?;
    }
    Ok(())
}

/// Opens the bytes of a file from `start` on, to be read in order. The caller promises not to need any byte from `end` on.
pub(crate) fn open_stream(
    location: &Location,
    start: u64,
    end: Option<u64>,
) -> Result<Box<dyn Read + Send>> {
    match location {
        Location::File(path) => {
            let mut file = open_local(path)?;
            if start > 0 {
                file.seek(SeekFrom::Start(start))
                    .map_err(Error::io("read", path))?;
            }
            Ok(Box::new(file))
        }
        Location::Sealed(Sealed { path, .. }) => {
            let mut file = open_source(location)?;
            file.seek(SeekFrom::Start(start))
                .map_err(Error::io("read", path.shown()))?;
            Ok(Box::new(file))
        }
        Location::Remote(remote) => {
            let length = remote.meta().length;
            let end = end.map_or(length, |end| end.min(length));
            Ok(Box::new(remote.open()?.stream(start.min(end)..end)?))
        }
    }
}

fn open_local(path: &std::path::Path) -> Result<File> {
    open_file(path).map_err(|error| match error {
        coldpress_storage::Error::NotAFile { found, .. } => Error::Unsupported {
            path: path.display().to_string(),
            what: found,
            help: "a dataset is read more than once, so write the content to a file first",
        },
        coldpress_storage::Error::Io { source, .. } => Error::io("open", path)(source),
        other => other.into(),
    })
}

impl InputFile {
    /// Returns the length of the file in bytes.
    ///
    /// # Errors
    /// Fails when the system cannot give the length.
    pub fn length(&self) -> io::Result<u64> {
        match &self.0 {
            Inner::Local(file) => Ok(file.metadata()?.len()),
            Inner::Remote { blocks, .. } => Ok(blocks.len()),
            Inner::Sealed { text, .. } => Ok(text.length()),
        }
    }

    /// Returns the time of its last change, in nanoseconds since 1970; 0 if that is not known.
    pub(crate) fn modified_nanos(&self) -> io::Result<u64> {
        let file = match &self.0 {
            Inner::Local(file) => file,
            Inner::Sealed { stored, .. } => return stored.modified_nanos(),
            Inner::Remote { blocks, .. } => return Ok(blocks.file().meta().modified_nanos),
        };
        let modified = file.metadata()?.modified().ok();
        let modified = modified.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        Ok(modified.map_or(0, |since| since.as_nanos() as u64))
    }

    /// Returns another handle to the same file.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(match &self.0 {
            Inner::Local(file) => Inner::Local(file.try_clone()?),
            Inner::Remote { blocks, position } => Inner::Remote {
                blocks: Arc::clone(blocks),
                position: *position,
            },
            Inner::Sealed { text, stored } => Inner::Sealed {
                text: Box::new(text.reopened()),
                stored: Arc::clone(stored),
            },
        }))
    }

    /// Reads some bytes from `offset` on without moving the reading position. Returns 0 at the end.
    pub(crate) fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.0 {
            Inner::Local(file) => std::os::unix::fs::FileExt::read_at(file, buffer, offset),
            Inner::Remote { blocks, .. } => blocks.read_at(buffer, offset),
            Inner::Sealed { text, .. } => text.read_at(buffer, offset),
        }
    }

    /// Fills `buffer` with the bytes from `offset` on.
    pub(crate) fn read_exact_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            match self.read_at(buffer, offset) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(read) => {
                    buffer = &mut buffer[read..];
                    offset += read as u64;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

impl SealedBytes for InputFile {
    fn length(&self) -> io::Result<u64> {
        Self::length(self)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        Self::read_at(self, buffer, offset)
    }
}

impl Read for InputFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.0 {
            Inner::Local(file) => file.read(buffer),
            Inner::Sealed { text, .. } => text.read(buffer),
            Inner::Remote { blocks, position } => {
                let read = blocks.read_at(buffer, *position)?;
                *position += read as u64;
                Ok(read)
            }
        }
    }
}

impl Seek for InputFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match &mut self.0 {
            Inner::Local(file) => file.seek(to),
            Inner::Sealed { text, .. } => text.seek(to),
            Inner::Remote { blocks, position } => {
                let sought = match to {
                    SeekFrom::Start(offset) => Some(offset),
                    SeekFrom::End(offset) => blocks.len().checked_add_signed(offset),
                    SeekFrom::Current(offset) => position.checked_add_signed(offset),
                };
                *position = sought.ok_or(io::ErrorKind::InvalidInput)?;
                Ok(*position)
            }
        }
    }
}

impl Length for InputFile {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

impl ChunkReader for InputFile {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> parquet::errors::Result<Self::T> {
        let mut file = self.try_clone()?;
        file.seek(SeekFrom::Start(start))?;
        Ok(BufReader::new(file))
    }

    fn get_bytes(&self, start: u64, length: usize) -> parquet::errors::Result<Bytes> {
        let mut bytes = Vec::with_capacity(length);
        let mut from = ReadAt {
            file: self,
            at: start,
        };
        (&mut from).take(length as u64).read_to_end(&mut bytes)?;
        match bytes.len() == length {
            true => Ok(bytes.into()),
            false => Err(ParquetError::EOF(format!(
                "fewer than {length} bytes are left at byte {start}"
            ))),
        }
    }
}

/// A reader at its own place in a file, independent of other readers.
pub(crate) struct ReadAt<'f> {
    pub(crate) file: &'f InputFile,
    pub(crate) at: u64,
}

impl Read for ReadAt<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.file.read_at(buffer, self.at)?;
        self.at += length as u64;
        Ok(length)
    }
}
