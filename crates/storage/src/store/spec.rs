//! Stores as values that can be written down and sent to other processes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contract::ObjectStore;
use super::local::LocalStore;
use super::reference::Place;
use crate::{Error, Result};

/// Which store: what another process needs to open the same one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StoreSpec {
    /// A folder of this machine.
    Folder(PathBuf),
    /// What a program opens that has [registered](StoreSchemes::with) the URL's scheme: the text before its first `:`.
    Url(String),
}

impl fmt::Display for StoreSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(path) => write!(f, "the folder `{}`", path.display()),
            Self::Url(url) => write!(f, "`{url}`"),
        }
    }
}

/// The store of each place of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSpecs {
    /// The job's folder: a place that is not elsewhere is the folder of its name in it.
    root: PathBuf,
    /// Whether files of checkpoints are mapped into memory.
    maps: bool,
    elsewhere: BTreeMap<Place, StoreSpec>,
}

impl StoreSpecs {
    /// All places in folders of this one.
    pub fn in_folder(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            maps: false,
            elsewhere: BTreeMap::new(),
        }
    }

    /// Sets whether checkpoints that are files are mapped into memory; see [`LocalStore::mapping`].
    #[must_use]
    pub fn mapping(mut self, maps: bool) -> Self {
        self.maps = maps;
        self
    }

    /// Keeps the files of a place in this store.
    #[must_use]
    pub fn with(mut self, place: Place, spec: StoreSpec) -> Self {
        if self.default_of(place) == spec {
            self.elsewhere.remove(&place);
        } else {
            self.elsewhere.insert(place, spec);
        }
        self
    }

    /// The store of a place.
    #[must_use]
    pub fn of(&self, place: Place) -> StoreSpec {
        let elsewhere = self.elsewhere.get(&place).cloned();
        elsewhere.unwrap_or_else(|| self.default_of(place))
    }

    /// The stores that are not the folder of their place's name in the job's folder.
    #[must_use]
    pub fn elsewhere(&self) -> &BTreeMap<Place, StoreSpec> {
        &self.elsewhere
    }

    /// Whether checkpoints that are files are mapped into memory.
    #[must_use]
    pub fn maps(&self) -> bool {
        self.maps
    }

    fn default_of(&self, place: Place) -> StoreSpec {
        StoreSpec::Folder(self.root.join(place.as_str()))
    }
}

type Open = dyn Fn(&str) -> Result<Arc<dyn ObjectStore>> + Send + Sync;

/// The kinds of stores that a program can open besides folders, by the schemes of their URLs.
///
/// The driver, its worker processes and the commands that clean, verify and list a job must know the same ones.
///
/// ```
/// use std::sync::Arc;
/// use coldpress_storage::{LocalStore, StoreSchemes, StoreSpec};
///
/// let schemes = StoreSchemes::default().with("dir", |url| {
///     Ok(Arc::new(LocalStore::new(url.trim_start_matches("dir:"))))
/// });
/// let store = schemes.open(&StoreSpec::Url("dir:/data/objects".to_owned()))?;
/// assert_eq!(store.to_string(), "the folder `/data/objects`");
/// assert!(schemes.open(&StoreSpec::Url("s3://bucket/objects".to_owned())).is_err());
/// # Ok::<(), coldpress_storage::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct StoreSchemes(BTreeMap<String, Arc<Open>>);

impl StoreSchemes {
    /// Adds a kind of store; `open` gets whole URLs of this scheme. It must give the same objects for the same URL in every
    /// process.
    #[must_use]
    pub fn with(
        mut self,
        scheme: impl Into<String>,
        open: impl Fn(&str) -> Result<Arc<dyn ObjectStore>> + Send + Sync + 'static,
    ) -> Self {
        self.0.insert(scheme.into(), Arc::new(open));
        self
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`] for a URL whose scheme was not registered; else what the scheme's own function answers.
    pub fn open(&self, spec: &StoreSpec) -> Result<Arc<dyn ObjectStore>> {
        let url = match spec {
            StoreSpec::Folder(path) => return Ok(Arc::new(LocalStore::new(path))),
            StoreSpec::Url(url) => url,
        };
        let scheme = url.split_once(':').map_or("", |(scheme, _)| scheme);
        match self.0.get(scheme) {
            Some(open) => open(url),
            None => Err(Error::UnknownScheme {
                scheme: scheme.to_owned(),
                url: url.clone(),
            }),
        }
    }
}

impl fmt::Debug for StoreSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_elsewhere_is_written_down() {
        let url = StoreSpec::Url("vault:/v".to_owned());
        let specs = StoreSpecs::in_folder("/w/job")
            .with(Place::Results, url.clone())
            .with(
                Place::Partitions,
                StoreSpec::Folder("/w/job/partitions".into()),
            )
            .with(Place::Checkpoints, StoreSpec::Folder("/c/job".into()));
        let json = serde_json::to_string(specs.elsewhere()).unwrap();
        assert_eq!(
            json,
            r#"{"results":{"url":"vault:/v"},"checkpoints":{"folder":"/c/job"}}"#
        );
        assert_eq!(specs.of(Place::Results), url);
        let folder = |path: &str| StoreSpec::Folder(path.into());
        assert_eq!(specs.of(Place::Partitions), folder("/w/job/partitions"));
        assert_eq!(specs.of(Place::Checkpoints), folder("/c/job"));
        let back = specs.with(Place::Results, folder("/w/job/results"));
        assert_eq!(back.elsewhere().len(), 1);
    }

    #[test]
    fn a_scheme_that_nobody_registered_is_named() {
        let schemes = StoreSchemes::default();
        let open = |url: &str| schemes.open(&StoreSpec::Url(url.to_owned())).unwrap_err();
        let error = open("vault:/x");
        assert!(matches!(&error, Error::UnknownScheme { scheme, .. } if scheme == "vault"));
        assert!(error.to_string().contains("`vault`"), "{error}");
        assert!(matches!(open("x"), Error::UnknownScheme { .. }));
    }
}
