//! Removing the folder that stands in for a job in an object store.

use std::fs;

use coldpress_storage::{Error as StorageError, FileLock};

use crate::journal::Journal;
use crate::layout::Layout;
use crate::{Error, Result};

impl Layout {
    /// Removes the folder that stands in for a job in an object store, unless a driver of this machine works with it. Does nothing
    /// if the job is in a folder.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if it cannot be removed.
    pub fn remove_stand_in(&self) -> Result<()> {
        let folder = self.job_dir();
        if self.bucket().is_none() || !folder.exists() {
            return Ok(());
        }
        let _lock = match FileLock::try_acquire(self.lock()) {
            Ok(lock) => Some(lock),
            Err(StorageError::Unsupported { .. }) => None,
            Err(StorageError::Locked { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        fs::remove_dir_all(folder).map_err(|source| Error::io("remove", folder, source))?;
        // It is shared with other jobs of the same place, and stays while one of them is in it.
        let _ = fs::remove_dir(self.work_dir());
        Ok(())
    }

    /// Removes the folder that stands in for a job in an object store if the job never began. Errors are ignored, because a
    /// remaining folder does no harm.
    pub fn leave_unbegun(&self) {
        if self.bucket().is_some() && matches!(Journal::exists(self), Ok(false)) {
            let _ = self.remove_stand_in();
        }
    }
}
