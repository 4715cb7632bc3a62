//! Finding the job that a command is given.

use std::path::PathBuf;

use coldpress::job::{InvalidJobId, JobId, Layout};

use crate::failure::Failure;

/// Where jobs are looked for.
#[derive(Debug, clap::Args)]
pub(crate) struct BaseDir {
    /// The folder of all jobs: `work_dir` in the recipe
    #[arg(
        long,
        visible_alias = "work-dir",
        value_name = "DIR",
        default_value = "outputs/partition-checkpoint-eventlog"
    )]
    pub(crate) base_dir: PathBuf,
}

impl BaseDir {
    /// The job with this id.
    pub(crate) fn find(&self, job: &str) -> Result<Layout, Failure> {
        let id: JobId = job
            .parse()
            .map_err(|error: InvalidJobId| Failure::usage(error.to_string()))?;
        Layout::existing(&self.base_dir, id).map_err(|error| {
            Failure::from(error).with_details(
                "help: `coldpress jobs` lists the jobs; --base-dir says where they are",
            )
        })
    }
}
