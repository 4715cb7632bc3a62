//! How much memory attempts may take together.

use serde_json::Value;

use crate::bench::{Bench, PROCESS, Ran};

/// Attempts that were out at a time, at most.
fn most_at_once(events: &[Value]) -> usize {
    let (mut running, mut most) = (0_usize, 0);
    for event in events {
        match event["event_type"].as_str().unwrap() {
            "partition_start" => running += 1,
            "partition_complete" => running -= 1,
            _ => {}
        }
        most = most.max(running);
    }
    most
}

fn warnings<'r>(ran: &'r Ran, part: &str) -> Vec<&'r str> {
    let lines = ran.stderr.lines();
    lines
        .filter(|line| line.starts_with("warning: ") && line.contains(part))
        .collect()
}

#[test]
fn with_too_little_memory_partitions_are_worked_on_one_by_one() {
    let bench = Bench::new();
    // Less than the program alone takes.
    let ran = bench
        .run(&format!("{PROCESS} --memory_limit_mb 1"))
        .expect(0);
    assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
    let told = warnings(&ran, "MB of memory are in use");
    assert_eq!(told.len(), 1, "{}", ran.stderr);
    let rest = "above 85 % of the limit of 1 MB: partitions wait until it is below 75 %; lower `np` or `partition.size`, or \
                raise `memory_limit_mb`";
    assert!(told[0].ends_with(rest), "{}", told[0]);
    assert_eq!(most_at_once(&bench.events()), 1);
    bench.clear();
    let ran = bench
        .run(&format!("{PROCESS} --memory_limit_mb 100000"))
        .expect(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert!(most_at_once(&bench.events()) > 1);
}

#[test]
fn a_partition_that_is_large_for_the_memory_is_told_once() {
    let bench = Bench::new();
    let more = bench.bytes("in.jsonl").repeat(20);
    std::fs::write(bench.path("in.jsonl"), more).unwrap();
    for (settings, advice) in [
        (
            "--partition.size 9000",
            "lower `partition.max_size_mb`, lower `np`",
        ),
        (
            "--partition.num_of_partitions 3",
            "raise `partition.num_of_partitions`, lower `np`",
        ),
    ] {
        bench.clear();
        let ran = bench
            .run(&format!("{PROCESS} --memory_limit_mb 1 {settings}"))
            .expect(0);
        let told = warnings(
            &ran,
            "bytes of records, more than the 524288 bytes of memory that each of 2 workers may take",
        );
        assert_eq!(told.len(), 1, "{}", ran.stderr);
        assert!(told[0].contains(advice), "{}", told[0]);
    }
}
