//! Assets on the local disk, found by path or in some folders.

use std::fs::{DirEntry, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use super::{Asset, Assets};

/// How much of a file is hashed at once.
const CHUNK: usize = 1 << 16;

/// Files and folders on the local disk, named by their place in one of some folders, or by their path.
///
/// The first folder that has an asset wins. Where none has it, its name is taken as a path, a relative one in the working
/// directory. An asset is hashed each time it is asked for.
#[derive(Clone, Debug, Default)]
pub struct AssetFolders {
    folders: Vec<PathBuf>,
}

impl AssetFolders {
    /// Looks in these folders, in this order. They need not exist.
    pub fn new<P: Into<PathBuf>>(folders: impl IntoIterator<Item = P>) -> Self {
        Self {
            folders: folders.into_iter().map(Into::into).collect(),
        }
    }

    /// The places where `name` may be, the first choice first.
    fn places(&self, name: &str) -> Vec<PathBuf> {
        let inside = self.folders.iter().map(|folder| folder.join(name));
        inside.chain([PathBuf::from(name)]).collect()
    }
}

impl Assets for AssetFolders {
    fn find(&self, name: &str) -> Result<Asset, String> {
        let places = self.places(name);
        let there = |place: &&PathBuf| place.is_file() || place.is_dir();
        match places.iter().find(there) {
            Some(path) => identify(name, path),
            None => Err(format!(
                "needs `{name}`, which is not there (looked for {})",
                list(&places)
            )),
        }
    }

    fn find_all(
        &self,
        folder: Option<&str>,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Asset>, String> {
        let Some(folder) = folder else {
            // The first folder that has such a file wins, so that one can be put before another.
            let there = self.folders.iter().filter(|folder| folder.is_dir());
            let mut found = there.map(|folder| files(folder, wanted));
            let first = found.find(|files| !matches!(files, Ok(files) if files.is_empty()));
            return first.unwrap_or_else(|| Ok(Vec::new()));
        };
        let places = self.places(folder);
        match places.iter().find(|place| place.is_dir()) {
            Some(path) => files(path, wanted),
            None => Err(format!(
                "names the folder `{folder}`, which is not there (looked for {})",
                list(&places)
            )),
        }
    }
}

/// The wanted files that are directly in `folder`, by name.
fn files(folder: &Path, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<Asset>, String> {
    let unreadable = |error: io::Error| format!("cannot read `{}`: {error}", folder.display());
    let mut names = Vec::new();
    for entry in folder.read_dir().map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        // A name that is no text is no name that a recipe or an operator could mean.
        names.extend(name.into_string().ok().filter(|name| wanted(name)));
    }
    names.sort_unstable();
    let paths = names.into_iter().map(|name| (folder.join(&name), name));
    let files = paths.filter(|(path, _)| path.is_file());
    files.map(|(path, name)| identify(&name, &path)).collect()
}

fn identify(name: &str, path: &Path) -> Result<Asset, String> {
    let mut hasher = Xxh3::new();
    hash(path, &mut hasher)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    Ok(Asset {
        name: name.to_owned(),
        path: path.to_owned(),
        digest: format!("{:032x}", hasher.digest128()),
    })
}

/// Feeds the bytes of a file, or the names and bytes of all files in a folder, to `hasher`.
fn hash(path: &Path, hasher: &mut Xxh3) -> io::Result<()> {
    if path.is_file() {
        return hash_file(path, hasher);
    }
    // Reading a pipe or a device could wait for ever, and nothing loads one.
    if !path.is_dir() {
        return Ok(());
    }
    let mut entries = path.read_dir()?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(DirEntry::file_name);
    for entry in entries {
        hasher.update(entry.file_name().as_encoded_bytes());
        hasher.update(&[0]);
        hash(&entry.path(), hasher)?;
    }
    Ok(())
}

fn hash_file(path: &Path, hasher: &mut Xxh3) -> io::Result<()> {
    let mut file = File::open(path)?;
    let (mut chunk, mut length) = (vec![0; CHUNK], 0u64);
    loop {
        match file.read(&mut chunk)? {
            // The length, or the bytes of two files in a row could be those of one.
            0 => {
                hasher.update(&length.to_le_bytes());
                return Ok(());
            }
            read => {
                hasher.update(&chunk[..read]);
                length += read as u64;
            }
        }
    }
}

fn list(places: &[PathBuf]) -> String {
    let places = places.iter().map(|place| format!("`{}`", place.display()));
    places.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("b.json", "2"), ("a.json", "1"), ("a.bin", "1")] {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        std::fs::create_dir(folder.path().join("c.json")).unwrap();
        folder
    }

    #[test]
    fn files_are_found_by_path_and_in_folders() {
        let folder = folder();
        let nowhere = folder.path().join("nowhere");
        let assets = AssetFolders::new([nowhere.as_path(), folder.path()]);
        let found = assets.find("a.json").unwrap();
        assert_eq!(found.path, folder.path().join("a.json"));
        let by_path = found.path.to_str().unwrap();
        let again = AssetFolders::default().find(by_path).unwrap();
        assert_eq!(again.digest, found.digest);
        assert_eq!(assets.find("a.bin").unwrap().digest, found.digest);
        assert_ne!(assets.find("b.json").unwrap().digest, found.digest);
        let missing = assets.find("d.json").unwrap_err();
        assert!(missing.contains("needs `d.json`"), "{missing}");
        assert!(missing.contains(nowhere.to_str().unwrap()), "{missing}");
        // A folder is known by the names and bytes of all its files.
        let digest = || assets.find(folder.path().to_str().unwrap()).unwrap().digest;
        let before = digest();
        std::fs::write(folder.path().join("c.json/x"), "1").unwrap();
        assert_ne!(digest(), before);
    }

    #[test]
    fn the_wanted_files_of_a_folder_come_by_name() {
        let folder = folder();
        let path = folder.path().to_str().unwrap();
        let names = |assets: &AssetFolders, folder| {
            let found = assets.find_all(folder, &|name| name.ends_with(".json"));
            found.map(|found| {
                found
                    .into_iter()
                    .map(|asset| asset.name)
                    .collect::<Vec<_>>()
            })
        };
        let (none, some) = (AssetFolders::default(), AssetFolders::new([path]));
        assert_eq!(names(&none, Some(path)).unwrap(), ["a.json", "b.json"]);
        assert_eq!(names(&some, None).unwrap(), ["a.json", "b.json"]);
        assert!(names(&none, None).unwrap().is_empty());
        let missing = names(&some, Some("lists")).unwrap_err();
        assert!(missing.contains("the folder `lists`"), "{missing}");
    }
}
