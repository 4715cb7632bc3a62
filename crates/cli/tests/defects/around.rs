//! What is around a job: its events, the command that stops it.

use std::process::{Command, Stdio};

use serde_json::Value;

use crate::bench::{Bench, EXPORT};

/// Data-Juicer killed whichever process had a number that stood in the events of a job; the number of a
/// process that is gone means nobody.
#[test]
fn d9_stop_leaves_a_stranger_alone() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    bench.crash_midway("");
    let mut stranger = Command::new("sleep")
        .arg("60")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    // As if the stranger had been given the number of the dead driver.
    let heartbeat = bench.read("jobs/a/job.heartbeat");
    let mut heartbeat: Value = serde_json::from_str(&heartbeat).unwrap();
    let driver = heartbeat["pid"].to_string();
    heartbeat["pid"] = stranger.id().into();
    bench.write("jobs/a/job.heartbeat", heartbeat.to_string());
    let events = "jobs/a/event_logs/events.jsonl";
    let renumbered = bench
        .read(events)
        .replace(&driver, &stranger.id().to_string());
    bench.write(events, renumbered);
    for force in ["", "--force"] {
        let line = format!("stop a --base-dir jobs --timeout 1 {force}");
        bench.run(&line).expect(0).says("is not running");
    }
    let ended = stranger.try_wait().unwrap();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    assert_eq!(ended, None, "the stranger was stopped");
    bench.process("").expect(0);
    assert_eq!(bench.read(EXPORT), undisturbed);
    let took_over = r#""event_type":"lock_taken_over""#;
    assert!(bench.read(events).contains(took_over));
}

/// Data-Juicer died of a job id without event logging; a job needs no events, neither to run nor to go on.
#[test]
fn d10_a_job_without_events_is_resumed() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    let silent = "--event_logging.enabled false";
    bench.crash_midway(silent);
    let report = bench.process(silent).expect(0).json();
    assert_eq!(
        (&report["partitions_reused"], &report["partitions_resumed"]),
        (&2.into(), &2.into())
    );
    assert_eq!(bench.read(EXPORT), undisturbed);
    assert!(
        bench.files("jobs/a/event_logs").is_empty(),
        "there are events"
    );
    let report = bench.process(silent).expect(0).json();
    assert_eq!(report["already_complete"], true);
}
