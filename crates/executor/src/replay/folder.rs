//! A temporary folder.

use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};

/// A folder in the system's temporary folder, which is removed when this is dropped.
pub(super) struct TemporaryFolder(PathBuf);

impl TemporaryFolder {
    pub(super) fn new() -> Result<Self> {
        /// Others may have taken the first names.
        const TRIES: u32 = 1_000;
        let parent = std::env::temp_dir();
        let process = std::process::id();
        let mut names =
            (0..TRIES).map(|at| parent.join(format!("coldpress-replay-{process}-{at}")));
        let made = names.find_map(|path| match fs::create_dir(&path) {
            Ok(()) => Some(Ok(path)),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => None,
            Err(error) => Some(Err(error)),
        });
        let failed = |error: std::io::Error| {
            let message = format!("cannot make a temporary folder in `{}`", parent.display());
            Error::because(ErrorKind::Failed, message, error)
        };
        match made {
            Some(made) => Ok(Self(made.map_err(failed)?)),
            None => Err(failed(std::io::ErrorKind::AlreadyExists.into())),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TemporaryFolder {
    fn drop(&mut self) {
        // What cannot be removed is left to the system, like all temporary files.
        let _ = fs::remove_dir_all(&self.0);
    }
}
