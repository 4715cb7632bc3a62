//! What lies in the folder of an export.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The bytes of an export by file name: one file, or the shards of a directory.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// What stands at an export path; nothing where nothing does.
pub(crate) fn read_export(path: &Path) -> Option<Files> {
    if !path.is_dir() {
        return Some(Files::from([(name_of(path), fs::read(path).ok()?)]));
    }
    let shards = names_in(path).into_iter().map(|name| {
        let bytes = fs::read(path.join(&name)).unwrap();
        (name, bytes)
    });
    Some(shards.collect())
}

/// The names in a folder, hidden ones too.
pub(crate) fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| name_of(&entry.unwrap().path()))
        .collect()
}

fn name_of(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}
