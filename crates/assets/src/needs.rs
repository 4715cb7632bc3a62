//! What a recipe asks for.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_operator::{Asset, Assets};

use crate::folders::AssetFolders;

/// A file that a recipe asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The name by which it is asked for.
    pub name: String,
    /// The file, if it is there.
    pub found: Option<Asset>,
    /// Where it was looked for.
    pub looked: Vec<PathBuf>,
    /// Why it cannot be used, where it is there and cannot be read.
    pub unreadable: Option<String>,
}

/// Notes which assets are asked for. What is missing is given all the same, as a file that nobody can read, so that all
/// of a recipe's operators get to ask.
#[derive(Clone, Debug)]
pub struct Needs {
    folders: AssetFolders,
    asked: Arc<Mutex<Vec<Need>>>,
}

impl Needs {
    /// Notes what is asked of these folders.
    pub fn of(folders: AssetFolders) -> Self {
        Self {
            folders,
            asked: Arc::default(),
        }
    }

    /// What was asked for so far, in order, each name once.
    pub fn asked(&self) -> Vec<Need> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, need: Need) {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.iter().any(|known| known.name == need.name) {
            asked.push(need);
        }
    }
}

impl Assets for Needs {
    fn find(&self, name: &str) -> Result<Asset, String> {
        let looked = self.folders.candidates(name);
        let found = self.folders.find(name);
        let is_there = self.folders.locate(name).is_some();
        let need = Need {
            name: name.to_owned(),
            unreadable: found.as_ref().err().filter(|_| is_there).cloned(),
            found: found.as_ref().ok().cloned(),
            looked: looked.clone(),
        };
        self.note(need);
        Ok(found.unwrap_or_else(|_| Asset {
            name: name.to_owned(),
            path: looked.into_iter().next().unwrap_or_default(),
            digest: "missing".to_owned(),
        }))
    }

    /// Notes the files that are there. An operator that needs another one asks for it by name.
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
