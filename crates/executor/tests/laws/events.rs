//! Every kind of event is written where what it names happens.

use std::collections::BTreeSet;
use std::fs;

use coldpress_config::OperatorCall;
use coldpress_job::Status;
use serde_json::Value;

use crate::bench::{Bench, Remote, files_in};
use crate::control;
use crate::dataset::Dataset;
use crate::operators::{self, BANG, ERR, FRAIL};
use crate::plan::{Keep, Plan};

/// A plan whose log has all there is to tell.
fn told(process: Vec<OperatorCall>) -> Plan {
    Plan::new(process, 5)
        .strategy(Keep::EveryOp)
        .with("checkpoint.gate_seconds", 0)
        .with("event_logging.enabled", true)
        .with("event_logging.log_level", "DEBUG")
        .with("resource_sample_seconds", 0.001)
        .with("intermediate_storage.retention_policy", "cleanup_all")
}

fn events(bench: &Bench) -> Vec<Value> {
    let log = fs::read_to_string(bench.layout().events()).unwrap();
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn of_kind<'a>(events: &'a [Value], kind: &str) -> Vec<&'a Value> {
    events
        .iter()
        .filter(|event| event["event_type"] == kind)
        .collect()
}

fn kinds(events: &[Value]) -> BTreeSet<&str> {
    events
        .iter()
        .filter_map(|event| event["event_type"].as_str())
        .collect()
}

#[track_caller]
fn check_has(events: &[Value], wanted: &[&str]) {
    let found = kinds(events);
    let missing: Vec<_> = wanted
        .iter()
        .filter(|kind| !found.contains(*kind))
        .collect();
    assert!(
        missing.is_empty(),
        "there are no {missing:?} among {found:?}"
    );
}

/// 40 texts; some fail, some are twice there.
fn dataset() -> Dataset {
    Dataset::of_texts((0..40).map(|n| match n {
        7 => format!("text {n} {ERR}"),
        21 | 36 => format!("text {n} {FRAIL}"),
        _ => format!("text {}", n % 30),
    }))
}

/// Stopped, damaged, resumed, tried again, finished: what happens is told, each with what it is about.
#[test]
fn a_job_tells_its_story() {
    let id = control::new_id();
    let process = vec![
        OperatorCall::new("edit_mapper").with("kind", "front"),
        OperatorCall::new("fragile_mapper"),
        operators::watch(id),
        OperatorCall::new("document_deduplicator"),
        operators::frail(id),
        OperatorCall::new("length_filter"),
    ];
    let plan = told(process);
    let bench = Bench::new(&dataset());
    let executor = bench.executor(&plan);
    control::stop_after(id, 12, executor.stop_handle());
    assert_eq!(executor.run().unwrap().status, Status::Stopped);
    let first = events(&bench);
    let wanted = [
        "job_start",
        "processing_start",
        "plan_start",
        "partition_creation_start",
        "partition_planned",
        "partition_start",
        "debug",
        "op_start",
        "op_complete",
        "checkpoint_save",
        "info",
        "resource_usage",
        "throughput",
        "stop_requested",
        "job_stopped",
    ];
    check_has(&first, &wanted);
    assert_eq!(of_kind(&first, "stop_requested").len(), 1);
    let stopped = of_kind(&first, "job_stopped")[0];
    let completed = bench.state(&plan).totals().completed;
    assert_eq!(stopped["successful_partitions"], completed, "{stopped}");
    let usage = of_kind(&first, "resource_usage");
    let usage = &usage.last().unwrap()["resource_usage"];
    let keys = [
        "memory_mb",
        "cpu_percent",
        "disk_read_mb",
        "disk_written_mb",
    ];
    // A job behind a URL needs no disk.
    let of_disk = (bench.remote != Remote::Everything).then_some("disk_free_mb");
    for key in keys.into_iter().chain(of_disk) {
        assert!(usage[key].is_number(), "{key} of {usage}");
    }
    assert!(of_kind(&first, "throughput")[0]["performance_metrics"]["throughput"].is_number());

    // The newest checkpoint of one partition is damaged; others can be gone on from.
    let checkpoints = files_in(bench.layout().checkpoint_dir());
    let of_partition = checkpoints
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end != "json"));
    let damaged = of_partition.max_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    let damaged = damaged.unwrap();
    fs::write(damaged, "no checkpoint").unwrap();
    control::fail_times(id, 1);
    assert_eq!(bench.run(&plan).unwrap().status, Status::Completed);
    control::disarm(id);
    let all = events(&bench);
    let wanted = [
        "job_restart",
        "checkpoint_rejected",
        "partition_resume",
        "checkpoint_load",
        "partition_creation_complete",
        "plan_complete",
        "record_quarantined",
        "barrier_start",
        "barrier_complete",
        "op_failed",
        "retry",
        "partition_complete",
        "merge_start",
        "merge_complete",
        "export_committed",
        "checkpoint_cleanup",
        "performance_metric",
        "processing_complete",
        "job_complete",
    ];
    check_has(&all, &wanted);
    for loaded in of_kind(&all, "checkpoint_load") {
        let path = loaded["checkpoint_path"].as_str().unwrap();
        let jobs = match bench.remote {
            Remote::Everything => crate::shelf::url(&bench.path("jobs")),
            _ => bench.path("jobs").display().to_string(),
        };
        assert!(path.starts_with(&jobs), "{path}");
        assert!(
            loaded["operation_name"].is_string() && loaded["operation_idx"].is_u64(),
            "{loaded}"
        );
    }
    let measured = of_kind(&all, "performance_metric");
    let of_resumed = measured
        .iter()
        .filter(|event| event["operation_name"] == "edit_mapper");
    assert!(
        of_resumed
            .clone()
            .all(|event| event["input_rows"].as_u64() > Some(0))
    );
    assert_eq!(of_resumed.count(), 2, "once at each end of a run");
    let numbers: Vec<u64> = all
        .iter()
        .map(|event| event["sequence"].as_u64().unwrap())
        .collect();
    let expected: Vec<u64> = (1..=all.len() as u64).collect();
    assert_eq!(numbers, expected);
}

/// The events say which worker ran an attempt, and where the time of all workers went.
#[test]
fn ended_attempts_name_their_worker() {
    let id = control::new_id();
    let process = vec![
        OperatorCall::new("edit_mapper").with("kind", "front"),
        operators::frail(id),
    ];
    let plan = told(process)
        .with("retry.retry_delay_seconds", 0)
        .with("np", 2);
    let bench = Bench::new(&dataset());
    control::fail_times(id, 1);
    bench.run(&plan).unwrap();
    control::disarm(id);
    let all = events(&bench);
    let ends = ["partition_complete", "op_complete", "op_failed"];
    for kind in ends {
        let ended = of_kind(&all, kind);
        assert!(!ended.is_empty(), "{kind}");
        for event in ended {
            let worker = event["metadata"]["worker"].as_u64();
            assert!(worker.is_some_and(|worker| worker < 2), "{event}");
            assert!(event["duration"].is_number(), "{event}");
        }
    }
    assert!(of_kind(&all, "partition_start")[0]["metadata"]["worker"].is_null());

    let measured = of_kind(&all, "performance_metric");
    let of_workers = measured
        .iter()
        .filter_map(|event| event["metadata"].as_object())
        .find(|metadata| metadata.contains_key("worker_seconds"));
    let of_workers = of_workers.unwrap();
    let all_seconds = of_workers["worker_seconds"].as_f64().unwrap();
    let others = of_workers
        .iter()
        .filter(|(name, _)| *name != "worker_seconds");
    let sum: f64 = others.map(|(_, seconds)| seconds.as_f64().unwrap()).sum();
    assert!(all_seconds > 0.0);
    // What was measured twice over, by clocks that were read at different moments, may be a little more.
    assert!(
        (0.98 * all_seconds..1.05 * all_seconds).contains(&sum),
        "{sum} of {all_seconds}: {of_workers:?}"
    );
    for name in ["reading", "results", "failed_attempts", "checkpoints"] {
        assert!(
            of_workers[name].as_f64() > Some(0.0),
            "{name}: {of_workers:?}"
        );
    }
}

/// An operator that panics is found by its stack trace.
#[test]
fn a_failure_tells_where_it_happened() {
    let fragile = OperatorCall::new("fragile_mapper").with("skip_op_error", false);
    let plan = told(vec![fragile])
        .with("retry.max_retries", 0)
        .with("on_partition_failure", "fail");
    let bench = Bench::new(&Dataset::of_texts(["good", BANG]));
    bench.run(&plan).unwrap_err();
    let all = events(&bench);
    check_has(
        &all,
        &[
            "op_failed",
            "partition_failed",
            "processing_error",
            "job_failed",
        ],
    );
    for event in of_kind(&all, "op_failed") {
        let trace = event["stack_trace"].as_str().unwrap();
        let first = trace.lines().next().unwrap();
        assert!(
            first.starts_with("at ") && first.contains("operators.rs:"),
            "{trace}"
        );
        assert!(trace.contains("Fragile"), "{trace}");
    }
}

/// Kinds that a job of this engine writes are all but those of Data-Juicer's graph, which are read. The two that need a
/// driver to die are tested where drivers are killed.
#[test]
fn no_kind_is_without_a_place() {
    let here = include_str!("events.rs");
    let elsewhere = ["warning", "lock_taken_over"];
    let kinds = coldpress_events::EventKind::ALL
        .iter()
        .map(coldpress_events::EventKind::as_str);
    let forgotten: Vec<_> = kinds
        .filter(|kind| !kind.starts_with("dag_") && !elsewhere.contains(kind))
        .filter(|kind| !here.contains(&format!("\"{kind}\"")))
        .collect();
    assert!(forgotten.is_empty(), "no test looks for {forgotten:?}");
}

/// A rule that is met is an event, and a message to whom it names; one that cannot be delivered is a warning.
#[test]
fn rules_that_are_met_are_told() {
    let bench = Bench::new(&dataset());
    let file = bench.path("told.jsonl");
    let rules = serde_json::json!([
        {"when": "error_ratio", "above": 0.02, "name": "bad input", "run": format!("cat >> '{}'", file.display())},
        {"when": "error_ratio", "above": 0.5, "run": "exit 1"},
        {"when": "completed", "run": "echo nobody is here >&2; exit 7"},
        {"when": "failed", "run": "exit 1"},
    ]);
    let plan = told(vec![OperatorCall::new("fragile_mapper")])
        .with("alerts", coldpress_config::Node::from_json(&rules));
    let report = bench.run(&plan).unwrap();
    assert_eq!(report.status, Status::Completed);
    let all = events(&bench);
    let alerts: Vec<_> = of_kind(&all, "alert")
        .iter()
        .map(|event| event["message"].as_str().unwrap())
        .collect();
    assert_eq!(alerts.len(), 2, "{alerts:?}");
    assert!(alerts[0].starts_with("bad input: 1 of "), "{alerts:?}");
    assert_eq!(alerts[1], "completed: the job is done");
    let told: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(
        (&told["alert"], &told["when"], &told["job_id"]),
        (&"bad input".into(), &"error_ratio".into(), &"job".into())
    );
    assert!(told["value"].as_f64() > told["limit"].as_f64(), "{told}");
    let warnings = of_kind(&all, "warning");
    let undelivered = warnings
        .iter()
        .find(|event| event["message"].to_string().contains("nobody is here"));
    assert!(undelivered.is_some(), "{warnings:?}");
}

/// Each run has a begin and an end in the lineage of the job, with what it read and what it made.
#[test]
fn runs_have_a_lineage() {
    let id = control::new_id();
    let plan = told(vec![operators::watch(id), OperatorCall::new("edit_mapper")]);
    let bench = Bench::new(&dataset());
    let executor = bench.executor(&plan);
    control::stop_after(id, 12, executor.stop_handle());
    executor.run().unwrap();
    control::disarm(id);
    bench.run(&plan).unwrap();
    let lineage = fs::read_to_string(bench.layout().job_dir().join("lineage.jsonl")).unwrap();
    let lineage: Vec<Value> = lineage
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let kinds: Vec<&str> = lineage
        .iter()
        .map(|event| event["eventType"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["START", "ABORT", "START", "COMPLETE"]);
    // A run that finds nothing to do is no run of the job, and the job took as long as it took.
    let times = || {
        let summary = coldpress_job::JobSummary::read(executor.layout())
            .unwrap()
            .unwrap();
        (summary.start_time, summary.end_time, summary.duration)
    };
    let before = times();
    assert!(bench.run(&plan).unwrap().already_complete);
    assert_eq!(times(), before);
    let path = bench.layout().job_dir().join("lineage.jsonl");
    assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 4);
    assert_eq!(lineage[0]["run"]["runId"], lineage[1]["run"]["runId"]);
    assert_ne!(lineage[1]["run"]["runId"], lineage[2]["run"]["runId"]);
    let output = &lineage[3]["outputs"][0];
    assert_eq!(output["outputFacets"]["outputStatistics"]["rowCount"], 40);
    let fields = output["facets"]["schema"]["fields"].as_array().unwrap();
    assert!(
        fields.iter().any(|field| field["name"] == "text"),
        "{output}"
    );
    // The name of an input behind a URL has no `/` at its start: that is a part of its namespace.
    let input = &lineage[3]["inputs"][0];
    let source = bench.sources[0].display().to_string();
    let name = input["name"].as_str().unwrap();
    assert_eq!(name.trim_start_matches('/'), source.trim_start_matches('/'));
}

/// The file for Prometheus has what the journal says, and nothing else can be meant by its path.
#[test]
fn a_job_is_measured_for_prometheus() {
    let bench = Bench::new(&dataset());
    let file = bench.path("job.prom");
    let process = vec![
        OperatorCall::new("fragile_mapper"),
        OperatorCall::new("document_deduplicator"),
    ];
    let plan = told(process).with("metrics_path", file.display().to_string());
    let report = bench.run(&plan).unwrap();
    let text = fs::read_to_string(file).unwrap();
    for line in [
        format!(
            "coldpress_records{{job_id=\"job\",state=\"kept\"}} {}",
            report.ledger.exported()
        ),
        "coldpress_job_running{job_id=\"job\"} 0".to_owned(),
        "coldpress_operator_records_in{job_id=\"job\",operator=\"fragile_mapper\",index=\"0\"} 40"
            .to_owned(),
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    // The folder is made where it is missing.
    let made = bench.path("made/job.prom");
    let elsewhere = plan
        .clone()
        .with("metrics_path", made.display().to_string());
    assert_eq!(bench.run(&elsewhere).unwrap().warnings, [""; 0]);
    assert!(made.is_file());
    // A file that cannot be written is told once, with the key and the reason.
    fs::write(bench.path("nofolder"), "").unwrap();
    let nowhere = bench.path("nofolder/job.prom").display().to_string();
    let report = bench
        .run(&plan.clone().with("metrics_path", nowhere))
        .unwrap();
    let told = report
        .warnings
        .iter()
        .filter(|warning| warning.contains("`metrics_path` cannot be written"));
    let told: Vec<_> = told.collect();
    assert!(
        told.len() == 1 && told[0].contains("Not a directory"),
        "{:?}",
        report.warnings
    );
    let export = bench.path("out.jsonl").display().to_string();
    let slip = plan.with("metrics_path", export.clone());
    let recipe = slip.recipe(std::slice::from_ref(&export), &export, &export, "job");
    let error = coldpress_executor::ExecutorBuilder::new(recipe, operators::registry())
        .build()
        .unwrap_err();
    assert!(error.to_string().contains("must end in `.prom`"), "{error}");
}
