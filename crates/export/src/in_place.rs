//! The place of an output: what is there, and how it is signed, measured and removed.

use std::path::PathBuf;

use coldpress_storage::{Digest, check_writable, create_dir_all_durable, remove_durable, replace};

use crate::error::{Error, Result};
use crate::listing::staged_digest;
use crate::ownership::Ownership;
use crate::place::{OutputPlace, folder_of};
use crate::staged::Placed;
use crate::standing::{Standing, standing_of};
use crate::target::ExportTarget;

impl ExportTarget {
    /// Creates the folder of an output on this machine and tries to write there.
    ///
    /// # Errors
    /// Fails when the folder cannot be created or written to.
    pub fn prepare(&self) -> Result<()> {
        let Some(path) = self.path() else {
            // An existing output is examined anyway.
            return Ok(());
        };
        create_dir_all_durable(folder_of(path))?;
        check_writable(folder_of(path)).map_err(Error::io("write to the folder of", path))?;
        // This is checked now, not after the output is in place.
        let ownership = Ownership::path_beside(path);
        if ownership.is_dir() {
            return Err(Error::NotOurs {
                path: path.to_owned(),
                reason: format!(
                    "cannot be signed: `{}` is a directory; move it away",
                    ownership.display()
                ),
            });
        }
        Ok(())
    }

    /// Returns what is in the place of the output now. An export of ours is read in full to check that nobody changed it, unless a
    /// store vouches for it.
    ///
    /// # Errors
    /// Fails when it cannot be examined.
    pub fn standing(&self) -> Result<Standing> {
        match self.place() {
            OutputPlace::Path(path) => standing_of(path, self.is_directory()),
            OutputPlace::Url(place) => place.output(self.is_directory()).standing(),
        }
    }

    /// Returns the file on this machine beside the output that says whose it is.
    pub fn ownership_path(&self) -> Option<PathBuf> {
        let path = self.path()?;
        let whole = folder_of(path).join(path.file_name().unwrap_or_default());
        Some(Ownership::path_beside(&whole))
    }

    /// Returns what the signature says about the output. It is a claim until [`measure`](Self::measure) has proved it.
    pub fn signed(&self) -> Option<Ownership> {
        match self.place() {
            OutputPlace::Path(path) => Ownership::beside(path),
            OutputPlace::Url(place) => place.output(self.is_directory()).signed().ok().flatten(),
        }
    }

    /// Signs the output that is in place: `placed` by [`Staged::commit`](crate::Staged::commit), or by an earlier process. In a
    /// store, what was there before it is removed now.
    ///
    /// # Errors
    /// Fails when the signature cannot be written; with [`Error::NotOurs`](crate::Error::NotOurs) if something else was put into
    /// the store meanwhile.
    pub fn sign(&self, signature: &Ownership, placed: Placed) -> Result<()> {
        match self.place() {
            OutputPlace::Path(path) => {
                let json = serde_json::to_vec_pretty(signature).unwrap_or_default();
                let whole = folder_of(path).join(path.file_name().unwrap_or_default());
                Ok(replace(Ownership::path_beside(&whole), &json)?)
            }
            OutputPlace::Url(place) => place.output(self.is_directory()).sign(signature, placed.0),
        }
    }

    /// Returns the length and digest of what is in the place of the output; none if there is nothing.
    ///
    /// # Errors
    /// Fails when it cannot be read.
    pub fn measure(&self) -> Result<Option<(u64, Digest)>> {
        match self.place() {
            OutputPlace::Path(path) if !path.exists() => Ok(None),
            OutputPlace::Path(path) => staged_digest(path, self.is_directory()).map(Some),
            OutputPlace::Url(place) => place.output(self.is_directory()).measure(),
        }
    }

    /// Returns whether anything is in the place of the output.
    pub fn exists(&self) -> bool {
        match self.place() {
            OutputPlace::Path(path) => path.exists(),
            OutputPlace::Url(place) => place.output(self.is_directory()).exists(),
        }
    }

    /// Returns whether exactly this is in the place of the output.
    pub fn holds(&self, length: u64, digest: Digest) -> bool {
        let measured = self.measure();
        measured.is_ok_and(|found| found == Some((length, digest)))
    }

    /// Removes an output of ours. The output goes first, because a signature without an output proves nothing.
    ///
    /// # Errors
    /// Fails when it cannot be removed.
    pub fn remove(&self) -> Result<()> {
        match self.place() {
            OutputPlace::Path(path) => {
                remove_durable(path)?;
                Ok(remove_durable(Ownership::path_beside(path))?)
            }
            OutputPlace::Url(place) => place.output(self.is_directory()).remove(),
        }
    }

    /// Removes what uploads of the output left when their process ended, and returns how many there were. Uploads of processes that
    /// are still at work fail.
    ///
    /// # Errors
    /// Fails when the store cannot list them.
    pub fn abandon_uploads(&self) -> Result<u64> {
        match self.place() {
            OutputPlace::Path(_) => Ok(0),
            OutputPlace::Url(place) => place.output(self.is_directory()).abandon(),
        }
    }
}
