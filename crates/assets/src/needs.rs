//! Collects the files that a recipe asks for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_operator::{Asset, Assets, FindError};

use crate::folders::AssetFolders;

/// A file that a recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The name that the recipe uses.
    pub name: String,
    /// The file, if it exists.
    pub found: Option<Asset>,
    /// The places that were searched.
    pub looked: Vec<PathBuf>,
    /// The reason why it cannot be used, if it cannot be read or its existence is unknown.
    pub unreadable: Option<String>,
    /// True if something built in replaces it when it is missing.
    pub is_optional: bool,
}

impl Need {
    /// Returns whether the recipe cannot run because of this file.
    pub fn is_unmet(&self) -> bool {
        self.found.is_none() && !(self.is_optional && self.unreadable.is_none())
    }
}

/// Collects the assets that are asked for. A missing one is returned anyway, as a file that cannot be read, so that all operators
/// of a recipe get to ask for theirs.
#[derive(Clone, Debug)]
pub struct Needs {
    folders: AssetFolders,
    asked: Arc<Mutex<Vec<Need>>>,
}

impl Needs {
    /// Collects the assets that these folders are asked for.
    pub fn of(folders: AssetFolders) -> Self {
        Self {
            folders,
            asked: Arc::default(),
        }
    }

    /// Returns the files that have been asked for so far, in order, each name once.
    pub fn asked(&self) -> Vec<Need> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, need: Need) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.iter_mut().find(|known| known.name == need.name) {
            None => asked.push(need),
            // One operator may do without a file that another needs.
            Some(known) => known.is_optional &= need.is_optional,
        }
    }

    /// Searches for a file and notes the result.
    fn look_for(&self, name: &str, is_optional: bool) -> Result<Asset, FindError> {
        let found = self.folders.find(name);
        let unreadable = match &found {
            Err(FindError::Missing(_)) | Ok(_) => None,
            Err(error) => Some(error.to_string()),
        };
        self.note(Need {
            name: name.to_owned(),
            unreadable,
            found: found.as_ref().ok().cloned(),
            looked: self.folders.candidates(name),
            is_optional,
        });
        found
    }
}

impl Assets for Needs {
    fn find(&self, name: &str) -> Result<Asset, FindError> {
        let found = self.look_for(name, false);
        Ok(found.unwrap_or_else(|_| Asset {
            name: name.to_owned(),
            path: self
                .folders
                .candidates(name)
                .into_iter()
                .next()
                .unwrap_or_default(),
            digest: "missing".to_owned(),
        }))
    }

    fn find_if_there(&self, name: &str) -> Result<Option<Asset>, FindError> {
        Ok(self.look_for(name, true).ok())
    }

    fn check(&self, asset: &Asset) -> Result<(), String> {
        self.folders.check(asset)
    }

    /// Notes the files that exist. An operator that needs another one asks for it by name.
    fn find_all(
        &self,
        folder: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        let found = self.folders.find_all(folder, wanted)?;
        for asset in &found {
            self.note(Need {
                name: asset.name.clone(),
                found: Some(asset.clone()),
                looked: vec![asset.path.clone()],
                unreadable: None,
                is_optional: false,
            });
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_noted_once_found_or_not() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), "").unwrap();
        let needs = Needs::of(AssetFolders::new([folder.path()]));
        for name in ["a", "b", "a"] {
            assert_eq!(needs.find(name).unwrap().name, name);
        }
        let asked = needs.asked();
        let asked: Vec<(&str, bool)> = asked
            .iter()
            .map(|need| (need.name.as_str(), need.found.is_some()))
            .collect();
        assert_eq!(asked, [("a", true), ("b", false)]);
    }

    #[test]
    fn what_one_operator_needs_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let needs = Needs::of(AssetFolders::new([folder.path()]));
        assert!(needs.find_if_there("a").unwrap().is_none());
        assert!(!needs.asked()[0].is_unmet());
        needs.find("a").unwrap();
        needs.find_if_there("a").unwrap();
        assert!(needs.asked()[0].is_unmet());
        // A file that may exist must not be replaced by something else.
        let path = folder.path().join("b");
        std::os::unix::fs::symlink(&path, &path).unwrap();
        needs.find_if_there("b").unwrap();
        assert!(needs.asked()[1].is_unmet());
    }

    #[test]
    fn files_that_a_folder_turned_out_to_have_are_noted() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "").unwrap();
        let needs = Needs::of(AssetFolders::new([folder.path()]));
        needs.find_all(None, &|name| name == "a.json").unwrap();
        needs.find_all(None, &|name| name == "b.json").unwrap();
        let asked = needs.asked();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0].name, "a.json");
        assert!(asked[0].found.is_some());
    }
}
