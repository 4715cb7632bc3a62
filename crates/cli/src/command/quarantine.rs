//! `coldpress quarantine`: the records that could not be processed.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;

use clap::Subcommand;
use coldpress::job::{Journal, Layout};
use coldpress::report::quantity::plain;
use coldpress::worker::QuarantineEntry;

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Show the records that could not be processed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// A line per record: where it came from, which operator failed on it, and why
    List(OfJob),
    /// Everything about each record, the record itself included, as one JSON object a line
    Show(OfJob),
}

#[derive(Debug, clap::Args)]
struct OfJob {
    /// The job's id
    job: String,
    #[command(flatten)]
    base: BaseDir,
    /// Only records that this operator failed on
    #[arg(long, value_name = "NAME")]
    op: Option<String>,
}

pub(super) fn run(args: &Args) -> Result<u8, Failure> {
    let (of_job, whole) = match &args.command {
        Command::List(of_job) => (of_job, false),
        Command::Show(of_job) => (of_job, true),
    };
    let layout = of_job.base.find(&of_job.job)?;
    for path in files(&layout)? {
        let unreadable = |error: std::io::Error| {
            Failure::failed(format!("cannot read `{}`: {error}", path.display()))
        };
        for line in BufReader::new(File::open(&path).map_err(unreadable)?).lines() {
            show(&line.map_err(unreadable)?, of_job, whole)?;
        }
    }
    Ok(code::DONE)
}

/// The quarantine files of the results in force, in dataset order; no other file in the folder counts.
fn files(layout: &Layout) -> Result<Vec<PathBuf>, Failure> {
    let state = Journal::read(layout)?;
    let Some(chain) = state.final_chain() else {
        return Ok(Vec::new());
    };
    let results = (0..state.partition_count()).filter_map(|index| state.result_of(index, chain));
    let files = results.flat_map(|result| &result.quarantine);
    files
        .map(|file| layout.locate(file).map_err(Failure::from))
        .collect()
}

fn show(line: &str, of_job: &OfJob, whole: bool) -> Result<(), Failure> {
    let entry: QuarantineEntry = serde_json::from_str(line)
        .map_err(|error| Failure::failed(format!("the quarantine is damaged: {error}")))?;
    if of_job.op.is_some() && of_job.op != entry.operator {
        return Ok(());
    }
    if whole {
        return output::print(&format!("{line}\n"));
    }
    let operator = entry.operator.as_deref().unwrap_or("(reading)");
    output::print(&format!(
        "{}:{}  {}  {}\n",
        plain(&entry.path),
        entry.origin.position,
        plain(operator),
        plain(&entry.error)
    ))
}
