//! Files that killed writers left beside an output.

use std::path::{Path, PathBuf};

use coldpress_storage::atomic::TEMPORARY_SUFFIX;
use coldpress_storage::real_place;

use crate::place::folder_of;
use crate::target::ExportTarget;

impl ExportTarget {
    /// Returns the token of the attempt that made an output, from the name of its temporary place; none if the path isn't a
    /// temporary place of this target.
    pub fn token_of(&self, path: &Path) -> Option<String> {
        let name = path.file_name()?.to_str()?;
        let token = name.strip_prefix(&format!(".{}.coldpress.", self.name()))?;
        let token = token.strip_suffix(TEMPORARY_SUFFIX)?;
        let is_beside = real_place(path).ok()?.parent() == real_place(self.path()?).ok()?.parent();
        is_beside.then(|| token.to_owned())
    }

    /// Returns the files that writers left beside an output on this machine because they were killed or have not finished, each
    /// with its token.
    pub fn leftovers(&self) -> Vec<(PathBuf, String)> {
        let folder = self.path().map(folder_of);
        let entries = folder
            .map(std::fs::read_dir)
            .into_iter()
            .flatten()
            .flatten();
        let paths = entries.flatten().map(|entry| entry.path());
        let left = paths.filter_map(|path| self.token_of(&path).map(|token| (path, token)));
        left.collect()
    }

    /// Removes a file of a killed writer if it looks like what a writer of this target makes: a file, or a directory of nothing but
    /// shards. Errors are ignored, because nothing refers to the file.
    pub fn remove_leftover(&self, path: &Path) {
        let Ok(found) = std::fs::symlink_metadata(path) else {
            return;
        };
        let _ = match self.is_directory() {
            false if found.is_file() => std::fs::remove_file(path),
            true if found.is_dir() && self.holds_only_shards(path) => std::fs::remove_dir_all(path),
            _ => Ok(()),
        };
    }

    fn holds_only_shards(&self, folder: &Path) -> bool {
        let is_shard = |entry: std::io::Result<std::fs::DirEntry>| {
            entry.is_ok_and(|entry| {
                let name = entry.file_name();
                let name = name.to_string_lossy();
                let number = name.strip_prefix("part-");
                let number = number.and_then(|rest| rest.strip_suffix(self.suffix()));
                let is_numbered = number.is_some_and(|number| number.parse::<u32>().is_ok());
                is_numbered && entry.file_type().is_ok_and(|kind| kind.is_file())
            })
        };
        std::fs::read_dir(folder).is_ok_and(|mut entries| entries.all(is_shard))
    }
}
