//! An event log on a device that stalls: the job goes on, and its counts are right.

use coldpress::events::{Event, EventKind};

use crate::bench::{Bench, PROCESS};

/// The log is a pipe that nobody reads for at least five seconds, and not before the journal says that the job is done. It
/// holds 64 kB, a small part of the log.
#[test]
fn a_log_that_stalls_for_five_seconds_costs_the_job_nothing() {
    let bench = Bench::new();
    let script = format!(
        "mkdir -p jobs/j/event_logs
        mkfifo jobs/j/event_logs/events.jsonl
        reader() {{
            sleep 5
            until grep -qs '\"type\":\"finished\"' jobs/j/journal/000001.jsonl; do sleep 0.1; done
            cp out/o.jsonl exported-while-stalled.jsonl
            timeout 60 cat jobs/j/event_logs/events.jsonl >log.jsonl
        }}
        reader &
        code=0; timeout 120 $COLDPRESS {PROCESS} --partition.size 2 || code=$?
        wait
        exit $code"
    );
    bench.script(&script).expect(0);
    let exported = String::from_utf8(bench.bytes("exported-while-stalled.jsonl")).unwrap();
    assert_eq!(exported.as_bytes(), bench.expected);

    // Everything was kept in memory meanwhile.
    let log = String::from_utf8(bench.bytes("log.jsonl")).unwrap();
    assert!(log.len() > 200_000, "{}", log.len());
    let events: Vec<Event> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let numbers = events.iter().map(|event| event.sequence);
    assert!(numbers.eq(1..=events.len() as u64));
    let published = events
        .iter()
        .filter(|event| event.kind == EventKind::PartitionComplete);
    assert_eq!(published.count(), 500);
    bench
        .run("monitor j --base-dir jobs")
        .expect(0)
        .prints(&["500 completed", "Samples: 1,000/1,000"]);
}
