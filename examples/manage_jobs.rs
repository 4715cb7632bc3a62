//! Watches over all running jobs of a folder, and stops those that get nowhere. Here one job runs meanwhile.
//!
//! ```text
//! $ cargo run --example manage_jobs -p coldpress
//! Found 1 running jobs
//! Job watched: 0.0 % complete
//! the job is completed
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::path::Path;
use std::time::Duration;

use coldpress::job::StopOptions;
use coldpress::jobs::{self, JobHandle};
use coldpress::prelude::*;

fn main() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let recipe = Recipe::builder("examples/data/webtext-mini.jsonl", path("out.jsonl"))
        .call(OperatorCall::new("clean_links_mapper"))
        .set("work_dir", path("jobs"))
        .set("job_id", "watched")
        .build()?;
    let executor = coldpress::executor(recipe).build()?;
    // The run waits until its first event is received, so that the job is looked at while it runs.
    let mut events = executor.live_events();
    let run = std::thread::spawn(move || executor.run());
    events.next();
    manage(&folder.path().join("jobs"))?;
    let report = run
        .join()
        .map_err(|_| anyhow::anyhow!("the run panicked"))??;
    println!("the job is {}", report.status);
    Ok(())
}

/// Stops the jobs that are stuck: less than a tenth of the way after an hour.
fn manage(folder: &Path) -> anyhow::Result<()> {
    const STUCK_PERCENT: f64 = 10.0;
    const STUCK_SECONDS: f64 = 3600.0;
    let running = jobs::running(folder)?;
    println!("Found {} running jobs", running.len());
    for found in running {
        let job = JobHandle::find(folder, found.layout.job_id().as_str())?;
        let progress = job.progress()?.overall_progress;
        let percent = progress.progress_percentage;
        let seconds = progress.elapsed_time_seconds.unwrap_or(0.0);
        if percent < STUCK_PERCENT && seconds > STUCK_SECONDS {
            println!("Stopping stuck job {} (progress: {percent:.1} %)", job.id());
            let options = StopOptions {
                timeout: Duration::from_secs(60),
                ..StopOptions::default()
            };
            for action in job.stop(&options)?.actions {
                println!("  {action}");
            }
        } else {
            println!("Job {}: {percent:.1} % complete", job.id());
        }
    }
    Ok(())
}
