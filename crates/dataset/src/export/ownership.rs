//! Whose the output is: what stands at an export path may only be replaced if Coldpress made it.

use std::fs;
use std::io::ErrorKind;

use coldpress_storage::{Digest, read_small, replace};
use serde::{Deserialize, Serialize};

use super::staged::staged_digest;
use super::target::ExportTarget;
use crate::error::{Error, Result};

/// The version of the ownership file.
pub const OWNERSHIP_SCHEMA: u32 = 1;

/// The file beside an export that proves, by digest, that Coldpress made it and nobody changed it since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ownership {
    /// The version of this file: 1.
    pub schema_version: u32,
    /// The job that made the export.
    pub job_id: String,
    /// Length of the export in bytes; of all shards together.
    pub length: u64,
    /// Digest of the export; of a directory, over its shards' names and digests.
    pub digest: Digest,
}

/// What stands at an export path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// An export of ours, as it was made.
    Ours(Ownership),
    /// Something else, with why it is not ours.
    Foreign(String),
}

impl Ownership {
    /// Writes the ownership file of `target`.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, target: &ExportTarget) -> Result<()> {
        let json = serde_json::to_vec_pretty(self).unwrap_or_default();
        Ok(replace(target.ownership_path(), &json)?)
    }

    fn read(target: &ExportTarget) -> std::result::Result<Self, String> {
        let path = target.ownership_path();
        let unreadable = || format!("exists, and `{}` beside it cannot be read", path.display());
        let bytes = read_small(&path, 1 << 20).map_err(|error| match error.kind() {
            ErrorKind::NotFound => "exists and was not made by Coldpress".to_owned(),
            _ => unreadable(),
        })?;
        let ownership: Self = serde_json::from_slice(&bytes).map_err(|_| unreadable())?;
        if ownership.schema_version > OWNERSHIP_SCHEMA {
            let version = ownership.schema_version;
            return Err(format!(
                "was made by a newer Coldpress (schema {version}, this one knows {OWNERSHIP_SCHEMA})"
            ));
        }
        Ok(ownership)
    }
}

impl ExportTarget {
    /// What stands at the export path now; an export of ours is read whole to see that nobody changed it.
    ///
    /// # Errors
    /// When it cannot be examined.
    pub fn standing(&self) -> Result<Standing> {
        let found = match fs::symlink_metadata(self.path()) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Free),
            Err(error) => return Err(Error::io("examine", self.path())(error)),
            Ok(found) => found,
        };
        if found.is_dir() != self.is_directory() {
            let reason = if found.is_dir() {
                "is a directory; end it in `/` to export shards"
            } else {
                "is no directory"
            };
            return Ok(Standing::Foreign(reason.to_owned()));
        }
        if !found.is_dir() && !found.is_file() {
            return Ok(Standing::Foreign("is a link or no regular file".to_owned()));
        }
        let ownership = match Ownership::read(self) {
            Ok(ownership) => ownership,
            Err(reason) => return Ok(Standing::Foreign(reason)),
        };
        let (length, digest) = staged_digest(self.path(), self.is_directory())?;
        if (length, digest) != (ownership.length, ownership.digest) {
            return Ok(Standing::Foreign(
                "was changed since Coldpress made it".to_owned(),
            ));
        }
        Ok(Standing::Ours(ownership))
    }
}
