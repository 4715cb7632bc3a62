//! The memory and the disk that a decision may use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// How much memory a decision may take, where it sorts what does not fit, and whether it is still wanted.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    memory_bytes: usize,
    folder: PathBuf,
    stop: &'a AtomicBool,
}

impl<'a> Room<'a> {
    /// Room of so many bytes of memory, and files in this folder beyond that. Files have no names there and vanish with
    /// the process.
    pub fn new(memory_bytes: u64, folder: impl Into<PathBuf>, stop: &'a AtomicBool) -> Self {
        /// Less makes runs so short that the disk is busy with nothing else.
        const LEAST: u64 = 256 << 10;
        Self {
            memory_bytes: usize::try_from(memory_bytes.max(LEAST)).unwrap_or(usize::MAX),
            folder: folder.into(),
            stop,
        }
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.memory_bytes
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Fails once the job was asked to stop.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn look(&self) -> Result<()> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(Error::Stopped),
            false => Ok(()),
        }
    }
}
