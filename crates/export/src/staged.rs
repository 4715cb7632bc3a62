//! Putting an output that is complete in its place, in one step.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{Digest, digest_file, exchange_dirs, rename_durable, sync_dir};

use crate::error::{Error, Result};
use crate::output_files::list;
use crate::target::ExportTarget;

/// An output that is complete and durable in its temporary place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Staged {
    /// Where it is.
    pub temporary: PathBuf,
    /// Its length in bytes; of all shards together.
    pub length: u64,
    /// Its digest; of a directory, over its shards' names and digests.
    pub digest: Digest,
}

impl Staged {
    /// Puts the output in its place, in one step; what stood there is gone.
    ///
    /// # Errors
    /// When the file system refuses; what stood there then still stands.
    pub fn commit(&self, target: &ExportTarget) -> Result<()> {
        if target.is_directory() && target.path().exists() {
            exchange_dirs(&self.temporary, target.path())?;
            fs::remove_dir_all(&self.temporary).map_err(Error::io("remove", &self.temporary))?;
            return Ok(sync_dir(target.folder())?);
        }
        Ok(rename_durable(&self.temporary, target.path())?)
    }
}

/// Length and digest of an output, wherever it is.
///
/// # Errors
/// When it cannot be read.
pub fn staged_digest(path: &Path, is_directory: bool) -> Result<(u64, Digest)> {
    if !is_directory {
        let stamp = digest_file(path)?;
        return Ok((stamp.length, stamp.digest));
    }
    let mut names = Vec::new();
    for entry in fs::read_dir(path).map_err(Error::io("list", path))? {
        names.push(entry.map_err(Error::io("list", path))?.file_name());
    }
    names.sort();
    let (mut length, mut listing) = (0, String::new());
    for name in names {
        let stamp = digest_file(path.join(&name))?;
        length += stamp.length;
        list(&mut listing, &name.to_string_lossy(), stamp.digest);
    }
    Ok((length, Digest::of(listing.as_bytes())))
}
