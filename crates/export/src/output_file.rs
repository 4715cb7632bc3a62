//! A file of an output while it is written: in a temporary place of this machine, or on its way into a store.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use coldpress_storage::{FileStamp, NewFile, ObjectName, SealedUpload, Upload};

use crate::error::{Error, Result};
use crate::place::{OutputPlace, UrlPlace};
use crate::staged::Staged;
use crate::target::ExportTarget;

/// A file of an output while it is written. Dropped unfinished, nothing of it counts.
#[derive(Debug)]
pub struct OutputFile {
    out: Out,
    /// Where it goes, for messages.
    shown: PathBuf,
    bytes_written: u64,
}

#[derive(Debug)]
enum Out {
    File(NewFile),
    Upload(Box<dyn Upload>),
}

/// A file of an output that is complete and durable, and not in its place.
#[derive(Debug)]
pub(crate) struct FinishedFile {
    pub(crate) stamp: FileStamp,
    /// None of a file, which is in its temporary place.
    pub(crate) upload: Option<Box<dyn SealedUpload>>,
}

impl OutputFile {
    /// Begins the one file of `target`; `token` tells this attempt at it from others.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn create(target: &ExportTarget, token: &str) -> Result<Self> {
        match target.place() {
            OutputPlace::Path(_) => Self::at(target.temporary_path(token)),
            OutputPlace::Url(place) => Self::to(place, place.name().clone()),
        }
    }

    /// Begins a file of this machine.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(crate) fn at(path: PathBuf) -> Result<Self> {
        Ok(Self {
            out: Out::File(NewFile::create(&path)?),
            shown: path,
            bytes_written: 0,
        })
    }

    /// Begins an object of the store of `place`.
    pub(crate) fn to(place: &UrlPlace, name: ObjectName) -> Result<Self> {
        let inside = name.as_str().strip_prefix(place.name().as_str());
        let shown = format!("{}{}", place.url(), inside.unwrap_or_default());
        Ok(Self {
            out: Out::Upload(place.store().upload(&name)?),
            shown: shown.into(),
            bytes_written: 0,
        })
    }

    /// Where it is, for messages.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// The number of bytes taken so far.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Writes all bytes; as [`Write::write_all`], but the error names the file.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_all(bytes);
        written.map_err(Error::io("write", &self.shown))
    }

    /// Makes the one file of an output complete and durable.
    ///
    /// # Errors
    /// When it cannot be written or synced.
    pub fn finish(self) -> Result<Staged> {
        let temporary = self.shown.clone();
        let FinishedFile { stamp, upload } = self.end()?;
        let (length, digest) = (stamp.length, stamp.digest);
        Ok(match upload {
            None => Staged::at(temporary, length, digest),
            Some(upload) => Staged::uploaded(vec![upload], length, digest),
        })
    }

    pub(crate) fn end(self) -> Result<FinishedFile> {
        Ok(match self.out {
            Out::File(file) => FinishedFile {
                stamp: file.finish()?,
                upload: None,
            },
            Out::Upload(upload) => {
                let sealed = upload.seal()?;
                FinishedFile {
                    stamp: sealed.stamp(),
                    upload: Some(sealed),
                }
            }
        })
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = match &mut self.out {
            Out::File(file) => file.write(bytes),
            Out::Upload(upload) => upload.write(bytes),
        };
        written.inspect(|taken| self.bytes_written += *taken as u64)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.out {
            Out::File(file) => file.flush(),
            Out::Upload(upload) => upload.flush(),
        }
    }
}
