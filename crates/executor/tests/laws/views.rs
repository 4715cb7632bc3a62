//! What a running job shows of itself: its views, its events, and the times that operators took.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use coldpress_config::{OperatorCall, Recipe};
use coldpress_executor::{Executor, ExecutorBuilder};
use coldpress_job::{JobSummary, JobView, Journal, Phase, Status};
use serde_json::Value;

use crate::control::{self, ControlId};
use crate::operators::{self, WAIT};

/// Longer than any of this may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// 20 records in partitions of five; one of the third is held in the second of three operators. With gates, each operator
/// is an attempt of its own.
fn executor(folder: &std::path::Path, id: ControlId, gates: bool) -> Executor {
    let path = |name: &str| folder.join(name).display().to_string();
    let text = |n: u32| {
        if n == 12 {
            WAIT.to_owned()
        } else {
            format!("text {n}")
        }
    };
    let lines: String = (0..20)
        .map(|n| format!("{{\"text\": \"{}\"}}\n", text(n)))
        .collect();
    fs::write(folder.join("in.jsonl"), lines).unwrap();
    let builder = Recipe::builder(path("in.jsonl"), path("out.jsonl"))
        .set("work_dir", path("jobs"))
        .set("job_id", "job")
        .set("partition.size", 5)
        .set("np", 1)
        .call(OperatorCall::new("edit_mapper").with("kind", "front"))
        .call(operators::hold_marked(id))
        .call(OperatorCall::new("length_filter"));
    let builder = match gates {
        true => builder
            .set("checkpoint.strategy", "every_op")
            .set("checkpoint.gate_seconds", 0),
        false => builder,
    };
    ExecutorBuilder::new(builder.build().unwrap(), operators::registry())
        .build()
        .unwrap()
}

/// Runs the job, and `look`s at it while a record is held until that finds what it looks for.
#[track_caller]
fn while_held(executor: &Executor, id: ControlId, mut look: impl FnMut() -> Result<(), String>) {
    control::hold(id);
    std::thread::scope(|scope| {
        let run = scope.spawn(|| executor.run());
        control::wait_until_held(id);
        let begun = Instant::now();
        let found = loop {
            match look() {
                Err(_) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(50));
                }
                found => break found,
            }
        };
        control::disarm(id);
        assert_eq!(run.join().unwrap().unwrap().status, Status::Completed);
        found.unwrap();
    });
}

fn check<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    match found == expected {
        true => Ok(()),
        false => Err(format!("{found:?} where {expected:?} should be")),
    }
}

/// The events of a kind: partition, operator, time.
fn events(executor: &Executor, kind: &str) -> Vec<(u64, u64, f64)> {
    let log = fs::read_to_string(executor.layout().events()).unwrap_or_default();
    let events = log
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let place = |event: Value| {
        let number = |key: &str| event[key].as_u64().unwrap_or(u64::MAX);
        let time = event["timestamp"].as_f64().unwrap();
        (number("partition_id"), number("operation_idx"), time)
    };
    events
        .filter(|event| event["event_type"] == kind)
        .map(place)
        .collect()
}

#[test]
fn the_views_follow_the_job() {
    let (folder, id) = (tempfile::tempdir().unwrap(), control::new_id());
    let executor = executor(folder.path(), id, false);
    let layout = executor.layout();
    while_held(&executor, id, || {
        let summary = JobSummary::read(layout).unwrap().ok_or("no summary")?;
        let totals = summary.totals;
        check((totals.completed, totals.partitions), (2, 4))?;
        check((totals.processed, totals.records), (10, 20))?;
        check(
            (summary.status, summary.phase),
            (Status::Running, Phase::Processing),
        )?;
        let at_work = summary.at_work.first().ok_or("nothing is at work")?;
        check((at_work.partition_id, at_work.operation_idx), (2, 1))?;
        check(at_work.operation_name.as_str(), "hold_marked_mapper")?;
        // What `jobs` and `stop --list` show.
        check(JobView::of(layout.clone()).unwrap().totals, totals)?;
        let mapping = fs::read(layout.dataset_mapping()).unwrap();
        let mapping: Value = serde_json::from_slice(&mapping).unwrap();
        let partitions = mapping["partitions"].as_array().unwrap();
        let statuses: Vec<&str> = partitions
            .iter()
            .map(|partition| partition["processing_status"].as_str().unwrap())
            .collect();
        // Written one after the other, so this one may be older.
        let first = statuses.get(..3).ok_or("nothing is planned")?;
        check(first, &["completed", "completed", "processing"])?;
        let has_times = |partition: &Value| {
            let time = |key: &str| partition[key].as_f64();
            (
                time("processing_start_time").is_some(),
                time("processing_end_time").is_some(),
            )
        };
        check(has_times(&partitions[0]), (true, true))?;
        check(has_times(&partitions[2]), (true, false))
    });
    let summary = JobSummary::read(layout).unwrap().unwrap();
    assert!(summary.at_work.is_empty());
}

#[test]
fn operators_begin_when_their_first_records_come() {
    let (folder, id) = (tempfile::tempdir().unwrap(), control::new_id());
    let executor = executor(folder.path(), id, false);
    let mut held = 0.0;
    while_held(&executor, id, || {
        let begun = events(&executor, "op_start");
        let of_third: Vec<u64> = begun
            .iter()
            .filter(|one| one.0 == 2)
            .map(|one| one.1)
            .collect();
        check(of_third, vec![0, 1])?;
        held = coldpress_events::time::now_seconds();
        Ok(())
    });
    let (begun, done) = (
        events(&executor, "op_start"),
        events(&executor, "op_complete"),
    );
    let places = |events: &[(u64, u64, f64)]| {
        let mut places: Vec<(u64, u64)> = events.iter().map(|one| (one.0, one.1)).collect();
        places.sort_unstable();
        places
    };
    // Each of the three once for each of the four partitions.
    assert_eq!(places(&begun).len(), 12);
    assert_eq!(places(&begun), places(&done));
    let last = begun.iter().find(|one| (one.0, one.1) == (2, 2)).unwrap();
    assert!(
        last.2 >= held,
        "the last operator began before its records came"
    );
}

#[test]
fn times_survive_gates_and_checkpoints() {
    let (folder, id) = (tempfile::tempdir().unwrap(), control::new_id());
    let executor = executor(folder.path(), id, true);
    let report = executor.run().unwrap();
    let seconds: BTreeMap<&str, f64> = report
        .operators
        .iter()
        .map(|operator| (operator.name.as_str(), operator.seconds))
        .collect();
    assert_eq!(seconds.len(), 3);
    assert!(
        seconds.values().all(|seconds| *seconds > 0.0),
        "{seconds:?}"
    );
    let state = Journal::read(executor.layout()).unwrap();
    for result in state.publications() {
        assert!(
            result.nanos.iter().all(|nanos| *nanos > 0),
            "{:?}",
            result.nanos
        );
    }
}

#[test]
fn what_is_through_never_exceeds_what_there_is() {
    let (folder, id) = (tempfile::tempdir().unwrap(), control::new_id());
    let executor = executor(folder.path(), id, true);
    while_held(&executor, id, || {
        // Two partitions are through; of the third the first operator, and that one's records are read again.
        let through = executor.records_through();
        check((11..15).contains(&through), true).map_err(|_| format!("{through} records"))
    });
    assert_eq!(executor.records_through(), 20);
}
