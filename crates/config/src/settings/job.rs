//! The directories and the name of a job.

use crate::codec::{JobId, LocalPath, Optional, PathOrUrl, Text};
use crate::error::{Error, Result};
use crate::given::Given;
use crate::section::{Written, recipe_default, section};

section! {
    /// Directories on this machine, or URLs of object stores such as `s3://bucket/jobs`; models and scratch are on this machine. In
    /// each, `{work_dir}`, `{job_id}` and `{project_name}` are substituted.
    pub struct PathSettings {
        /// The directory of all jobs; each job has a subdirectory of its own. Any machine can take over a job below a URL.
        work_dir: String as PathOrUrl { "work_dir", Value("outputs/partition-checkpoint-eventlog"), Run, Now }
        /// Another directory for event logs; a directory with the job's name is made in it. If it is a URL, the log is written in
        /// the job's directory and copied there.
        event_log_dir: Option<String> as Optional<PathOrUrl> { "event_log_dir", Derived("inside the job directory"), Run, Now }
        /// Another directory for checkpoints; a directory with the job's name is made in it.
        checkpoint_dir: Option<String> as Optional<PathOrUrl> { "checkpoint_dir", Derived("inside the job directory"), Run, Now }
        /// Another directory for copied partitions; a directory with the job's name is made in it.
        partition_dir: Option<String> as Optional<PathOrUrl> { "partition_dir", Derived("inside the job directory"), Run, Now }
        /// The directory on this machine for the copy of a job whose `work_dir` is a URL; it may be lost at any time.
        scratch_dir: Option<String> as Optional<LocalPath> { "scratch_dir", Derived("`coldpress/scratch` in the user's cache directory"), Run, Now }
        /// The directory in which operators find models and word lists.
        assets_dir: Option<String> as Optional<LocalPath> {
            "assets_dir", Derived("`COLDPRESS_ASSETS`, else `DATA_JUICER_MODELS_CACHE`, else the user's cache directory"), Run, Now
        }
    }
}

section! {
    /// The keys from which [`JobSettings`] are made.
    pub(crate) struct JobKeys {
        /// The job's id. If a job with that id exists, it is resumed.
        job_id: Option<String> as Optional<JobId> {
            "job_id", Derived("date, time, the recipe file's stem and 6 hexadecimal digits"), Run, Now
        }
        /// Like `job_id`, but an error if there is nothing to resume.
        resume: Option<String> as Optional<JobId> { "resume", Value("null"), Run, Now }
        /// Another job of the same `work_dir` over the same input, whose work a new job starts from; `JOB@N` uses the work of at
        /// most its first `N` operators.
        resume_from: Option<String> as Optional<Text> {
            "resume_from", Value("null"), Run, Now
        }
    }
}

recipe_default!(PathSettings, JobSettings);

/// The identity of the job.
#[derive(Debug, Clone, PartialEq)]
pub struct JobSettings {
    /// The id that was given. Recipe keys: `job_id`, `resume`.
    pub job_id: Option<String>,
    /// True if the job must exist, because the id was given as `resume`.
    pub must_resume: bool,
    /// A job to adopt checkpoints from. Recipe key: `resume_from`.
    pub resume_from: Option<String>,
}

impl JobSettings {
    pub(crate) fn read(given: &mut Given) -> Result<Self> {
        let keys = JobKeys::read(given)?;
        if let (Some(id), Some(resumed)) = (&keys.job_id, &keys.resume)
            && id != resumed
        {
            let (key, place) = given.place("resume");
            return Err(Error::Conflict {
                key,
                other: "job_id".to_string(),
                place,
                note: format!("they name the jobs `{resumed}` and `{id}`; give one of them"),
            });
        }
        Ok(Self {
            must_resume: keys.resume.is_some(),
            job_id: keys.resume.or(keys.job_id),
            resume_from: keys.resume_from,
        })
    }

    pub(crate) fn write(&self, out: &mut Written) {
        JobKeys {
            job_id: self.job_id.clone(),
            resume: self.job_id.clone().filter(|_| self.must_resume),
            resume_from: self.resume_from.clone(),
        }
        .write(out);
    }
}
