//! Layouts of other programs, in which a folder says which of its files are data.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::MissingFile;

/// Files that describe a dataset of the `datasets` library.
const DESCRIPTIONS: [&str; 3] = [
    "dataset_info.json",
    "dataset_infos.json",
    "dataset_dict.json",
];
/// The largest bookkeeping file. Anything larger is something else.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// A folder that lists its data files.
pub(super) struct Layout {
    folder: PathBuf,
    /// Paths of the data files, relative to the folder.
    listed: BTreeSet<PathBuf>,
    /// True if the folders below belong to it, too.
    is_deep: bool,
}

impl Layout {
    /// Returns the layout of a folder that lists its files, and adds anything odd about it to `notes`.
    pub(super) fn of(folder: &Path, notes: &mut Vec<String>) -> Option<Self> {
        Self::saved_to_disk(folder, notes).or_else(|| Self::delta(folder, notes))
    }

    /// Returns the files that the folder lists and that do not exist.
    pub(super) fn missing(&self) -> impl Iterator<Item = MissingFile> {
        let files = self.listed.iter().map(|file| self.folder.join(file));
        let missing = files.filter(|file| !file.exists());
        missing.map(|path| MissingFile {
            reason: format!(
                "`{}` lists it, but it does not exist",
                self.folder.display()
            ),
            path,
        })
    }

    /// Reads the layout that `Dataset.save_to_disk` writes: `state.json` lists the Arrow files.
    fn saved_to_disk(folder: &Path, notes: &mut Vec<String>) -> Option<Self> {
        let state: Value = serde_json::from_slice(&read(&folder.join("state.json"))?).ok()?;
        let files = state.get("_data_files")?.as_array()?;
        let listed = files
            .iter()
            .filter_map(|file| file.get("filename")?.as_str().map(PathBuf::from))
            .collect();
        let has_indices = ["_indices_files", "_indices_data_files"].iter().any(|key| {
            state[*key]
                .as_array()
                .is_some_and(|files| !files.is_empty())
        });
        if has_indices {
            notes.push(format!(
                "`{}` was saved with a selection of rows, which is not applied: all rows of its files are read; call \
                 `flatten_indices()` before `save_to_disk`",
                folder.display()
            ));
        }
        Some(Self {
            folder: folder.to_owned(),
            listed,
            is_deep: false,
        })
    }

    /// Reads the layout of a Delta Lake table, whose log adds and removes files.
    fn delta(folder: &Path, notes: &mut Vec<String>) -> Option<Self> {
        let log = folder.join("_delta_log");
        let mut commits: Vec<PathBuf> = fs::read_dir(&log)
            .ok()?
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|suffix| suffix == "json"))
            .collect();
        commits.sort();
        let first = commits.first()?.file_stem()?.to_str()?;
        if first.bytes().any(|digit| digit != b'0') {
            notes.push(format!(
                "`{}` is a Delta table whose log does not reach back to its beginning: all its files are read, those \
                 too that the table has removed",
                folder.display()
            ));
            return None;
        }
        let mut listed = BTreeSet::new();
        for commit in &commits {
            let actions = read(commit)?;
            for action in actions.split(|byte| *byte == b'\n') {
                let Ok(action) = serde_json::from_slice::<Value>(action) else {
                    continue;
                };
                let path = |kind: &str| action[kind]["path"].as_str().map(decoded);
                listed.extend(path("add"));
                path("remove").inspect(|removed| {
                    listed.remove(removed);
                });
            }
        }
        Some(Self {
            folder: folder.to_owned(),
            listed,
            is_deep: true,
        })
    }

    /// Returns whether a file is data; `None` if this layout does not cover it.
    pub(super) fn judge(&self, path: &Path) -> Option<bool> {
        let name = path.strip_prefix(&self.folder).ok()?;
        let is_own = self.is_deep || name.components().count() == 1;
        is_own.then(|| self.listed.contains(name))
    }

    /// Returns whether a folder below this one belongs to it.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        self.is_deep && folder.starts_with(&self.folder)
    }
}

/// Returns whether this file describes the data beside it.
pub(super) fn is_description(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| DESCRIPTIONS.contains(&name))
}

/// Returns whether a folder is named like a partition of Hive or Spark: `lang=en`.
pub(super) fn is_hive(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    let column = name.and_then(|name| name.split_once('='));
    column.is_some_and(|(column, _)| {
        !column.is_empty()
            && column
                .chars()
                .all(|letter| letter.is_alphanumeric() || letter == '_')
    })
}

/// Returns the content of a regular file of modest size.
fn read(path: &Path) -> Option<Vec<u8>> {
    let found = fs::metadata(path).ok()?;
    let is_small = found.is_file() && found.len() <= MAX_BYTES;
    is_small.then(|| fs::read(path).ok()).flatten()
}

/// Decodes a path from the log of a Delta table, where a blank is `%20`.
fn decoded(path: &str) -> PathBuf {
    let bytes = path.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = bytes.get(at + 1..at + 3);
        let code = code.and_then(|code| std::str::from_utf8(code).ok());
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) if bytes[at] == b'%' => {
                decoded.push(byte);
                at += 3;
            }
            _ => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    PathBuf::from(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_partitions_and_paths_of_logs() {
        assert!(is_hive(Path::new("t/lang=en")) && is_hive(Path::new("t/year=2024")));
        assert!(
            !is_hive(Path::new("t/=x"))
                && !is_hive(Path::new("a=b/c"))
                && !is_hive(Path::new("a b=c"))
        );
        assert_eq!(decoded("a%20b%3D/c%zz%"), PathBuf::from("a b=/c%zz%"));
    }
}
