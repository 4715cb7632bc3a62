//! The contents of an export path, which may be replaced only if Coldpress made them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};
use crate::listing::staged_digest;
use crate::ownership::Ownership;

/// The contents of an export path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// An export of ours, as it was made.
    Ours(Ownership),
    /// Something else, and the reason why it is not ours.
    Foreign(String),
    /// A device, a pipe or a socket, which cannot be replaced by a file whatever the recipe says.
    Special(&'static str),
}

/// Returns a description of a file that accepts bytes but cannot be replaced by a file.
fn special(found: &fs::Metadata) -> Option<&'static str> {
    let kind = found.file_type();
    if kind.is_file() || kind.is_dir() || kind.is_symlink() {
        return None;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_fifo() {
            return Some("is a pipe");
        }
        if kind.is_socket() {
            return Some("is a socket");
        }
    }
    Some("is a device")
}

/// Returns what exists in the place of the ownership file, if nothing exists at the export path.
fn standing_of_ownership(output: &Path) -> Result<Standing> {
    let path = Ownership::path_beside(output);
    let found = match fs::symlink_metadata(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Standing::Free),
        Err(error) => return Err(Error::io("examine", &path)(error)),
        Ok(found) => found,
    };
    let is_ours = found.is_file() && Ownership::read(output).is_ok();
    Ok(match is_ours {
        true => Standing::Free,
        false => Standing::Foreign(format!(
            "cannot be signed: `{}`, where its ownership file goes, was not made by Coldpress; move that away",
            path.display()
        )),
    })
}

/// Returns what exists at a path on this machine. An export of ours is read in full to check that nobody changed it.
///
/// # Errors
/// Fails when it cannot be examined.
pub(crate) fn standing_of(path: &Path, is_directory: bool) -> Result<Standing> {
    let found = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return standing_of_ownership(path);
        }
        Err(error) => return Err(Error::io("examine", path)(error)),
        Ok(found) => found,
    };
    let led_to = fs::metadata(path).ok();
    if let Some(what) = led_to.as_ref().or(Some(&found)).and_then(special) {
        return Ok(Standing::Special(what));
    }
    if found.is_dir() != is_directory {
        let reason = if found.is_dir() {
            "is a directory; end it in `/` to export shards"
        } else {
            "is not a directory"
        };
        return Ok(Standing::Foreign(reason.to_owned()));
    }
    if !found.is_dir() && !found.is_file() {
        return Ok(Standing::Foreign("is a link or no regular file".to_owned()));
    }
    let ownership = match Ownership::read(path) {
        Ok(ownership) => ownership,
        Err(reason) => return Ok(Standing::Foreign(reason)),
    };
    let (length, digest) = staged_digest(path, is_directory)?;
    if (length, digest) != (ownership.length, ownership.digest) {
        return Ok(Standing::Foreign(
            "was changed since Coldpress made it".to_owned(),
        ));
    }
    Ok(Standing::Ours(ownership))
}
