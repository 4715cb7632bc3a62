//! The location of a dataset's files: on this machine, or at URLs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use coldpress_storage::{KeyPlace, RemoteFile, RemoteFiles, RemoteMeta, StoreSchemes};
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use crate::error::{Error, Result};

/// The location of a file of a dataset.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Location {
    /// A file on this machine.
    File(PathBuf),
    /// A file at a URL.
    Remote(Remote),
    /// An encrypted file.
    Sealed(Sealed),
}

/// An encrypted file. Everything known about it, including its length, is about its decrypted text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The place of the file, which is encrypted once.
    pub path: Box<Location>,
    /// The place of the key.
    pub key: KeyPlace,
}

/// A file at a URL, as it was when it was examined.
#[derive(Clone, Serialize, Deserialize)]
pub struct Remote {
    #[serde(flatten)]
    meta: RemoteMeta,
    /// The URL without secrets, for people to see.
    #[serde(skip)]
    shown: PathBuf,
    /// The reader of the file; none in a process other than the one that found it, until [`Location::reach`].
    #[serde(skip)]
    files: Option<Arc<dyn RemoteFiles>>,
    /// The blocks that all handles share.
    #[serde(skip)]
    blocks: Arc<Mutex<Weak<Blocks>>>,
}

impl Location {
    pub(crate) fn remote(meta: RemoteMeta, files: Arc<dyn RemoteFiles>) -> Self {
        Self::Remote(Remote {
            shown: shown(&meta.url),
            meta,
            files: Some(files),
            blocks: Arc::default(),
        })
    }

    /// Returns the path, if the file is on this machine.
    #[must_use]
    pub fn local(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Sealed(Sealed { path, .. }) => path.local(),
            Self::Remote(_) => None,
        }
    }

    /// Returns the path of a file on this machine that holds the content as it is, so that ranges of it can be cited.
    #[must_use]
    pub fn citable(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Remote(_) | Self::Sealed(_) => None,
        }
    }

    /// Returns the same place for an encrypted file.
    pub(crate) fn sealed(self, key: &KeyPlace) -> Self {
        match self {
            Self::Sealed(_) => self,
            Self::File(_) | Self::Remote(_) => Self::Sealed(Sealed {
                path: Box::new(self),
                key: key.clone(),
            }),
        }
    }

    /// Returns the path, or the URL as people may see it, without the parts that sign a request.
    #[must_use]
    pub fn shown(&self) -> &Path {
        match self {
            Self::File(path) => path,
            Self::Sealed(Sealed { path, .. }) => path.shown(),
            Self::Remote(remote) => &remote.shown,
        }
    }

    /// Returns the path, or the URL as people may see it.
    pub fn display(&self) -> std::path::Display<'_> {
        self.shown().display()
    }

    /// Returns the last part of the path or of the URL.
    #[must_use]
    pub fn file_name(&self) -> Option<&std::ffi::OsStr> {
        self.shown().file_name()
    }

    /// Returns whether it is at a URL.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        match self {
            Self::File(_) => false,
            Self::Sealed(Sealed { path, .. }) => path.is_remote(),
            Self::Remote(_) => true,
        }
    }

    /// Returns whether reading may begin anywhere.
    pub(crate) fn is_seekable(&self) -> bool {
        match self {
            Self::File(_) => true,
            Self::Sealed(Sealed { path, .. }) => path.is_seekable(),
            Self::Remote(remote) => remote.meta.seekable,
        }
    }

    /// Returns the same place with the file that is there now.
    pub(crate) fn as_it_is_now(&self) -> Result<Self> {
        match self {
            Self::File(_) => Ok(self.clone()),
            Self::Sealed(Sealed { path, key }) => Ok(path.as_it_is_now()?.sealed(key)),
            Self::Remote(remote) => {
                let files = remote.files()?;
                let meta = files.examine(&remote.meta.url)?;
                Ok(Self::remote(meta, Arc::clone(files)))
            }
        }
    }

    /// Makes a location from another process readable in this one.
    ///
    /// # Errors
    /// [`Error::Storage`] when the scheme of its URL is not known or cannot be opened.
    pub fn reach(&mut self, schemes: &StoreSchemes) -> Result<()> {
        match self {
            Self::File(_) => {}
            Self::Sealed(Sealed { path, .. }) => path.reach(schemes)?,
            Self::Remote(remote) => {
                remote.files = Some(schemes.files(&remote.meta.url)?);
                remote.shown = shown(&remote.meta.url);
            }
        }
        Ok(())
    }
}

impl Remote {
    /// Returns what was examined.
    #[must_use]
    pub fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    pub(crate) fn open(&self) -> Result<Arc<dyn RemoteFile>> {
        Ok(self.files()?.open(&self.meta)?)
    }

    /// Returns the blocks that were read of it, shared as long as any handle is open.
    pub(crate) fn blocks(&self) -> Result<Arc<Blocks>> {
        let mut shared = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(blocks) = shared.upgrade() {
            return Ok(blocks);
        }
        let blocks = Arc::new(Blocks::new(self.open()?));
        *shared = Arc::downgrade(&blocks);
        Ok(blocks)
    }

    fn files(&self) -> Result<&Arc<dyn RemoteFiles>> {
        self.files.as_ref().ok_or_else(|| Error::Unsupported {
            path: self.shown.display().to_string(),
            what: "a URL that this process was not told how to reach",
            help: "give the worker the schemes that the driver has",
        })
    }
}

/// Returns the URL without its query and its user, because both may hold secrets.
fn shown(url: &str) -> PathBuf {
    let url = url.split(['?', '#']).next().unwrap_or(url);
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.into();
    };
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = host.rsplit('@').next().unwrap_or(host);
    format!("{scheme}://{host}{path}").into()
}

impl PartialEq for Remote {
    fn eq(&self, other: &Self) -> bool {
        self.meta == other.meta
    }
}

impl Eq for Remote {}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.shown().fmt(f)
    }
}

impl From<PathBuf> for Location {
    fn from(path: PathBuf) -> Self {
        Self::File(path)
    }
}

impl From<&Path> for Location {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_signs_a_request_is_not_shown() {
        for (url, expected) in [
            ("s3://bucket/a b.jsonl", "s3://bucket/a b.jsonl"),
            (
                "https://me:hush@host/a.jsonl?X-Sig=hush#x",
                "https://host/a.jsonl",
            ),
            ("https://host/@a/b", "https://host/@a/b"),
            ("https://me@host", "https://host"),
        ] {
            assert_eq!(shown(url), Path::new(expected));
        }
    }

    #[test]
    fn a_path_is_written_as_ever() {
        let json = r#""/data/a.jsonl""#;
        let location: Location = serde_json::from_str(json).unwrap();
        assert_eq!(location, Location::File("/data/a.jsonl".into()));
        assert_eq!(serde_json::to_string(&location).unwrap(), json);
        let key = KeyPlace::File("/data/key".into());
        let sealed = location.sealed(&key);
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(
            json,
            r#"{"path":"/data/a.jsonl","key":{"file":"/data/key"}}"#
        );
        assert_eq!(serde_json::from_str::<Location>(&json).unwrap(), sealed);
        assert!(sealed.local().is_some() && sealed.citable().is_none());
    }
}
