//! From the paths of a recipe to the sources of a dataset.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::source::Source;

/// Suffixes of the files that are taken from a directory, where the recipe names none.
pub const KNOWN_SUFFIXES: [&str; 3] = [".jsonl", ".ndjson", ".json"];
const PACKED_SUFFIXES: [&str; 3] = [".gz", ".zst", ".zstd"];

/// The sources of a dataset and what is worth telling about them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Resolved {
    /// The sources in plan order: as given, and by name within a directory or pattern.
    pub sources: Vec<Source>,
    /// What is odd: a suffix that lies, files left out.
    pub notes: Vec<String>,
}

/// Finds and opens the files that `paths` mean: files, directories (searched to the bottom), patterns.
///
/// `suffixes` says which files of a directory count; none = the known ones, packed or not. A file that is named
/// twice is read twice.
///
/// # Errors
/// When a path leads nowhere, a directory has no such file, or a file cannot be read or is of another format.
pub fn resolve(paths: &[String], suffixes: &[String]) -> Result<Resolved> {
    resolve_without(paths, suffixes, &[])
}

/// As [`resolve`], but leaves out of directories what lies at or below one of `excluded`: where jobs and exports go.
///
/// # Errors
/// As [`resolve`].
pub fn resolve_without(
    paths: &[String],
    suffixes: &[String],
    excluded: &[PathBuf],
) -> Result<Resolved> {
    let excluded: Vec<PathBuf> = excluded
        .iter()
        .filter_map(|path| fs::canonicalize(path).ok())
        .collect();
    let mut resolved = Resolved::default();
    for path in paths {
        let path = path.strip_prefix("file://").unwrap_or(path);
        for file in files_of(path, suffixes, &excluded, &mut resolved.notes)? {
            let (source, notes) = Source::open(&file)?;
            resolved.sources.push(source);
            resolved.notes.extend(notes);
        }
    }
    Ok(resolved)
}

fn files_of(
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
        left_out: 0,
        seen: BTreeSet::new(),
    };
    search.visit(Path::new(path))?;
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
            } else if self.counts(&name) {
                let is_excluded =
                    fs::canonicalize(&path).is_ok_and(|real| self.excluded.contains(&real));
                if !is_excluded {
                    self.files.push(path);
                }
            } else {
                self.left_out += 1;
            }
        }
        Ok(())
    }

    fn counts(&self, name: &str) -> bool {
        if !self.suffixes.is_empty() {
            let with_dot = |suffix: &String| {
                if suffix.starts_with('.') {
                    suffix.clone()
                } else {
                    format!(".{suffix}")
                }
            };
            return self
                .suffixes
                .iter()
                .any(|suffix| name.ends_with(&with_dot(suffix)));
        }
        let unpacked = PACKED_SUFFIXES
            .iter()
            .find_map(|suffix| name.strip_suffix(suffix))
            .unwrap_or(name);
        KNOWN_SUFFIXES
            .iter()
            .any(|suffix| unpacked.ends_with(suffix))
    }
}
