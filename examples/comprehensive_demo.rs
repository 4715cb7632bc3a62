//! Partitions, checkpoints, events, resume, a Ray cluster and reports in one go: runs a recipe under each checkpoint strategy, stops
//! a job and resumes it, kills one whose work is on a cluster and resumes it, and shows what events and reports say. Where no Ray
//! cluster runs, worker processes of this machine do its work, with the same bytes.
//!
//! ```text
//! $ cargo run --example comprehensive_demo -p coldpress
//! disabled: 5 partitions, 484 records in, 483 out, 0 checkpoints
//! every_partition: 5 partitions, 484 records in, 483 out, 0 checkpoints
//! every_n_ops: 5 partitions, 484 records in, 483 out, 10 checkpoints
//! every_op: 5 partitions, 484 records in, 483 out, 20 checkpoints
//! manual: 5 partitions, 484 records in, 483 out, 5 checkpoints
//! all exports are the same
//! stopped: stopped after some of 5 partitions
//! resumed: what was completed was there already, completed
//! the export is the same
//! killed: no export was written
//! resumed on a cluster or on processes: completed
//! the export is the same
//! clean_links_mapper: 484 in, 484 out
//! text_length_filter: 484 in, 483 out
//! 5 partitions were completed in 2 runs; 0 attempts failed
//! ```
#![allow(clippy::print_stdout, reason = "an example shows its result")]

use std::path::Path;
use std::process::{Command, ExitCode};

use coldpress::jobs::JobHandle;
use coldpress::prelude::*;
use coldpress::{ops, worker};

const STRATEGIES: [&str; 5] = [
    "disabled",
    "every_partition",
    "every_n_ops",
    "every_op",
    "manual",
];

/// The argument that makes this program the driver of the job that is killed; a folder follows.
const DRIVE: &str = "--drive";

fn main() -> anyhow::Result<ExitCode> {
    // This executable is the worker, too.
    if let Some(code) = worker::serve_if_asked(&ops::builtin(), &coldpress::schemes()) {
        return Ok(code);
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match &arguments[..] {
        [first, folder] if first == DRIVE => {
            let recipe = recipe(Path::new(folder), "killed", "every_op")?;
            coldpress::executor(recipe).build()?.run()?;
        }
        _ => demonstrate()?,
    }
    Ok(ExitCode::SUCCESS)
}

fn demonstrate() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut exports = Vec::new();
    for strategy in STRATEGIES {
        let report = coldpress::executor(recipe(folder.path(), strategy, strategy)?)
            .build()?
            .run()?;
        let job = JobHandle::find(folder.path().join("jobs"), strategy)?;
        let partitions = job.partitions()?;
        let checkpoints: usize = partitions.values().map(|one| one.checkpoints.len()).sum();
        println!(
            "{strategy}: {} partitions, {} records in, {} out, {checkpoints} checkpoints",
            report.partitions,
            report.ledger.records,
            report.ledger.exported()
        );
        exports.push(std::fs::read(report.export_path)?);
    }
    anyhow::ensure!(exports.iter().all(|export| *export == exports[0]));
    println!("all exports are the same");

    stop_and_resume(folder.path(), &exports[0])?;
    kill_and_resume(folder.path(), &exports[0])?;
    show(&JobHandle::find(folder.path().join("jobs"), "stopped")?)
}

fn recipe(folder: &Path, job: &str, strategy: &str) -> anyhow::Result<Recipe> {
    let path = |name: String| folder.join(name).display().to_string();
    let export = path(format!("{job}.jsonl"));
    let recipe = Recipe::builder("examples/data/webtext-mini.jsonl", export)
        .call(OperatorCall::new("clean_links_mapper"))
        .call(OperatorCall::new("fix_unicode_mapper"))
        .call(OperatorCall::new("whitespace_normalization_mapper"))
        .operator("text_length_filter", [("min_len", 50)])
        .set("work_dir", path("jobs".to_owned()))
        .set("job_id", job)
        .set("partition.size", 100)
        .set("np", 1)
        .set("checkpoint.strategy", strategy);
    let recipe = match job {
        "killed" => recipe
            .set("executor_type", "ray_partitioned")
            .set("ray_address", "auto"),
        _ => recipe,
    };
    let recipe = match strategy {
        "every_n_ops" => recipe.set("checkpoint.n_ops", 2),
        "manual" => recipe.set("checkpoint.op_names", "fix_unicode_mapper"),
        _ => recipe,
    };
    Ok(recipe.build()?)
}

/// Stops a job after its second partition, and runs it again.
fn stop_and_resume(folder: &Path, expected: &[u8]) -> anyhow::Result<()> {
    let executor = coldpress::executor(recipe(folder, "stopped", "every_op")?).build()?;
    let (events, stop) = (executor.live_events(), executor.stop_handle());
    let listener = std::thread::spawn(move || {
        let completed = events.filter(|event| event.kind == EventKind::PartitionComplete);
        completed.take(2).for_each(|_| {});
        stop.stop();
    });
    let report = executor.run()?;
    listener
        .join()
        .map_err(|_| anyhow::anyhow!("the listener panicked"))?;
    let job = JobHandle::find(folder.join("jobs"), "stopped")?;
    let done = job.progress()?.overall_progress.completed_partitions;
    println!(
        "stopped: {} after some of {} partitions",
        report.status, report.partitions
    );

    let executor = coldpress::executor(recipe(folder, "stopped", "every_op")?).build()?;
    let report = executor.run()?;
    anyhow::ensure!(report.partitions_reused == done);
    println!(
        "resumed: what was completed was there already, {}",
        report.status
    );
    anyhow::ensure!(std::fs::read(report.export_path)? == expected);
    println!("the export is the same");
    Ok(())
}

/// Kills the driver of a job as it comes to its third result, and runs the job again.
fn kill_and_resume(folder: &Path, expected: &[u8]) -> anyhow::Result<()> {
    let mut driver = Command::new(std::env::current_exe()?);
    driver.arg(DRIVE).arg(folder);
    let killed = driver
        .env("COLDPRESS_CRASH_POINT", "driver.publish:3")
        .status()?;
    anyhow::ensure!(!killed.success());
    anyhow::ensure!(!folder.join("killed.jsonl").exists());
    println!("killed: no export was written");

    let executor = coldpress::executor(recipe(folder, "killed", "every_op")?).build()?;
    let report = executor.run()?;
    println!("resumed on a cluster or on processes: {}", report.status);
    anyhow::ensure!(std::fs::read(report.export_path)? == expected);
    println!("the export is the same");
    Ok(())
}

/// Shows what the operators did, and what happened.
fn show(job: &JobHandle) -> anyhow::Result<()> {
    for name in ["clean_links_mapper", "text_length_filter"] {
        for found in job.performance(Some(name))? {
            println!("{name}: {} in, {} out", found.records_in, found.records_out);
        }
    }
    let count = |kind: EventKind| -> anyhow::Result<usize> {
        Ok(job.events(EventFilter::new().kind(kind))?.count())
    };
    println!(
        "{} partitions were completed in {} runs; {} attempts failed",
        count(EventKind::PartitionComplete)?,
        count(EventKind::JobStart)? + count(EventKind::JobRestart)?,
        count(EventKind::OpFailed)?
    );
    Ok(())
}
