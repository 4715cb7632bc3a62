//! Obstacles, however deep in the sources of an error they are.

use std::error::Error;
use std::io;
use std::path::Path;

use coldpress_storage::Obstacle;

const AGAIN: &str = "run the same command again; what is finished stays";

/// What to tell of an error that comes from an obstacle such as a full disk: what is in the way, where, and what to do.
pub fn obstacle(error: &(dyn Error + 'static)) -> Option<String> {
    let whole = error;
    let (mut found, mut path) = (None, None);
    let mut next = Some(error);
    while let Some(error) = next {
        path = path_of(error).or(path);
        found = stored(error).and_then(Obstacle::of).or(found);
        next = match error.downcast_ref::<io::Error>() {
            Some(error) => {
                found = Obstacle::of_io(error).or(found);
                // What an error of the system wraps does not count as its source.
                error.get_ref().map(|inner| inner as &(dyn Error + 'static))
            }
            None => error.source(),
        };
    }
    found.map(|found| match found {
        // What is forbidden says best what it was tried for.
        Obstacle::Forbidden => format!(
            "{}: permit that to the user who runs the job, and {AGAIN}",
            with_sources(whole)
        ),
        found => found.explain(path),
    })
}

/// As [`obstacle`], of an attempt: a file of the job that cannot be written is one whatever the reason, because the next one
/// could not be written either.
pub(crate) fn obstacle_of_attempt(error: &(dyn Error + 'static)) -> Option<String> {
    obstacle(error).or_else(|| {
        let mut next = Some(error);
        while let Some(error) = next {
            if stored(error).is_some_and(coldpress_storage::Error::is_of_writing) {
                let what = with_sources(error);
                return Some(format!("{what}: check that place and {AGAIN}"));
            }
            next = error.source();
        }
        None
    })
}

/// An error and everything it came from, in one line.
pub(crate) fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// The error as one of storing, also where a dataset's error speaks for it and so is not its source.
fn stored<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e coldpress_storage::Error> {
    match error.downcast_ref::<coldpress_dataset::Error>() {
        Some(coldpress_dataset::Error::Storage(error)) => Some(error),
        Some(_) => None,
        None => error.downcast_ref::<coldpress_storage::Error>(),
    }
}

/// The file or folder that an error is about.
fn path_of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Path> {
    match error.downcast_ref::<coldpress_dataset::Error>() {
        Some(coldpress_dataset::Error::Io { path, .. }) => Some(path),
        _ => stored(error).and_then(coldpress_storage::Error::path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    fn told(error: impl Error + 'static) -> Option<String> {
        obstacle_of_attempt(&error)
    }

    #[test]
    fn obstacles_are_found_at_any_depth_with_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows");
        let expected = Some(Obstacle::DiskFull.explain(Some(folder.path())));
        let stored = || coldpress_storage::Error::io("write", &path, full());
        assert_eq!(told(stored()), expected);
        assert_eq!(told(coldpress_dataset::Error::from(stored())), expected);
        // As an encoder hands on what the file below it met.
        let below = || io::Error::new(io::ErrorKind::StorageFull, stored());
        assert_eq!(told(below()), expected);
        let encoded = coldpress_checkpoint::Error::Write {
            name: "c".into(),
            source: Box::new(arrow::error::ArrowError::IoError("e".into(), below())),
        };
        assert_eq!(told(encoded), expected);
        assert!(told(full()).unwrap().starts_with("a disk is full"));
        assert_eq!(told(io::Error::other("no")), None);
    }

    #[test]
    fn what_cannot_be_written_is_an_obstacle_and_what_cannot_be_read_is_not() {
        let refused = |action: &'static str, kind: io::ErrorKind| {
            let error = coldpress_storage::Error::io(action, "jobs/j/results/x", kind.into());
            let stored = coldpress_checkpoint::Error::Store {
                store: "here".into(),
                action: "create",
                name: "x".into(),
                source: Box::new(coldpress_storage::Error::io(action, "x", kind.into())),
            };
            (told(error), told(stored).is_some())
        };
        let (text, stored) = refused("create", io::ErrorKind::NotADirectory);
        let text = text.unwrap();
        assert!(stored);
        assert!(
            text.starts_with("cannot create `jobs/j/results/x`: ")
                && text.ends_with("; what is finished stays"),
            "{text}"
        );
        for action in ["write", "sync", "create folder", "rename"] {
            assert!(refused(action, io::ErrorKind::Other).1, "{action}");
        }
        for action in ["open", "read"] {
            assert_eq!(
                refused(action, io::ErrorKind::NotADirectory),
                (None, false),
                "{action}"
            );
        }
        // The next attempt has another name.
        assert_eq!(
            refused("create", io::ErrorKind::AlreadyExists),
            (None, false)
        );
        // Where nothing can be read, nothing is damaged.
        let (text, _) = refused("open", io::ErrorKind::PermissionDenied);
        let text = text.unwrap();
        assert!(
            text.starts_with("cannot open `jobs/j/results/x`: "),
            "{text}"
        );
    }

    #[test]
    fn threads_that_cannot_be_started_are_an_obstacle() {
        let error = || coldpress_storage::Error::Start {
            what: "a thread",
            source: rustix::io::Errno::AGAIN.into(),
        };
        assert!(told(error()).unwrap().contains("`ulimit -u`"));
        let error = coldpress_dataset::Error::from(error());
        assert!(told(error).unwrap().contains("`ulimit -u`"));
    }
}
