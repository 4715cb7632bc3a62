//! Finding the files that a path means.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::KNOWN_SUFFIXES;
use crate::error::{Error, Result};
use crate::sniff::{Claim, Suffix};

/// The files that `path` means, in order.
pub(super) fn files_of(
    path: &str,
    suffixes: &[String],
    excluded: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<Vec<PathBuf>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => directory(path, suffixes, excluded, notes),
        Ok(_) => Ok(vec![PathBuf::from(path)]),
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::io("open", path)(error))
        }
        Err(_) if path.contains(['*', '?', '[']) => pattern(path),
        Err(_) => Err(Error::Missing {
            path: path.to_owned(),
        }),
    }
}

fn pattern(path: &str) -> Result<Vec<PathBuf>> {
    let invalid = |error: glob::PatternError| Error::Pattern {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(path, options).map_err(invalid)?;
    // The library panics on a file name that is no UTF-8.
    let collect = std::panic::AssertUnwindSafe(|| paths.collect::<Vec<_>>());
    let entries = std::panic::catch_unwind(collect).map_err(|_| Error::Pattern {
        path: path.to_owned(),
        reason: "a file name on its way is not UTF-8; name the directory instead".to_owned(),
    })?;
    let mut files = Vec::new();
    for entry in entries {
        let file = entry.map_err(|error| {
            Error::io("search", error.path())(std::io::Error::other(error.to_string()))
        })?;
        if file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Error::Missing {
            path: path.to_owned(),
        });
    }
    files.sort();
    Ok(files)
}

fn directory(
    path: &str,
    suffixes: &[String],
    excluded: &[PathBuf],
    notes: &mut Vec<String>,
) -> Result<Vec<PathBuf>> {
    let root = fs::canonicalize(path).map_err(Error::io("open", path))?;
    // A directory that was named itself counts, wherever it lies.
    let excluded = excluded
        .iter()
        .filter(|excluded| !root.starts_with(excluded))
        .cloned()
        .collect();
    let mut search = Search {
        suffixes,
        excluded,
        files: Vec::new(),
        texts: Vec::new(),
        left_out: 0,
        seen: BTreeSet::new(),
    };
    search.visit(Path::new(path))?;
    search.judge_texts(path, notes);
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
    if search.left_out > 0 {
        notes.push(format!(
            "{} files of `{path}` with other suffixes are left out",
            search.left_out
        ));
    }
    search.files.sort();
    Ok(search.files)
}

struct Search<'a> {
    suffixes: &'a [String],
    /// Canonical paths that are left out with what is below them.
    excluded: Vec<PathBuf>,
    files: Vec<PathBuf>,
    /// Text files that nobody asked for.
    texts: Vec<PathBuf>,
    left_out: u64,
    /// Directories visited: a link may lead back to one.
    seen: BTreeSet<PathBuf>,
}

impl Search<'_> {
    fn visit(&mut self, directory: &Path) -> Result<()> {
        let real = fs::canonicalize(directory).map_err(Error::io("open", directory))?;
        if self
            .excluded
            .iter()
            .any(|excluded| real.starts_with(excluded))
            || !self.seen.insert(real)
        {
            return Ok(());
        }
        for entry in fs::read_dir(directory).map_err(Error::io("list", directory))? {
            let path = entry.map_err(Error::io("list", directory))?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            if name.starts_with('.') {
                continue;
            }
            if path.is_dir() {
                self.visit(&path)?;
            } else if fs::canonicalize(&path).is_ok_and(|real| self.excluded.contains(&real)) {
                continue;
            } else if !self.suffixes.is_empty() {
                self.add_named(path, &name);
            } else {
                self.add_known(path);
            }
        }
        Ok(())
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
            self.left_out += 1;
        }
    }

    fn add_known(&mut self, path: PathBuf) {
        match Suffix::of(&path).claim {
            Claim::Nothing => self.left_out += 1,
            Claim::Text => self.texts.push(path),
            _ => self.files.push(path),
        }
    }

    /// Text files beside data describe it; on their own they are the data.
    fn judge_texts(&mut self, path: &str, notes: &mut Vec<String>) {
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
            notes.push(format!(
                "{which} left out, because there are data files; name the suffix in `suffixes` to read text files too"
            ));
        }
    }
}
