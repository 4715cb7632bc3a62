//! Files of this machine as if they were behind URLs.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress_storage::{
    Error, ObjectStore, RemoteFile, RemoteFiles, RemoteMeta, Result, Scheme, StorageOptions,
    StoreSchemes, Waits, digest_file,
};

/// URLs such as `shelf:///tmp/a.jsonl`, which lead to the file `/tmp/a.jsonl`. The digest of its bytes is its version.
#[derive(Clone, Copy, Debug)]
struct Shelf;

pub(crate) fn schemes() -> StoreSchemes {
    StoreSchemes::default().with_scheme("shelf", Shelf)
}

/// The URL of a file.
pub(crate) fn url(path: &Path) -> String {
    format!("shelf://{}", path.display())
}

fn path(url: &str) -> PathBuf {
    url.trim_start_matches("shelf://").into()
}

impl Scheme for Shelf {
    fn store(&self, url: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn ObjectStore>> {
        Err(Error::Unsupported {
            action: "keep files of jobs",
            path: url.into(),
        })
    }

    fn files(&self, _: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn RemoteFiles>> {
        Ok(Arc::new(*self))
    }
}

impl RemoteFiles for Shelf {
    fn examine(&self, url: &str) -> Result<RemoteMeta> {
        let missing = |error: Error| match error.is_not_found() {
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
