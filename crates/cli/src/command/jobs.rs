//! `coldpress jobs`: the jobs below a folder.

mod diff;
mod remove;

use std::path::Path;

use clap::Subcommand;
use coldpress::events::time::format_utc;
use coldpress::job::{JobView, ListedJob};
use coldpress::report::quantity::{grouped, plain};
use coldpress::report::{Align, Table};
use coldpress::storage::StoreSchemes;
use serde_json::{Value, json};

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// List the jobs
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(flatten)]
    base: BaseDir,
    /// Only those that are running
    #[arg(long)]
    running: bool,
    /// Print the list as JSON
    #[arg(long)]
    json: bool,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Diff(diff::Args),
    /// Remove the folders of a job that is not running; its output stays
    Remove {
        /// The job's id or URL
        job: String,
        #[command(flatten)]
        base: BaseDir,
    },
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    match &args.command {
        Some(Command::Diff(args)) => return diff::run(args, schemes),
        Some(Command::Remove { job, base }) => {
            return remove::run(&base.find_to_remove(job, schemes)?, schemes);
        }
        None => {}
    }
    let mut jobs = args.base.list(schemes)?;
    if args.running {
        jobs.retain(|job| job.job().is_some_and(|view| view.liveness.is_alive()));
    }
    if args.json {
        return print_json(&jobs);
    }
    let kind = if args.running { "running jobs" } else { "jobs" };
    output::print(&as_text(&jobs, kind, &args.base.base_dir))?;
    Ok(code::DONE)
}

pub(super) fn print_json(jobs: &[ListedJob]) -> Result<u8, Failure> {
    output::print_json(&jobs.iter().map(as_json).collect::<Vec<_>>())?;
    Ok(code::DONE)
}

/// Returns the jobs as a table; where there are none, that there are none of this kind.
pub(super) fn as_text(jobs: &[ListedJob], kind: &str, base_dir: &Path) -> String {
    if jobs.is_empty() {
        return format!("no {kind} in {}\n", plain(&base_dir.display().to_string()));
    }
    let mut table = Table::new([
        ("JOB", Align::Left),
        ("STATUS", Align::Left),
        ("STARTED (UTC)", Align::Left),
        ("PARTITIONS", Align::Right),
        ("RECORDS", Align::Right),
    ]);
    let mut notes: Vec<(&str, String)> = Vec::new();
    for job in jobs {
        match job {
            ListedJob::Job(view) => {
                let damage = view.damage_for_list();
                table.row(row(view, damage.is_some()));
                if let Some(damage) = damage {
                    notes.push((view.layout.job_id().as_str(), damage.to_string()));
                }
            }
            ListedJob::NeverStarted { name, .. } => {
                table.row([plain(name), "never started".to_owned()])
            }
            ListedJob::Unreadable { name, reason, .. } => {
                table.row([plain(name), "unreadable".to_owned()]);
                notes.push((name, reason.clone()));
            }
        }
    }
    let mut text = table.render();
    for (name, reason) in notes {
        text.push_str(&format!("\n{}: {}\n", plain(name), plain(&reason)));
    }
    text
}

fn row(view: &JobView, is_damaged: bool) -> [String; 5] {
    let totals = &view.totals;
    let started = view
        .start_time
        .map(|time| format_utc(time).chars().take(19).collect());
    [
        view.layout.job_id().to_string(),
        match is_damaged {
            true => "damaged".to_owned(),
            false => view.status.to_string(),
        },
        started.unwrap_or_default(),
        match totals.stage_of_stages() {
            Some(stage) => format!("{}/{} in {stage}", totals.completed, totals.partitions),
            None => format!("{}/{}", totals.completed, totals.partitions),
        },
        format!("{}/{}", grouped(totals.processed), grouped(totals.records)),
    ]
}

fn as_json(job: &ListedJob) -> Value {
    match job {
        ListedJob::Job(view) => json!({
            "job_id": view.layout.job_id(),
            "job_dir": view.layout.shown(),
            "status": view.status,
            "damage": view.damage_for_list().map(|damage| damage.to_string()),
            "phase": view.phase,
            "start_time": view.start_time,
            "end_time": view.end_time,
            "processes": u32::from(view.liveness.is_alive()),
            "host": view.liveness.driver().map(|driver| &driver.host),
            "pid": view.liveness.driver().map(|driver| driver.pid),
            "totals": view.totals,
            "remarks": view.remarks,
        }),
        ListedJob::NeverStarted { name, job_dir } => json!({
            "job_id": name,
            "job_dir": job_dir.display().to_string(),
            "status": "never_started",
        }),
        ListedJob::Unreadable {
            name,
            job_dir,
            reason,
        } => json!({
            "job_id": name,
            "job_dir": job_dir.display().to_string(),
            "status": "unreadable",
            "reason": reason,
        }),
    }
}
