//! Where everything of a job is: names of folders and files alone.

use std::path::{Component, Path, PathBuf};

use coldpress_config::{Location, PathSettings};

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
}

impl Layout {
    /// The layout that a recipe asks for. Creates nothing; placeholders must be filled in.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if a path is relative and there is no current folder.
    pub fn new(paths: &PathSettings, job_id: JobId) -> Result<Self> {
        let job_dir = folder_of(Path::new(&paths.work_dir), &job_id)?;
        let mut layout = Self::of_job_dir(job_dir, job_id);
        // What lies behind a URL is in no folder: the job's own takes what must be in one.
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

    /// The layout of a job that keeps everything in its own folder `{base_dir}/{job_id}`.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if the path is relative and there is no current folder.
    pub fn in_dir(base_dir: &Path, job_id: JobId) -> Result<Self> {
        let job_dir = absolute(base_dir)?.join(job_id.as_str());
        Ok(Self::of_job_dir(job_dir, job_id))
    }

    /// The layout of a job that keeps everything in this folder, where it has the job's name, else below it.
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
        }
    }

    /// Takes the folders that a view of the job names. Anyone may have edited it, so it may only name folders of this job.
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

    /// The job's id.
    #[must_use]
    pub fn job_id(&self) -> &JobId {
        &self.job_id
    }

    /// The folder of the job.
    #[must_use]
    pub fn job_dir(&self) -> &Path {
        &self.job_dir
    }

    /// The folder that holds the job's folder.
    #[must_use]
    pub fn work_dir(&self) -> &Path {
        self.job_dir.parent().unwrap_or(&self.job_dir)
    }

    /// `journal/`: the truth.
    #[must_use]
    pub fn journal_dir(&self) -> PathBuf {
        self.job_dir.join("journal")
    }

    /// `job.lock`.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.job_dir.join("job.lock")
    }

    /// `job.heartbeat`.
    #[must_use]
    pub fn heartbeat(&self) -> PathBuf {
        self.job_dir.join("job.heartbeat")
    }

    /// `job_summary.json`.
    #[must_use]
    pub fn summary(&self) -> PathBuf {
        self.job_dir.join("job_summary.json")
    }

    /// `recipe.yaml`: the recipe as given.
    #[must_use]
    pub fn recipe(&self) -> PathBuf {
        self.job_dir.join("recipe.yaml")
    }

    /// `recipe.resolved.yaml`: the recipe as run.
    #[must_use]
    pub fn resolved_recipe(&self) -> PathBuf {
        self.job_dir.join("recipe.resolved.yaml")
    }

    /// `metadata/`.
    #[must_use]
    pub fn metadata_dir(&self) -> PathBuf {
        self.job_dir.join("metadata")
    }

    /// `metadata/dataset_mapping.json`.
    #[must_use]
    pub fn dataset_mapping(&self) -> PathBuf {
        self.metadata_dir().join("dataset_mapping.json")
    }

    /// `metadata/figures.bin`: the figures of a large job, for a first look.
    #[must_use]
    pub fn figures(&self) -> PathBuf {
        self.metadata_dir().join("figures.bin")
    }

    /// `metadata/final_mapping_report.json`.
    #[must_use]
    pub fn final_mapping_report(&self) -> PathBuf {
        self.metadata_dir().join("final_mapping_report.json")
    }

    /// `metadata/schema.json`.
    #[must_use]
    pub fn schema(&self) -> PathBuf {
        self.metadata_dir().join("schema.json")
    }

    /// `report.html`: the page that is written when the job ends.
    #[must_use]
    pub fn page(&self) -> PathBuf {
        self.job_dir.join("report.html")
    }

    /// Where copied partitions are: `partitions/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn partition_dir(&self) -> &Path {
        &self.partition_dir
    }

    /// `intermediate/`, made only when something is kept there.
    #[must_use]
    pub fn intermediate_dir(&self) -> PathBuf {
        self.job_dir.join("intermediate")
    }

    /// `results/`.
    #[must_use]
    pub fn results_dir(&self) -> PathBuf {
        self.job_dir.join("results")
    }

    /// `fetched/`: slices of sources behind URLs that no worker has read yet. Nothing is lost with them.
    #[must_use]
    pub fn fetched_dir(&self) -> PathBuf {
        self.job_dir.join("fetched")
    }

    /// `quarantine/`.
    #[must_use]
    pub fn quarantine_dir(&self) -> PathBuf {
        self.job_dir.join("quarantine")
    }

    /// `trace/`, made only when records are traced.
    #[must_use]
    pub fn trace_dir(&self) -> PathBuf {
        self.job_dir.join("trace")
    }

    /// `analysis/`, made only by analyses.
    #[must_use]
    pub fn analysis_dir(&self) -> PathBuf {
        self.job_dir.join("analysis")
    }

    /// `analysis/statistics.parquet`: the statistics of each record.
    #[must_use]
    pub fn statistics(&self) -> PathBuf {
        self.analysis_dir().join("statistics.parquet")
    }

    /// Where checkpoints are: `checkpoints/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn checkpoint_dir(&self) -> &Path {
        &self.checkpoint_dir
    }

    /// Where the event log is: `event_logs/`, or a folder of the job elsewhere.
    #[must_use]
    pub fn event_log_dir(&self) -> &Path {
        &self.event_log_dir
    }

    /// The event log itself.
    #[must_use]
    pub fn events(&self) -> PathBuf {
        self.event_log_dir.join("events.jsonl")
    }

    /// `events.jsonl` in the job's folder, the link to the event log.
    #[must_use]
    pub fn events_link(&self) -> PathBuf {
        self.job_dir.join("events.jsonl")
    }
}

/// The URL of a job's part below this one, which may be it already: as [`Layout`] has it for folders.
///
/// ```
/// let id: coldpress_job::JobId = "demo".parse()?;
/// assert_eq!(coldpress_job::url_of_job("s3://bucket/jobs/", &id), "s3://bucket/jobs/demo");
/// assert_eq!(coldpress_job::url_of_job("s3://bucket/demo", &id), "s3://bucket/demo");
/// # Ok::<(), coldpress_job::InvalidJobId>(())
/// ```
#[must_use]
pub fn url_of_job(base_url: &str, job_id: &JobId) -> String {
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

/// Whether the path is absolute and goes only downwards.
pub(crate) fn is_plain(path: &Path) -> bool {
    let climbs = |component| matches!(component, Component::ParentDir | Component::CurDir);
    path.is_absolute() && !path.components().any(climbs)
}

/// The job's folder in this one, which may be it already.
fn folder_of(base_dir: &Path, job_id: &JobId) -> Result<PathBuf> {
    let base_dir = absolute(base_dir)?;
    if base_dir.file_name() == Some(job_id.as_str().as_ref()) {
        return Ok(base_dir);
    }
    Ok(base_dir.join(job_id.as_str()))
}

/// The whole path, without `..`, so that it can be seen what lies in what. Without any, links stay as they are given.
fn absolute(dir: &Path) -> Result<PathBuf> {
    let climbs = |component| component == Component::ParentDir;
    if dir.components().any(climbs) {
        return Ok(coldpress_storage::real_folder(dir)?);
    }
    std::path::absolute(dir).map_err(|source| Error::io("find the folder", dir, source))
}

#[cfg(test)]
mod tests;
