//! The files of the journal, by number.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{AttemptName, LogReader, TornTail};

use crate::layout::Layout;
use crate::{Error, Result};

/// A file of the journal.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EpochFile {
    pub(super) epoch: u64,
    pub(super) path: PathBuf,
    /// Its length when it was listed, which shows later whether it has grown.
    pub(super) length: u64,
}

pub(super) fn name_of(epoch: u64) -> String {
    format!("{epoch:06}.jsonl")
}

pub(super) fn path_of(dir: &Path, epoch: u64) -> PathBuf {
    dir.join(name_of(epoch))
}

/// Returns all files in the order of their epochs; none if there is no folder. Files with names that no driver would use are
/// ignored.
pub(super) fn list(dir: &Path) -> Result<Vec<EpochFile>> {
    list_before(dir, u64::MAX)
}

/// Returns whether a folder is missing, which includes a file in the path to it.
fn is_absence(kind: std::io::ErrorKind) -> bool {
    matches!(
        kind,
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory
    )
}

/// Returns the names in a folder; none if there is no folder.
fn names_in(dir: &Path) -> Result<Vec<String>> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if is_absence(error.kind()) => return Ok(Vec::new()),
        Err(source) => return Err(Error::io("list", dir, source)),
    };
    let name = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.map_err(|source| Error::io("list", dir, source))?;
        Ok(entry.file_name().into_string().ok())
    };
    entries.map(name).filter_map(Result::transpose).collect()
}

/// Like [`list`], but only for epochs before this one.
pub(super) fn list_before(dir: &Path, before: u64) -> Result<Vec<EpochFile>> {
    let mut files = Vec::new();
    for name in names_in(dir)? {
        let Some(epoch) = epoch_of(&name) else {
            continue;
        };
        if epoch < before {
            let path = dir.join(name);
            let metadata =
                fs::metadata(&path).map_err(|source| Error::io("examine", &path, source))?;
            files.push(EpochFile {
                epoch,
                path,
                length: metadata.len(),
            });
        }
    }
    files.sort_unstable();
    Ok(files)
}

/// Returns whether there is a complete first line, good or damaged, or the file cannot be read.
pub(super) fn may_hold_records(path: &Path) -> bool {
    match LogReader::open(path, None, TornTail::Allow) {
        Ok(mut reader) => reader.next().is_some(),
        Err(_) => true,
    }
}

/// Returns the newest epoch in the names of the job's files; 0 if there is none.
///
/// It is newer than the journal only if files of the journal were lost. The names that their drivers gave must not be given again.
pub(super) fn newest_epoch_in_names(layout: &Layout) -> Result<u64> {
    let folders = [
        layout.partition_dir(),
        &layout.results_dir(),
        &layout.quarantine_dir(),
        layout.checkpoint_dir(),
    ];
    let mut newest = 0;
    for folder in folders {
        for name in names_in(folder)? {
            newest = newest.max(made_in(&name).unwrap_or(0));
        }
    }
    Ok(newest)
}

/// Returns the epoch of the driver that gave this name. A number that no driver reaches is somebody else's.
fn made_in(name: &str) -> Option<u64> {
    let name: AttemptName = name.parse().ok()?;
    Some(name.epoch()).filter(|epoch| *epoch <= u64::from(u32::MAX))
}

pub(super) fn epoch_of(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".jsonl")?;
    let epoch = digits.parse().ok()?;
    (epoch > 0 && name_of(epoch) == name).then_some(epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("000001.jsonl", Some(1)),
            ("1000000.jsonl", Some(1_000_000)),
            ("000000.jsonl", None),
            ("1.jsonl", None),
            ("+00001.jsonl", None),
            ("0000001.jsonl", None),
            ("000001.json", None),
            (".coldpress-1.tmp", None),
        ] {
            assert_eq!(epoch_of(name), expected, "{name}");
        }
    }
}
