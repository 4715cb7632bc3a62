//! Folders: a name in them is durable only once the folder itself is synced.

use std::fs::{self, File};
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::parent::parent_of;
use crate::volatile;
use crate::{Error, Result};

/// Makes the names in this folder durable.
///
/// # Errors
///
/// [`Error::Io`] if the folder cannot be opened or synced. A file system that has no such
/// operation for folders (some network and FUSE mounts answer "invalid argument") is taken at its
/// word: there is nothing more that could be done.
pub fn sync_dir(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    let folder = File::open(path).map_err(|source| Error::io("open", path, source))?;
    match folder.sync_all() {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::InvalidInput | io::ErrorKind::Unsupported
            ) =>
        {
            Err(Error::io("sync", path, error))
        }
        _ => {
            volatile::synced_folder(path);
            Ok(())
        }
    }
}

/// Creates a folder and all that is missing above it, and makes each new name durable.
///
/// # Errors
///
/// [`Error::Io`] if a folder cannot be created, or if something on the way is not a folder.
pub fn create_dir_all_durable(path: impl AsRef<Path>) -> Result<()> {
    create_dirs_durable([path])
}

/// As [`create_dir_all_durable`], for several folders: one that gets several names is synced once for all of them.
///
/// # Errors
///
/// As there.
pub fn create_dirs_durable(paths: impl IntoIterator<Item = impl AsRef<Path>>) -> Result<()> {
    let mut changed = Vec::new();
    for path in paths {
        create_dir_all(path.as_ref(), &mut changed)?;
    }
    changed.into_iter().try_for_each(sync_dir)
}

/// Creates a folder and all that is missing above it; `changed` are the folders that got new names, each once.
fn create_dir_all(path: &Path, changed: &mut Vec<PathBuf>) -> Result<()> {
    let mut missing: Vec<&Path> = Vec::new();
    let mut next = Some(path);
    while let Some(folder) = next.filter(|folder| !folder.as_os_str().is_empty()) {
        if folder.is_dir() {
            break;
        }
        missing.push(folder);
        next = folder.parent();
    }
    for folder in missing.into_iter().rev() {
        match fs::create_dir(folder) {
            // Another process may have been faster; the sync is still ours to do, because it may
            // not have come to its own yet.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && folder.is_dir() => {}
            Err(source) => return Err(Error::io("create folder", folder, source)),
            Ok(()) => volatile::created(folder),
        }
        let parent = parent_of(folder);
        if !changed.contains(&parent) {
            changed.push(parent);
        }
    }
    Ok(())
}

/// Creates one folder, which must not be there yet, and makes its name durable.
///
/// # Errors
///
/// [`Error::Io`] if it cannot be created; [`Error::is_already_exists`] if there is something of that name.
pub fn create_dir_durable(path: impl AsRef<Path>) -> Result<()> {
    let path = path.as_ref();
    fs::create_dir(path).map_err(|source| Error::io("create folder", path, source))?;
    volatile::created(path);
    sync_dir(parent_of(path))
}

/// Tries whether files can be made in a folder, with one that has no name, so that nothing is ever left of it.
///
/// # Errors
///
/// The answer of the system.
pub fn check_writable(folder: impl AsRef<Path>) -> io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}

/// The folder that a path leads to, without links and `..`. Of what is not there yet, `..` takes the name before it away.
///
/// # Errors
///
/// [`Error::Io`] if the path is relative and there is no current folder.
pub fn real_folder(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    let whole =
        std::path::absolute(path).map_err(|source| Error::io("find the folder", path, source))?;
    let names: Vec<Component<'_>> = whole.components().collect();
    for there in (1..=names.len()).rev() {
        let start: PathBuf = names[..there].iter().collect();
        let Ok(mut real) = fs::canonicalize(start) else {
            continue;
        };
        for name in &names[there..] {
            match name {
                Component::ParentDir => drop(real.pop()),
                name => real.push(name),
            }
        }
        return Ok(real);
    }
    Ok(whole)
}

/// Returns where a name really is: its folder without links and `..`, and the name itself, which may be a link.
///
/// # Errors
///
/// As [`real_folder`].
pub fn real_place(path: impl AsRef<Path>) -> Result<PathBuf> {
    let path = path.as_ref();
    match path.file_name() {
        Some(name) => Ok(real_folder(parent_of(path))?.join(name)),
        None => real_folder(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_missing_folders_are_made_and_again_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a/b/c");
        create_dir_all_durable(&deep).unwrap();
        create_dir_all_durable(&deep).unwrap();
        assert!(deep.is_dir());
    }

    #[test]
    fn a_file_in_the_way_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), b"").unwrap();
        let error = create_dir_all_durable(folder.path().join("a/b")).unwrap_err();
        assert_eq!(error.path(), Some(folder.path().join("a").as_path()));
    }

    #[cfg(unix)]
    #[test]
    fn places_are_the_same_however_they_are_spelled() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        std::os::unix::fs::symlink("a/b", root.join("link")).unwrap();
        for (path, expected) in [
            ("a/x", "a/x"),
            ("a/./b/../x", "a/x"),
            ("link/x", "a/b/x"),
            // Not `x`: a link's `..` is the folder that it leads to.
            ("link/../x", "a/x"),
            ("new/../other/x", "other/x"),
            ("link", "link"),
        ] {
            let place = real_place(root.join(path)).unwrap();
            assert_eq!(place, root.join(expected), "{path}");
        }
        assert_eq!(real_folder(root.join("link")).unwrap(), root.join("a/b"));
    }
}
