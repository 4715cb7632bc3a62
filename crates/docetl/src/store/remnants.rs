//! Removes files that killed writers left.

use std::fs;
use std::path::PathBuf;

use coldpress_storage::remove_durable;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::files::UNFINISHED;
use super::intermediate::IntermediateStore;
use super::list::names_in;
use crate::{CheckpointName, Error, Format, Result};

impl IntermediateStore {
    /// Removes the files of writers that were killed before they finished, and returns the total size of these files. They are
    /// never read, and only take space.
    ///
    /// Files of processes that run on this machine are left alone. A writer on another machine that shares the directory would
    /// fail, and leave the checkpoint as it was.
    ///
    /// # Errors
    /// [`Error::Storage`] if a folder cannot be read, or a file cannot be removed.
    pub fn remove_remnants(&self) -> Result<u64> {
        let mut bytes = 0;
        for (folder, path) in names_in(self.dir())? {
            // A link may point outside of the directory.
            if !path.is_dir() || path.is_symlink() {
                continue;
            }
            for (path, length) in remnants(&folder, path)? {
                match remove_durable(&path) {
                    Err(error) if error.is_not_found() => {}
                    removed => removed?,
                }
                bytes += length;
            }
        }
        Ok(bytes)
    }
}

/// Returns the leftover files in a folder, with their lengths.
fn remnants(folder: &str, path: PathBuf) -> Result<Vec<(PathBuf, u64)>> {
    let refused = |error| Error::io("read the folder", &path, error);
    let mut found = Vec::new();
    for entry in fs::read_dir(&path).map_err(refused)? {
        let entry = entry.map_err(refused)?;
        let name = entry.file_name();
        let writer = name.to_str().and_then(|name| writer_of(folder, name));
        if let (Some(writer), Ok(metadata)) = (writer, entry.metadata())
            && metadata.is_file()
            && !runs(writer)
        {
            found.push((entry.path(), metadata.len()));
        }
    }
    Ok(found)
}

/// Returns the process that began a file, if the name is one that [`Files::begin`](super::files::Files::begin) makes.
fn writer_of(folder: &str, name: &str) -> Option<Pid> {
    let name = name.strip_prefix('.')?.strip_suffix(UNFINISHED)?;
    let (file, writer) = name.rsplit_once('.')?;
    let (stem, extension) = file.rsplit_once('.')?;
    Format::of_extension(extension)?;
    CheckpointName::of_file(folder, stem)?;
    let (process, number) = writer.split_once('-')?;
    number.parse::<u64>().ok()?;
    Pid::from_raw(process.parse().ok()?)
}

fn runs(process: Pid) -> bool {
    // A process of another user counts as running too.
    !matches!(test_kill_process(process), Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Record;

    #[test]
    fn what_is_not_a_remnant_stays() {
        let folder = tempfile::tempdir().unwrap();
        let store = IntermediateStore::open(folder.path()).unwrap();
        let records = [Record::parse("{}").unwrap()];
        store.save("step", "operation", &records).unwrap();
        let mut child = std::process::Command::new("true").spawn().unwrap();
        child.wait().unwrap();
        let (gone, own) = (child.id(), std::process::id());
        let remnants = [
            format!("step/.operation.json.{gone}-0.tmp"),
            format!("step/.operation.parquet.{gone}-12.tmp"),
        ];
        let others = [
            format!("step/.operation.parquet.{own}-99.tmp"),
            format!("step/operation.parquet.{gone}-0.tmp"),
            format!("step/.operation.csv.{gone}-0.tmp"),
            format!("step/.operation.json.{gone}.tmp"),
            "step/.operation.json.tmp".to_owned(),
            format!(".operation.json.{gone}-0.tmp"),
        ];
        for name in remnants.iter().chain(&others) {
            fs::write(folder.path().join(name), "12345").unwrap();
        }
        assert_eq!(store.remove_remnants().unwrap(), 10);
        assert_eq!(store.remove_remnants().unwrap(), 0);
        for name in remnants {
            assert!(!folder.path().join(&name).exists(), "{name}");
        }
        for name in others {
            assert!(folder.path().join(&name).exists(), "{name}");
        }
        assert_eq!(store.load("step", "operation").unwrap().unwrap(), records);
    }
}
