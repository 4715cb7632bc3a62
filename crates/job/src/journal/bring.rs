//! Copying the journal of a job in an object store to the folder that stands in for it.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use coldpress_storage::create_dir_all_durable;

use super::segments;
use crate::bucket::Bucket;
use crate::{Error, Result};

/// Brings the objects of the journal that are not in this folder yet, and returns the number of the last one. The first call
/// discards what is there, because nobody knows whether it was ever true.
///
/// # Errors
///
/// [`Error::MissingObject`] if one of them is missing; [`Error::Storage`].
pub(crate) fn bring_journal(bucket: &Bucket, dir: &Path) -> Result<u64> {
    let mut brought = bucket.brought();
    create_dir_all_durable(dir)?;
    if *brought == 0 {
        remove_files_in(dir)?;
    }
    let last = segments::last(bucket, *brought)?;
    let mut copy = Copy { dir, file: None };
    while *brought < last {
        let numbers = *brought + 1..=last.min(*brought + segments::AT_A_TIME);
        for bytes in segments::fetch(bucket, numbers)? {
            copy.append(&bytes)?;
            *brought += 1;
        }
    }
    Ok(last)
}

fn remove_files_in(dir: &Path) -> Result<()> {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            fs::remove_file(&path).map_err(|source| Error::io("remove", &path, source))?;
        }
    }
    Ok(())
}

/// The copy of the journal, with a file for each epoch.
struct Copy<'a> {
    dir: &'a Path,
    file: Option<(u64, File)>,
}

impl Copy<'_> {
    fn newest_epoch(&self) -> Result<u64> {
        match &self.file {
            Some((epoch, _)) => Ok(*epoch),
            None => segments::newest_copied(self.dir),
        }
    }

    /// Adds the lines of an object to the files of their epochs.
    fn append(&mut self, bytes: &[u8]) -> Result<()> {
        for (epoch, lines) in segments::by_epoch(bytes) {
            // Unreadable lines are added to what they follow, where they will be found to be damage.
            let epoch = match epoch {
                Some(epoch) => epoch,
                None => self.newest_epoch()?,
            };
            let path = segments::copy_path(self.dir, epoch);
            let cannot = |source| Error::io("append to", &path, source);
            if self.file.as_ref().is_none_or(|(open, _)| *open != epoch) {
                let opened = OpenOptions::new().append(true).create(true).open(&path);
                self.file = Some((epoch, opened.map_err(cannot)?));
            }
            if let Some((_, file)) = &mut self.file {
                file.write_all(lines).map_err(cannot)?;
            }
        }
        Ok(())
    }
}
