//! What keeps all work from going on until a person does something about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

/// An answer of the operating system that another try would get too, whatever it is tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The device, or the user's share of it, is full.
    DiskFull,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The process, or the machine, has as many files open as it may.
    TooManyFiles,
}

impl Obstacle {
    /// The obstacle that the system met, if it is one.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::DiskFull),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            _ => match Errno::from_io_error(error) {
                Some(Errno::MFILE | Errno::NFILE) => Some(Self::TooManyFiles),
                _ => None,
            },
        }
    }

    /// What is in the way and what to do about it; `path` is the file or folder that was to be used, where it is known.
    #[must_use]
    pub fn explain(self, path: Option<&Path>) -> String {
        let again = "run the same command again; what is finished stays";
        let of = |what: &str| match path.map(folder_of) {
            Some(folder) => format!("the {what} of `{}`", folder.display()),
            None => format!("a {what}"),
        };
        match self {
            Self::DiskFull => format!("{} is full: free some space and {again}", of("disk")),
            Self::ReadOnly => format!(
                "{} is read-only: mount it writable and {again}",
                of("file system")
            ),
            Self::TooManyFiles => {
                let limit = getrlimit(Resource::Nofile).current;
                let limit = limit.map_or("too few".to_owned(), |limit| limit.to_string());
                format!(
                    "the process may have {limit} files open (`ulimit -n`), and needs more: raise that limit or lower \
                     `np`, and {again}"
                )
            }
        }
    }
}

/// The folder that holds this path, or is it; the nearest one that is there.
fn folder_of(path: &Path) -> PathBuf {
    let mut folders = path.ancestors();
    let there = folders.find(|folder| folder.is_dir());
    match there.filter(|folder| !folder.as_os_str().is_empty()) {
        Some(folder) => folder.to_path_buf(),
        None => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn obstacles_are_told_from_the_number_of_the_system() {
        for (errno, obstacle) in [
            (Errno::NOSPC, Some(Obstacle::DiskFull)),
            (Errno::DQUOT, Some(Obstacle::DiskFull)),
            (Errno::ROFS, Some(Obstacle::ReadOnly)),
            (Errno::MFILE, Some(Obstacle::TooManyFiles)),
            (Errno::NFILE, Some(Obstacle::TooManyFiles)),
            (Errno::IO, None),
            (Errno::ACCESS, None),
        ] {
            assert_eq!(Obstacle::of_io(&errno.into()), obstacle, "{errno}");
        }
    }

    #[test]
    fn the_nearest_folder_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let text = |path: &Path| Obstacle::DiskFull.explain(Some(path));
        let expected = format!(
            "the disk of `{}` is full: free some space and run the same command again; what is finished stays",
            folder.path().display()
        );
        assert_eq!(text(folder.path()), expected);
        assert_eq!(text(&folder.path().join("a/b")), expected);
        assert!(text(Path::new("x")).starts_with("the disk of `.` is full"));
        assert!(
            Obstacle::DiskFull
                .explain(None)
                .starts_with("a disk is full")
        );
    }

    #[test]
    fn the_limit_of_open_files_is_named() {
        let text = Obstacle::TooManyFiles.explain(None);
        assert!(text.starts_with("the process may have "), "{text}");
        assert!(text.contains("`ulimit -n`"), "{text}");
    }
}
