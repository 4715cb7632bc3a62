//! The waits of workers, and what a person can do about them.

use coldpress_config::Location;

use super::Finding;
use crate::job_report::JobReport;
use crate::job_report::worker_time::{NAMES, WorkerShare};

/// The least share of the workers' time that is worth a finding, if it is also at least this many seconds.
const LEAST_SHARE: f64 = 0.1;
const LEAST_SECONDS: f64 = 1.0;

/// Lists what took much of the workers' time besides operators, the longest first.
pub(super) fn waits(report: &JobReport) -> Vec<Finding> {
    let shares = report.worker_time.iter().flat_map(|time| &time.shares);
    let is_much = |one: &&WorkerShare| {
        one.share >= LEAST_SHARE && one.seconds >= LEAST_SECONDS && one.name != "operators"
    };
    let mut found: Vec<&WorkerShare> = shares.filter(is_much).collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    let is_in_store = Location::of(&report.overview.job_dir).url().is_some();
    let finding = |one| finding(one, is_in_store);
    found.into_iter().map(finding).collect()
}

fn finding(one: &WorkerShare, is_in_store: bool) -> Finding {
    let percent = format!("{:.0} %", 100.0 * one.share);
    let known = NAMES.iter().find(|(name, _)| *name == one.name);
    let what = known.map_or(one.name, |(_, what)| what);
    let text = match one.name {
        "wait_driver" => {
            format!("the driver was the bottleneck: workers wait for it {percent} of the time")
        }
        _ => format!("workers {what} {percent} of the time"),
    };
    let in_store = is_in_store.then(|| advice_in_store(one.name)).flatten();
    let advice = in_store.or_else(|| advice(one.name));
    Finding::new("info", text, advice.map(str::to_owned))
}

/// Returns the advice for a job in a store, if it differs: such a job waits for answers, not for a disk.
fn advice_in_store(name: &str) -> Option<&'static str> {
    Some(match name {
        "checkpoints" => {
            "a `checkpoint.strategy` with fewer checkpoints or `checkpoint.mode: delta` asks less of the store, and \
             `checkpoint_dir` may be a folder"
        }
        "results" => {
            "larger partitions (`partition.size`) make fewer requests, and with more workers (`np`) more are under way at a time"
        }
        _ => return None,
    })
}

fn advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "reading" => {
            "uncompressed and columnar files are read faster than compressed JSON; a fast disk for the input helps"
        }
        "checkpoints" => {
            "a `checkpoint.strategy` with fewer checkpoints, `checkpoint.mode: delta` or a faster disk for \
             `checkpoint_dir` costs less"
        }
        "results" => "a faster disk for `work_dir` and larger partitions cost less",
        "failed_attempts" => "see the failed attempts for their reasons",
        "wait_driver" => "larger partitions (`partition.size`) give it less to do",
        "wait_plan" => {
            "compressed sources are cut by one thread; several files, or uncompressed or columnar ones, are cut faster"
        }
        "wait_memory" => {
            "fewer workers (`np`), smaller partitions or a higher `memory_limit_mb` keep them busy"
        }
        "wait_retry" => {
            "a shorter `retry.retry_delay_seconds` keeps them busy, once the reason of the failures is gone"
        }
        "wait_last_partitions" => {
            "smaller partitions (`partition.size`) spread the work evenly over the workers"
        }
        _ => return None,
    })
}
