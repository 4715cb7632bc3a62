//! A file of an output while it is written: in a temporary place on this machine, or as an upload to a store.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use coldpress_storage::{FileStamp, NewFile, ObjectName, SealedUpload, Upload};

use crate::error::{Error, Result};
use crate::place::{OutputPlace, UrlPlace};
use crate::staged::Staged;
use crate::target::ExportTarget;

/// A file of an output while it is written. If it is dropped unfinished, it leaves nothing.
#[derive(Debug)]
pub struct OutputFile {
    out: Out,
    /// Its destination, for messages.
    shown: PathBuf,
    bytes_written: u64,
}

#[derive(Debug)]
enum Out {
    File(NewFile),
    Upload(Box<dyn Upload>),
}

/// A file of an output that is complete and durable but not in place.
#[derive(Debug)]
pub(crate) struct FinishedFile {
    pub(crate) stamp: FileStamp,
    /// None for a file, which is in its temporary place.
    pub(crate) upload: Option<Box<dyn SealedUpload>>,
}

impl OutputFile {
    /// Begins the only file of `target`. The `token` distinguishes this attempt from others.
    ///
    /// # Errors
    /// Fails when it cannot be created.
    pub fn create(target: &ExportTarget, token: &str) -> Result<Self> {
        match target.place() {
            OutputPlace::Path(_) => Self::at(target.temporary_path(token)),
            OutputPlace::Url(place) => Self::to(place, place.name().clone()),
        }
    }

    /// Begins a file on this machine.
    ///
    /// # Errors
    /// Fails when it cannot be created.
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

    /// Returns its place, for messages.
    #[must_use]
    pub fn shown(&self) -> &Path {
        &self.shown
    }

    /// Returns the number of bytes taken so far.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.bytes_written
    }

    /// Writes all bytes, like [`Write::write_all`], with an error that names the file.
    ///
    /// # Errors
    /// Fails when they cannot be written.
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        let written = self.write_all(bytes);
        written.map_err(Error::io("write", &self.shown))
    }

    /// Makes the only file of an output complete and durable.
    ///
    /// # Errors
    /// Fails when it cannot be written or synced.
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
