//! Files of this machine as if they were behind URLs: those of datasets, and the stores of jobs and exports.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress_storage::{
    Error, LocalStore, ObjectMeta, ObjectName, ObjectStore, ObjectVersion, RemoteFile, RemoteFiles,
    RemoteMeta, Result, Scheme, StorageOptions, StoreReader, StoreSchemes, StoreWriter, Upload,
    Waits, digest_file,
};

/// URLs such as `shelf:///tmp/a.jsonl`, which lead to the file `/tmp/a.jsonl`. The digest of its bytes is its version.
#[derive(Clone, Copy, Debug)]
struct Shelf;

pub(crate) fn schemes() -> StoreSchemes {
    StoreSchemes::default().with_scheme("shelf", Shelf)
}

/// Returns the URL of a file or a folder.
pub(crate) fn url(path: &Path) -> String {
    format!("shelf://{}", path.display())
}

/// Returns the file or the folder of a URL; a path is one already.
pub(crate) fn path(url: &str) -> PathBuf {
    url.trim_start_matches("shelf://").into()
}

impl Scheme for Shelf {
    fn store(&self, url: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn ObjectStore>> {
        Ok(Arc::new(Board(LocalStore::new(path(url)))))
    }

    fn files(&self, _: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(*self))
    }
}

impl RemoteFiles for Shelf {
    fn examine(&self, url: &str) -> Result<RemoteMeta> {
        // There are no folders on a shelf, as in a bucket.
        let is_folder = path(url).is_dir();
        let missing = |error: Error| match error.is_not_found() || is_folder {
            true => Error::NotFound {
                store: "the shelf".to_owned(),
                name: url.to_owned(),
            },
            false => error,
        };
        let stamp = digest_file(path(url)).map_err(missing)?;
        Ok(RemoteMeta {
            url: url.to_owned(),
            length: stamp.length,
            version: Some(stamp.digest.to_string()),
            modified_nanos: 0,
            seekable: true,
        })
    }

    fn list(&self, prefix: &str, each: &mut dyn FnMut(RemoteMeta) -> Result<()>) -> Result<()> {
        let folder = path(prefix);
        // Nothing begins with the name of a folder that is not there.
        let Ok(entries) = std::fs::read_dir(&folder) else {
            return Ok(());
        };
        let mut urls: Vec<String> = entries.map(|entry| url(&entry.unwrap().path())).collect();
        urls.sort();
        urls.iter().try_for_each(|url| each(self.examine(url)?))
    }

    fn open(&self, meta: &RemoteMeta) -> Result<Arc<dyn RemoteFile>> {
        Ok(Arc::new(Open { meta: meta.clone() }))
    }
}

#[derive(Debug)]
struct Open {
    meta: RemoteMeta,
}

impl Open {
    /// The file, if it is still what was examined.
    fn file(&self) -> Result<File> {
        if Shelf.examine(&self.meta.url)?.version != self.meta.version {
            return Err(Error::Changed {
                url: self.meta.url.clone(),
                what: "its content is another".to_owned(),
            });
        }
        let path = path(&self.meta.url);
        File::open(&path).map_err(|error| Error::io("open", path, error))
    }
}

impl RemoteFile for Open {
    fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<()> {
        let read = self.file()?.read_exact_at(buffer, offset);
        read.map_err(|error| Error::io("read", path(&self.meta.url), error))
    }

    fn stream(&self, range: Range<u64>) -> Result<Box<dyn Read + Send>> {
        Ok(Box::new(Stream {
            file: self.file()?,
            range,
        }))
    }
}

struct Stream {
    file: File,
    range: Range<u64>,
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = (self.range.end - self.range.start).min(buffer.len() as u64);
        let read = self
            .file
            .read_at(&mut buffer[..left as usize], self.range.start)?;
        self.range.start += read as u64;
        Ok(read)
    }
}

/// The store of a folder. Its objects have no paths, so nothing can go around the store, as with a bucket.
#[derive(Debug)]
struct Board(LocalStore);

impl fmt::Display for Board {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", url(self.0.root()))
    }
}

impl ObjectStore for Board {
    fn put_new(&self, name: &ObjectName) -> Result<Box<dyn StoreWriter>> {
        self.0.put_new(name)
    }

    fn get(&self, name: &ObjectName) -> Result<Box<dyn StoreReader>> {
        self.0.get(name)
    }

    fn list(&self, prefix: &str) -> Result<Vec<ObjectMeta>> {
        self.0.list(prefix)
    }

    fn delete(&self, name: &ObjectName) -> Result<()> {
        self.0.delete(name)
    }

    fn replace(&self, name: &ObjectName, bytes: &[u8]) -> Result<()> {
        self.0.replace(name, bytes)
    }

    fn upload(&self, name: &ObjectName) -> Result<Box<dyn Upload>> {
        self.0.upload(name)
    }

    fn versions(&self, prefix: &str) -> Result<Vec<ObjectVersion>> {
        self.0.versions(prefix)
    }

    fn abandon_uploads(&self, prefix: &str) -> Result<u64> {
        self.0.abandon_uploads(prefix)
    }
}
