//! Finding the folders of an existing job.

use std::path::Path;

use coldpress_storage::StoreSchemes;

use crate::bucket::Scratch;
use crate::id::JobId;
use crate::journal::Journal;
use crate::layout::Layout;
use crate::summary::JobSummary;
use crate::{Error, Result};

impl Layout {
    /// Returns the layout of an existing job below this folder, or in it if the folder has the job's name.
    ///
    /// Folders that the job keeps elsewhere are taken from its summary, if it is readable and they are plausible.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownJob`] if there is none, [`Error::Storage`] if this cannot be determined.
    pub fn existing(base_dir: &Path, job_id: JobId) -> Result<Self> {
        let below = Self::in_dir(base_dir, job_id.clone())?;
        let itself = Self::in_or_below(base_dir, job_id.clone())?;
        let Some(layout) = [below, itself].into_iter().find(Self::is_job) else {
            return Err(Error::UnknownJob {
                job_id,
                base_dir: base_dir.to_path_buf(),
            });
        };
        Ok(layout.with_folders_of_summary())
    }

    /// Returns the layout of another job beside this one. A job in an object store is brought here first.
    ///
    /// # Errors
    ///
    /// Those of [`existing`](Self::existing) and of [`bring`](Self::bring).
    pub fn beside(&self, job_id: JobId) -> Result<Self> {
        match self.bucket() {
            None => Self::existing(self.work_dir(), job_id),
            Some(bucket) => {
                let (schemes, scratch) = (bucket.schemes(), bucket.scratch());
                Self::existing_at_url(bucket.base_url(), job_id, schemes, scratch)
            }
        }
    }

    /// Returns the layout of an existing job below this URL, or at it if the URL has the job's name. Its journal and views are
    /// brought here.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownJob`] if there is none, [`Error::Storage`] if this cannot be determined.
    pub fn existing_at_url(
        base_url: &str,
        job_id: JobId,
        schemes: &StoreSchemes,
        scratch: &Scratch,
    ) -> Result<Self> {
        let layout = Self::at_url(base_url, job_id, schemes, scratch)?;
        layout.bring()?;
        let is_job = Journal::exists(&layout)? || layout.summary().exists();
        match is_job {
            true => Ok(layout),
            false => Err(Error::UnknownJob {
                job_id: layout.job_id().clone(),
                base_dir: base_url.into(),
            }),
        }
    }

    /// Finds a job below this URL for a caller that removes it, even if objects of its journal are missing.
    ///
    /// # Errors
    ///
    /// Those of [`existing_at_url`](Self::existing_at_url), except [`Error::MissingObject`].
    pub(crate) fn existing_at_url_to_remove(
        base_url: &str,
        job_id: JobId,
        schemes: &StoreSchemes,
        scratch: &Scratch,
    ) -> Result<Self> {
        match Self::existing_at_url(base_url, job_id.clone(), schemes, scratch) {
            Err(Error::MissingObject { .. }) => {
                let layout = Self::at_url(base_url, job_id, schemes, scratch)?;
                layout.bring_summary()?;
                Ok(layout)
            }
            found => found,
        }
    }

    /// Returns the layout of a job in exactly this folder.
    pub(crate) fn at(base_dir: &Path, job_id: JobId) -> Result<Self> {
        Ok(Self::in_dir(base_dir, job_id)?.with_folders_of_summary())
    }

    fn with_folders_of_summary(mut self) -> Self {
        if let Ok(Some(summary)) = JobSummary::read(&self) {
            self.take_folders(&summary.checkpoint_dir, &summary.event_log_dir);
        }
        self
    }

    /// Returns whether the folder has any sign of being a job's.
    fn is_job(&self) -> bool {
        let files = [self.journal_dir(), self.summary(), self.heartbeat()];
        files.iter().any(|path| path.exists())
    }
}
