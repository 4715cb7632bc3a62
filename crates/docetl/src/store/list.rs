//! Lists the directory.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Serialize, Serializer};

use super::files::{Files, found, is_absent};
use crate::parquet_file;
use crate::{CheckpointName, Error, Format, Result};

/// A file of a checkpoint. A checkpoint in both formats has two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name of the checkpoint.
    pub name: CheckpointName,
    /// The format of the file.
    pub format: Format,
    /// The file.
    pub path: PathBuf,
    /// The length of the file in bytes.
    pub bytes: u64,
    /// The number of records, if it is known without reading the file. For JSON, it isn't.
    pub rows: Option<u64>,
    /// The time when the file was written.
    pub modified: SystemTime,
}

/// A file or folder that was not read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unreadable {
    /// The file or folder; for a checkpoint in both formats, one of the two.
    #[serde(serialize_with = "as_text")]
    pub path: PathBuf,
    /// The reason.
    pub reason: String,
}

/// Writes a path as text, even if its name is not UTF-8, which JSON cannot express.
fn as_text<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.display())
}

/// The files of checkpoints, and the paths that look like one but cannot be one.
#[derive(Default)]
struct Walk {
    files: Vec<(CheckpointName, Format, PathBuf)>,
    passed_over: Vec<Unreadable>,
}

/// Lists the files of checkpoints, sorted by name and format.
pub(super) fn list(files: &Files) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (name, format, path) in Walk::through(files)?.files {
        entries.extend(entry(name, format, path)?);
    }
    entries.sort_by(|one, other| (&one.name, one.format).cmp(&(&other.name, other.format)));
    Ok(entries)
}

/// Returns the names of the checkpoints with a file in a format, in no particular order.
pub(super) fn names_of(files: &Files, format: Format) -> Result<Vec<CheckpointName>> {
    let all = Walk::through(files)?.files.into_iter();
    let wanted = all.filter(|(_, found, _)| *found == format);
    Ok(wanted.map(|(name, _, _)| name).collect())
}

/// Lists paths that look like a checkpoint, or a folder of some, but cannot be one; sorted by path.
pub(super) fn passed_over(files: &Files) -> Result<Vec<Unreadable>> {
    let mut passed_over = Walk::through(files)?.passed_over;
    passed_over.sort_by(|one, other| one.path.cmp(&other.path));
    // A folder whose name is refused is refused once for each of its files.
    passed_over.dedup();
    Ok(passed_over)
}

impl Walk {
    fn through(files: &Files) -> Result<Self> {
        let mut walk = Self::default();
        for path in paths_in(files.dir())? {
            walk.folder(files, &path)?;
        }
        Ok(walk)
    }

    fn folder(&mut self, files: &Files, folder: &Path) -> Result<()> {
        if files.check_inside(folder).is_err() {
            // DocETL keeps no files beside the folders, so a link to a file isn't one of its own.
            if !folder.is_file() {
                self.pass_over(folder, link(folder));
            }
            return Ok(());
        }
        if !folder.is_dir() {
            return Ok(());
        }
        for path in paths_in(folder)? {
            self.file(files, folder, path);
        }
        Ok(())
    }

    /// Adds the file if it is that of a checkpoint.
    fn file(&mut self, files: &Files, folder: &Path, path: PathBuf) {
        let text = |name: Option<&OsStr>| name.and_then(OsStr::to_str).map(str::to_owned);
        let Some(format) = text(path.extension())
            .as_deref()
            .and_then(Format::of_extension)
        else {
            return;
        };
        const NOT_TEXT: &str = "its name is not UTF-8";
        let Some(step) = text(folder.file_name()) else {
            return self.pass_over(folder, NOT_TEXT);
        };
        let Some(stem) = text(path.file_stem()) else {
            return self.pass_over(&path, NOT_TEXT);
        };
        match CheckpointName::parse_file(&step, &stem) {
            Err(error @ Error::Name { what: "a step", .. }) => {
                self.pass_over(folder, error.to_string());
            }
            Err(error) => self.pass_over(&path, error.to_string()),
            Ok(_) if files.check_inside(&path).is_err() => self.pass_over(&path, link(&path)),
            Ok(_) if is_something_else(&path) => self.pass_over(&path, "it is not a file"),
            Ok(name) => self.files.push((name, format, path)),
        }
    }

    fn pass_over(&mut self, path: &Path, reason: impl Into<String>) {
        self.passed_over.push(Unreadable {
            path: path.to_owned(),
            reason: reason.into(),
        });
    }
}

/// Returns whether the path is something other than a file: a folder, a pipe or a device.
fn is_something_else(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| !found.is_file())
}

/// Describes the problem with a link.
fn link(path: &Path) -> &'static str {
    match path.exists() {
        true => {
            "it is a link that leads out of the intermediate directory; replace it by what it leads to"
        }
        false => "it is a link to nothing; remove it",
    }
}

/// Returns the entry of a file, if it is one.
fn entry(name: CheckpointName, format: Format, path: PathBuf) -> Result<Option<Entry>> {
    let metadata = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        // It was removed after the folder was read.
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(Error::io("examine", &path, error)),
    };
    let found = found(path, format, &metadata)?;
    Ok(Some(Entry {
        rows: rows(&found.path, format),
        name,
        format,
        bytes: found.bytes,
        modified: found.modified,
        path: found.path,
    }))
}

/// Returns the number of records that a file claims to have.
fn rows(path: &Path, format: Format) -> Option<u64> {
    if format == Format::Json {
        return None;
    }
    let file = coldpress_storage::open_file(path).ok()?;
    match parquet_file::open(file).ok()? {
        parquet_file::OpenParquet::Own(own) => Some(own.rows()),
        parquet_file::OpenParquet::Foreign(_, parquet) => {
            Some(parquet_file::foreign_rows(&parquet))
        }
    }
}

/// Returns the names in a folder that are text and not hidden, with their paths; none if the folder doesn't exist.
pub(super) fn names_in(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let named = |path: PathBuf| Some((path.file_name()?.to_str()?.to_owned(), path));
    Ok(paths_in(folder)?.into_iter().filter_map(named).collect())
}

/// Returns the paths in a folder that are not hidden; none if the folder doesn't exist.
fn paths_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let refused = |error| Error::io("read the folder", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let entry = entry.map_err(refused)?;
        if !entry.file_name().as_encoded_bytes().starts_with(b".") {
            paths.push(entry.path());
        }
    }
    Ok(paths)
}
