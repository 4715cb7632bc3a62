//! Objects of a folder that take the place of others: files that are made under a name of no object and renamed.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

use super::LocalStore;
use crate::store::contract::ObjectStore as _;
use crate::store::name::ObjectName;
use crate::store::upload::{Expected, ObjectVersion, SealedUpload, Upload, check};
use crate::{
    FileStamp, NewFile, Result, create_dir_all_durable, remove_durable, rename_durable, sync_dir,
};

/// Stands between the name of an object and what tells its uploads apart. No name of an object has it.
const MARK: &str = ".~";

/// Begins an upload. Programs that look and replace at one moment are not kept from each other: a rename has no condition.
pub(super) fn upload(store: &LocalStore, name: &ObjectName) -> Result<Box<dyn Upload>> {
    static BEGUN: AtomicU64 = AtomicU64::new(0);
    let number = BEGUN.fetch_add(1, Ordering::Relaxed);
    let path = store.path_below(name)?;
    let file_name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary =
        path.with_file_name(format!("{file_name}{MARK}{}.{number}", std::process::id()));
    let folder = path.parent().unwrap_or(store.root());
    create_dir_all_durable(folder)
        .map_err(|source| store.error("create the folder of", name.as_str(), source))?;
    let file = NewFile::create(&temporary)
        .map_err(|source| store.error("create", name.as_str(), source))?;
    Ok(Box::new(LocalUpload {
        store: store.clone(),
        name: name.clone(),
        file,
    }))
}

#[derive(Debug)]
struct LocalUpload {
    store: LocalStore,
    name: ObjectName,
    file: NewFile,
}

impl Write for LocalUpload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Upload for LocalUpload {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn seal(self: Box<Self>) -> Result<Box<dyn SealedUpload>> {
        let Self { store, name, file } = *self;
        let temporary = file.path().to_owned();
        let stamp = file
            .finish()
            .map_err(|source| store.error("finish", name.as_str(), source))?;
        Ok(Box::new(SealedFile {
            store,
            name,
            temporary,
            stamp,
        }))
    }
}

#[derive(Debug)]
struct SealedFile {
    store: LocalStore,
    name: ObjectName,
    temporary: PathBuf,
    stamp: FileStamp,
}

impl SealedUpload for SealedFile {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn stamp(&self) -> FileStamp {
        self.stamp
    }

    fn complete(self: Box<Self>, expected: &Expected) -> Result<String> {
        let path = self.store.path_below(&self.name)?;
        let failed = |source| self.store.error("finish", self.name.as_str(), source);
        let io_failed = |source| self.store.error("finish", self.name.as_str(), source);
        let found = version(&path).map_err(io_failed)?;
        check(&self.store, &self.name, found.as_deref(), expected)?;
        if *expected == Expected::Nothing {
            // Unlike a rename, a link replaces nothing that came in between.
            match fs::hard_link(&self.temporary, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    check(&self.store, &self.name, Some("another"), expected)?;
                }
                linked => linked.map_err(io_failed)?,
            }
            sync_dir(path.parent().unwrap_or(self.store.root())).map_err(failed)?;
        } else {
            rename_durable(&self.temporary, &path).map_err(failed)?;
        }
        let made = version(&path).map_err(io_failed)?;
        Ok(made.unwrap_or_default())
    }
}

impl Drop for SealedFile {
    fn drop(&mut self) {
        // Nobody sees one that cannot be removed.
        let _ = fs::remove_file(&self.temporary);
    }
}

/// What the content of a file is called: its number, its length and the time of its last change.
fn version(path: &Path) -> io::Result<Option<String>> {
    let found = match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        found => found?,
    };
    let since = found.modified()?.duration_since(UNIX_EPOCH);
    let nanos = since.map_or(0, |since| since.as_nanos());
    #[cfg(unix)]
    let number = std::os::unix::fs::MetadataExt::ino(&found);
    #[cfg(not(unix))]
    let number = 0;
    Ok(Some(format!("{number:x}-{:x}-{nanos:x}", found.len())))
}

pub(super) fn versions(store: &LocalStore, prefix: &str) -> Result<Vec<ObjectVersion>> {
    let mut versions = Vec::new();
    for found in store.list(prefix)? {
        let version = version(&store.path(&found.name));
        let version =
            version.map_err(|source| store.error("examine", found.name.as_str(), source))?;
        // It may have been deleted since it was listed.
        versions.extend(version.map(|version| ObjectVersion {
            name: found.name,
            version,
            length: found.length,
        }));
    }
    Ok(versions)
}

pub(super) fn abandon(store: &LocalStore, prefix: &str) -> Result<u64> {
    let (folders, start) = prefix.rsplit_once('/').unwrap_or(("", prefix));
    let folder = match folders {
        "" => store.root().to_owned(),
        folders => store.path_below(&ObjectName::new(folders)?)?,
    };
    let entries = match fs::read_dir(&folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        entries => entries.map_err(|source| store.error("list", prefix, source))?,
    };
    let mut abandoned = 0;
    for entry in entries.flatten() {
        let name = entry.file_name();
        let upload = name.to_string_lossy();
        let is_upload = upload
            .split_once(MARK)
            .is_some_and(|(name, _)| name.starts_with(start));
        if is_upload {
            remove_durable(entry.path()).map_err(|source| store.error("delete", prefix, source))?;
            abandoned += 1;
        }
    }
    Ok(abandoned)
}
