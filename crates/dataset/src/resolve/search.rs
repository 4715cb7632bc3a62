//! Finding the files of a path.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::layout::{Layout, is_description, is_hive};
use super::pattern::files_of_pattern;
use super::sorted::Sorted;
use super::{Found, IsInput, MissingFile, Remarks};
use crate::error::{Error, Result};
use crate::sniff::{Claim, Suffix};
use crate::source::Location;

/// Returns the files of `path` in order.
pub(super) fn files_of(
    path: &str,
    suffixes: &[String],
    is_input: &mut IsInput<'_>,
    remarks: &mut Remarks,
) -> Result<Vec<Location>> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => directory(path, suffixes, is_input, remarks),
        Ok(_) => {
            let file = Location::File(path.into());
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
) -> Result<Vec<Location>> {
    let mut search = Search {
        path,
        is_input,
        sorted: Sorted::new(path, suffixes),
        layouts: Vec::new(),
        notes: Vec::new(),
        missing: Vec::new(),
        seen: BTreeSet::new(),
    };
    search.visit(Path::new(path))?;
    // The order in which folders are read is arbitrary.
    search.notes.sort();
    remarks.notes.append(&mut search.notes);
    remarks.missing.append(&mut search.missing);
    let files = search.sorted.finish(remarks)?;
    Ok(files.into_iter().map(Location::File).collect())
}

struct Search<'a, 'i> {
    /// The directory being searched.
    path: &'a str,
    is_input: &'a mut IsInput<'i>,
    sorted: Sorted<'a>,
    /// The folders around the current one that list their files.
    layouts: Vec<Layout>,
    notes: Vec<String>,
    missing: Vec<MissingFile>,
    /// The directories visited so far. A link may lead back to one of them.
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
            // Spark, Hadoop, Arrow and Hugging Face treat these as bookkeeping.
            let is_bookkeeping = name.starts_with(['.', '_']);
            if path.is_dir() {
                if !is_bookkeeping {
                    self.visit_below(&path)?;
                }
            } else if !self.is_input(&path)? {
                continue;
            } else if is_bookkeeping {
                // Files that belong to an export need no note.
                let could_be_data =
                    Suffix::of(&path).claim != Claim::Nothing && !name.contains(".coldpress.");
                if could_be_data {
                    self.sorted.leave_out(path);
                }
            } else if !self.is_listed(&path) {
                self.leave_out_unlisted(path, &name);
            } else {
                self.sorted.add(path, &name);
            }
        }
        Ok(())
    }

    fn visit_below(&mut self, directory: &Path) -> Result<()> {
        if is_hive(directory) {
            self.sorted.note_hive(directory);
        }
        // A layout that does not cover the folders below has no say about them.
        let (deep, shallow) = std::mem::take(&mut self.layouts)
            .into_iter()
            .partition(|layout| layout.covers(directory));
        self.layouts = deep;
        self.visit(directory)?;
        self.layouts.extend::<Vec<_>>(shallow);
        Ok(())
    }

    /// Returns whether the folders that list their files list this file, or have no say about it.
    fn is_listed(&self, path: &Path) -> bool {
        let mut judged = self.layouts.iter().filter_map(|layout| layout.judge(path));
        judged.next_back().unwrap_or(true)
    }

    /// Leaves out a file that the folder does not list. Files that only describe the others need no note.
    fn leave_out_unlisted(&mut self, path: PathBuf, name: &str) {
        let is_known = is_description(&path) || name == "state.json";
        if !is_known && Suffix::of(&path).claim != Claim::Nothing {
            self.sorted.leave_out(path);
        }
    }

    fn is_input(&mut self, file: &Path) -> Result<bool> {
        (self.is_input)(Found {
            file: &file.into(),
            path: self.path,
            is_named: false,
        })
    }
}
