//! Which file a path leads to, however it is spelled.

use std::fs::{self, Metadata};
use std::io;
use std::path::Path;

/// A file or folder on this machine, told from others by its device and number: two paths that lead to one file, by
/// links, `..` or another spelling, have one id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    device: u64,
    number: u64,
}

impl FileId {
    /// The file that a path leads to.
    ///
    /// # Errors
    ///
    /// When there is none, or it cannot be examined.
    pub fn of(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_metadata(&fs::metadata(path)?)
    }

    /// Returns what has the name itself: of a link the link, not what it leads to.
    ///
    /// # Errors
    ///
    /// When there is nothing of that name, or it cannot be examined.
    pub fn of_name(path: impl AsRef<Path>) -> io::Result<Self> {
        Self::from_metadata(&fs::symlink_metadata(path)?)
    }

    #[cfg(unix)]
    fn from_metadata(metadata: &Metadata) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        Ok(Self {
            device: metadata.dev(),
            number: metadata.ino(),
        })
    }

    #[cfg(not(unix))]
    fn from_metadata(_metadata: &Metadata) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn spellings_and_links_lead_to_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("sub")).unwrap();
        fs::write(at("a"), b"x").unwrap();
        fs::write(at("b"), b"x").unwrap();
        fs::hard_link(at("a"), at("hard")).unwrap();
        std::os::unix::fs::symlink("a", at("soft")).unwrap();
        let a = FileId::of(at("a")).unwrap();
        for same in ["./a", "sub/../a", "hard", "soft"] {
            assert_eq!(FileId::of(at(same)).unwrap(), a, "{same}");
        }
        assert_ne!(FileId::of(at("b")).unwrap(), a);
        assert_ne!(FileId::of_name(at("soft")).unwrap(), a);
        assert!(FileId::of(at("gone")).is_err());
    }
}
