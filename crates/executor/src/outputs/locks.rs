//! Keeping other jobs from the outputs.

use std::path::{Path, PathBuf};

use coldpress_storage::{FileLock, real_place};

use super::list::{Content, Output, Outputs};
use crate::error::{Error, ErrorKind, Result};

/// Held as long as the outputs may be written.
pub(crate) struct OutputLocks {
    /// Held, not read.
    _locks: Vec<FileLock>,
    /// Files that are not locked, because their file systems have no locks.
    pub(crate) unlocked: Vec<PathBuf>,
}

impl Output {
    /// The file to lock, and what it stands for. Dropped records are kept from others as a folder. In a store nothing is
    /// locked: whoever is the second to put an output in its place is refused.
    fn lock(&self) -> Option<(PathBuf, &Path)> {
        match self.content {
            Content::Records | Content::Stats | Content::Aside(_) | Content::Duplicates => {
                Some((self.target.lock_path()?, self.target.path()?))
            }
            Content::Dropped(_) => {
                let folder = self.target.folder()?;
                Some((folder.join(".export_dropped.coldpress.lock"), folder))
            }
            // Nobody else has the job.
            Content::Traces => None,
        }
    }
}

/// Keeps other jobs from the outputs.
///
/// # Errors
/// [`ErrorKind::Refused`] when another job has one of them; what cannot be written there.
pub(crate) fn lock(outputs: &Outputs) -> Result<OutputLocks> {
    for output in outputs.iter() {
        output.target.prepare()?;
    }
    let mut wanted: Vec<(PathBuf, &Path)> = outputs.iter().filter_map(Output::lock).collect();
    // In one order, so that of two jobs that want the same ones, one gets all.
    wanted.sort_by_cached_key(|(lock, _)| real_place(lock).unwrap_or_else(|_| lock.clone()));
    wanted.dedup();
    let (mut locks, mut unlocked) = (Vec::new(), Vec::new());
    for (lock, path) in wanted {
        match FileLock::try_acquire(&lock) {
            Ok(lock) => locks.push(lock),
            Err(coldpress_storage::Error::Unsupported { .. }) => unlocked.push(path.to_path_buf()),
            Err(coldpress_storage::Error::Locked { .. }) => {
                let path = path.display();
                let message = format!(
                    "another job is exporting to `{path}`; wait for it or export elsewhere"
                );
                return Err(Error::new(ErrorKind::Refused, message));
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(OutputLocks {
        _locks: locks,
        unlocked,
    })
}
