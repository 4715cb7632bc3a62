//! A folder with copies of DocETL's frozen directories.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use coldpress::docetl::{CheckpointName, IntermediateStore, Record};

use crate::shared::{Folder, repository};

/// The file with DocETL's hashes.
pub(crate) const CONFIG: &str = ".docetl_intermediate_config.json";

/// A folder with the program in it.
pub(crate) struct Bench(Folder);

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.0
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self(Folder::new())
    }

    /// A folder with copies of these frozen directories.
    pub(crate) fn with(names: &[&str]) -> Self {
        let bench = Self::new();
        for name in names {
            copy(&frozen(name), &bench.path(name));
        }
        bench
    }

    /// Files and their bytes, below a folder.
    pub(crate) fn files(&self, name: &str) -> BTreeMap<String, Vec<u8>> {
        files(&self.path(name))
    }

    /// Returns the records of each checkpoint of a directory.
    pub(crate) fn records(&self, name: &str) -> BTreeMap<CheckpointName, Vec<Record>> {
        let store = IntermediateStore::open(self.path(name)).unwrap();
        let names = store.list().unwrap().into_iter().map(|entry| entry.name);
        names
            .map(|name| {
                let loaded = store
                    .read(&name)
                    .unwrap_or_else(|error| panic!("{name}: {error}"));
                (name, loaded.unwrap().records)
            })
            .collect()
    }
}

/// The frozen directory of this name.
pub(crate) fn frozen(name: &str) -> PathBuf {
    repository().join("crates/docetl/testdata").join(name)
}

pub(crate) fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() {
            let inner = files(&path).into_iter();
            found.extend(inner.map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)));
        } else {
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    found
}

pub(crate) fn copy(from: &Path, to: &Path) {
    for (name, bytes) in files(from) {
        let path = to.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// The files of one format.
pub(crate) fn of_format<'a>(
    files: &'a BTreeMap<String, Vec<u8>>,
    extension: &str,
) -> BTreeMap<&'a str, &'a [u8]> {
    let of_it = files.iter().filter(|(name, _)| {
        **name != *CONFIG
            && name
                .rsplit_once('.')
                .is_some_and(|(_, found)| found == extension)
    });
    of_it
        .map(|(name, bytes)| (name.as_str(), bytes.as_slice()))
        .collect()
}
