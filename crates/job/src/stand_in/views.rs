//! Which files of a job are views that others look at: all that is no truth, no lock and no work.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{Error as StorageError, Mirror, ObjectName, ObjectStore};

use crate::layout::Layout;
use crate::{Error, Result};

use crate::bucket::{Bucket, named};

/// Views in the job's folder itself.
pub(super) const FILES: [&str; 5] = [
    "job_summary.json",
    "recipe.yaml",
    "recipe.resolved.yaml",
    "lineage.jsonl",
    "report.html",
];

/// Folders that hold nothing but views, with what the names of these begin with.
pub(super) const FOLDERS: [(&str, &str); 5] = [
    ("metadata", ""),
    ("event_logs", "events."),
    ("trace", ""),
    ("analysis", ""),
    ("checkpoints", "checkpoint_"),
];

impl Layout {
    /// The views of a job that lies in no folder, as they are in its stand-in, with the names that they have in the store.
    #[must_use]
    pub fn views(&self) -> Vec<(ObjectName, PathBuf)> {
        let files = FILES.iter().map(|name| (*name).to_owned());
        let inside = FOLDERS.iter().flat_map(|(folder, start)| {
            let names = names_in(&self.job_dir().join(folder)).into_iter();
            // Hidden files are those that have no place yet.
            let ours = names.filter(|name| name.starts_with(start) && !name.starts_with('.'));
            ours.map(|name| format!("{folder}/{name}"))
                .collect::<Vec<_>>()
        });
        let named = files.chain(inside).filter_map(|name| {
            let path = self.job_dir().join(&name);
            let is_file = fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_file());
            let name = ObjectName::new(name).ok()?;
            is_file.then_some((name, path))
        });
        named.collect()
    }

    /// Copies the views of a job that lies in no folder to where it lies. Returns what went wrong.
    pub fn put_views(&self) -> Vec<StorageError> {
        let Some(store) = self.remote_store() else {
            return Vec::new();
        };
        let mut mirror = Mirror::new(store, std::time::Duration::ZERO);
        mirror.finish(&self.views())
    }

    /// Copies one view, a file in the job's folder, to where the job lies; nothing where that is the folder.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn put_view(&self, path: &Path) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        let name = path.strip_prefix(self.job_dir()).unwrap_or(path);
        let bytes = fs::read(path).map_err(|source| Error::io("read", path, source))?;
        bucket.replace(&name.to_string_lossy(), &bytes)
    }

    /// The store of a job that lies in no folder.
    #[must_use]
    pub fn remote_store(&self) -> Option<std::sync::Arc<dyn ObjectStore>> {
        self.bucket().map(|bucket| bucket.store().clone())
    }
}

impl Layout {
    /// Removes the views and the journal of a job that lies in no folder, the journal last, so that after a failure there
    /// still is a job. Files of attempts are not its concern.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn remove_objects(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        let views = names_in_store(bucket)?;
        let journal = bucket.store().list("journal/")?;
        let journal = journal.into_iter().map(|object| object.name).collect();
        for names in [views, journal] {
            let names: Vec<&ObjectName> = names.iter().collect();
            if let Some(failure) = bucket.store().delete_all(&names).into_iter().next() {
                return Err(failure.into());
            }
        }
        Ok(())
    }

    /// Removes what says who drives the job, once nobody does.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`].
    pub fn remove_heartbeat(&self) -> Result<()> {
        let Some(bucket) = self.bucket() else {
            return Ok(());
        };
        for name in ["job.stop", "job.heartbeat"] {
            bucket.store().delete(&named(name)?)?;
        }
        Ok(())
    }
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect()
}

/// The names of all views that are in the store.
pub(super) fn names_in_store(bucket: &Bucket) -> Result<Vec<ObjectName>> {
    let mut names = Vec::new();
    for name in FILES {
        names.push(named(name)?);
    }
    for (folder, start) in FOLDERS {
        let found = bucket.store().list(&format!("{folder}/{start}"))?;
        names.extend(found.into_iter().map(|object| object.name));
    }
    Ok(names)
}
