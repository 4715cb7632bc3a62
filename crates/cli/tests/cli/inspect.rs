//! What is shown of jobs that ran.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::bench::Bench;

#[track_caller]
fn keys(value: &Value) -> BTreeSet<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn jobs_are_listed_and_removed() {
    let bench = Bench::new();
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["no jobs"]);
    bench.process("a");
    bench.process("b");
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["a ", "completed", "3/3", "30/30"]);
    let list = bench.run("jobs --base-dir jobs --json").expect(0).json();
    assert_eq!(list.as_array().unwrap().len(), 2);
    assert_eq!(list[0]["status"], "completed");
    assert_eq!(
        bench
            .run("jobs --base-dir jobs --running --json")
            .expect(0)
            .json(),
        Value::Array(Vec::new())
    );

    bench
        .run("jobs remove a --base-dir jobs")
        .expect(0)
        .prints(&["removed"]);
    assert!(!bench.path("jobs/a").exists());
    assert!(bench.path("jobs/b").exists() && bench.path("out/clean.jsonl").exists());
    bench.run("jobs remove a --base-dir jobs").expect(5);
    bench.run("jobs remove .. --base-dir jobs").expect(2);
}

#[test]
fn folders_that_a_job_has_elsewhere_go_with_it() {
    let bench = Bench::new();
    let line = "process --config recipe.yaml --job_id a --event_log_dir logs --checkpoint_dir ckpt --checkpoint.strategy every_op";
    bench
        .run(line)
        .expect(0)
        .prints(&["ckpt/a", "logs/a/event_logs/events.jsonl"]);
    bench.write("ckpt/other", "not ours\n");
    assert!(bench.path("ckpt/a").exists() && bench.path("logs/a").exists());
    bench.run("jobs remove a --base-dir jobs").expect(0);
    assert!(!bench.path("ckpt/a").exists() && !bench.path("logs/a").exists());
    assert!(bench.path("ckpt/other").exists());
}

#[test]
fn the_monitor_has_the_fields_of_data_juicer() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --job_id a --checkpoint.strategy every_op")
        .expect(0);
    let view = bench
        .run("monitor a --base-dir jobs --json")
        .expect(0)
        .json();
    let expected = [
        "job_id",
        "job_summary",
        "dataset_mapping",
        "partition_status",
        "overall_progress",
    ];
    assert!(
        keys(&view).is_superset(&expected.into()),
        "{:?}",
        keys(&view)
    );
    let expected = [
        "total_partitions",
        "completed_partitions",
        "processing_partitions",
        "failed_partitions",
        "progress_percentage",
        "total_samples",
        "processed_samples",
        "estimated_remaining_seconds",
        "elapsed_time_seconds",
        "job_status",
    ];
    assert!(keys(&view["overall_progress"]).is_superset(&expected.into()));
    let expected = [
        "status",
        "sample_count",
        "start_time",
        "end_time",
        "error_message",
        "current_op",
        "completed_ops",
        "checkpoints",
    ];
    assert!(keys(&view["partition_status"]["0"]).is_superset(&expected.into()));
    assert_eq!(view["overall_progress"]["job_status"], "completed");
    assert_eq!(view["overall_progress"]["progress_percentage"], 100.0);
    assert_eq!(view["overall_progress"]["processed_samples"], 30);
    assert_eq!(
        view["partition_status"]["2"]["completed_ops"][1]["name"],
        "text_length_filter"
    );
    assert_eq!(
        view["partition_status"]["2"]["checkpoints"][0]["operation_idx"],
        0
    );
    assert!(view["partition_status"]["2"]["start_time"].is_f64());
}

#[test]
fn the_monitor_is_right_without_an_event_log() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --job_id a --event_logging.enabled false")
        .expect(0);
    let text = bench.run("monitor a --base-dir jobs --detailed").expect(0);
    text.prints(&[
        "Status: COMPLETED",
        "100.0% (3/3 partitions)",
        "Samples: 30/30",
        "Partition  2: COMPLETED",
        "2 operations",
    ]);
    bench
        .run("events a --base-dir jobs")
        .expect(0)
        .tells(&["no event log"]);
    assert_eq!(
        bench
            .run("events a --base-dir jobs --json")
            .expect(0)
            .json(),
        Value::Array(Vec::new())
    );
}

#[test]
fn the_monitor_makes_do_with_what_can_be_read() {
    let bench = Bench::new();
    bench.process("a");
    bench.write("jobs/a/job_summary.json", "{");
    bench.write("jobs/a/metadata/dataset_mapping.json", "[1]");
    bench.run("monitor a --base-dir jobs").expect(0).prints(&[
        "Status: COMPLETED",
        "3/3",
        "Note: ",
    ]);
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["completed"]);
}

#[test]
fn watching_a_job_that_is_over_ends() {
    let bench = Bench::new();
    bench.process("a");
    bench
        .run("monitor a --base-dir jobs --watch --interval 1")
        .expect(0)
        .prints(&["   Status: COMPLETED\n"]);
    // A job that is over is at nothing.
    let view = bench.run("monitor a --base-dir jobs --json").expect(0);
    assert_eq!(view.json()["phase"], Value::Null);
    bench
        .run("events a --base-dir jobs --follow")
        .expect(0)
        .prints(&["job_complete"]);
    bench
        .run("monitor a --base-dir jobs --watch --interval 0")
        .expect(2)
        .tells(&["from 0.1"]);
}

#[test]
fn events_are_found_by_any_spelling() {
    let bench = Bench::new();
    bench.process("a");
    for (filter, count) in [
        ("--type op_complete", 6),
        ("--type OPERATION_COMPLETE", 6),
        ("--type EventType.OP_COMPLETED --partition 1", 2),
        ("--type op_complete --op text_length_filter", 3),
        ("--type job_start,JOB_COMPLETE", 2),
        ("--type job_start --type job_complete", 2),
        ("--level ERROR", 0),
        ("--until 2000-01-01", 0),
        ("--since 2000-01-01T00:00 --type job_start", 1),
        ("--grep RECORDS_WITHOUT_ANY", 0),
    ] {
        let line = format!("events a --base-dir jobs {filter}");
        assert_eq!(
            bench.run(&line).expect(0).stdout.lines().count(),
            count,
            "{filter}"
        );
        let json = bench.run(&format!("{line} --json")).expect(0).json();
        assert_eq!(json.as_array().unwrap().len(), count, "{filter}");
    }
    bench
        .run("events a --base-dir jobs --type bogus")
        .expect(2)
        .tells(&["bogus"]);
    let none = bench.run("events a --base-dir jobs --op none").expect(0);
    assert_eq!(none.stdout, "");
    none.tells(&["no event matches"]);
    let wrong = bench.run("events a --base-dir jobs --type nonsense");
    let wrong = wrong.expect(2).stderr;
    assert!(!wrong.contains("nearest"), "{wrong}");
    bench
        .run("events a --base-dir jobs --since yesterday")
        .expect(2)
        .tells(&["is not a time"]);
}

#[test]
fn checkpoints_are_listed() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --job_id a --checkpoint.strategy every_op")
        .expect(0);
    bench
        .run("checkpoint list a --base-dir jobs")
        .expect(0)
        .prints(&["whitespace_normalization_mapper", "6 checkpoints"]);
    let list = bench
        .run("checkpoint list a --base-dir jobs --json")
        .expect(0)
        .json();
    assert_eq!(list.as_array().unwrap().len(), 6);
    assert_eq!(list[1]["operation_name"], "text_length_filter");
    assert_eq!(list[1]["rows"], 0);
    bench.process("b");
    bench
        .run("checkpoint list b --base-dir jobs")
        .expect(0)
        .prints(&["no checkpoints"]);
}

#[test]
fn a_job_that_is_not_running_is_not_stopped() {
    let bench = Bench::new();
    bench.process("a");
    bench
        .run("stop a --base-dir jobs")
        .expect(0)
        .prints(&["is not running"]);
    let report = bench
        .run("stop a --base-dir jobs --json --force --timeout 1")
        .expect(0)
        .json();
    assert_eq!(
        (&report["success"], &report["processes_found"]),
        (&Value::Bool(true), &Value::from(0))
    );
    bench
        .run("stop --list --base-dir jobs")
        .expect(0)
        .prints(&["no running jobs"]);
    bench
        .run("jobs --running --base-dir jobs")
        .expect(0)
        .prints(&["no running jobs in jobs\n"]);
    bench.run("stop").expect(2);
}
