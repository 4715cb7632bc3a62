//! Files that operators need in addition to the recipe: models, tokenizers, word lists.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use serde::{Deserialize, Serialize};

/// A file that an operator needs, or a folder of files that belong together. It has been found and identified.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// The name by which the operator asked for it.
    pub name: String,
    /// The file or the folder.
    pub path: PathBuf,
    /// The identity of the file's content, or of the names and bytes of all files in the folder. It is part of the chain hash.
    pub digest: String,
}

/// The reason why an asset was not found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FindError {
    /// It isn't in any of the places. The message names them and says what to do.
    #[error("{0}")]
    Missing(String),
    /// It cannot be read, or it is unknown whether it exists. The message names the path and the reason.
    #[error("{0}")]
    Unreadable(String),
}

/// Finds assets by name.
///
/// # Contract
/// Finding is cheap compared to loading: an implementation may hash a file once and remember its digest, but must never parse it.
/// Two files with the same digest have the same bytes. Some assets are folders, such as the tables of a language; two folders with
/// the same digest have files with the same names and bytes.
pub trait Assets: fmt::Debug + Send + Sync {
    /// Returns the asset with this name, a path below the folder of assets with `/` between its parts.
    ///
    /// # Errors
    /// [`FindError`]. A place that cannot be searched is [`FindError::Unreadable`], because a file from another place must not
    /// replace the one that may be there.
    fn find(&self, name: &str) -> Result<Asset, FindError>;

    /// Returns the asset with this name; `None` if it is missing, for operators that can do without it.
    ///
    /// # Errors
    /// [`FindError::Unreadable`].
    fn find_if_there(&self, name: &str) -> Result<Option<Asset>, FindError> {
        match self.find(name) {
            Ok(asset) => Ok(Some(asset)),
            Err(FindError::Missing(_)) => Ok(None),
            Err(error @ FindError::Unreadable(_)) => Err(error),
        }
    }

    /// Checks that an asset, which was found earlier and has now been loaded, hasn't changed since it was found. It is called once
    /// per process.
    ///
    /// # Errors
    /// A sentence that names the file and says how it differs.
    fn check(&self, asset: &Asset) -> Result<(), String>;

    /// Returns the files of a folder whose names are `wanted`, in the order of their names. There may be none. The assets are named
    /// `folder/name`.
    ///
    /// Without a `folder`, it searches the folder of assets, if there is one. The assets then have just the file's name.
    ///
    /// # Errors
    /// A sentence as above, if `folder` does not exist or one of the files cannot be read.
    fn find_all(
        &self,
        folder: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String>;
}

/// Assets that have already been found. A worker gets them from its driver, because it must use the same files that the job was
/// planned with.
#[derive(Clone, Debug, Default)]
pub struct FoundAssets {
    found: Vec<Asset>,
    checked_by: Option<Arc<dyn Assets>>,
}

impl FoundAssets {
    /// Returns these assets, and no others.
    pub fn new(found: Vec<Asset>) -> Self {
        Self {
            found,
            checked_by: None,
        }
    }

    /// Lets the program's assets [check](Assets::check) those that were loaded.
    #[must_use]
    pub fn checked_by(mut self, assets: Option<Arc<dyn Assets>>) -> Self {
        self.checked_by = assets;
        self
    }
}

impl Assets for FoundAssets {
    fn find(&self, name: &str) -> Result<Asset, FindError> {
        let found = self.found.iter().find(|asset| asset.name == name);
        found.cloned().ok_or_else(|| {
            FindError::Missing(format!(
                "needs `{name}`, which was not found when the job began"
            ))
        })
    }

    fn check(&self, asset: &Asset) -> Result<(), String> {
        let assets = self.checked_by.as_ref();
        assets.map_or(Ok(()), |assets| assets.check(asset))
    }

    fn find_all(
        &self,
        folder: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        let is_wanted = |asset: &&Asset| {
            let name = match folder {
                Some(folder) => asset
                    .name
                    .strip_prefix(folder)
                    .and_then(|name| name.strip_prefix('/')),
                None => Some(asset.name.as_str()),
            };
            name.is_some_and(|name| !name.contains('/') && wanted(name))
        };
        Ok(self.found.iter().filter(is_wanted).cloned().collect())
    }
}

/// The assets of a program that has none.
#[derive(Debug)]
pub(crate) struct NoAssets;

impl Assets for NoAssets {
    fn find(&self, name: &str) -> Result<Asset, FindError> {
        Err(FindError::Missing(format!(
            "needs the file `{name}`, but this program has no place for such files"
        )))
    }

    fn check(&self, _: &Asset) -> Result<(), String> {
        Ok(())
    }

    fn find_all(
        &self,
        folder: Option<&str>,
        _: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        match folder {
            Some(folder) => Err(format!(
                "needs files of `{folder}`, but this program has no place for such files"
            )),
            None => Ok(Vec::new()),
        }
    }
}

/// The models that the operators of all threads of a process share. Each is loaded once, when it is first needed.
#[derive(Clone, Default)]
pub struct Shared {
    models: Arc<Mutex<HashMap<(String, TypeId), Slot>>>,
}

type Slot = Arc<OnceLock<Result<Arc<dyn Any + Send + Sync>, LoadError>>>;

impl Shared {
    /// Returns the model of an asset, loading it if no thread has done so yet. Threads that want the same model wait for the one
    /// that loads it; threads that want another one don't.
    ///
    /// # Errors
    /// The error of `load`, which is not called again for this asset.
    pub fn model<T: Send + Sync + 'static>(
        &self,
        asset: &Asset,
        load: impl FnOnce(&Asset) -> Result<T, LoadError>,
    ) -> Result<Arc<T>, LoadError> {
        let key = (asset.digest.clone(), TypeId::of::<T>());
        // The map is locked only to find the slot, because loading may take minutes.
        let slot = match self.models.lock() {
            Ok(mut models) => models.entry(key).or_default().clone(),
            // A thread that panics while holding the lock leaves the map as it was, because nothing in here panics halfway.
            Err(poisoned) => poisoned.into_inner().entry(key).or_default().clone(),
        };
        let model = slot.get_or_init(|| load(asset).map(|model| Arc::new(model) as _));
        let model = model.clone()?;
        model.downcast::<T>().map_err(|_| {
            LoadError::new(format!(
                "the model of `{}` is of another type than asked for",
                asset.name
            ))
        })
    }
}

/// Marks an asset as checked after it was loaded.
struct Checked;

impl Shared {
    /// Checks, once per process, that a loaded asset is the one that was found.
    pub(crate) fn check(&self, asset: &Asset, assets: &dyn Assets) -> Result<(), LoadError> {
        let checked = self.model(asset, |asset| {
            assets.check(asset).map_err(LoadError)?;
            Ok(Checked)
        });
        checked.map(|_| ())
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}

/// The reason why an operator could not be made ready, such as a damaged model file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct LoadError(String);

impl LoadError {
    /// Makes an error with this message, which should name the file.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn asset(digest: &str) -> Asset {
        Asset {
            name: "words.txt".into(),
            path: "/models/words.txt".into(),
            digest: digest.into(),
        }
    }

    #[test]
    fn threads_share_one_model_that_is_loaded_once() {
        let (shared, loads) = (Shared::default(), AtomicU32::new(0));
        let load = |_: &Asset| {
            loads.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(20));
            Ok("model".to_owned())
        };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| assert_eq!(*shared.model(&asset("1"), load).unwrap(), "model"));
            }
        });
        assert_eq!(loads.load(Ordering::Relaxed), 1);
        // Different bytes are another model, and so is another form of the same bytes.
        shared.model(&asset("2"), load).unwrap();
        shared.model(&asset("1"), |_| Ok(7_u8)).unwrap();
        assert_eq!(loads.load(Ordering::Relaxed), 2);
    }

    #[test]
    fn a_model_that_cannot_be_loaded_is_not_tried_again() {
        let shared = Shared::default();
        let bad = |_: &Asset| Err::<u8, _>(LoadError::new("words.txt: cut short"));
        assert!(shared.model(&asset("1"), bad).is_err());
        let again = shared.model(&asset("1"), |_| Ok(1_u8));
        assert_eq!(again.unwrap_err().to_string(), "words.txt: cut short");
    }
}
