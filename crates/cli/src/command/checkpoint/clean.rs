//! `coldpress checkpoint clean`: what the recipe of a job does not keep goes.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use coldpress::executor::{CleanOptions, Cleaned, clean_job};
use coldpress::job::{Layout, ListedJob, list_jobs};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::storage::StoreSchemes;

use super::folder::{existing, job_of};
use crate::failure::{Failure, code};
use crate::jobs::{find_at_url, url_of};
use crate::output;

/// Remove what the recipe of a job that is not running does not keep
///
/// That is what the recipe's keys `checkpoint.max_checkpoints_per_partition` and `intermediate_storage.*` say, and what
/// attempts that did not finish left behind. The output, the journal and the event log stay.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A job's folder, or a folder of jobs
    dir: PathBuf,
    /// Remove nothing, and print what would be removed
    #[arg(long)]
    dry_run: bool,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let options = CleanOptions {
        dry_run: args.dry_run,
    };
    let layout = match url_of(&args.dir) {
        Some(url) => Some(find_at_url(url, schemes)??),
        None => job_of(&existing(&args.dir)?),
    };
    let (cleaned, passed_over) = match layout {
        Some(layout) => (vec![clean_job(&layout, &options, schemes)?], Vec::new()),
        None => clean_all(&existing(&args.dir)?, &options, schemes)?,
    };
    if args.json {
        output::print_json(&cleaned)?;
    } else {
        output::print(&cleaned.iter().map(as_text).collect::<String>())?;
    }
    for reason in &passed_over {
        output::tell(&format!("warning: {}", plain(reason)));
    }
    let is_whole = cleaned.iter().all(|cleaned| cleaned.failures.is_empty());
    Ok(if is_whole { code::DONE } else { code::FAILED })
}

/// Cleans all jobs below a folder; those that cannot be cleaned, as running ones, are passed over and told.
fn clean_all(
    dir: &Path,
    options: &CleanOptions,
    schemes: &StoreSchemes,
) -> Result<(Vec<Cleaned>, Vec<String>), Failure> {
    let jobs = list_jobs(dir)?;
    if jobs.is_empty() {
        let dir = plain(&dir.display().to_string());
        let message = format!("`{dir}` is not a job's folder or a folder of jobs");
        return Err(Failure::new(code::NO_SUCH_JOB, message));
    }
    let (mut cleaned, mut passed_over) = (Vec::new(), Vec::new());
    for job in &jobs {
        let done = match job {
            ListedJob::Job(view) => clean_one(&view.layout, options, schemes),
            ListedJob::NeverStarted { .. } => Err("it never started".to_owned()),
            ListedJob::Unreadable { reason, .. } => Err(reason.clone()),
        };
        match done {
            Ok(done) => cleaned.push(done),
            Err(reason) => passed_over.push(format!("{} is left as it is: {reason}", job.name())),
        }
    }
    Ok((cleaned, passed_over))
}

fn clean_one(
    layout: &Layout,
    options: &CleanOptions,
    schemes: &StoreSchemes,
) -> Result<Cleaned, String> {
    clean_job(layout, options, schemes).map_err(|error| error.full_message())
}

fn as_text(cleaned: &Cleaned) -> String {
    let job = &cleaned.job_id;
    if cleaned.files.is_empty() {
        return format!("{job}: nothing to remove\n");
    }
    let verb = if cleaned.dry_run {
        "would remove"
    } else {
        "removed"
    };
    let mut text = format!(
        "{job}: {verb} {}, {}\n",
        counted(cleaned.files.len() as u64, "file"),
        bytes(cleaned.bytes)
    );
    let mut reasons: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for file in &cleaned.files {
        let sum = reasons.entry(&file.reason).or_default();
        *sum = (sum.0 + 1, sum.1 + file.bytes);
    }
    for (reason, (files, size)) in reasons {
        text += &format!("  {}, {}: {reason}\n", counted(files, "file"), bytes(size));
    }
    for failure in &cleaned.failures {
        text += &format!("  stays: {}\n", plain(failure));
    }
    text
}
