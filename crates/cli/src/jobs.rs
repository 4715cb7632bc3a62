//! Finding the job that a command is given.

use std::path::{Path, PathBuf};

use coldpress::config::{Location, meant_url};
use coldpress::job::{InvalidJobId, JobId, JobsDir, Layout, ListedJob};
use coldpress::storage::StoreSchemes;

use crate::failure::Failure;

/// Where jobs are looked for.
#[derive(Debug, clap::Args)]
pub(crate) struct BaseDir {
    /// The folder of all jobs, or its URL: `work_dir` in the recipe
    #[arg(
        long,
        visible_alias = "work-dir",
        value_name = "DIR",
        default_value = "outputs/partition-checkpoint-eventlog"
    )]
    pub(crate) base_dir: PathBuf,
}

impl BaseDir {
    /// The job with this id, or the one at this URL.
    pub(crate) fn find(&self, job: &str, schemes: &StoreSchemes) -> Result<Layout, Failure> {
        self.find_by(job, schemes, JobsDir::find)
    }

    /// The same for a command that removes it: a damaged job is found too.
    pub(crate) fn find_to_remove(
        &self,
        job: &str,
        schemes: &StoreSchemes,
    ) -> Result<Layout, Failure> {
        self.find_by(job, schemes, JobsDir::find_to_remove)
    }

    fn find_by(
        &self,
        job: &str,
        schemes: &StoreSchemes,
        find: impl FnOnce(&JobsDir, JobId) -> coldpress::job::Result<Layout>,
    ) -> Result<Layout, Failure> {
        self.refuse_slips()?;
        refuse_slip(job)?;
        let (base, id) = match Location::of(job).url() {
            Some(url) => base_and_id(url)?,
            None => (self.base_dir.clone(), id_of(job)?),
        };
        let found = find(&JobsDir::new(base, schemes), id);
        let is_at_url = Location::of(job).url().is_some() || url_of(&self.base_dir).is_some();
        found.map_err(|error| match error {
            coldpress::job::Error::Storage(_) if is_at_url => Failure::from(error).with_details(
                "help: --storage-options and the environment say how a bucket is reached",
            ),
            error @ coldpress::job::Error::UnknownJob { .. } => Failure::from(error).with_details(
                "help: `coldpress jobs` lists the jobs; --base-dir says where they are",
            ),
            error => error.into(),
        })
    }

    /// The jobs that are there.
    pub(crate) fn list(&self, schemes: &StoreSchemes) -> Result<Vec<ListedJob>, Failure> {
        self.refuse_slips()?;
        Ok(JobsDir::new(&self.base_dir, schemes).list()?)
    }
}

impl BaseDir {
    pub(crate) fn refuse_slips(&self) -> Result<(), Failure> {
        let Some(text) = self.base_dir.to_str() else {
            return Ok(());
        };
        refuse_slip(text)?;
        let scheme = url_of(&self.base_dir).and_then(|url| url.split_once("://"));
        match scheme {
            Some(("http" | "https" | "hf", _)) => Err(Failure::usage(format!(
                "`{text}` holds no jobs: they are in folders and in buckets, such as s3://bucket/jobs"
            ))),
            _ => Ok(()),
        }
    }
}

/// Refuses what is nearly a URL: no folder of that name is meant.
pub(crate) fn refuse_slip(text: &str) -> Result<(), Failure> {
    match meant_url(text) {
        None => Ok(()),
        Some(url) => {
            let message = format!("`{text}` is neither a job nor a folder: did you mean `{url}`?");
            Err(Failure::usage(message))
        }
    }
}

/// The URL that a path is, if it is none.
pub(crate) fn url_of(dir: &Path) -> Option<&str> {
    Location::of(dir.to_str()?).url()
}

/// The job at a URL, whose last part is its id. What is known of it is brought to a folder that goes with the command.
pub(crate) fn find_at_url(
    url: &str,
    schemes: &StoreSchemes,
) -> Result<coldpress::job::Result<Layout>, Failure> {
    let (base, id) = base_and_id(url)?;
    Ok(JobsDir::new(base, schemes).find(id))
}

fn base_and_id(url: &str) -> Result<(PathBuf, JobId), Failure> {
    let url = url.trim_end_matches('/');
    let (base_url, job) = url.rsplit_once('/').unwrap_or((url, ""));
    Ok((base_url.into(), id_of(job)?))
}

fn id_of(job: &str) -> Result<JobId, Failure> {
    job.parse()
        .map_err(|error: InvalidJobId| Failure::usage(error.to_string()))
}
