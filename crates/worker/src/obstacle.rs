//! Obstacles, however deep in the sources of an error they are.

use std::error::Error;
use std::io;
use std::path::Path;

use coldpress_storage::Obstacle;

/// What to tell of an error that comes from an obstacle such as a full disk: what is in the way, where, and what to do.
pub fn obstacle(error: &(dyn Error + 'static)) -> Option<String> {
    let (mut found, mut path) = (None, None);
    let mut next = Some(error);
    while let Some(error) = next {
        path = path_of(error).or(path);
        next = match error.downcast_ref::<io::Error>() {
            Some(error) => {
                found = Obstacle::of_io(error).or(found);
                // What an error of the system wraps does not count as its source.
                error.get_ref().map(|inner| inner as &(dyn Error + 'static))
            }
            None => error.source(),
        };
    }
    found.map(|found| found.explain(path))
}

/// The file or folder that an error is about.
fn path_of<'e>(error: &'e (dyn Error + 'static)) -> Option<&'e Path> {
    match error.downcast_ref::<coldpress_dataset::Error>() {
        Some(coldpress_dataset::Error::Io { path, .. }) => Some(path),
        Some(coldpress_dataset::Error::Storage(error)) => error.path(),
        Some(_) => None,
        None => error
            .downcast_ref::<coldpress_storage::Error>()
            .and_then(coldpress_storage::Error::path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    fn told(error: impl Error + 'static) -> Option<String> {
        obstacle(&error)
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
}
