//! Looks at jobs by their ids, as another program than the one that runs them: at several, and at one until it is over.
//!
//! ```text
//! $ cargo run --example monitor_jobs -p coldpress
//! Job first: 100.0 %
//! Job second: not found
//! Job first completed!
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::path::Path;
use std::time::Duration;

use coldpress::job::Error;
use coldpress::jobs::JobHandle;
use coldpress::prelude::*;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = Recipe::builder("examples/data/webtext-mini.jsonl", path("out.jsonl"))
        .call(OperatorCall::new("clean_links_mapper"))
        .set("work_dir", path("jobs"))
        .set("job_id", "first")
        .build()?;
    coldpress::executor(recipe).build()?.run()?;

    let jobs = folder.path().join("jobs");
    show(&jobs, &["first", "second"])?;
    wait_for_end(&jobs, "first", Duration::from_secs(30))
}

/// Shows how far jobs are; some of them may not exist.
fn show(jobs: &Path, ids: &[&str]) -> anyhow::Result<()> {
    for id in ids {
        match JobHandle::find(jobs, id) {
            Ok(job) => {
                let progress = job.progress()?.overall_progress;
                println!("Job {id}: {:.1} %", progress.progress_percentage);
            }
            Err(Error::UnknownJob { .. }) => println!("Job {id}: not found"),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Looks at a job every so often, until it ends one way or the other.
fn wait_for_end(jobs: &Path, id: &str, every: Duration) -> anyhow::Result<()> {
    let job = JobHandle::find(jobs, id)?;
    loop {
        let progress = job.progress()?.overall_progress;
        match progress.job_status.as_str() {
            "planning" | "running" => {
                let percent = progress.progress_percentage;
                println!("Job {id} still running... {percent:.1} %");
                std::thread::sleep(every);
            }
            status => {
                println!("Job {id} {status}!");
                return Ok(());
            }
        }
    }
}
