//! The names of all folders and files of a job.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use coldpress_config::{Location, PathSettings};
use coldpress_storage::StoreSchemes;

use crate::bucket::{Bucket, Scratch};
use crate::id::JobId;
use crate::{Error, Result};

/// The folders and files of one job.
///
/// Maintains the following invariants:
/// - all paths are absolute, so that they stay right whatever the current folder becomes;
/// - each folder is inside the job's folder, or has the job's id as its last name or the one above.
///
/// ```
/// use coldpress_job::{JobId, Layout};
/// use std::path::Path;
///
/// let id: JobId = "demo".parse()?;
/// let layout = Layout::in_dir(Path::new("/data/jobs"), id)?;
/// assert_eq!(layout.job_dir(), Path::new("/data/jobs/demo"));
/// assert_eq!(layout.summary(), Path::new("/data/jobs/demo/job_summary.json"));
/// # Ok::<(), coldpress_job::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    job_id: JobId,
    job_dir: PathBuf,
    checkpoint_dir: PathBuf,
    event_log_dir: PathBuf,
    partition_dir: PathBuf,
    /// The place of a job in an object store, whose folder here is only a stand-in.
    bucket: Option<Arc<Bucket>>,
}

impl Layout {
    /// Returns the layout that a recipe asks for. It creates nothing; placeholders must already be filled in.
    ///
    /// # Errors
    ///
    /// [`Error::NoFolder`] if `work_dir` is a URL, [`Error::Storage`] if a path is relative and there is no current folder.
    pub fn new(paths: &PathSettings, job_id: JobId) -> Result<Self> {
        let work_dir = match Location::of(&paths.work_dir) {
            Location::Path(path) => Path::new(path),
            Location::Url(url) => {
                return Err(Error::NoFolder {
                    url: url.to_owned(),
                });
            }
        };
        let job_dir = folder_of(work_dir, &job_id)?;
        Self::of_job_dir(job_dir, job_id).with_folders_of(paths)
    }

    /// Returns the layout that a recipe asks for, whose `work_dir` may be a URL.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new) and of the store of a URL.
    pub fn with_stores(
        paths: &PathSettings,
        job_id: JobId,
        schemes: &StoreSchemes,
        scratch: &Scratch,
    ) -> Result<Self> {
        match Location::of(&paths.work_dir) {
            Location::Path(_) => Self::new(paths, job_id),
            Location::Url(url) => {
                Self::at_url(url, job_id, schemes, scratch)?.with_folders_of(paths)
            }
        }
    }

    /// Returns the layout of a job below a URL, or at it if the URL has the job's name. The store is not accessed yet.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if the store cannot be opened, or if there cannot be a folder that stands in for the job's.
    pub fn at_url(
        base_url: &str,
        job_id: JobId,
        schemes: &StoreSchemes,
        scratch: &Scratch,
    ) -> Result<Self> {
        let (bucket, job_dir) = Bucket::open(base_url, &job_id, schemes, scratch)?;
        Ok(Self::of_job_dir(job_dir, job_id).with_bucket(Arc::new(bucket)))
    }

    fn with_folders_of(self, paths: &PathSettings) -> Result<Self> {
        let mut layout = self;
        // The job at a URL is in no folder, so its stand-in takes everything that must be in one.
        let of_job = |dir: &Option<String>| {
            let dir = dir.as_deref().map(Location::of);
            let dir = dir.and_then(Location::path).map(Path::new);
            dir.map(|dir| folder_of(dir, &layout.job_id)).transpose()
        };
        let checkpoint_dir = of_job(&paths.checkpoint_dir)?;
        let partition_dir = of_job(&paths.partition_dir)?;
        let event_log_dir = of_job(&paths.event_log_dir)?;
        if let Some(dir) = checkpoint_dir {
            layout.checkpoint_dir = dir;
        }
        if let Some(dir) = partition_dir {
            layout.partition_dir = dir;
        }
        if let Some(dir) = event_log_dir {
            layout.event_log_dir = dir.join("event_logs");
        }
        Ok(layout)
    }

    /// Returns the layout of a job that keeps everything in its own folder `{base_dir}/{job_id}`.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if the path is relative and there is no current folder.
    pub fn in_dir(base_dir: &Path, job_id: JobId) -> Result<Self> {
        let job_dir = absolute(base_dir)?.join(job_id.as_str());
        Ok(Self::of_job_dir(job_dir, job_id))
    }

    /// Returns the layout of a job that keeps everything in this folder, if it has the job's name, or else below it.
    pub(crate) fn in_or_below(dir: &Path, job_id: JobId) -> Result<Self> {
        Ok(Self::of_job_dir(folder_of(dir, &job_id)?, job_id))
    }

    fn of_job_dir(job_dir: PathBuf, job_id: JobId) -> Self {
        Self {
            checkpoint_dir: job_dir.join("checkpoints"),
            event_log_dir: job_dir.join("event_logs"),
            partition_dir: job_dir.join("partitions"),
            job_id,
            job_dir,
            bucket: None,
        }
    }

    pub(crate) fn with_bucket(mut self, bucket: Arc<Bucket>) -> Self {
        self.bucket = Some(bucket);
        self
    }

    pub(crate) fn without_bucket(&self) -> Self {
        Self {
            bucket: None,
            ..self.clone()
        }
    }

    /// Returns the place of the job, if it is in an object store.
    pub(crate) fn bucket(&self) -> Option<&Arc<Bucket>> {
        self.bucket.as_ref()
    }

    /// Returns the URL of the job, if it is in an object store.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.bucket.as_ref().map(|bucket| bucket.url())
    }

    /// Returns the place of the job for people to read: its folder or its URL.
    #[must_use]
    pub fn shown(&self) -> String {
        let folder = || self.job_dir.display().to_string();
        self.url().map_or_else(folder, str::to_owned)
    }

    /// Returns the place of a file of the job for people to read. For a job in an object store, this is its URL rather than the
    /// path in the stand-in.
    #[must_use]
    pub fn shown_path(&self, path: &Path) -> PathBuf {
        match self.url().zip(path.strip_prefix(&self.job_dir).ok()) {
            Some((url, inside)) if inside.as_os_str().is_empty() => url.into(),
            Some((url, inside)) => format!("{url}/{}", inside.display()).into(),
            None => path.to_owned(),
        }
    }

    /// Returns the place of the jobs that this is one of, for people to read.
    #[must_use]
    pub fn shown_base(&self) -> String {
        match &self.bucket {
            Some(bucket) => bucket.base_url().to_owned(),
            None => self.work_dir().display().to_string(),
        }
    }

    /// Takes the folders that a view of the job names. Anyone may have edited the view, so it may only name folders of this job.
    pub(crate) fn take_folders(&mut self, checkpoint_dir: &str, event_log_dir: &str) {
        let plausible = |text: &str, above: usize| {
            let dir = PathBuf::from(text);
            let name = dir.ancestors().nth(above).and_then(Path::file_name);
            let ours = name == Some(self.job_id.as_str().as_ref());
            (ours && is_plain(&dir)).then_some(dir)
        };
        let checkpoint_dir = plausible(checkpoint_dir, 0);
        let event_log_dir = plausible(event_log_dir, 1);
        if let Some(dir) = checkpoint_dir {
            self.checkpoint_dir = dir;
        }
        if let Some(dir) = event_log_dir.filter(|dir| dir.ends_with("event_logs")) {
            self.event_log_dir = dir;
        }
    }

    /// Returns the job's id.
    #[must_use]
    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }

    /// Returns the folder of the job.
    #[must_use]
    pub fn job_dir(&self) -> &Path {
        &self.job_dir
    }

    /// Returns the folder that holds the job's folder.
    #[must_use]
    pub fn work_dir(&self) -> &Path {
        self.job_dir.parent().unwrap_or(&self.job_dir)
    }

    /// Returns `journal/`, the truth.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        self.job_dir.join("journal")
    }

    /// Returns `job.lock`.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.job_dir.join("job.lock")
    }

    /// Returns `job.heartbeat`.
    #[must_use]
    pub fn heartbeat(&self) -> PathBuf {
        self.job_dir.join("job.heartbeat")
    }

    /// Returns `job_summary.json`.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.job_dir.join("job_summary.json")
    }

    /// Returns `recipe.yaml`, the recipe as given.
    #[must_use]
    pub fn recipe(&self) -> PathBuf {
        self.job_dir.join("recipe.yaml")
    }

    /// Returns `recipe.resolved.yaml`, the recipe as run.
    #[must_use]
    pub fn resolved_recipe(&self) -> PathBuf {
        self.job_dir.join("recipe.resolved.yaml")
    }

    /// Returns `metadata/`.
    #[must_use]
    pub fn metadata_dir(&self) -> PathBuf {
        self.job_dir.join("metadata")
    }

    /// Returns `metadata/dataset_mapping.json`.
    #[must_use]
    pub fn dataset_mapping(&self) -> PathBuf {
        self.metadata_dir().join("dataset_mapping.json")
    }

    /// Returns `metadata/figures.bin`, the figures of a large job for a first look.
    #[must_use]
    pub fn figures(&self) -> PathBuf {
        self.metadata_dir().join("figures.bin")
    }

    /// Returns `metadata/final_mapping_report.json`.
    #[must_use]
    pub fn final_mapping_report(&self) -> PathBuf {
        self.metadata_dir().join("final_mapping_report.json")
    }

    /// Returns `metadata/schema.json`.
    #[must_use]
    pub fn schema(&self) -> PathBuf {
        self.metadata_dir().join("schema.json")
    }

    /// Returns `report.html`, the page that is written when the job ends.
    #[must_use]
    pub fn page(&self) -> PathBuf {
        self.job_dir.join("report.html")
    }

    /// Returns the folder of copied partitions: `partitions/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn partition_dir(&self) -> &Path {
        &self.partition_dir
    }

    /// Returns `intermediate/`, which is created only when something is kept there.
    #[must_use]
    pub fn intermediate_dir(&self) -> PathBuf {
        self.job_dir.join("intermediate")
    }

    /// Returns `results/`.
    #[must_use]
    pub fn results_dir(&self) -> PathBuf {
        self.job_dir.join("results")
    }

    /// Returns `fetched/`, which holds slices of sources at URLs that no worker has read yet. Nothing is lost with them.
    #[must_use]
    pub fn fetched_dir(&self) -> PathBuf {
        self.job_dir.join("fetched")
    }

    /// Returns `unsealed/`: outputs for stores, before they are encrypted. Nothing is lost with them.
    #[must_use]
    pub fn unsealed_dir(&self) -> PathBuf {
        self.job_dir.join("unsealed")
    }

    /// Returns `quarantine/`.
    #[must_use]
    pub fn quarantine_dir(&self) -> PathBuf {
        self.job_dir.join("quarantine")
    }

    /// Returns `trace/`, which is created only when records are traced.
    #[must_use]
    pub fn trace_dir(&self) -> PathBuf {
        self.job_dir.join("trace")
    }

    /// Returns `analysis/`, which is created only by analyses.
    #[must_use]
    pub fn analysis_dir(&self) -> PathBuf {
        self.job_dir.join("analysis")
    }

    /// Returns `analysis/statistics.parquet`, the statistics of each record.
    #[must_use]
    pub fn statistics(&self) -> PathBuf {
        self.analysis_dir().join("statistics.parquet")
    }

    /// Returns the folder of checkpoints: `checkpoints/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn checkpoint_dir(&self) -> &Path {
        &self.checkpoint_dir
    }

    /// Returns the folder of the event log: `event_logs/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn event_log_dir(&self) -> &Path {
        &self.event_log_dir
    }

    /// Returns the event log itself.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.event_log_dir.join("events.jsonl")
    }

    /// Returns `events.jsonl` in the job's folder, the link to the event log.
    #[must_use]
    pub fn events_link(&self) -> PathBuf {
        self.job_dir.join("events.jsonl")
    }
}

/// Returns whether the path is absolute and goes only downwards.
pub(crate) fn is_plain(path: &Path) -> bool {
    let climbs = |component| matches!(component, Component::ParentDir | Component::CurDir);
    path.is_absolute() && !path.components().any(climbs)
}

/// Returns the job's folder in this one, which may already be the job's.
fn folder_of(base_dir: &Path, job_id: &JobId) -> Result<PathBuf> {
    let base_dir = absolute(base_dir)?;
    if base_dir.file_name() == Some(job_id.as_str().as_ref()) {
        return Ok(base_dir);
    }
    Ok(base_dir.join(job_id.as_str()))
}

/// Returns the absolute path without `..`, so that it shows which folder is inside which. If it has no `..`, links stay as they are
/// given.
fn absolute(dir: &Path) -> Result<PathBuf> {
    let climbs = |component| component == Component::ParentDir;
    if dir.components().any(climbs) {
        return Ok(coldpress_storage::real_folder(dir)?);
    }
    std::path::absolute(dir).map_err(|source| Error::io("find the folder", dir, source))
}

#[cfg(test)]
mod tests;
