//! Jobs by their ids, and the names by which users of Data-Juicer search for features.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::Path;

use coldpress::job::{Error, StopOptions};
use coldpress::jobs::{self, JobHandle};
use coldpress::prelude::*;

fn finished(folder: &Path) -> Report {
    let path = |name: &str| folder.join(name).display().to_string();
    let lines =
        (0..20).map(|n| format!("{{\"text\": \"text {n} of https://a.example/{n} many\"}}\n"));
    fs::write(path("in.jsonl"), lines.collect::<String>()).unwrap();
    let recipe = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .call(OperatorCall::new("clean_links_mapper"))
        .operator("text_length_filter", [("min_len", 15)])
        .set("work_dir", path("jobs"))
        .set("partition.size", 5)
        .set("job_id", "a")
        .build()
        .unwrap();
    coldpress::executor(recipe).build().unwrap().run().unwrap()
}

#[test]
fn a_job_is_looked_at_by_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let report = finished(folder.path());
    let job = JobHandle::find(folder.path().join("jobs"), "a").unwrap();
    assert_eq!(job.id().as_str(), "a");
    assert!(!job.is_running().unwrap());
    assert_eq!(job.summary().unwrap().unwrap().status, Status::Completed);
    let progress = job.progress().unwrap().overall_progress;
    assert_eq!(
        (progress.total_partitions, progress.processed_samples),
        (4, 20)
    );
    assert_eq!(progress.exported_samples, report.ledger.exported());
    assert_eq!(job.partitions().unwrap().len(), 4);
    let all = job.performance(None).unwrap();
    let one = job.performance(Some("text_length_filter")).unwrap();
    assert_eq!((all.len(), one.len(), &all[1]), (2, 1, &one[0]));
    assert_eq!(one[0].records_in, 20);
    assert!(job.performance(Some("no_such_mapper")).unwrap().is_empty());
    assert!(job.status_report().unwrap().contains("COMPLETED"));
    let filter = EventFilter::new()
        .kind("OPERATION_COMPLETE".parse().unwrap())
        .stage(0);
    assert_eq!(job.events(filter.clone()).unwrap().count(), 8);
    assert_eq!(job.follow_events(filter).unwrap().count(), 8);
    assert!(
        jobs::running(folder.path().join("jobs"))
            .unwrap()
            .is_empty()
    );
    let stopped = job.stop(&StopOptions::default()).unwrap();
    assert!(stopped.success && stopped.processes_found == 0);
}

#[test]
fn a_job_that_does_not_exist_is_not_found() {
    let folder = tempfile::tempdir().unwrap();
    finished(folder.path());
    for (base, id) in [("jobs", "b"), ("nowhere", "a")] {
        let error = JobHandle::find(folder.path().join(base), id).unwrap_err();
        assert!(matches!(error, Error::UnknownJob { .. }), "{error}");
    }
    let error = JobHandle::find(folder.path(), "../a").unwrap_err();
    assert!(matches!(error, Error::InvalidJobId(_)), "{error}");
}

/// The names in Data-Juicer's documents. A search in the manual for one of them finds the equivalent here.
const NAMES: [&str; 22] = [
    "show_job_progress",
    "JobProgressMonitor",
    "get_progress_data",
    "display_progress",
    "stop_job",
    "JobStopper",
    "is_job_running",
    "get_job_summary",
    "JobUtils",
    "load_job_summary",
    "load_event_logs",
    "get_partition_status",
    "calculate_overall_progress",
    "list_running_jobs",
    "get_events",
    "get_performance_summary",
    "monitor_events",
    "generate_status_report",
    "EventLogger",
    "EventType",
    "PartitionedRayExecutor",
    "init_configs",
];

#[test]
fn the_names_of_data_juicer_lead_here() {
    let mut sources = String::new();
    read_sources(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(".."),
        &mut sources,
    );
    let missing: Vec<_> = NAMES
        .iter()
        .filter(|name| !sources.contains(&format!("#[doc(alias = \"{name}\")]")))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// Reads the sources of all crates, except their tests, where this list is.
fn read_sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && !["tests", "data", "target"].contains(&name.as_str()) {
            read_sources(&path, text);
        } else if name.ends_with(".rs") {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}
