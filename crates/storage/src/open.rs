//! Opening files that anyone may have replaced by something else.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::OFlags;

use crate::error::{Error, Result};

/// Opens a regular file for reading; anything else is refused.
///
/// Opening a pipe would wait for somebody to write into it, and opening a device may do anything. So neither is opened:
/// the name is examined first, and what was opened is examined once more.
///
/// # Errors
///
/// [`Error::NotAFile`] if there is something else; [`Error::Io`], among others where there is nothing.
pub fn open_file(path: impl AsRef<Path>) -> Result<File> {
    open_file_with(path, OpenOptions::new().read(true))
}

/// Reads a whole file that is known to be small: no more than `limit` bytes.
///
/// # Errors
///
/// [`Error::TooLarge`] if it has more, however many; else as [`open_file`].
pub fn read_small(path: impl AsRef<Path>, limit: u64) -> Result<Vec<u8>> {
    let path = path.as_ref();
    let file = open_file(path)?;
    let length = file
        .metadata()
        .map_err(|source| Error::io("examine", path, source))?
        .len();
    let too_large = |length: u64| Error::TooLarge {
        path: path.to_path_buf(),
        length,
        limit,
    };
    if length > limit {
        return Err(too_large(length));
    }
    let mut bytes = Vec::new();
    // It may grow while it is read.
    file.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|source| Error::io("read", path, source))?;
    match bytes.len() as u64 {
        length if length > limit => Err(too_large(length)),
        _ => Ok(bytes),
    }
}

/// Opens what must be a regular file if it is there, in the way that the options say; as [`open_file`].
///
/// # Errors
///
/// As there.
pub fn open_file_with(path: impl AsRef<Path>, options: &mut OpenOptions) -> Result<File> {
    let path = path.as_ref();
    let refused = |source: io::Error| Error::io("open", path, source);
    match fs::metadata(path) {
        Ok(metadata) => check(path, &metadata)?,
        // The options may say that the file is to be created.
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(refused(error)),
    }
    // Without the flag a pipe that took the file's place meanwhile would hang us.
    let flags = (OFlags::NONBLOCK | OFlags::NOCTTY).bits();
    let file = options
        .custom_flags(flags.cast_signed())
        .open(path)
        .map_err(refused)?;
    check(path, &file.metadata().map_err(refused)?)?;
    Ok(file)
}

fn check(path: &Path, metadata: &Metadata) -> Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(Error::NotAFile {
        path: path.to_path_buf(),
        found: name_of(metadata),
    })
}

/// Returns what it is that is not a regular file.
#[must_use]
pub fn name_of(metadata: &Metadata) -> &'static str {
    let kind = metadata.file_type();
    match kind {
        _ if kind.is_dir() => "a folder",
        _ if kind.is_fifo() => "a pipe",
        _ if kind.is_socket() => "a socket",
        _ if kind.is_char_device() || kind.is_block_device() => "a device",
        _ => "no regular file",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(path: &Path) {
        let status = std::process::Command::new("mkfifo").arg(path).status();
        assert!(status.unwrap().success());
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        assert!(open_file(&path).unwrap_err().is_not_found());
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_small(&path, 5).unwrap(), b"12345");
        let error = read_small(&path, 4).unwrap_err();
        let text = format!(
            "`{}` has 5 bytes, but can have at most 4; it is damaged",
            path.display()
        );
        assert_eq!(error.to_string(), text);
        pipe(&folder.path().join("pipe"));
        for (path, found) in [
            (folder.path().join("pipe"), "a pipe"),
            (folder.path().to_owned(), "a folder"),
            ("/dev/zero".into(), "a device"),
        ] {
            let error = open_file(&path).unwrap_err();
            assert!(error.to_string().contains(found), "{error}");
            assert!(read_small(&path, 1).is_err());
        }
    }

    #[test]
    fn a_sparse_file_is_judged_by_its_length() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        File::create(&path).unwrap().set_len(1 << 40).unwrap();
        assert!(matches!(
            read_small(&path, 100),
            Err(Error::TooLarge { length, .. }) if length == 1 << 40
        ));
    }
}
