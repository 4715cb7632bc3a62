//! What a run wrote: its export, and the files beside it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use coldpress::storage::FileStamp;

use super::{Checked, ensure};

/// Length and digest of files by their path in a folder.
pub(crate) type Files = BTreeMap<String, FileStamp>;

/// What a folder of exports holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Written {
    /// One file, or the shards of a directory.
    pub(crate) export: Files,
    /// Statistics and dropped records.
    pub(crate) companions: Files,
    /// Folders, and files for the program alone, whose names begin with a point.
    others: BTreeSet<String>,
}

impl Written {
    /// What this folder holds; `export` is the name of the file or directory at the export path.
    pub(crate) fn read(folder: &Path, export: &str) -> Self {
        let mut written = Self::default();
        let mut paths = Vec::new();
        collect(folder, &mut paths);
        for path in paths {
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let is_hidden = name.split('/').any(|part| part.starts_with('.'));
            if is_hidden || path.is_dir() {
                written.others.insert(name);
                continue;
            }
            let stamp = FileStamp::of(&fs::read(&path).unwrap());
            let is_export = name.split('/').next() == Some(export);
            let part = if is_export {
                &mut written.export
            } else {
                &mut written.companions
            };
            part.insert(name, stamp);
        }
        written
    }

    /// Fails unless it is what an undisturbed run writes, and nothing more.
    pub(crate) fn check_equals(&self, undisturbed: &Self) -> Checked<()> {
        ensure(self.export == undisturbed.export, || {
            "the export differs".to_owned()
        })?;
        same_names(&self.names(), &undisturbed.names(), "beside the export")?;
        for (name, stamp) in &self.companions {
            ensure(undisturbed.companions.get(name) == Some(stamp), || {
                format!("{name} differs")
            })?;
        }
        Ok(())
    }

    /// Fails unless every file is what it was or what it is to be: whole, and the companions before the export.
    pub(crate) fn check_whole(&self, older: &Self, undisturbed: &Self) -> Checked<()> {
        let is_new = self.export == undisturbed.export;
        ensure(is_new || self.export == older.export, || {
            "the kill left a part of an export".to_owned()
        })?;
        let names: BTreeSet<_> = self
            .companions
            .keys()
            .chain(older.companions.keys())
            .collect();
        for name in names {
            let found = self.companions.get(name);
            let is_whole =
                found == undisturbed.companions.get(name) || found == older.companions.get(name);
            ensure(is_whole, || format!("the kill left a part of {name}"))?;
        }
        // Whoever sees a new export finds its companions.
        let is_older = self.export == older.export;
        ensure(
            !is_new || is_older || self.companions == undisturbed.companions,
            || "the export was in its place before what belongs beside it".to_owned(),
        )
    }

    fn names(&self) -> BTreeSet<String> {
        let seen = self.export.keys().chain(self.companions.keys());
        seen.chain(&self.others).cloned().collect()
    }
}

/// Fails unless a folder holds these names and no others.
pub(crate) fn same_names(
    found: &BTreeSet<String>,
    expected: &BTreeSet<String>,
    place: &str,
) -> Checked<()> {
    ensure(found == expected, || {
        let odd: Vec<_> = found.symmetric_difference(expected).collect();
        format!("{place}, other names than after an undisturbed run: {odd:?}")
    })
}

/// What is in a folder and in the folders in it, hidden or not.
fn collect(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, found);
        }
        found.push(path);
    }
}

/// The files in a folder; none if the folder doesn't exist.
pub(crate) fn files_of(folder: &Path) -> Files {
    let names = names_in(folder).into_iter();
    let stamp = |name: String| {
        let bytes = fs::read(folder.join(&name)).unwrap();
        (name, FileStamp::of(&bytes))
    };
    names.map(stamp).collect()
}

/// The names in a folder, hidden ones too.
pub(crate) fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}
