//! Copying a job from an object store to its stand-in: the journal and the views.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::Path;

use coldpress_storage::{FileLock, create_dir_all_durable, replace_unsynced};

use super::views;
use crate::bucket::Bucket;
use crate::journal::bring_journal;
use crate::layout::Layout;
use crate::{Error, Result};

impl Layout {
    /// Brings the journal and the views of a job in an object store to the folder that stands in for it. Only what is new since an
    /// earlier call of this process is brought.
    ///
    /// A stand-in that a driver of this machine works with is left alone.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]; [`Error::MissingObject`] if the journal has gaps.
    pub fn bring(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        let _turn = bucket.bringing();
        create_dir_all_durable(self.job_dir())?;
        let lock = match FileLock::try_acquire(self.lock()) {
            Ok(lock) => Some(lock),
            Err(coldpress_storage::Error::Unsupported { .. }) => None,
            Err(coldpress_storage::Error::Locked { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        bring_journal(bucket, &self.journal_dir())?;
        let brought = bring_views(bucket, self.job_dir());
        drop(lock);
        brought
    }

    /// Like [`bring`](Self::bring), but the only view that is brought is the summary.
    pub(crate) fn bring_summary(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        create_dir_all_durable(self.job_dir())?;
        if let Some(bytes) = bucket.read("job_summary.json")? {
            replace_unsynced(self.summary(), &bytes)?;
        }
        Ok(())
    }
}

fn bring_views(bucket: &Bucket, job_dir: &Path) -> Result<()> {
    let names = views::names_in_store(bucket)?;
    for name in &names {
        let path = name
            .parts()
            .fold(job_dir.to_owned(), |path, part| path.join(part));
        let Some(bytes) = bucket.read(name.as_str())? else {
            continue;
        };
        if let Some(folder) = path.parent() {
            create_dir_all_durable(folder)?;
        }
        put(&path, &bytes)?;
    }
    let known: BTreeSet<_> = names.iter().map(|name| name.as_str().to_owned()).collect();
    for (folder, start) in views::FOLDERS {
        for entry in fs::read_dir(job_dir.join(folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name.starts_with(start) && !known.contains(&format!("{folder}/{name}")) {
                // The file is from an earlier run here, and is not in the store.
                let _ = fs::remove_file(entry.path());
            }
        }
    }
    Ok(())
}

/// Makes the file hold these bytes. A file that holds their beginning is extended, so that readers that follow it see the rest. A
/// file that holds more is kept, because that is what a driver that died here wrote last.
fn put(path: &Path, bytes: &[u8]) -> Result<()> {
    let there = fs::read(path).unwrap_or_default();
    if there.starts_with(bytes) && !bytes.is_empty() {
        return Ok(());
    }
    if !there.is_empty() && bytes.starts_with(&there) {
        let opened = OpenOptions::new().append(true).open(path);
        let written = opened.and_then(|mut file| file.write_all(&bytes[there.len()..]));
        return written.map_err(|source| Error::io("append to", path, source));
    }
    Ok(replace_unsynced(path, bytes)?)
}
