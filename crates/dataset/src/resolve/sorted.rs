//! Deciding which files in a directory are data.

use std::path::{Path, PathBuf};

use super::Remarks;
use super::layout::is_description;
use crate::error::{Error, Result};
use crate::sniff::{Claim, Suffix, packing_of};

/// The suffixes of the files that are taken from a directory if the recipe names none.
///
/// Text files (`.txt`, `.text`, `.md`) are taken only if there are no others, because beside data they describe it.
const KNOWN_SUFFIXES: [&str; 16] = [
    ".jsonl",
    ".ndjson",
    ".jsonlines",
    ".jl",
    ".ldjson",
    ".json",
    ".parquet",
    ".pq",
    ".arrow",
    ".arrows",
    ".feather",
    ".csv",
    ".tsv",
    ".txt",
    ".text",
    ".md",
];

/// The number of files that a note names one by one.
const NAMED: usize = 5;

/// The files of a folder, or of URLs with a common prefix, sorted by their names.
pub(super) struct Sorted<'a> {
    /// The folder of all of them, as named in the recipe.
    path: &'a str,
    suffixes: &'a [String],
    files: Vec<PathBuf>,
    /// Text files that were not asked for.
    texts: Vec<PathBuf>,
    /// Files that describe the others.
    descriptions: Vec<PathBuf>,
    left_out: Vec<PathBuf>,
    /// A folder that is named like a partition of a table.
    hive: Option<PathBuf>,
}

impl<'a> Sorted<'a> {
    pub(super) fn new(path: &'a str, suffixes: &'a [String]) -> Self {
        Self {
            path,
            suffixes,
            files: Vec::new(),
            texts: Vec::new(),
            descriptions: Vec::new(),
            left_out: Vec::new(),
            hive: None,
        }
    }

    /// Adds a file that isn't bookkeeping.
    pub(super) fn add(&mut self, path: PathBuf, name: &str) {
        match self.suffixes.is_empty() {
            true => self.add_known(path),
            false => self.add_named(path, name),
        }
    }

    /// Adds a file that is named like bookkeeping, or that its folder does not list.
    pub(super) fn leave_out(&mut self, path: PathBuf) {
        self.left_out.push(path);
    }

    /// Records a folder that is named like a partition of a table.
    pub(super) fn note_hive(&mut self, folder: &Path) {
        if self.hive.as_deref().is_none_or(|first| folder < first) {
            self.hive = Some(folder.to_owned());
        }
    }

    /// Returns the files that are data according to their names. The remarks say which are left out.
    pub(super) fn finish(mut self, remarks: &mut Remarks) -> Result<Vec<PathBuf>> {
        let notes = [self.judge_texts(), self.judge_left_out(), self.judge_hive()];
        remarks.notes.extend(notes.into_iter().flatten());
        if self.files.is_empty() {
            let suffixes = if self.suffixes.is_empty() {
                KNOWN_SUFFIXES.join(", ")
            } else {
                self.suffixes.join(", ")
            };
            return Err(Error::NoFiles {
                path: self.path.to_owned(),
                suffixes,
            });
        }
        self.files.sort();
        Ok(self.files)
    }

    /// Adds a file if it ends in one of the suffixes that the recipe names.
    fn add_named(&mut self, path: PathBuf, name: &str) {
        let ends = |suffix: &String| {
            name.strip_suffix(suffix.as_str())
                .is_some_and(|stem| suffix.starts_with('.') || stem.ends_with('.'))
        };
        if self.suffixes.iter().any(ends) {
            self.files.push(path);
        } else {
            self.left_out.push(path);
        }
    }

    fn add_known(&mut self, path: PathBuf) {
        match Suffix::of(&path).claim {
            _ if is_description(&path) => self.descriptions.push(path),
            // Data with an unsupported compression is refused when it is opened.
            Claim::Nothing if is_packed_otherwise(&path) => self.files.push(path),
            Claim::Nothing => self.left_out.push(path),
            Claim::Text => self.texts.push(path),
            _ => self.files.push(path),
        }
    }

    /// Reports which files are left out.
    fn judge_left_out(&mut self) -> Option<String> {
        let path = self.path;
        if self.files.is_empty() {
            self.files.append(&mut self.descriptions);
        }
        self.left_out.append(&mut self.descriptions);
        self.left_out.sort();
        let named: Vec<String> = self
            .left_out
            .iter()
            .take(NAMED)
            .map(|file| format!("`{}`", file.strip_prefix(path).unwrap_or(file).display()))
            .collect();
        let which = match (named.as_slice(), self.left_out.len() - named.len()) {
            ([], _) => return None,
            ([only], 0) => format!("the file {only} of `{path}` is left out"),
            (_, 0) => format!(
                "{} files of `{path}` are left out: {}",
                named.len(),
                named.join(", ")
            ),
            (_, more) => format!(
                "{} files of `{path}` are left out: {} and {more} more",
                self.left_out.len(),
                named.join(", ")
            ),
        };
        Some(format!(
            "{which}; to read one, name it in `dataset_path`, or its suffix in `suffixes`"
        ))
    }

    /// Reports that the names of folders do not become fields.
    fn judge_hive(&self) -> Option<String> {
        let (path, folder) = (self.path, self.hive.as_ref()?);
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        Some(format!(
            "`{path}` has partition folders such as `{name}`; their values are not added to the records"
        ))
    }

    /// Takes text files as data only if there are no others, because beside data they describe it.
    fn judge_texts(&mut self) -> Option<String> {
        if self.files.is_empty() {
            self.files.append(&mut self.texts);
        }
        self.texts.sort();
        let (path, first) = (self.path, self.texts.first()?);
        let first = first.strip_prefix(path).unwrap_or(first).display();
        let which = match self.texts.len() {
            1 => format!("the text file `{first}` of `{path}` is"),
            count => format!("{count} text files of `{path}` (the first is `{first}`) are"),
        };
        Some(format!(
            "{which} left out, because there are data files; name the suffix in `suffixes` to read text files too"
        ))
    }
}

/// Returns whether the name is that of data with an unsupported compression.
fn is_packed_otherwise(path: &Path) -> bool {
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    let packed = packing_of(&name);
    packed.is_some_and(|(stem, _)| {
        !matches!(
            Suffix::of(Path::new(stem)).claim,
            Claim::Nothing | Claim::Text
        )
    })
}
