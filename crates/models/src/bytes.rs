//! The bytes of a model, mapped from its file or in memory.

use std::ops::Deref;
use std::path::Path;

use memmap2::Mmap;

use crate::{Error, Result, file};

/// The bytes of a model, which are read in place.
#[derive(Debug)]
pub(crate) enum Bytes {
    /// Pages of the file. They are loaded when they are read, and shared by all processes.
    Mapped(Mmap),
    /// Bytes that the caller provided.
    Owned(Vec<u8>),
}

impl Bytes {
    /// Maps a file.
    ///
    /// # Errors
    /// [`Error::Read`] if it is missing, isn't a regular file, or cannot be mapped.
    pub(crate) fn map(path: &Path) -> Result<Self> {
        let (file, length) = file::open(path)?;
        // An empty file cannot be mapped. Its reader can give the best error.
        if length == 0 {
            return Ok(Self::Owned(Vec::new()));
        }
        #[allow(
            unsafe_code,
            reason = "model files are input that nobody writes into while a job runs; one that is changed all the same \
                      gives other numbers, and every offset is checked before it is used"
        )]
        let mapped = unsafe { Mmap::map(&file) };
        mapped.map(Self::Mapped).map_err(|source| Error::Read {
            path: path.to_path_buf(),
            source,
        })
    }
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(mapped) => mapped,
            Self::Owned(bytes) => bytes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_mapped_even_if_they_are_empty() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("model.bin");
        assert!(
            Bytes::map(&path)
                .unwrap_err()
                .to_string()
                .contains("model.bin")
        );
        for content in ["", "four"] {
            std::fs::write(&path, content).unwrap();
            assert_eq!(&*Bytes::map(&path).unwrap(), content.as_bytes());
        }
    }
}
