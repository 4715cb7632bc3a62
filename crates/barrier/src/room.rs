//! The memory and the disk that a decision may use.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::{Error, Result};

/// The memory for a decision, the folder for sorting data that doesn't fit, and the request to stop.
#[derive(Clone, Debug)]
pub struct Room<'a> {
    memory_bytes: usize,
    folder: PathBuf,
    stop: &'a AtomicBool,
}

impl<'a> Room<'a> {
    /// Returns room with this amount of memory, and files in this folder beyond that. The files have no names there, and disappear
    /// with the process.
    pub fn new(memory_bytes: u64, folder: impl Into<PathBuf>, stop: &'a AtomicBool) -> Self {
        /// With less memory, runs would be so short that sorting them would take all of the disk's time.
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

    /// Fails if the job was asked to stop.
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
