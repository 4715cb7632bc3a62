//! The digest of an output: of a file, or of the names and digests of the shards in a directory.

use std::fs;
use std::path::Path;

use coldpress_storage::{Digest, digest_file};

use crate::error::{Error, Result};

/// Adds a shard to the listing, whose digest is that of the directory.
pub(crate) fn list(listing: &mut String, name: &str, digest: Digest) {
    listing.push_str(&format!("{name} {digest}\n"));
}

/// Returns the length and digest of an output on this machine, wherever it is.
///
/// # Errors
/// Fails when it cannot be read.
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
