//! Finding the files that match a pattern.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Found, IsInput};
use crate::error::{Error, Result};
use crate::source::Location;

/// Returns the files that match a pattern, ordered by name.
pub(super) fn files_of_pattern(path: &str, is_input: &mut IsInput<'_>) -> Result<Vec<Location>> {
    let invalid = |error: glob::PatternError| Error::Pattern {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    let options = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    if path.contains("**") {
        let pattern = glob::Pattern::new(path).map_err(invalid)?;
        return deep_pattern(path, &pattern, options, is_input);
    }
    let paths = glob::glob_with(path, options).map_err(invalid)?;
    // The library panics on a file name that isn't UTF-8.
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
        let is_file = file.is_file();
        let file = Location::File(file);
        let found = Found {
            file: &file,
            path,
            is_named: false,
        };
        if is_file && is_input(found)? {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Error::Missing {
            path: path.to_owned(),
        });
    }
    files.sort_by(|one, other| one.shown().cmp(other.shown()));
    Ok(files)
}

/// Returns the files that match a pattern with `**`. Each folder is visited once. A link may lead back to a folder above it, and
/// the library would follow it forever, or give the same files under one name after another.
fn deep_pattern(
    path: &str,
    pattern: &glob::Pattern,
    options: glob::MatchOptions,
    is_input: &mut IsInput<'_>,
) -> Result<Vec<Location>> {
    let is_plain = |part: &&str| !part.contains(['*', '?', '[']);
    let (folders, _) = path.rsplit_once('/').unwrap_or(("", path));
    let plain: Vec<&str> = folders.split('/').take_while(is_plain).collect();
    let root = match plain.as_slice() {
        [] => PathBuf::new(),
        [""] => PathBuf::from("/"),
        plain => PathBuf::from(plain.join("/")),
    };
    let (mut files, mut seen, mut left) = (Vec::new(), BTreeSet::new(), vec![root]);
    while let Some(folder) = left.pop() {
        let shown = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            &folder
        };
        // A missing folder has no files, but one that cannot be opened is an error.
        let Ok(real) = fs::canonicalize(shown) else {
            continue;
        };
        if !seen.insert(real) {
            continue;
        }
        let entries = fs::read_dir(shown).map_err(Error::io("list", shown))?;
        let mut inside = entries
            .map(|entry| Ok(folder.join(entry.map_err(Error::io("list", shown))?.file_name())))
            .collect::<Result<Vec<PathBuf>>>()?;
        inside.sort();
        // This is a stack, so the first folder must be pushed last.
        for path_of_entry in inside.into_iter().rev() {
            if path_of_entry.is_dir() {
                left.push(path_of_entry);
            } else if pattern.matches_path_with(&path_of_entry, options) {
                let is_file = path_of_entry.is_file();
                let file = Location::File(path_of_entry);
                let found = Found {
                    file: &file,
                    path,
                    is_named: false,
                };
                if is_file && is_input(found)? {
                    files.push(file);
                }
            }
        }
    }
    if files.is_empty() {
        return Err(Error::Missing {
            path: path.to_owned(),
        });
    }
    files.sort_by(|one, other| one.shown().cmp(other.shown()));
    Ok(files)
}
