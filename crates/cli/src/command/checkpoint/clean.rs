//! `coldpress checkpoint clean`: what the recipe of a job does not keep goes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use coldpress::executor::{CleanOptions, Cleaned, ErrorKind, clean_job};
use coldpress::job::{JobsDir, Journal, Layout, ListedJob};
use coldpress::report::quantity::{bytes, counted, plain};
use coldpress::storage::StoreSchemes;

use super::folder::{existing, job_of};
use crate::failure::{Failure, chain, code};
use crate::jobs::{find_at_url, refuse_slip, url_of};
use crate::output;

/// Remove what the recipe of a job that is not running does not keep
///
/// That is what the recipe's keys `checkpoint.max_checkpoints_per_partition` and `intermediate_storage.*` say, and what
/// attempts that did not finish left behind. The output, the journal and the event log stay.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// A job's folder, or a folder of jobs; or the URL of either
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
    args.dir.to_str().map_or(Ok(()), refuse_slip)?;
    let (dir, layout) = match url_of(&args.dir) {
        Some(url) => (args.dir.clone(), job_at_url(url, schemes)?),
        None => {
            let dir = existing(&args.dir)?;
            let layout = job_of(&dir);
            (dir, layout)
        }
    };
    let (cleaned, passed_over) = match layout {
        Some(layout) => (
            vec![clean_job(&layout, &options, schemes)?],
            PassedOver::default(),
        ),
        None => clean_all(&JobsDir::new(dir, schemes), &options, schemes)?,
    };
    if args.json {
        output::print_json(&cleaned)?;
    } else {
        output::print(&cleaned.iter().map(as_text).collect::<String>())?;
    }
    for reason in &passed_over.told {
        output::tell(&format!("warning: {}", plain(reason)));
    }
    let is_whole =
        passed_over.damaged == 0 && cleaned.iter().all(|cleaned| cleaned.failures.is_empty());
    Ok(if is_whole { code::DONE } else { code::FAILED })
}

/// Returns the job at this URL, or none if it is the URL of all jobs.
fn job_at_url(url: &str, schemes: &StoreSchemes) -> Result<Option<Layout>, Failure> {
    match find_at_url(url, schemes) {
        Ok(Ok(layout)) => Ok(Some(layout)),
        // The name of a bucket may not be a valid job id.
        Ok(Err(coldpress::job::Error::UnknownJob { .. })) | Err(_) => Ok(None),
        Ok(Err(error)) => Err(error.into()),
    }
}

/// The jobs that are left as they are.
#[derive(Debug, Default)]
struct PassedOver {
    /// A sentence about each.
    told: Vec<String>,
    /// How many of them are damaged, and not only at work.
    damaged: usize,
}

/// Cleans all jobs of a folder or a URL; those that cannot be cleaned, as running ones, are passed over and told.
fn clean_all(
    dir: &JobsDir,
    options: &CleanOptions,
    schemes: &StoreSchemes,
) -> Result<(Vec<Cleaned>, PassedOver), Failure> {
    let jobs = dir.list()?;
    if jobs.is_empty() {
        let dir = plain(&dir.to_string());
        let message = format!("`{dir}` is not a job's folder or a folder of jobs");
        return Err(Failure::new(code::NO_SUCH_JOB, message));
    }
    let (mut cleaned, mut passed_over) = (Vec::new(), PassedOver::default());
    for job in &jobs {
        let done = match job {
            ListedJob::Job(view) => clean_one(&view.layout, options, schemes),
            ListedJob::NeverStarted { .. } => Err(("it never started".to_owned(), false)),
            ListedJob::Unreadable { reason, .. } => Err((reason.clone(), true)),
        };
        match done {
            Ok(done) => cleaned.push(done),
            Err((reason, is_damaged)) => {
                let told = format!("{} is left as it is: {reason}", job.name());
                passed_over.told.push(told);
                passed_over.damaged += usize::from(is_damaged);
            }
        }
    }
    Ok((cleaned, passed_over))
}

fn clean_one(
    layout: &Layout,
    options: &CleanOptions,
    schemes: &StoreSchemes,
) -> Result<Cleaned, (String, bool)> {
    // The list of jobs at a URL has copies of their summaries only.
    layout
        .bring()
        .map_err(|error| (chain(&error), error.is_damage()))?;
    clean_job(layout, options, schemes).map_err(|error| {
        let told = error.full_message();
        let is_damaged = Journal::read(layout).is_err_and(|error| error.is_damage());
        (told, is_damaged || error.kind() != ErrorKind::Refused)
    })
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
