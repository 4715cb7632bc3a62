//! Opens and reads model files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::{Error, Fault, Result};

/// Opens a file for reading, and returns it with its length in bytes.
///
/// # Errors
/// [`Error::Read`] if it is missing or may not be read, and if it isn't a regular file: a pipe would make the job wait.
pub(crate) fn open(path: &Path) -> Result<(File, u64)> {
    let refused = |source| Error::Read {
        path: path.to_path_buf(),
        source,
    };
    let checked = |metadata: std::fs::Metadata| match metadata.is_file() {
        true => Ok(metadata.len()),
        false => Err(io::Error::other("it is not a regular file")),
    };
    // Opening a pipe waits for its writer, so the check comes first.
    std::fs::metadata(path).and_then(checked).map_err(refused)?;
    let file = File::open(path).map_err(refused)?;
    let length = file.metadata().and_then(checked).map_err(refused)?;
    Ok((file, length))
}

/// Reads a whole file of at most `limit_bytes`.
///
/// # Errors
/// As for [`open`], and [`Fault::Damaged`] if the file is larger, because no model of this kind is.
pub(crate) fn read(path: &Path, limit_bytes: u64) -> Result<Vec<u8>> {
    let (file, length) = open(path)?;
    let mut bytes = Vec::new();
    if length <= limit_bytes {
        // The file may grow while it is read.
        let read = file.take(limit_bytes + 1).read_to_end(&mut bytes);
        read.map_err(|source| Error::Read {
            path: path.to_path_buf(),
            source,
        })?;
    }
    if length > limit_bytes || bytes.len() as u64 > limit_bytes {
        let reason = format!("it has more than {limit_bytes} bytes, which no such model has");
        return Err(Fault::damaged(reason).in_file(path));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_regular_files_of_a_sensible_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.model");
        let error = |limit| read(&path, limit).unwrap_err().to_string();
        assert!(error(3).contains("a.model`: No such file"));
        std::fs::write(&path, "four").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"four");
        assert!(error(3).contains("a.model` is damaged: it has more than 3 bytes"));
        let folder = read(folder.path(), 4).unwrap_err().to_string();
        assert!(folder.contains("not a regular file"), "{folder}");
    }
}
