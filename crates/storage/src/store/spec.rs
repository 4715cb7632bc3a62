//! Stores as values that can be written down and sent to other processes.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::contract::ObjectStore;
use super::local::LocalStore;
use super::options::StorageOptions;
use super::reference::Place;
use crate::{Error, RemoteFiles, Result, Waits};

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

/// A kind of places that URLs lead to, by the scheme of the URL.
///
/// It must give the same objects for the same URL in every process. The opened stores report to the given [`Waits`] which
/// servers they wait for, and give up requests when it says that there is no time.
pub trait Scheme: Send + Sync + 'static {
    /// Opens the store below this URL, for the files of jobs.
    ///
    /// # Errors
    /// [`Error::Store`], and [`Error::Unsupported`] where nothing can be written, as on a web server.
    fn store(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn ObjectStore>>;

    /// Opens what reads files behind URLs of this scheme, for datasets.
    ///
    /// # Errors
    /// [`Error::Store`], and [`Error::Unsupported`] where a scheme is for the files of jobs alone.
    fn files(
        &self,
        url: &str,
        options: &StorageOptions,
        waits: &Waits,
    ) -> Result<Arc<dyn RemoteFiles>> {
        let _ = (options, waits);
        Err(Error::Unsupported {
            action: "be read as a dataset",
            path: url.into(),
        })
    }
}

/// A function that opens stores, as a scheme that is for the files of jobs alone.
struct OnlyStores<F>(F);

impl<F> Scheme for OnlyStores<F>
where
    F: Fn(&str) -> Result<Arc<dyn ObjectStore>> + Send + Sync + 'static,
{
    fn store(&self, url: &str, _: &StorageOptions, _: &Waits) -> Result<Arc<dyn ObjectStore>> {
        self.0(url)
    }
}

/// The kinds of places that a program can reach besides folders, by the schemes of their URLs, and the options to reach
/// them with.
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
pub struct StoreSchemes {
    schemes: BTreeMap<String, Arc<dyn Scheme>>,
    options: StorageOptions,
    waits: Waits,
}

impl StoreSchemes {
    /// Adds a kind of store; `open` gets whole URLs of this scheme. It must give the same objects for the same URL in every
    /// process.
    #[must_use]
    pub fn with(
        self,
        name: impl Into<String>,
        open: impl Fn(&str) -> Result<Arc<dyn ObjectStore>> + Send + Sync + 'static,
    ) -> Self {
        self.with_scheme(name, OnlyStores(open))
    }

    /// Adds a kind of places.
    #[must_use]
    pub fn with_scheme(mut self, name: impl Into<String>, scheme: impl Scheme) -> Self {
        self.schemes.insert(name.into(), Arc::new(scheme));
        self
    }

    /// Sets the options that all of them are opened with.
    #[must_use]
    pub fn with_options(mut self, options: StorageOptions) -> Self {
        self.options = options;
        self
    }

    /// The options that all of them are opened with.
    #[must_use]
    pub fn options(&self) -> &StorageOptions {
        &self.options
    }

    /// Sets the shared knowledge about servers that do not answer.
    #[must_use]
    pub fn with_waits(mut self, waits: Waits) -> Self {
        self.waits = waits;
        self
    }

    /// Returns the shared knowledge about servers that do not answer.
    #[must_use]
    pub fn waits(&self) -> &Waits {
        &self.waits
    }

    /// Makes sure that the scheme of a URL is known.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`].
    pub fn check(&self, url: &str) -> Result<()> {
        self.of(url).map(drop)
    }

    /// Opens a store.
    ///
    /// # Errors
    /// [`Error::UnknownScheme`] for a URL whose scheme was not registered; else what the scheme answers.
    pub fn open(&self, spec: &StoreSpec) -> Result<Arc<dyn ObjectStore>> {
        match spec {
            StoreSpec::Folder(path) => Ok(Arc::new(LocalStore::new(path))),
            StoreSpec::Url(url) => self.of(url)?.store(url, &self.options, &self.waits),
        }
    }

    /// Opens what reads the files of a dataset behind URLs such as this one.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn files(&self, url: &str) -> Result<Arc<dyn RemoteFiles>> {
        self.of(url)?.files(url, &self.options, &self.waits)
    }

    /// The schemes that are known, as an end of a sentence.
    fn known(&self) -> String {
        let known: Vec<&str> = self.schemes.keys().map(String::as_str).collect();
        match known.as_slice() {
            [] => ", and none at all".to_owned(),
            known => format!("; it knows {}", known.join(", ")),
        }
    }

    fn of(&self, url: &str) -> Result<&dyn Scheme> {
        let name = url.split_once(':').map_or("", |(name, _)| name);
        match self.schemes.get(&name.to_ascii_lowercase()) {
            Some(scheme) => Ok(&**scheme),
            None => Err(Error::UnknownScheme {
                scheme: name.to_owned(),
                url: url.to_owned(),
                known: self.known(),
            }),
        }
    }
}

impl fmt::Debug for StoreSchemes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.schemes.keys()).finish()
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
