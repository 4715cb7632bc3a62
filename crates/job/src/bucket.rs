//! Jobs in an object store, each with a folder on this machine that stands in for the job's folder.
//!
//! Such a job has the usual layout below its URL, except that its journal is a sequence of numbered objects. The folder on this
//! machine, the *scratch*, is laid out like a job's folder, so that all code that reads and writes one works there too. It holds
//! only copies, and may be lost at any time.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use coldpress_storage::{
    Digest, Error as StorageError, ObjectName, ObjectReader, ObjectStore, StoreSchemes, StoreSpec,
    one_spelling,
};

use crate::id::JobId;
use crate::{Error, Result};

/// The place for the stand-ins of jobs.
#[derive(Clone, Debug)]
pub enum Scratch {
    /// Below this folder, for a driver that may come back to it.
    Below(PathBuf),
    /// In a temporary folder that is removed with its last user, for callers that only look.
    Temporary,
}

/// The place of a job in an object store.
pub(crate) struct Bucket {
    /// The URL of the job.
    url: String,
    store: Arc<dyn ObjectStore>,
    schemes: StoreSchemes,
    scratch: Scratch,
    /// The number of objects of the journal that this process brought to the scratch.
    brought: Mutex<u64>,
    /// Held while something is brought, so that a caller that needs the newest state waits for it.
    bringing: Mutex<()>,
    /// Removed with its last user.
    _temporary: Option<tempfile::TempDir>,
}

impl Bucket {
    /// Opens the store of a job below this URL, and chooses the folder that stands in for the job's.
    pub(crate) fn open(
        base_url: &str,
        job_id: &JobId,
        schemes: &StoreSchemes,
        scratch: &Scratch,
    ) -> Result<(Self, PathBuf)> {
        let url = url_of_job(base_url, job_id);
        let store = schemes.open(&StoreSpec::Url(url.clone()))?;
        let (above, temporary) = match scratch {
            Scratch::Below(folder) => {
                let base = url.strip_suffix(job_id.as_str()).unwrap_or(&url);
                let digest = Digest::of(base.trim_end_matches('/').as_bytes()).to_string();
                let name: String = digest.chars().take(16).collect();
                let folder = std::path::absolute(folder)
                    .map_err(|source| Error::io("find the folder", folder, source))?;
                (folder.join(name), None)
            }
            Scratch::Temporary => {
                let made = tempfile::Builder::new().prefix("coldpress-").tempdir();
                let made = made.map_err(|source| {
                    Error::io("make a folder in", std::env::temp_dir(), source)
                })?;
                (made.path().to_owned(), Some(made))
            }
        };
        let bucket = Self {
            url,
            store,
            schemes: schemes.clone(),
            scratch: scratch.clone(),
            brought: Mutex::default(),
            bringing: Mutex::default(),
            _temporary: temporary,
        };
        Ok((bucket, above.join(job_id.as_str())))
    }

    /// Returns the URL of the job.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Returns the URL of the folder of all jobs.
    pub(crate) fn base_url(&self) -> &str {
        self.url.rsplit_once('/').map_or("", |(base, _)| base)
    }

    pub(crate) fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    pub(crate) fn schemes(&self) -> &StoreSchemes {
        &self.schemes
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// Returns the number of objects of the journal that this process brought to the scratch.
    pub(crate) fn brought(&self) -> MutexGuard<'_, u64> {
        self.brought.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the right to bring something, which one thread of this process has at a time.
    pub(crate) fn bringing(&self) -> MutexGuard<'_, ()> {
        self.bringing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets how much of the journal is in the scratch, so that all of it is brought the next time.
    pub(crate) fn forget_brought(&self) {
        *self.brought() = 0;
    }

    /// Returns the URL of a file of the job, in the form in which errors name files.
    pub(crate) fn shown(&self, name: &str) -> PathBuf {
        Path::new(&self.url).join(name)
    }

    /// Returns the bytes of an object; none if it does not exist.
    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        let name = named(name)?;
        // A view that is replaced while it is read is whole the next time.
        let read = read_object(&*self.store, &name).or_else(|_| read_object(&*self.store, &name));
        Ok(read?)
    }

    /// Replaces a view.
    pub(crate) fn replace(&self, name: &str, bytes: &[u8]) -> Result<()> {
        Ok(self.store.replace(&named(name)?, bytes)?)
    }
}

/// Returns the URL of a job below this URL, which may already be the job's own, as [`Layout`](crate::Layout) does for folders. It
/// is spelled the same for every spelling of the place.
///
/// ```
/// let id: coldpress_job::JobId = "demo".parse()?;
/// assert_eq!(coldpress_job::url_of_job("s3://bucket/jobs/", &id), "s3://bucket/jobs/demo");
/// assert_eq!(coldpress_job::url_of_job("s3a://bucket/demo", &id), "s3://bucket/demo");
/// # Ok::<(), coldpress_job::InvalidJobId>(())
/// ```
#[must_use]
pub fn url_of_job(base_url: &str, job_id: &JobId) -> String {
    let base_url = &*one_spelling(base_url);
    let base = base_url.trim_end_matches('/');
    let last = base.rsplit_once('/').map(|(_, last)| last);
    if last == Some(job_id.as_str()) {
        return base.to_owned();
    }
    // `memory://` and the like have nothing before the job's own name.
    let base = if base.ends_with(':') { base_url } else { base };
    let slash = if base.ends_with('/') { "" } else { "/" };
    format!("{base}{slash}{job_id}")
}

/// Returns the bytes of an object; none if it does not exist.
pub(crate) fn read_object(
    store: &dyn ObjectStore,
    name: &ObjectName,
) -> Result<Option<Vec<u8>>, StorageError> {
    let reader = match store.get(name) {
        Ok(reader) => reader,
        Err(error) if error.is_not_found() => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    match ObjectReader::new(reader).read_to_end(&mut bytes) {
        Ok(_) => Ok(Some(bytes)),
        // An object that goes away while it is read was a view that is being replaced.
        Err(source) => Err(StorageError::store(&store, "read", name.as_str(), source)),
    }
}

pub(crate) fn named(name: &str) -> Result<ObjectName> {
    Ok(ObjectName::new(name)?)
}

impl fmt::Debug for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bucket")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl PartialEq for Bucket {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

impl Eq for Bucket {}

#[cfg(test)]
mod tests;
