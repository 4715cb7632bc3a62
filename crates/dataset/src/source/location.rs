//! Where the files of a dataset are: on this machine, or behind URLs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use coldpress_storage::{KeyPlace, RemoteFile, RemoteFiles, RemoteMeta, StoreSchemes};
use serde::{Deserialize, Serialize};

use super::blocks::Blocks;
use crate::error::{Error, Result};

/// Where a file of a dataset is.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Location {
    /// A file of this machine.
    File(PathBuf),
    /// A file behind a URL.
    Remote(Remote),
    /// An encrypted file of this machine.
    Sealed(Sealed),
}

/// An encrypted file. All that is known of it, its length included, is that of its text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Where it is.
    pub path: PathBuf,
    /// Where the key is.
    pub key: KeyPlace,
}

/// A file behind a URL, as it was when it was examined.
#[derive(Clone, Serialize, Deserialize)]
pub struct Remote {
    #[serde(flatten)]
    meta: RemoteMeta,
    /// The URL as people may see it.
    #[serde(skip)]
    shown: PathBuf,
    /// What reads it; none in another process than the one that found it, before [`Location::reach`].
    #[serde(skip)]
    files: Option<Arc<dyn RemoteFiles>>,
    /// What all who have it open share.
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

    /// Returns the path on this machine, if it is there.
    #[must_use]
    pub fn local(&self) -> Option<&Path> {
        match self {
            Self::File(path) | Self::Sealed(Sealed { path, .. }) => Some(path),
            Self::Remote(_) => None,
        }
    }

    /// Returns the path of a file of this machine that holds the content as it is, so that ranges of it can be cited.
    #[must_use]
    pub fn citable(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Remote(_) | Self::Sealed(_) => None,
        }
    }

    /// Returns the same place, with an encrypted file in it.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a URL.
    pub(crate) fn sealed(self, key: &KeyPlace) -> Result<Self> {
        match self {
            Self::File(path) => Ok(Self::Sealed(Sealed {
                path,
                key: key.clone(),
            })),
            Self::Sealed(_) => Ok(self),
            Self::Remote(_) => Err(Error::Unsupported {
                path: self.display().to_string(),
                what: "an encrypted file behind a URL",
                help: "copy it to this machine first",
            }),
        }
    }

    /// The path or the URL as people may see it: what signs a request is no part of it.
    #[must_use]
    pub fn shown(&self) -> &Path {
        match self {
            Self::File(path) | Self::Sealed(Sealed { path, .. }) => path,
            Self::Remote(remote) => &remote.shown,
        }
    }

    /// The path or the URL as people may see it.
    pub fn display(&self) -> std::path::Display<'_> {
        self.shown().display()
    }

    /// The last part of the path or of the URL.
    #[must_use]
    pub fn file_name(&self) -> Option<&std::ffi::OsStr> {
        self.shown().file_name()
    }

    /// Returns whether it is behind a URL.
    #[must_use]
    pub fn is_remote(&self) -> bool {
        matches!(self, Self::Remote(_))
    }

    /// Returns whether reading may begin anywhere.
    pub(crate) fn is_seekable(&self) -> bool {
        match self {
            Self::File(_) | Self::Sealed(_) => true,
            Self::Remote(remote) => remote.meta.seekable,
        }
    }

    /// The same place with what is there now.
    pub(crate) fn as_it_is_now(&self) -> Result<Self> {
        match self {
            Self::File(_) | Self::Sealed(_) => Ok(self.clone()),
            Self::Remote(remote) => {
                let files = remote.files()?;
                let meta = files.examine(&remote.meta.url)?;
                Ok(Self::remote(meta, Arc::clone(files)))
            }
        }
    }

    /// Lets a location that came from another process be read in this one.
    ///
    /// # Errors
    /// [`Error::Storage`] when the scheme of its URL is not known, or cannot be opened.
    pub fn reach(&mut self, schemes: &StoreSchemes) -> Result<()> {
        if let Self::Remote(remote) = self {
            remote.files = Some(schemes.files(&remote.meta.url)?);
            remote.shown = shown(&remote.meta.url);
        }
        Ok(())
    }
}

impl Remote {
    /// What was examined.
    #[must_use]
    pub fn meta(&self) -> &RemoteMeta {
        &self.meta
    }

    pub(crate) fn open(&self) -> Result<Arc<dyn RemoteFile>> {
        Ok(self.files()?.open(&self.meta)?)
    }

    /// What was read of it in small pieces, while anyone has it open.
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

/// The URL without its query and its user: both may hold secrets.
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
        let sealed = location.sealed(&key).unwrap();
        let json = serde_json::to_string(&sealed).unwrap();
        assert_eq!(serde_json::from_str::<Location>(&json).unwrap(), sealed);
        assert!(sealed.local().is_some() && sealed.citable().is_none());
    }
}
