//! Reading a whole file to see what it is.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::{Error, Result};
use crate::hasher::Hasher;
use crate::open::open_file;
use crate::stamp::FileStamp;

/// Reads a whole file and gives its length and digest.
///
/// # Errors
///
/// [`Error::NotAFile`] and [`Error::Io`] if the file cannot be opened or read.
pub fn digest_file(path: impl AsRef<Path>) -> Result<FileStamp> {
    let path = path.as_ref();
    digest_of(open_file(path)?, path)
}

fn digest_of(mut file: File, path: &Path) -> Result<FileStamp> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Ok(hasher.stamp()),
            Ok(read) => hasher.update(&buffer[..read]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(source) => return Err(Error::io("read", path, source)),
        }
    }
}

/// Checks that a file is still the one that was cited.
///
/// # Errors
///
/// [`Error::Mismatch`] if length or digest differ, [`Error::TooLarge`] if it is longer, [`Error::NotAFile`] and
/// [`Error::Io`] if it cannot be read.
pub fn verify(path: impl AsRef<Path>, expected: &FileStamp) -> Result<()> {
    let path = path.as_ref();
    let file = open_file(path)?;
    let length = file.metadata().map_or(0, |metadata| metadata.len());
    // A file of any length may have been put here; what is too long need not be read to be known.
    if length > expected.length {
        return Err(Error::TooLarge {
            path: path.to_path_buf(),
            length,
            limit: expected.length,
        });
    }
    let found = digest_of(file, path)?;
    if found == *expected {
        return Ok(());
    }
    Err(Error::Mismatch {
        path: path.to_path_buf(),
        expected: *expected,
        found,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        std::fs::write(&path, b"one").unwrap();
        let stamp = digest_file(&path).unwrap();
        assert_eq!(stamp, FileStamp::of(b"one"));
        verify(&path, &stamp).unwrap();
        std::fs::write(&path, b"two").unwrap();
        assert!(matches!(
            verify(&path, &stamp),
            Err(Error::Mismatch { found, .. }) if found == FileStamp::of(b"two")
        ));
        std::fs::remove_file(&path).unwrap();
        assert!(verify(&path, &stamp).unwrap_err().is_not_found());
    }
}
