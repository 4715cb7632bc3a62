//! What stands at an export path: it may only be replaced if Coldpress made it.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use crate::error::{Error, Result};
use crate::listing::staged_digest;
use crate::ownership::Ownership;

/// What stands at an export path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing.
    Free,
    /// An export of ours, as it was made.
    Ours(Ownership),
    /// Something else, with why it is not ours.
    Foreign(String),
    /// A device, a pipe or a socket, which is no place for a file whatever the recipe says.
    Special(&'static str),
}

/// Returns what a file is that bytes can be written into, but that no file can take the place of.
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

/// Nothing stands at the export path: what stands where its ownership file goes.
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

/// Returns what stands at a path of this machine now; an export of ours is read whole to see that nobody changed it.
///
/// # Errors
/// When it cannot be examined.
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
