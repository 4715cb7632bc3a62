//! Finding the files that a path means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::layout::{Layout, is_description, is_hive};
use super::pattern::files_of_pattern;
use super::{Found, IsInput, MissingFile, Remarks};
use crate::error::{Error, Result};
use crate::sniff::{Claim, Suffix, packing_of};

/// Suffixes of the files that are taken from a directory, where the recipe names none.
///
/// Text files (`.txt`, `.text`, `.md`) are taken only where there are no others: beside data they describe it.
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

/// Files that are named one by one in a note.
const NAMED: usize = 5;

/// The files that `path` means, in order.
pub(super) fn files_of(
    path: &str,
    suffixes: &[String],
    is_input: &mut IsInput<'_>,
    remarks: &mut Remarks,
) -> Result<Vec<PathBuf>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => directory(path, suffixes, is_input, remarks),
        Ok(_) => {
            let file = PathBuf::from(path);
            let found = Found {
                file: &file,
                path,
                is_named: true,
            };
            Ok(if is_input(found)? { vec![file] } else { vec![] })
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("open", path)(error))
        }
        Err(_) if path.contains(['*', '?', '[']) => files_of_pattern(path, is_input),
        Err(_) => Err(Error::Missing {
            path: path.to_owned(),
        }),
    }
}

fn directory(
    path: &str,
    suffixes: &[String],
    is_input: &mut IsInput<'_>,
    remarks: &mut Remarks,
) -> Result<Vec<PathBuf>> {
    let mut search = Search {
        path,
        suffixes,
        is_input,
        files: Vec::new(),
        texts: Vec::new(),
        descriptions: Vec::new(),
        left_out: Vec::new(),
        hive: None,
        layouts: Vec::new(),
        notes: Vec::new(),
        missing: Vec::new(),
        seen: BTreeSet::new(),
    };
    search.visit(Path::new(path))?;
    // Folders come in any order.
    search.notes.sort();
    search.judge_texts(path);
    search.judge_left_out(path);
    search.judge_hive(path);
    remarks.notes.append(&mut search.notes);
    remarks.missing.append(&mut search.missing);
    if search.files.is_empty() {
        let suffixes = if suffixes.is_empty() {
            KNOWN_SUFFIXES.join(", ")
        } else {
            suffixes.join(", ")
        };
        return Err(Error::NoFiles {
            path: path.to_owned(),
            suffixes,
        });
    }
    search.files.sort();
    Ok(search.files)
}

struct Search<'a, 'i> {
    /// The directory that is searched.
    path: &'a str,
    suffixes: &'a [String],
    is_input: &'a mut IsInput<'i>,
    files: Vec<PathBuf>,
    /// Text files that nobody asked for.
    texts: Vec<PathBuf>,
    /// Files that describe the others.
    descriptions: Vec<PathBuf>,
    left_out: Vec<PathBuf>,
    /// A folder that is named like a partition of a table.
    hive: Option<PathBuf>,
    /// The folders around the one that is visited that list their files.
    layouts: Vec<Layout>,
    notes: Vec<String>,
    missing: Vec<MissingFile>,
    /// Directories visited: a link may lead back to one.
    seen: BTreeSet<PathBuf>,
}

impl Search<'_, '_> {
    fn visit(&mut self, directory: &Path) -> Result<()> {
        let real = fs::canonicalize(directory).map_err(Error::io("open", directory))?;
        if !self.seen.insert(real) {
            return Ok(());
        }
        let outer = self.layouts.len();
        if let Some(layout) = Layout::of(directory, &mut self.notes) {
            self.missing.extend(layout.missing());
            self.layouts.push(layout);
        }
        self.visit_entries(directory)?;
        self.layouts.truncate(outer);
        Ok(())
    }

    fn visit_entries(&mut self, directory: &Path) -> Result<()> {
        for entry in fs::read_dir(directory).map_err(Error::io("list", directory))? {
            let path = entry.map_err(Error::io("list", directory))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            // To Spark, Hadoop, Arrow and Hugging Face these are bookkeeping.
            let is_bookkeeping = name.starts_with(['.', '_']);
            if path.is_dir() {
                if !is_bookkeeping {
                    self.visit_below(&path)?;
                }
            } else if !self.is_input(&path)? {
                continue;
            } else if is_bookkeeping {
                // What lies beside an export is not worth a word.
                let could_be_data =
                    Suffix::of(&path).claim != Claim::Nothing && !name.contains(".coldpress.");
                self.left_out.extend(could_be_data.then_some(path));
            } else if !self.is_listed(&path) {
                self.leave_out_unlisted(path, &name);
            } else if !self.suffixes.is_empty() {
                self.add_named(path, &name);
            } else {
                self.add_known(path);
            }
        }
        Ok(())
    }

    fn visit_below(&mut self, directory: &Path) -> Result<()> {
        if is_hive(directory) && self.hive.as_ref().is_none_or(|first| directory < first) {
            self.hive = Some(directory.to_owned());
        }
        // A layout that says nothing of the folders below has no say there.
        let (deep, shallow) = std::mem::take(&mut self.layouts)
            .into_iter()
            .partition(|layout| layout.covers(directory));
        self.layouts = deep;
        self.visit(directory)?;
        self.layouts.extend::<Vec<_>>(shallow);
        Ok(())
    }

    /// Returns whether the folders that list their files list this one, or have no say in it.
    fn is_listed(&self, path: &Path) -> bool {
        let mut judged = self.layouts.iter().filter_map(|layout| layout.judge(path));
        judged.next_back().unwrap_or(true)
    }

    /// A file that a folder does not list: what describes the others is not worth a word.
    fn leave_out_unlisted(&mut self, path: PathBuf, name: &str) {
        let is_known = is_description(&path) || name == "state.json";
        if !is_known && Suffix::of(&path).claim != Claim::Nothing {
            self.left_out.push(path);
        }
    }

    fn is_input(&mut self, file: &Path) -> Result<bool> {
        (self.is_input)(Found {
            file,
            path: self.path,
            is_named: false,
        })
    }

    /// A file counts if it ends in one of the suffixes that the recipe names.
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
            // Data in a packing that is not read is refused when it is opened.
            Claim::Nothing if is_packed_otherwise(&path) => self.files.push(path),
            Claim::Nothing => self.left_out.push(path),
            Claim::Text => self.texts.push(path),
            _ => self.files.push(path),
        }
    }

    /// Says which files are left out.
    fn judge_left_out(&mut self, path: &str) {
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
            ([], _) => return,
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
        self.notes.push(format!(
            "{which}; to read one, name it in `dataset_path`, or its suffix in `suffixes`"
        ));
    }

    /// Says that the names of folders are no fields.
    fn judge_hive(&mut self, path: &str) {
        if let Some(folder) = &self.hive {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            self.notes.push(format!(
                "`{path}` has partition folders such as `{name}`; their values are not added to the records"
            ));
        }
    }

    /// Text files beside data describe it; on their own they are the data.
    fn judge_texts(&mut self, path: &str) {
        if self.files.is_empty() {
            self.files.append(&mut self.texts);
        }
        self.texts.sort();
        if let Some(first) = self.texts.first() {
            let first = first.strip_prefix(path).unwrap_or(first).display();
            let which = match self.texts.len() {
                1 => format!("the text file `{first}` of `{path}` is"),
                count => format!("{count} text files of `{path}` (the first is `{first}`) are"),
            };
            self.notes.push(format!(
                "{which} left out, because there are data files; name the suffix in `suffixes` to read text files too"
            ));
        }
    }
}

/// Returns whether the name is that of data in a packing that is not read.
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
