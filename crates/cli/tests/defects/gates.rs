//! Partitions that are worked on in stretches, from gate to gate: each comes further with every attempt.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::bench::{Bench, EXPORT};

/// The events of the job `a` of one kind.
fn events(bench: &Bench, kind: &str) -> Vec<Value> {
    let log = bench.read("jobs/a/event_logs/events.jsonl");
    let events = log.lines().map(|line| serde_json::from_str(line).unwrap());
    events
        .filter(|event: &Value| event["event_type"] == kind)
        .collect()
}

/// How often each partition was begun.
fn starts(bench: &Bench) -> Vec<u32> {
    let mut starts = BTreeMap::new();
    for event in events(bench, "partition_start") {
        *starts.entry(event["partition_id"].as_u64()).or_default() += 1;
    }
    starts.into_values().collect()
}

/// With `recovery.use_checkpoints_for_recovery: false` an attempt ended at the first gate, and the next one began at the
/// input again, without end.
#[test]
fn no_setting_makes_a_partition_begin_in_vain() {
    let scene = Bench::new();
    let undisturbed = scene.undisturbed();
    // Of three operators; the last needs no gate behind it.
    for (keys, most) in [
        ("", 3),
        ("--checkpoint.mode full", 3),
        ("--checkpoint.max_checkpoints_per_partition 1", 3),
        (
            "--checkpoint.mode full --checkpoint.max_checkpoints_per_partition 1",
            3,
        ),
        ("--keep_stats_in_res_ds true", 3),
        ("--checkpoint.strategy every_n_ops --checkpoint.n_ops 2", 2),
        (
            "--recovery.restart_from_beginning_if_no_checkpoint false",
            3,
        ),
        ("--recovery.use_checkpoints_for_recovery false", 1),
        (
            "--recovery.use_checkpoints_for_recovery false --checkpoint.mode full",
            1,
        ),
        (
            "--recovery.use_checkpoints_for_recovery false --checkpoint.gate_seconds 0.000001",
            1,
        ),
        (
            "--recovery.use_checkpoints_for_recovery false --executor_type process",
            1,
        ),
        (
            "--recovery.use_checkpoints_for_recovery false --recovery.restart_from_beginning_if_no_checkpoint false",
            1,
        ),
        ("--recovery.enabled false", 3),
        ("--executor_type process", 3),
    ] {
        let bench = scene.copy();
        bench.process_within(60, keys).expect(0);
        if !keys.contains("keep_stats") {
            assert_eq!(bench.read(EXPORT), undisturbed, "{keys}");
        }
        assert_eq!(starts(&bench), vec![most; 6], "{keys}");
        let begun = events(&bench, "op_start");
        assert_eq!(begun.len(), events(&bench, "op_complete").len(), "{keys}");
        assert_eq!(begun.len(), 6 * 3, "{keys}");
    }
}

/// To go on from a gate was told as a retry.
#[test]
fn a_gate_is_no_retry() {
    let bench = Bench::new();
    bench.process("").expect(0);
    assert!(starts(&bench).iter().all(|starts| *starts > 1));
    for kind in [
        "partition_start",
        "partition_complete",
        "op_start",
        "op_complete",
    ] {
        for event in events(&bench, kind) {
            assert_eq!(event["retry_count"], 0, "{event}");
        }
    }
    let mapping: Value =
        serde_json::from_str(&bench.read("jobs/a/metadata/dataset_mapping.json")).unwrap();
    let partitions = mapping["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 6);
    for partition in partitions {
        assert_eq!(partition["retry_count"], 0, "{partition}");
    }
}
