//! What keeps all work from going on until a person does something about it.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::process::{Resource, getrlimit};

use crate::Error;

/// An answer of the operating system that another try would get too, whatever it is tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The device, or the user's share of it, is full.
    DiskFull,
    /// The file system is mounted read-only.
    ReadOnly,
    /// The user may not read or write there.
    Forbidden,
    /// No file of the process may become so large.
    FileTooLarge,
    /// The process, or the machine, has as many files open as it may.
    TooManyFiles,
    /// The user, or the machine, has as many processes and threads as it may.
    TooManyTasks,
    /// The process may not take more memory.
    OutOfMemory,
    /// There is no such bucket.
    NoBucket,
}

/// A server's answer that there is no such bucket, whatever is asked for in it. It is the inner error of an [`io::Error`].
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct NoBucket(pub String);

impl Obstacle {
    /// The obstacle that the system met, if it is one.
    #[must_use]
    pub fn of_io(error: &io::Error) -> Option<Self> {
        if error.get_ref().is_some_and(|inner| inner.is::<NoBucket>()) {
            return Some(Self::NoBucket);
        }
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Self::DiskFull),
            io::ErrorKind::ReadOnlyFilesystem => Some(Self::ReadOnly),
            io::ErrorKind::PermissionDenied => Some(Self::Forbidden),
            io::ErrorKind::FileTooLarge => Some(Self::FileTooLarge),
            io::ErrorKind::OutOfMemory => Some(Self::OutOfMemory),
            _ => match Errno::from_io_error(error) {
                Some(Errno::MFILE | Errno::NFILE) => Some(Self::TooManyFiles),
                _ => None,
            },
        }
    }

    /// The obstacle that kept a thread or process from being started, if it is one.
    ///
    /// The same number of the system means other things elsewhere.
    #[must_use]
    pub fn of_start(error: &io::Error) -> Option<Self> {
        match Errno::from_io_error(error) {
            Some(Errno::AGAIN) => Some(Self::TooManyTasks),
            _ => Self::of_io(error),
        }
    }

    /// The obstacle that an error of this crate comes from, if it does.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Start { source, .. } => Self::of_start(source),
            Error::Io { source, .. } => Self::of_io(source),
            Error::Store { source, .. } => match source.downcast_ref::<Error>() {
                Some(error) => Self::of(error),
                None => source.downcast_ref().and_then(Self::of_io),
            },
            _ => None,
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
            Self::Forbidden => {
                let what = match path {
                    Some(path) => format!("`{}`", path.display()),
                    None => "a file that the job needs".to_owned(),
                };
                format!(
                    "permission denied for {what}: permit it to the user who runs the job, and {again}"
                )
            }
            Self::FileTooLarge => {
                let what = path.map_or("a file".to_owned(), |path| format!("`{}`", path.display()));
                let why = match getrlimit(Resource::Fsize).current {
                    Some(limit) => format!(
                        "files of this process are limited to {} KiB (`ulimit -f`)",
                        limit / 1024
                    ),
                    None => "its file system, or `ulimit -f`, allows no larger one".to_owned(),
                };
                format!("{what} cannot grow: {why}; raise that limit, and {again}")
            }
            Self::TooManyFiles => {
                let limit = limit_of(Resource::Nofile, 1, "");
                format!(
                    "the process may have {limit} files open (`ulimit -n`), and needs more: raise that limit or lower \
                     `np`, and {again}"
                )
            }
            Self::TooManyTasks => {
                let limit = limit_of(Resource::Nproc, 1, "");
                // A thread that gets no memory for its stack is refused with the same number.
                let memory = match getrlimit(Resource::As).current {
                    Some(_) => ", or too little memory: `ulimit -v`",
                    None => "",
                };
                format!(
                    "the system starts no more threads or processes for this user, who may have {limit} (`ulimit -u`, or \
                     the limit of a container{memory}): raise that limit or lower `np`, and {again}"
                )
            }
            Self::NoBucket => {
                format!("there is no such bucket: make it, or name another one, and {again}")
            }
            Self::OutOfMemory => {
                let limit = limit_of(Resource::As, 1 << 20, " MB");
                format!(
                    "the process gets no more memory; it may address {limit} (`ulimit -v`): raise that limit or lower \
                     `np` or `partition.size`, and {again}"
                )
            }
        }
    }
}

/// A limit of this process in units of so many, for people.
fn limit_of(resource: Resource, unit: u64, name: &str) -> String {
    match getrlimit(resource).current {
        Some(limit) => format!("{}{name}", limit / unit),
        None => "any number".to_owned(),
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
            (Errno::ACCESS, Some(Obstacle::Forbidden)),
            (Errno::PERM, Some(Obstacle::Forbidden)),
            (Errno::FBIG, Some(Obstacle::FileTooLarge)),
            (Errno::NOMEM, Some(Obstacle::OutOfMemory)),
            (Errno::AGAIN, None),
            (Errno::IO, None),
        ] {
            assert_eq!(Obstacle::of_io(&errno.into()), obstacle, "{errno}");
        }
        let start = |errno: Errno| Obstacle::of_start(&errno.into());
        assert_eq!(start(Errno::AGAIN), Some(Obstacle::TooManyTasks));
        assert_eq!(start(Errno::MFILE), Some(Obstacle::TooManyFiles));
        assert_eq!(start(Errno::NOENT), None);
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
    fn limits_are_named() {
        for (obstacle, limit) in [
            (Obstacle::TooManyFiles, "`ulimit -n`"),
            (Obstacle::TooManyTasks, "`ulimit -u`"),
            (Obstacle::FileTooLarge, "`ulimit -f`"),
            (Obstacle::OutOfMemory, "`ulimit -v`"),
        ] {
            let text = obstacle.explain(None);
            assert!(text.contains(limit), "{text}");
            assert!(text.ends_with("what is finished stays"), "{text}");
        }
    }
}
