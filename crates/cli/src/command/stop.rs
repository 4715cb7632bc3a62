//! `coldpress stop`: stops the driver of a job.

use std::time::Duration;

use coldpress::job::{Layout, Liveness, StopOptions, stop_job};
use coldpress::storage::{StoreSchemes, spawn};

use crate::failure::{Failure, code};
use crate::jobs::BaseDir;
use crate::output;

/// Stop a running job; it can be resumed
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The job's id or URL
    #[arg(required_unless_present = "list")]
    job: Option<String>,
    #[command(flatten)]
    base: BaseDir,
    /// Kill it at once; a resume goes on from what was published. A job in an object store can only be asked
    #[arg(long)]
    force: bool,
    /// Seconds to wait for the job to stop before it is killed
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u32,
    /// List the running jobs instead
    #[arg(long, conflicts_with_all = ["job", "force"])]
    list: bool,
    /// Print the outcome, or the list, as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, schemes: &StoreSchemes) -> Result<u8, Failure> {
    let Some(job) = args.job.as_ref().filter(|_| !args.list) else {
        let mut jobs = args.base.list(schemes)?;
        jobs.retain(|job| job.job().is_some_and(|view| view.liveness.is_alive()));
        if args.json {
            return super::jobs::print_json(&jobs);
        }
        let text = super::jobs::as_text(&jobs, "running jobs", &args.base.base_dir);
        output::print(&if jobs.is_empty() {
            "no running jobs\n".to_owned()
        } else {
            text
        })?;
        return Ok(code::DONE);
    };
    hurry_after(args.timeout, schemes);
    stop(args, &args.base.find(job, schemes)?)
}

/// Waits for a silent store no longer than for the driver.
fn hurry_after(seconds: u32, schemes: &StoreSchemes) {
    let waits = schemes.waits().clone();
    // Without the thread the store is waited for as long as it takes.
    let _ = spawn("coldpress-stop", move || {
        std::thread::sleep(Duration::from_secs(seconds.into()));
        waits.hurry();
    });
}

fn stop(args: &Args, layout: &Layout) -> Result<u8, Failure> {
    let timeout = Duration::from_secs(args.timeout.into());
    let report = stop_job(
        layout,
        &StopOptions {
            force: args.force,
            timeout,
        },
    )?;
    if args.json {
        output::print_json(&report)?;
    }
    if !report.success {
        let elsewhere = matches!(Liveness::of(layout), Ok(Liveness::Elsewhere(_)));
        let code = if elsewhere {
            code::REFUSED
        } else {
            code::FAILED
        };
        return Err(Failure::new(code, report.errors.join("; ")));
    }
    let id = layout.job_id();
    if !args.json {
        output::print(&match report.processes_found {
            0 => format!("job {id} is not running\n"),
            _ => format!("job {id} is stopped: {}\n", report.actions.join("; ")),
        })?;
    }
    Ok(code::DONE)
}
