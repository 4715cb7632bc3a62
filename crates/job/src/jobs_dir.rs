//! The place of many jobs, for programs that look at them.

use std::fmt;
use std::path::{Path, PathBuf};

use coldpress_config::Location;
use coldpress_storage::StoreSchemes;

use crate::bucket::Scratch;
use crate::layout::Layout;
use crate::listing::{ListedJob, list_jobs};
use crate::stand_in::list_jobs_of_url;
use crate::{JobId, Result};

/// A folder of jobs, or the URL of all jobs: the `work_dir` of recipes. It is displayed as its path or its URL.
///
/// The files of a job at a URL that show its state are copied to a temporary folder, which is removed with the last layout of it.
#[derive(Clone, Debug)]
pub struct JobsDir {
    /// The folder, or the URL.
    path: PathBuf,
    schemes: StoreSchemes,
}

impl JobsDir {
    /// The jobs in a folder, or below a URL of one of these schemes.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>, schemes: &StoreSchemes) -> Self {
        Self {
            path: path.into(),
            schemes: schemes.clone(),
        }
    }

    /// Returns the same place with the whole path of a folder.
    #[must_use]
    pub fn whole(self) -> Self {
        if self.url().is_some() {
            return self;
        }
        // A path that is empty stays as it is, and has no jobs.
        let path = std::path::absolute(&self.path).unwrap_or(self.path);
        Self { path, ..self }
    }

    /// Returns the URL; none of a folder.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        url_of(&self.path)
    }

    /// Returns the folder, or the URL as a path.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn schemes(&self) -> &StoreSchemes {
        &self.schemes
    }

    /// Finds a job that exists.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownJob`](crate::Error::UnknownJob) if there is none, [`Error::Storage`](crate::Error::Storage) if that
    /// cannot be told.
    pub fn find(&self, job_id: JobId) -> Result<Layout> {
        match self.url() {
            None => Layout::existing(&self.path, job_id),
            Some(url) => Layout::existing_at_url(url, job_id, &self.schemes, &Scratch::Temporary),
        }
    }

    /// Finds a job that exists for a caller that removes it, even if objects of its journal are missing.
    ///
    /// # Errors
    ///
    /// Those of [`find`](Self::find), except [`Error::MissingObject`](crate::Error::MissingObject).
    pub fn find_to_remove(&self, job_id: JobId) -> Result<Layout> {
        match self.url() {
            None => self.find(job_id),
            Some(url) => {
                let scratch = &Scratch::Temporary;
                Layout::existing_at_url_to_remove(url, job_id, &self.schemes, scratch)
            }
        }
    }

    /// Lists the jobs, the newest first; those that cannot be shown come last.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`](crate::Error::Storage) if the folder or the URL cannot be listed.
    pub fn list(&self) -> Result<Vec<ListedJob>> {
        match self.url() {
            None => list_jobs(&self.path),
            Some(url) => list_jobs_of_url(url, &self.schemes),
        }
    }
}

fn url_of(path: &Path) -> Option<&str> {
    Location::of(path.to_str()?).url()
}

impl fmt::Display for JobsDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.display().fmt(f)
    }
}
