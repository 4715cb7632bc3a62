//! The listing of the directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

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
    /// The number of records, if it is known without reading the file: JSON does not say.
    pub rows: Option<u64>,
    /// The time at which the file was written.
    pub modified: SystemTime,
}

/// Lists the files of checkpoints, sorted by name and format.
pub(super) fn list(files: &Files) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (folder, path) in names_in(files.dir())? {
        if files.check_inside(&path).is_err() || !path.is_dir() {
            continue;
        }
        for (file, path) in names_in(&path)? {
            if files.check_inside(&path).is_err() {
                continue;
            }
            entries.extend(entry(&folder, &file, path)?);
        }
    }
    entries.sort_by(|one, other| (&one.name, one.format).cmp(&(&other.name, other.format)));
    Ok(entries)
}

/// The entry of a file, if it is that of a checkpoint.
fn entry(folder: &str, file: &str, path: PathBuf) -> Result<Option<Entry>> {
    let Some((stem, extension)) = file.rsplit_once('.') else {
        return Ok(None);
    };
    let format = Format::of_extension(extension);
    let Some((format, name)) = format.zip(CheckpointName::of_file(folder, stem)) else {
        return Ok(None);
    };
    let metadata = match fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Ok(None),
        // It was removed since the folder was read.
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

/// The names in a folder that are text and not hidden, with their paths; none if the folder doesn't exist.
pub(super) fn names_in(folder: &Path) -> Result<Vec<(String, PathBuf)>> {
    let refused = |error| Error::io("read the folder", folder, error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(refused(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(refused)?;
        if let Ok(name) = entry.file_name().into_string()
            && !name.starts_with('.')
        {
            names.push((name, entry.path()));
        }
    }
    Ok(names)
}
