//! Finds assets by name in a list of folders.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use coldpress_operator::{Asset, Assets, FindError};

use crate::digest::Digests;

/// Subfolders of a folder of assets in which tools keep their downloads: NLTK's layout.
const SUBFOLDERS: [&str; 2] = ["", "nltk_data/tokenizers"];

/// Folders that are searched for assets, one after the other.
///
/// A name with a separator in it may also be the path of a file, as in Data-Juicer: `/models/own.model` or `./own.model`.
#[derive(Clone, Debug, Default)]
pub struct AssetFolders {
    places: Vec<PathBuf>,
    digests: Arc<Digests>,
}

impl AssetFolders {
    /// Returns assets in these folders. The first folder that has a name wins.
    pub fn new(places: impl IntoIterator<Item = impl Into<PathBuf>>) -> Self {
        Self {
            places: places.into_iter().map(Into::into).collect(),
            digests: Arc::default(),
        }
    }

    /// Limits the search to this folder.
    #[must_use]
    pub fn in_place(mut self, place: impl Into<PathBuf>) -> Self {
        self.places = vec![place.into()];
        self
    }

    /// Remembers the digests of large files in this file, which is made when the first one is hashed.
    #[must_use]
    pub fn remembering_in(mut self, file: impl Into<PathBuf>) -> Self {
        self.digests = Arc::new(Digests::in_file(file.into()));
        self
    }

    /// Returns the folders, in the order in which they are searched.
    pub fn places(&self) -> &[PathBuf] {
        &self.places
    }

    /// Returns all paths where an asset with this name is searched for, the first choice first.
    pub fn candidates(&self, name: &str) -> Vec<PathBuf> {
        let mut candidates = Vec::new();
        if is_path(name) {
            candidates.push(PathBuf::from(name));
        }
        if is_within(name) {
            for place in &self.places {
                candidates.extend(SUBFOLDERS.map(|folder| place.join(folder).join(name)));
                candidates.extend(in_hub_cache(place, name));
            }
        }
        candidates
    }

    /// Returns the file or folder with this name, if there is one.
    ///
    /// # Errors
    /// The first path whose existence is unknown, such as one in a folder that may not be searched, and the reason.
    pub fn locate(&self, name: &str) -> Result<Option<PathBuf>, (PathBuf, io::Error)> {
        for path in self.candidates(name) {
            match is_there(&path) {
                Ok(false) => {}
                Ok(true) => return Ok(Some(path)),
                Err(error) => return Err((path, error)),
            }
        }
        Ok(None)
    }
}

/// Returns whether a path exists. It doesn't if a part of it is a file or an invalid name.
fn is_there(path: &Path) -> io::Result<bool> {
    use io::ErrorKind::{InvalidFilename, InvalidInput, NotADirectory};
    match path.try_exists() {
        Err(error) if [InvalidFilename, InvalidInput, NotADirectory].contains(&error.kind()) => {
            Ok(false)
        }
        found => found,
    }
}

/// Returns the file `owner/repository/file` in the cache of Hugging Face's tools, if they have downloaded it.
fn in_hub_cache(place: &Path, name: &str) -> Option<PathBuf> {
    let mut parts = name.splitn(3, '/');
    let (owner, repository, file) = (parts.next()?, parts.next()?, parts.next()?);
    let folder = format!("hub/models--{owner}--{repository}/snapshots");
    let snapshots = std::fs::read_dir(place.join(folder)).ok()?;
    let files = snapshots.filter_map(|snapshot| Some(snapshot.ok()?.path().join(file)));
    files.filter(|file| file.exists()).min()
}

/// Returns whether a name can only be a path.
fn is_path(name: &str) -> bool {
    name.contains('/') || Path::new(name).is_absolute()
}

/// Returns whether a name stays within the folder that is searched.
pub(crate) fn is_within(name: &str) -> bool {
    let mut components = Path::new(name).components();
    !name.is_empty() && components.all(|component| matches!(component, Component::Normal(_)))
}

impl Assets for AssetFolders {
    fn find(&self, name: &str) -> Result<Asset, FindError> {
        let located = self.locate(name).map_err(|(path, error)| {
            let path = path.display();
            FindError::Unreadable(format!(
                "needs `{name}`, and `{path}` cannot be looked at: {error}"
            ))
        })?;
        let Some(path) = located else {
            return Err(FindError::Missing(self.missing(name)));
        };
        // An absolute path also works for processes with another current directory.
        let path = std::path::absolute(&path).unwrap_or(path);
        let digest = self.digests.of(&path);
        let digest = digest.map_err(|error| FindError::Unreadable(unreadable(&path, &error)))?;
        Ok(Asset {
            name: name.to_owned(),
            path,
            digest: digest.to_string(),
        })
    }

    fn find_all(
        &self,
        folder: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        let Some(folder) = folder else {
            // The first folder with such a file wins, so that users can put one folder before another.
            let mut found = self.places.iter().map(|place| match is_there(place) {
                Ok(true) if place.is_dir() => self.files(place, "", wanted),
                Ok(_) => Ok(Vec::new()),
                Err(error) => Err(unreadable(place, &error)),
            });
            let first = found.find(|files| !matches!(files, Ok(files) if files.is_empty()));
            return first.unwrap_or_else(|| Ok(Vec::new()));
        };
        let mut candidates = self.candidates(folder);
        // A folder that the user names may also be a path in the current directory.
        candidates.push(PathBuf::from(folder));
        for path in &candidates {
            match is_there(path) {
                Ok(true) if path.is_dir() => return self.files(path, folder, wanted),
                Ok(_) => {}
                Err(error) => return Err(unreadable(path, &error)),
            }
        }
        Err(format!("names the folder `{folder}`, which is not there"))
    }

    fn check(&self, asset: &Asset) -> Result<(), String> {
        let Asset { path, digest, .. } = asset;
        let now = self.digests.of(path);
        let now = now.map_err(|error| unreadable(path, &error))?.to_string();
        match now == *digest {
            true => Ok(()),
            false => Err(format!(
                "`{}` has changed since the job began: its digest was {digest} and is {now}; run the same command again to \
                 work with what it is now",
                path.display()
            )),
        }
    }
}

fn unreadable(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {error}", path.display())
}

impl AssetFolders {
    /// Returns the wanted files that are directly in a folder, by name.
    fn files(
        &self,
        folder: &Path,
        called: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        let mut names = Vec::new();
        for entry in folder
            .read_dir()
            .map_err(|error| unreadable(folder, &error))?
        {
            let name = entry
                .map_err(|error| unreadable(folder, &error))?
                .file_name();
            // A name that isn't text cannot be one that a recipe or an operator uses.
            names.extend(name.into_string().ok().filter(|name| wanted(name)));
        }
        names.sort_unstable();
        let paths = names.into_iter().map(|name| (folder.join(&name), name));
        let files = paths.filter(|(path, _)| path.is_file());
        let identified = files.map(|(path, name)| {
            let path = std::path::absolute(&path).unwrap_or(path);
            let digest = self
                .digests
                .of(&path)
                .map_err(|error| unreadable(&path, &error))?;
            Ok(Asset {
                name: if called.is_empty() {
                    name
                } else {
                    format!("{called}/{name}")
                },
                path,
                digest: digest.to_string(),
            })
        });
        identified.collect()
    }

    fn missing(&self, name: &str) -> String {
        if self.places.is_empty() {
            return format!(
                "needs `{name}`, which was not found; set `assets_dir` to the folder that it is in"
            );
        }
        let places = self.places.iter();
        let places: Vec<String> = places
            .map(|place| format!("`{}`", place.display()))
            .collect();
        format!(
            "needs `{name}`, which is not in {}; put it there, or get what a recipe needs with `coldpress assets fetch --config <FILE>`",
            places.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use coldpress_operator::FoundAssets;

    use super::*;

    #[test]
    fn the_first_folder_that_has_a_name_wins() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let assets = AssetFolders::new([one.path(), two.path()]);
        fs::write(two.path().join("en.sp.model"), "two").unwrap();
        let found = assets.find("en.sp.model").unwrap();
        assert_eq!(found.path, two.path().join("en.sp.model"));
        fs::write(one.path().join("en.sp.model"), "one").unwrap();
        let first = assets.find("en.sp.model").unwrap();
        assert_eq!(first.path, one.path().join("en.sp.model"));
        assert_ne!(first.digest, found.digest);
    }

    #[test]
    fn names_do_not_lead_out_of_a_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        fs::write(folder.path().join("secret"), "").unwrap();
        let assets = AssetFolders::new([&inner]);
        for name in ["../secret", "x/../../secret", "", ".", ".."] {
            assert!(assets.locate(name).unwrap().is_none(), "{name}");
        }
        // The whole path of a file is allowed, because the user chose it.
        let path = folder.path().join("secret");
        assert!(assets.locate(path.to_str().unwrap()).unwrap().is_some());
    }

    #[test]
    fn a_folder_is_identified_by_all_that_it_holds() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("nltk_data/tokenizers/punkt_tab/english");
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("collocations.tab"), "a\tb\n").unwrap();
        let assets = AssetFolders::new([place.path()]);
        let digest = || assets.find("punkt_tab/english").unwrap().digest;
        let before = digest();
        assert_eq!(digest(), before);
        fs::write(folder.join("sent_starters.txt"), "").unwrap();
        let added = digest();
        assert_ne!(added, before);
        fs::write(folder.join("collocations.tab"), "a\tc\n").unwrap();
        assert_ne!(digest(), added);
    }

    #[test]
    fn the_wanted_files_of_a_folder_come_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.json", "a.json", "a.bin"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        fs::create_dir(folder.path().join("c.json")).unwrap();
        let path = folder.path().to_str().unwrap();
        let names = |assets: &AssetFolders, folder| -> Result<Vec<String>, String> {
            let found = assets.find_all(folder, &|name| name.ends_with(".json"))?;
            Ok(found.into_iter().map(|asset| asset.name).collect())
        };
        let (none, some) = (AssetFolders::default(), AssetFolders::new([path]));
        let expected = ["a.json", "b.json"].map(|name| format!("{path}/{name}"));
        assert_eq!(names(&none, Some(path)).unwrap(), expected);
        assert_eq!(names(&some, None).unwrap(), ["a.json", "b.json"]);
        assert!(names(&none, None).unwrap().is_empty());
        assert!(
            names(&some, Some("lists"))
                .unwrap_err()
                .contains("the folder `lists`")
        );
        // A worker finds the same files as its driver.
        let found = some.find_all(Some(path), &|_| true).unwrap();
        let worker = FoundAssets::new(found);
        let json = worker
            .find_all(Some(path), &|name| name.ends_with(".json"))
            .unwrap();
        assert_eq!(json.len(), 2);
        assert!(worker.find_all(None, &|_| true).unwrap().is_empty());
    }

    #[test]
    fn what_hugging_face_has_downloaded_is_found() {
        let place = tempfile::tempdir().unwrap();
        let snapshot = place.path().join("hub/models--a--b/snapshots/0123");
        fs::create_dir_all(&snapshot).unwrap();
        fs::write(snapshot.join("tokenizer.json"), "{}").unwrap();
        let assets = AssetFolders::new([place.path()]);
        let found = assets.locate("a/b/tokenizer.json").unwrap();
        assert_eq!(found, Some(snapshot.join("tokenizer.json")));
        assert_eq!(assets.locate("a/c/tokenizer.json").unwrap(), None);
    }

    #[test]
    fn what_is_missing_is_told_with_the_places() {
        let error = AssetFolders::new(["/nowhere"])
            .find("lid.176.bin")
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("`lid.176.bin`") && error.contains("`/nowhere`"),
            "{error}"
        );
        assert!(error.contains("coldpress assets fetch"), "{error}");
        let none: [&str; 0] = [];
        let error = AssetFolders::new(none)
            .find("lid.176.bin")
            .unwrap_err()
            .to_string();
        assert!(error.contains("assets_dir"), "{error}");
    }

    /// Links that form a loop cannot be followed, not even by a user who may read everything.
    #[test]
    fn what_cannot_be_looked_at_is_not_missing() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("lid.176.bin");
        std::os::unix::fs::symlink(&path, &path).unwrap();
        let behind = tempfile::tempdir().unwrap();
        fs::write(behind.path().join("lid.176.bin"), "").unwrap();
        let assets = AssetFolders::new([place.path(), behind.path()]);
        let error = assets.find("lid.176.bin").unwrap_err();
        assert!(matches!(error, FindError::Unreadable(_)), "{error}");
        let error = error.to_string();
        assert!(
            error.contains(path.to_str().unwrap()) && error.contains("symbolic links"),
            "{error}"
        );
        assert!(assets.find_if_there("lid.176.bin").is_err());
        assert!(assets.find_if_there("en.sp.model").unwrap().is_none());
        let loop_of_folders = AssetFolders::new([&path]);
        assert!(loop_of_folders.find_all(None, &|_| true).is_err());
        assert!(assets.find_all(Some("lid.176.bin"), &|_| true).is_err());
    }

    #[test]
    fn a_file_that_changes_after_it_was_found_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("stopwords.json");
        fs::write(&path, "{}").unwrap();
        let assets = AssetFolders::new([place.path()]);
        let found = assets.find("stopwords.json").unwrap();
        assets.check(&found).unwrap();
        fs::write(&path, "[]").unwrap();
        let error = assets.check(&found).unwrap_err();
        assert!(
            error.contains(path.to_str().unwrap()) && error.contains("has changed"),
            "{error}"
        );
        fs::remove_file(&path).unwrap();
        assert!(assets.check(&found).unwrap_err().contains("cannot read"));
    }
}
