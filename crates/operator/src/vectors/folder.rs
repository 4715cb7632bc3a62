//! Assets for tests: whatever lies in some folders.

use std::fs;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::Xxh3;

use crate::assets::{Asset, Assets};

/// Finds assets in folders, the first that has one. It hashes an asset each time it is asked for, which is good enough
/// for the small files of tests.
#[derive(Clone, Debug)]
pub struct AssetFolders {
    folders: Vec<PathBuf>,
}

impl AssetFolders {
    /// Looks in these folders, in this order.
    pub fn new<P: Into<PathBuf>>(folders: impl IntoIterator<Item = P>) -> Self {
        Self {
            folders: folders.into_iter().map(Into::into).collect(),
        }
    }
}

impl Assets for AssetFolders {
    fn find(&self, name: &str) -> Result<Asset, String> {
        let paths = self.folders.iter().map(|folder| folder.join(name));
        let path = paths.into_iter().find(|path| path.exists());
        let path = path.ok_or_else(|| format!("`{name}` is in none of {:?}", self.folders))?;
        let mut hasher = Xxh3::new();
        hash(&path, &mut hasher).map_err(|error| format!("{}: {error}", path.display()))?;
        Ok(Asset {
            name: name.to_owned(),
            path,
            digest: format!("{:032x}", hasher.digest128()),
        })
    }
}

/// Feeds the bytes of a file, or the names and bytes of all files in a folder, to `hasher`.
fn hash(path: &Path, hasher: &mut Xxh3) -> std::io::Result<()> {
    if !path.is_dir() {
        let bytes = fs::read(path)?;
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(&bytes);
        return Ok(());
    }
    let mut entries = fs::read_dir(path)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        hasher.update(entry.file_name().as_encoded_bytes());
        hasher.update(&[0]);
        hash(&entry.path(), hasher)?;
    }
    Ok(())
}
