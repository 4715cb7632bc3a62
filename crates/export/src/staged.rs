//! Putting a complete output into place atomically.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, SealedUpload, exchange_dirs, rename_durable, sync_dir};

use crate::error::{Error, Result};
use crate::place::{OutputPlace, folder_of};
use crate::target::ExportTarget;
use crate::url_output::Completed;

/// An output that is complete and durable but not in place.
#[derive(Debug)]
pub struct Staged {
    held: Held,
    /// Its length in bytes; the total for shards.
    pub length: u64,
    /// Its digest; for a directory, of the names and digests of its shards.
    pub digest: Digest,
}

/// The place of the output.
#[derive(Debug)]
enum Held {
    /// A temporary place beside the final one.
    Temporary(PathBuf),
    /// Uploads that the store does not show yet. They do not outlive this process.
    Uploads(Vec<Box<dyn SealedUpload>>),
}

/// An output that is in place but not signed.
#[derive(Debug, Default)]
pub struct Placed(pub(crate) Option<Completed>);

impl Staged {
    /// Wraps an output in this temporary place.
    pub fn at(temporary: impl Into<PathBuf>, length: u64, digest: Digest) -> Self {
        Self {
            held: Held::Temporary(temporary.into()),
            length,
            digest,
        }
    }

    pub(crate) fn uploaded(
        uploads: Vec<Box<dyn SealedUpload>>,
        length: u64,
        digest: Digest,
    ) -> Self {
        Self {
            held: Held::Uploads(uploads),
            length,
            digest,
        }
    }

    /// Returns its temporary place; none in a store.
    #[must_use]
    pub fn temporary(&self) -> Option<&Path> {
        match &self.held {
            Held::Temporary(path) => Some(path),
            Held::Uploads(_) => None,
        }
    }

    /// Puts the output of this job into place atomically, replacing what was there. Shards in a store are put into place one after
    /// another.
    ///
    /// # Errors
    /// Fails when the file system refuses, and then leaves what was there; with [`Error::NotOurs`] if something else was put into
    /// the store meanwhile.
    pub fn commit(self, target: &ExportTarget, job_id: &str) -> Result<Placed> {
        match (self.held, target.place()) {
            (Held::Temporary(temporary), OutputPlace::Path(path)) => {
                rename(&temporary, path, target.is_directory())?;
                Ok(Placed(None))
            }
            (Held::Uploads(uploads), OutputPlace::Url(place)) => {
                let completed = place
                    .output(target.is_directory())
                    .complete(uploads, job_id)?;
                Ok(Placed(Some(completed)))
            }
            (Held::Temporary(_), OutputPlace::Url(_))
            | (Held::Uploads(_), OutputPlace::Path(_)) => {
                Err(Error::encode("it was made for another place"))
            }
        }
    }
}

fn rename(temporary: &Path, path: &Path, is_directory: bool) -> Result<()> {
    if is_directory && path.exists() {
        exchange_dirs(temporary, path)?;
        fs::remove_dir_all(temporary).map_err(Error::io("remove", temporary))?;
        return Ok(sync_dir(folder_of(path))?);
    }
    Ok(rename_durable(temporary, path)?)
}
