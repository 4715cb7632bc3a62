//! A lock between processes of one host.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use crate::{Error, Result, open_file_with};

/// An exclusive lock on a file, held until it is dropped or the process ends, however it ends.
///
/// The file is opened without truncation and is never removed: were it unlinked, a second process
/// could lock a new file of the same name while the first still holds the old one. The handle is
/// closed on `exec`, so a child that outlives the holder does not keep the lock.
#[derive(Debug)]
pub struct FileLock {
    path: PathBuf,
    // Held, not read: closing it is what frees the lock.
    _file: File,
}

impl FileLock {
    /// Takes the lock, creating the file where needed, and does not wait.
    ///
    /// # Errors
    ///
    /// [`Error::Locked`] if it is held elsewhere, also by this process; [`Error::Unsupported`] if
    /// the file system has no locks; [`Error::NotAFile`] and [`Error::Io`] if the file cannot be opened.
    pub fn try_acquire(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_path_buf();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        refuse_link(&path)?;
        let file = open_file_with(&path, &mut options)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { path, _file: file }),
            Err(TryLockError::WouldBlock) => Err(Error::Locked { path }),
            Err(TryLockError::Error(error)) if has_no_locks(&error) => Err(Error::Unsupported {
                action: "lock files",
                path,
            }),
            Err(TryLockError::Error(source)) => Err(Error::io("lock", &path, source)),
        }
    }

    /// Looks whether somebody holds the lock, by taking it together with others who look, for a moment.
    ///
    /// Whoever takes the lock in that moment is refused once, and has to try again.
    ///
    /// # Errors
    ///
    /// [`Error::NotAFile`] and [`Error::Io`] if the file is there and cannot be opened.
    pub fn holder(path: impl AsRef<Path>) -> Result<Holder> {
        let path = path.as_ref();
        let file = match open_file_with(path, OpenOptions::new().read(true)) {
            Ok(file) => file,
            Err(error) if error.is_not_found() => return Ok(Holder::Unknown),
            Err(error) => return Err(error),
        };
        Ok(match file.try_lock_shared() {
            Ok(()) => Holder::Nobody,
            Err(TryLockError::WouldBlock) => Holder::Somebody,
            Err(TryLockError::Error(_)) => Holder::Unknown,
        })
    }

    /// The path of the lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Who holds a lock, seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Nobody does.
    Nobody,
    /// Some process of this host does, perhaps this one.
    Somebody,
    /// There is no lock file, or the file system has no locks.
    Unknown,
}

/// Returns whether the file system, or the server behind it, has no locks at all.
fn has_no_locks(error: &std::io::Error) -> bool {
    // A network file system without a lock daemon answers that it has no locks available.
    let no_locks = Some(rustix::io::Errno::NOLCK.raw_os_error());
    error.kind() == std::io::ErrorKind::Unsupported || error.raw_os_error() == no_locks
}

/// A lock file that is a link would be made wherever the link leads.
fn refuse_link(path: &Path) -> Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(Error::NotAFile {
            path: path.to_path_buf(),
            found: "a link",
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_holder_at_a_time_and_the_file_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.lock");
        std::fs::write(&path, b"kept").unwrap();
        let held = FileLock::try_acquire(&path).unwrap();
        assert!(matches!(
            FileLock::try_acquire(&path),
            Err(Error::Locked { .. })
        ));
        drop(held);
        assert_eq!(std::fs::read(&path).unwrap(), b"kept");
        FileLock::try_acquire(&path).unwrap();
    }

    #[test]
    fn whoever_looks_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("job.lock");
        assert_eq!(FileLock::holder(&path).unwrap(), Holder::Unknown);
        let held = FileLock::try_acquire(&path).unwrap();
        assert_eq!(FileLock::holder(&path).unwrap(), Holder::Somebody);
        drop(held);
        assert_eq!(FileLock::holder(&path).unwrap(), Holder::Nobody);
        FileLock::try_acquire(&path).unwrap();
    }
}
