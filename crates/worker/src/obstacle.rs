//! Obstacles, however deep in the sources of an error they are.

use std::error::Error;
use std::io;
use std::path::Path;

use coldpress_failure::{ErrorClass, full_message};
use coldpress_storage::Obstacle;

const AGAIN: &str = "run the same command again; what is finished stays";

/// Returns what to tell of an error that comes from an obstacle such as a full disk: what is in the way, where, and what
/// to do.
pub fn obstacle(error: &(dyn Error + 'static)) -> Option<String> {
    let (mut found, mut path) = (None, None);
    for error in chain_of(error) {
        path = path_of(error).or(path);
        found = stored(error).and_then(Obstacle::of).or(found);
        let system = error.downcast_ref::<io::Error>();
        found = system.and_then(Obstacle::of_io).or(found);
    }
    found.map(|found| match found {
        // A server says itself what is to be done.
        Obstacle::Forbidden | Obstacle::NoBucket if is_of_server(error) => {
            format!("{}; then {AGAIN}", full_message(error))
        }
        // What is forbidden says best what it was tried for.
        Obstacle::Forbidden => format!(
            "{}: permit that to the user who runs the job, and {AGAIN}",
            full_message(error)
        ),
        found => found.explain(path),
    })
}

/// Returns whether an error is the answer of a server, and not one of the system.
fn is_of_server(error: &(dyn Error + 'static)) -> bool {
    let mut answers = chain_of(error).filter_map(|error| error.downcast_ref::<io::Error>());
    answers.any(|answer| answer.get_ref().is_some())
        && chain_of(error).all(|error| {
            let system = error.downcast_ref::<io::Error>();
            system.is_none_or(|error| error.raw_os_error().is_none())
        })
}

/// As [`obstacle`], of an attempt: a file of the job that cannot be written is one unless the reason may pass, because the
/// next one could not be written either.
pub(crate) fn obstacle_of_attempt(error: &(dyn Error + 'static)) -> Option<String> {
    obstacle(error).or_else(|| {
        let written = chain_of(error).find(|error| is_written(*error))?;
        let what = full_message(written);
        (!class_of(error).may_pass()).then(|| format!("{what}: check that place and {AGAIN}"))
    })
}

/// Whether a file of the job could not be written.
pub(crate) fn is_of_writing(error: &(dyn Error + 'static)) -> bool {
    chain_of(error).any(is_written)
}

fn is_written(error: &(dyn Error + 'static)) -> bool {
    stored(error).is_some_and(coldpress_storage::Error::is_of_writing)
}

/// Returns the class of what an error comes from: of the deepest answer of the operating system, if there is one.
pub(crate) fn class_of(error: &(dyn Error + 'static)) -> ErrorClass {
    let classes = chain_of(error).filter_map(|error| {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            return Some(ErrorClass::of_io(error.kind()));
        }
        match error.downcast_ref::<coldpress_dataset::Error>() {
            Some(
                coldpress_dataset::Error::DamagedTable { .. }
                | coldpress_dataset::Error::TooLarge { .. },
            ) => Some(ErrorClass::Input),
            _ => stored(error).map(|error| ErrorClass::of_io(error.kind())),
        }
    });
    classes.last().unwrap_or(ErrorClass::System)
}

/// An error and all that it comes from, also where an error of the system wraps it, which does not count as its source.
fn chain_of<'e>(
    error: &'e (dyn Error + 'static),
) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| {
        match error.downcast_ref::<io::Error>() {
            Some(error) => error.get_ref().map(|inner| inner as &(dyn Error + 'static)),
            None => error.source(),
        }
    })
}

/// The error as one of storing, also where a dataset's error speaks for it and so is not its source.
fn stored<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e coldpress_storage::Error> {
    match error.downcast_ref::<coldpress_dataset::Error>() {
        Some(coldpress_dataset::Error::Storage(error)) => Some(error),
        Some(_) => None,
        None => match error.downcast_ref::<coldpress_checkpoint::Error>() {
            Some(coldpress_checkpoint::Error::Storage(error)) => Some(error),
            _ => error.downcast_ref::<coldpress_storage::Error>(),
        },
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

    #[test]
    fn a_server_that_refuses_is_no_matter_of_permissions_here() {
        let refused = io::Error::new(io::ErrorKind::PermissionDenied, "it answered 403: set x");
        let stored = coldpress_storage::Error::store(&"the bucket", "read", "a", refused);
        let told = obstacle(&stored).unwrap();
        assert!(told.contains("set x; then run the same command"), "{told}");
        assert!(!told.contains("permit that"), "{told}");
        let answer = coldpress_storage::NoBucket("it answered 404: check its name".to_owned());
        let missing = io::Error::new(io::ErrorKind::InvalidInput, answer);
        let stored = coldpress_storage::Error::store(&"the bucket", "write", "a", missing);
        let told = self::told(stored).unwrap();
        assert!(
            told.contains("check its name; then run the same command"),
            "{told}"
        );
        let here = io::Error::from(rustix::io::Errno::ACCESS);
        let told = obstacle(&coldpress_storage::Error::io("open", "a", here)).unwrap();
        assert!(told.contains("permit that to the user"), "{told}");
    }

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
            let below = coldpress_storage::Error::io(action, "x", kind.into());
            let stored = coldpress_storage::Error::store(&"here", "create", "x", below);
            let stored = coldpress_checkpoint::Error::from(stored);
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
            assert!(
                refused(action, io::ErrorKind::InvalidFilename).1,
                "{action}"
            );
            // A device or a network may answer the next time.
            assert!(!refused(action, io::ErrorKind::Other).1, "{action}");
            assert!(!refused(action, io::ErrorKind::TimedOut).1, "{action}");
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
