//! A folder as a store.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::contract::{ObjectMeta, ObjectStore, StoreReader, StoreWriter};
use super::name::ObjectName;
use super::upload::{ObjectVersion, Upload};
use crate::{
    Error, FileStamp, NewFile, Result, crash_point, create_dir_all_durable, open_file,
    remove_durable, remove_unsynced, replace_unsynced, sync_dir,
};

mod upload;

use upload::{abandon, upload, versions};

/// A folder on a disk, a file per object.
///
/// Files and folders are synced as the contract says. The folder is created with the first object.
#[derive(Clone, Debug)]
pub struct LocalStore {
    root: PathBuf,
    maps: bool,
}

impl LocalStore {
    /// The store in this folder, which need not exist yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            maps: false,
        }
    }

    /// Sets whether files are mapped into memory where that spares reading them: of Arrow files that are not
    /// compressed no byte is copied then.
    ///
    /// Who cuts a file off that is mapped kills this process by SIGBUS; immutable files are not cut off, and a disk that
    /// fails may do the same.
    #[must_use]
    pub fn mapping(mut self, maps: bool) -> Self {
        self.maps = maps;
        self
    }

    /// The folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns whether files are mapped into memory.
    #[must_use]
    pub fn maps(&self) -> bool {
        self.maps
    }

    /// Returns where an object lies.
    #[must_use]
    pub fn path(&self, name: &ObjectName) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(name.parts());
        path
    }

    /// Where an object lies, if no folder on the way to it from this one is a link, which would lead elsewhere.
    pub(super) fn path_below(&self, name: &ObjectName) -> Result<PathBuf> {
        let path = self.path(name);
        let folders = path.ancestors().skip(1);
        let mut inside = folders.take_while(|folder| *folder != self.root);
        match inside.find(|folder| folder.is_symlink()) {
            None => Ok(path),
            Some(_) => Err(self.error(
                "look behind a link for",
                name.as_str(),
                "it may lead anywhere",
            )),
        }
    }

    pub(super) fn error(
        &self,
        action: &'static str,
        name: &str,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Error {
        Error::store(self, action, name, source)
    }

    fn not_found(&self, name: &ObjectName) -> Error {
        Error::NotFound {
            store: self.to_string(),
            name: name.to_string(),
        }
    }

    /// Adds the objects below `folder`, whose own name within the store (with a `/` at its end) is `above`.
    fn list_folder(
        &self,
        folder: &Path,
        above: &str,
        prefix: &str,
        found: &mut Vec<ObjectMeta>,
    ) -> io::Result<()> {
        let entries = match fs::read_dir(folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let Some(name) = entry
                .file_name()
                .to_str()
                .and_then(|part| ObjectName::new(format!("{above}{part}")).ok())
            else {
                continue;
            };
            let inside = format!("{name}/");
            match entry.metadata() {
                // It was deleted since the folder was read.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(error),
                Ok(meta) if meta.is_dir() => {
                    if inside.starts_with(prefix) || prefix.starts_with(&inside) {
                        self.list_folder(&entry.path(), &inside, prefix, found)?;
                    }
                }
                Ok(meta) if meta.is_file() && name.as_str().starts_with(prefix) => {
                    found.push(ObjectMeta {
                        name,
                        length: meta.len(),
                    });
                }
                Ok(_) => {}
            }
        }
        Ok(())
    }
}

impl fmt::Display for LocalStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the folder `{}`", self.root.display())
    }
}

impl ObjectStore for LocalStore {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        let path = self.path_below(name)?;
        let folder = path.parent().unwrap_or(&self.root);
        create_dir_all_durable(folder)
            .map_err(|source| self.error("create the folder of", name.as_str(), source))?;
        match NewFile::create(&path) {
            Ok(file) => Ok(Box::new(LocalWriter {
                store: self.clone(),
                name: name.clone(),
                file,
            })),
            Err(error) if error.is_already_exists() => Err(Error::AlreadyExists {
                store: self.to_string(),
                name: name.to_string(),
            }),
            Err(error) => Err(self.error("create", name.as_str(), error)),
        }
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        let file = match open_file(self.path_below(name)?) {
            Ok(file) => file,
            Err(Error::NotAFile { .. }) => return Err(self.not_found(name)),
            Err(error) if is_missing(error.kind()) => return Err(self.not_found(name)),
            Err(error) => return Err(self.error("open", name.as_str(), error)),
        };
        let length = file
            .metadata()
            .map_err(|error| self.error("open", name.as_str(), error))?
            .len();
        Ok(Box::new(LocalReader {
            store: self.clone(),
            name: name.clone(),
            mapped: self.maps.then(|| map(&file)).flatten(),
            file: Positioned::new(file),
            length,
        }))
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        let mut found = Vec::new();
        self.list_folder(&self.root, "", prefix, &mut found)
            .map_err(|source| self.error("list", prefix, source))?;
        found.sort();
        Ok(found)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        let path = self.path_below(name)?;
        match remove_durable(&path) {
            Ok(()) => Ok(()),
            // An earlier call may have removed the name and crashed before the folder was synced.
            Err(error) if error.is_not_found() => match path.parent().map(sync_dir) {
                Some(Err(error)) if !error.is_not_found() => {
                    Err(self.error("delete", name.as_str(), error))
                }
                _ => Ok(()),
            },
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(()),
            Err(error) => Err(self.error("delete", name.as_str(), error)),
        }
    }

    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        let path = self.path_below(name)?;
        let folder = path.parent().unwrap_or(&self.root);
        create_dir_all_durable(folder)
            .and_then(|()| replace_unsynced(&path, bytes))
            .map_err(|source| self.error("replace", name.as_str(), source))
    }

    fn folders(&self) -> Result<Vec<String>> {
        let cannot = |source| self.error("list", "", source);
        let entries = match fs::read_dir(&self.root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(cannot)?,
        };
        let mut folders = Vec::new();
        for entry in entries {
            let entry = entry.map_err(cannot)?;
            let is_folder = entry.path().is_dir();
            let name = entry.file_name().into_string().ok();
            let name = name.filter(|name| is_folder && ObjectName::new(name.as_str()).is_ok());
            folders.extend(name);
        }
        folders.sort();
        Ok(folders)
    }

    /// Syncs each folder once.
    fn delete_all(&self, names: &[&ObjectName]) -> Vec<Error> {
        let (mut failures, mut folders) = (Vec::new(), BTreeSet::new());
        for name in names {
            let removed = self.path_below(name).and_then(|path| {
                folders.extend(path.parent().map(Path::to_owned));
                match remove_unsynced(&path) {
                    Err(error) if !is_missing(error.kind()) => {
                        Err(self.error("delete", name.as_str(), error))
                    }
                    _ => Ok(()),
                }
            });
            failures.extend(removed.err());
        }
        let synced = folders
            .into_iter()
            .filter(|folder| folder.is_dir())
            .map(sync_dir);
        failures.extend(synced.filter_map(Result::err));
        failures
    }

    fn path_of(&self, name: &ObjectName) -> Option<PathBuf> {
        Some(self.path(name))
    }

    fn upload(&self, name: &ObjectName) -> Result<Box<dyn Upload>> {
        upload(self, name)
    }

    fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>> {
        versions(self, prefix)
    }

    fn abandon_uploads(&self, prefix: &str) -> Result<u64> {
        abandon(self, prefix)
    }
}

/// The file in memory; none where that cannot be had, as of an empty one.
fn map(file: &File) -> Option<Bytes> {
    #[allow(
        unsafe_code,
        reason = "objects are immutable, nobody of ours writes into a file that is there, and every byte is proven by its \
                  digest before it is decoded"
    )]
    let mapped = unsafe { memmap2::Mmap::map(file) };
    mapped.ok().map(Bytes::from_owner)
}

/// Returns whether there is no such file: no such name, or a file where a folder would have to be.
fn is_missing(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[derive(Debug)]
struct LocalWriter {
    store: LocalStore,
    name: ObjectName,
    file: NewFile,
}

impl Write for LocalWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl StoreWriter for LocalWriter {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn finish(self: Box<Self>) -> Result<FileStamp> {
        let Self { store, name, file } = *self;
        crash_point!("object_before_finish");
        let stamp = file
            .finish()
            .map_err(|source| store.error("finish", name.as_str(), source))?;
        crash_point!("object_after_finish");
        Ok(stamp)
    }
}

#[derive(Debug)]
struct LocalReader {
    store: LocalStore,
    name: ObjectName,
    file: Positioned,
    mapped: Option<Bytes>,
    length: u64,
}

impl StoreReader for LocalReader {
    fn name(&self) -> &ObjectName {
        &self.name
    }

    fn len(&self) -> u64 {
        self.length
    }

    fn mapped(&self) -> Option<Bytes> {
        self.mapped.clone()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        self.file
            .read_exact_at(offset, buffer)
            .map_err(|source| self.store.error("read", self.name.as_str(), source))
    }
}

/// A file that is read at any place by any thread.
#[cfg(unix)]
#[derive(Debug)]
pub(super) struct Positioned(File);

#[cfg(unix)]
impl Positioned {
    pub(super) fn new(file: File) -> Self {
        Self(file)
    }

    pub(super) fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.0, buffer, offset)
    }
}

/// A file that is read at any place by any thread, one at a time: there is no other way on all systems.
#[cfg(not(unix))]
#[derive(Debug)]
pub(super) struct Positioned(std::sync::Mutex<File>);

#[cfg(not(unix))]
impl Positioned {
    pub(super) fn new(file: File) -> Self {
        Self(std::sync::Mutex::new(file))
    }

    pub(super) fn read_exact_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<()> {
        use std::io::{Read, Seek, SeekFrom};
        let mut file = self
            .0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        file.seek(SeekFrom::Start(offset))?;
        file.read_exact(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> ObjectName {
        ObjectName::new(text).unwrap()
    }

    fn put(store: &LocalStore, object: &str, bytes: &[u8]) -> FileStamp {
        let mut writer = store.put_new(&name(object)).unwrap();
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    }

    #[test]
    fn what_is_mapped_is_what_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path()).mapping(true);
        for (name, bytes) in [("some", &b"some bytes"[..]), ("none", b"")] {
            let name = ObjectName::new(name).unwrap();
            let mut writer = store.put_new(&name).unwrap();
            writer.write_all(bytes).unwrap();
            writer.finish().unwrap();
            let reader = store.get(&name).unwrap();
            assert!(reader.mapped().unwrap() == bytes);
            let plain = LocalStore::new(folder.path()).get(&name).unwrap();
            assert!(plain.mapped().is_none());
            // A file that is deleted stays readable for who has it open.
            store.delete(&name).unwrap();
            assert!(reader.mapped().unwrap() == bytes);
        }
    }

    #[test]
    fn nothing_is_created_before_the_first_object() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path().join("deep/store"));
        assert_eq!(store.list("").unwrap(), []);
        store.delete(&name("a/b")).unwrap();
        assert!(store.get(&name("a")).unwrap_err().is_not_found());
        assert!(!folder.path().join("deep").exists());
        put(&store, "a/b", b"x");
        assert_eq!(fs::read(store.root().join("a/b")).unwrap(), b"x");
    }

    #[test]
    fn what_is_no_object_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path());
        put(&store, "a/b", b"x");
        fs::write(folder.path().join("not an object"), b"").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/", folder.path().join("link")).unwrap();
        let names: Vec<_> = store.list("").unwrap();
        assert_eq!(names.len(), 1, "{names:?}");
        #[cfg(unix)]
        for (refused, action) in [
            (store.get(&name("link/etc/passwd")).map(drop), "get"),
            (store.put_new(&name("link/tmp/x")).map(drop), "put"),
            (store.delete(&name("link/tmp/x")), "delete"),
        ] {
            assert!(refused.is_err(), "{action} goes through a link");
        }
        assert!(store.get(&name("a")).unwrap_err().is_not_found());
        assert!(store.get(&name("a/b/c")).unwrap_err().is_not_found());
        store.delete(&name("a/b/c")).unwrap();
        assert!(store.put_new(&name("a")).unwrap_err().is_already_exists());
    }

    #[test]
    fn a_failure_names_object_store_and_cause() {
        let folder = tempfile::tempdir().unwrap();
        let store = LocalStore::new(folder.path().join("s"));
        fs::write(folder.path().join("s"), b"in the way").unwrap();
        let error = store.put_new(&name("a")).unwrap_err();
        let expected = format!("cannot create the folder of `a` in {store}");
        assert_eq!(error.to_string(), expected);
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
