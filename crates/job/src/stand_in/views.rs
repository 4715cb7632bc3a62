//! The views of a job, which are meant for others to look at: everything except the truth, the locks and the work.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{Error as StorageError, Mirror, ObjectName, ObjectStore};

use crate::layout::Layout;
use crate::{Error, Result};

use crate::bucket::{Bucket, named};

/// The views in the job's folder itself.
pub(super) const FILES: [&str; 5] = [
    "job_summary.json",
    "recipe.yaml",
    "recipe.resolved.yaml",
    "lineage.jsonl",
    "report.html",
];

/// The folders that hold only views, with the prefixes of their names.
pub(super) const FOLDERS: [(&str, &str); 5] = [
    ("metadata", ""),
    ("event_logs", "events."),
    ("trace", ""),
    ("analysis", ""),
    ("checkpoints", "checkpoint_"),
];

impl Layout {
    /// Returns the views of a job in an object store, as they are in its stand-in, with their names in the store.
    #[must_use]
    pub fn views(&self) -> Vec<(ObjectName, PathBuf)> {
        let files = FILES.iter().map(|name| (*name).to_owned());
        let inside = FOLDERS.iter().flat_map(|(folder, start)| {
            let names = names_in(&self.job_dir().join(folder)).into_iter();
            // Hidden files are not complete yet.
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

    /// Copies the views of a job to its object store. Returns the errors.
    pub fn put_views(&self) -> Vec<StorageError> {
        let Some(store) = self.remote_store() else {
            return Vec::new();
        };
        let mut mirror = Mirror::new(store, std::time::Duration::ZERO);
        mirror.finish(&self.views())
    }

    /// Copies one view, a file in the job's folder, to the object store of the job. Does nothing if the job is in a folder.
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

    /// Returns the object store of the job, if it is in one.
    #[must_use]
    pub fn remote_store(&self) -> Option<std::sync::Arc<dyn ObjectStore>> {
        self.bucket().map(|bucket| bucket.store().clone())
    }
}

impl Layout {
    /// Removes the views and the journal of a job in an object store. The journal goes last, so that the job still exists after a
    /// failure. Files of attempts are left to the caller.
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

    /// Removes the objects that say who drives the job, once nobody does.
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

/// Returns the names of all views in the store.
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
