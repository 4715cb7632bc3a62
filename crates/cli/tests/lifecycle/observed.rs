//! What can be seen of a job that was killed: by its events, and by those who know only them.

use std::fs;

use serde_json::Value;

use super::bench::*;

fn events(bench: &Bench) -> Vec<Value> {
    let log = bench.read("jobs/a/event_logs/events.jsonl");
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    events.collect()
}

fn completed(events: &[Value]) -> Vec<u64> {
    let of_kind = events
        .iter()
        .filter(|event| event["event_type"] == "partition_complete");
    let mut partitions: Vec<u64> = of_kind
        .map(|event| event["partition_id"].as_u64().unwrap())
        .collect();
    partitions.sort_unstable();
    partitions
}

/// The last events die with the driver. Those who read nothing else would wait for their partitions for ever.
#[test]
fn results_whose_events_were_lost_are_reported_after_the_restart() {
    let bench = Bench::new();
    let line = "process --config recipe.yaml --job_id a --no-progress --np 1 --checkpoint.strategy every_op";
    bench.crash_at("driver.publish:3", line);
    let published = bench.journal_of("a").matches("\"published\"").count();
    assert!(published >= 1, "{}", bench.journal_of("a"));
    let log = bench.path("jobs/a/event_logs/events.jsonl");
    let text = fs::read_to_string(&log).unwrap();
    let kept = text.lines().take_while(|line| {
        let is_end = ["op_complete", "checkpoint_save", "partition_complete"];
        !is_end.iter().any(|kind| line.contains(kind))
    });
    fs::write(
        &log,
        kept.map(|line| format!("{line}\n")).collect::<String>(),
    )
    .unwrap();

    bench.run(line).expect(0);
    let all = events(&bench);
    assert_eq!(completed(&all), [0, 1, 2]);
    let position = |kind: &str| all.iter().position(|event| event["event_type"] == kind);
    assert!(position("partition_complete") < position("job_restart"));
    for kind in ["op_complete", "checkpoint_save"] {
        let of_first = all
            .iter()
            .filter(|event| event["event_type"] == kind && event["partition_id"] == 0);
        let places: Vec<_> = of_first
            .map(|event| event["operation_idx"].as_u64())
            .collect();
        assert_eq!(places, [Some(0), Some(1), Some(2)], "{kind}");
    }
}

/// The events that were not lost are not repeated.
#[test]
fn results_that_were_reported_are_not_reported_again() {
    let bench = Bench::new();
    let line = "process --config recipe.yaml --job_id a --no-progress --np 1";
    bench.crash_at("export.intent", line);
    bench.run(line).expect(0);
    assert_eq!(completed(&events(&bench)), [0, 1, 2]);
}

/// The log is history: without it a job is resumed, watched and reported all the same.
#[test]
fn without_its_log_a_job_is_resumed_and_shown() {
    for settings in ["", "--event_logging.enabled false"] {
        let bench = Bench::new();
        let line =
            format!("process --config recipe.yaml --job_id a --no-progress --np 1 {settings}");
        bench.crash_at("driver.publish:3", &line);
        let _ = fs::remove_dir_all(bench.path("jobs/a/event_logs"));
        let monitor = "monitor a --base-dir jobs --json";
        let before = bench.run(monitor).expect(0).json();
        let progress = &before["overall_progress"];
        assert_eq!(progress["job_status"], "interrupted", "{progress}");
        assert!(progress["completed_partitions"].as_u64() > Some(0));
        bench.run(&line).expect(0);
        let _ = fs::remove_dir_all(bench.path("jobs/a/event_logs"));
        let after = bench.run(monitor).expect(0).json();
        let progress = &after["overall_progress"];
        assert_eq!(
            (&progress["job_status"], &progress["processed_samples"]),
            (&"completed".into(), &30.into())
        );
        let report = bench
            .run("report a --base-dir jobs --json")
            .expect(0)
            .json();
        assert_eq!(report["operators"][0]["records_in"], 30);
        assert_eq!(report["timeline"]["from_journal"], true);
        assert!(report["worker_time"].is_null());
    }
}
