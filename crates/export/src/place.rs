//! Places for outputs: on this machine, or at URLs.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress_dataset::local_path;
use coldpress_storage::{ObjectName, ObjectStore, StoreSchemes, StoreSpec, one_spelling};

use crate::error::{Error, Result};

/// The place of an output.
#[derive(Clone, Debug)]
pub enum OutputPlace {
    /// A file or a directory on this machine.
    Path(PathBuf),
    /// An object in a store, or the objects whose names begin with the name and a `/`.
    Url(UrlPlace),
}

/// A place in a store.
#[derive(Clone, Debug)]
pub struct UrlPlace {
    url: String,
    /// The store of the folder.
    store: Arc<dyn ObjectStore>,
    name: ObjectName,
}

/// The folder of outputs.
#[derive(Clone, Debug)]
pub enum OutputFolder {
    /// A directory on this machine.
    Path(PathBuf),
    /// Everything below a URL.
    Url {
        /// The URL, without a final `/`.
        url: String,
        /// The store at the URL.
        store: Arc<dyn ObjectStore>,
    },
}

/// Returns whether a path in a recipe is a URL of something that isn't a file on this machine.
#[must_use]
pub fn is_url(path: &str) -> bool {
    path.split_once("://").is_some_and(|(scheme, _)| {
        let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        // A single letter is a drive.
        scheme.len() > 1 && scheme.bytes().all(is_letter) && !scheme.eq_ignore_ascii_case("file")
    })
}

impl OutputPlace {
    /// Returns the place of this path or URL, ignoring a final `/`.
    ///
    /// # Errors
    /// Fails when the scheme of a URL is unknown, or when it names no object.
    pub fn open(path: &str, schemes: &StoreSchemes) -> Result<Self> {
        if !is_url(path) {
            return Ok(Self::Path(local_path(path).trim_end_matches('/').into()));
        }
        let unnamed = || Error::Unsupported {
            path: path.to_owned(),
            what: "no name of an export",
            help: "end the URL in a bucket and the name of an object, or of shards and a `/`",
        };
        let url = path.trim_end_matches('/');
        let (folder, name) = url.rsplit_once('/').ok_or_else(unnamed)?;
        if folder.ends_with('/') || folder.ends_with(':') {
            return Err(unnamed());
        }
        OutputFolder::open(folder, schemes)?.place(name)
    }

    /// Returns the file or directory on this machine; none for a URL.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Url(_) => None,
        }
    }

    /// Returns the enclosing folder.
    #[must_use]
    pub fn folder(&self) -> OutputFolder {
        match self {
            Self::Path(path) => OutputFolder::Path(folder_of(path).to_owned()),
            Self::Url(place) => OutputFolder::Url {
                url: place.folder_url().to_owned(),
                store: Arc::clone(&place.store),
            },
        }
    }

    /// Returns the name of the file, directory or object.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Path(path) => {
                let name = path.file_name().unwrap_or_default();
                name.to_string_lossy().into_owned()
            }
            Self::Url(place) => place.name.to_string(),
        }
    }
}

impl fmt::Display for OutputPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Url(place) => f.write_str(&place.url),
        }
    }
}

impl PartialEq for OutputPlace {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Path(one), Self::Path(other)) => one == other,
            (Self::Url(one), Self::Url(other)) => one.url == other.url,
            _ => false,
        }
    }
}

impl Eq for OutputPlace {}

impl UrlPlace {
    /// Returns the whole URL, without a final `/`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    fn folder_url(&self) -> &str {
        let folder = self.url.rsplit_once('/');
        folder.map_or("", |(folder, _)| folder)
    }

    pub(crate) fn store(&self) -> &dyn ObjectStore {
        &*self.store
    }

    pub(crate) fn name(&self) -> &ObjectName {
        &self.name
    }

    /// Returns the object of this name beside it.
    pub(crate) fn beside(&self, name: &str) -> Result<ObjectName> {
        Ok(ObjectName::new(name)?)
    }

    /// Returns the object of this name below it.
    pub(crate) fn below(&self, name: &str) -> Result<ObjectName> {
        Ok(ObjectName::new(format!("{}/{name}", self.name))?)
    }
}

impl OutputFolder {
    /// Returns the folder of this path or URL.
    ///
    /// # Errors
    /// Fails when the scheme of a URL is unknown.
    pub fn open(path: &str, schemes: &StoreSchemes) -> Result<Self> {
        if !is_url(path) {
            return Ok(Self::Path(local_path(path).into()));
        }
        let url = one_spelling(path.trim_end_matches('/')).into_owned();
        let store = schemes.open(&StoreSpec::Url(url.clone()))?;
        Ok(Self::Url { url, store })
    }

    /// Returns the place of this name in the folder.
    ///
    /// # Errors
    /// Fails when no object can have the name.
    pub fn place(&self, name: &str) -> Result<OutputPlace> {
        Ok(match self {
            Self::Path(folder) => OutputPlace::Path(folder.join(name)),
            Self::Url { url, store } => OutputPlace::Url(UrlPlace {
                url: format!("{url}/{name}"),
                store: Arc::clone(store),
                name: ObjectName::new(name)?,
            }),
        })
    }

    /// Returns the names of the files or objects directly in it that begin with this text; none if it cannot be listed.
    #[must_use]
    pub fn names(&self, prefix: &str) -> Vec<String> {
        match self {
            Self::Path(folder) => {
                let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
                let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
                names.filter(|name| name.starts_with(prefix)).collect()
            }
            Self::Url { store, .. } => {
                let listed = store.list(prefix).unwrap_or_default().into_iter();
                let names = listed.map(|found| found.name.to_string());
                names.filter(|name| !name.contains('/')).collect()
            }
        }
    }
}

impl fmt::Display for OutputFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Url { url, .. } => f.write_str(url),
        }
    }
}

/// Returns the folder of a file or directory on this machine.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
