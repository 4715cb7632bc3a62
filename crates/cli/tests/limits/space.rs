//! Free space that is looked at beforehand.

use serde_json::Value;

use crate::bench::{Bench, PROCESS};

/// More than any disk has, in MB.
const ABSURD: &str = "--min_free_disk_mb 1000000000";

#[test]
fn a_job_that_would_leave_too_little_free_is_not_begun() {
    let bench = Bench::new();
    let ran = bench.run(&format!("{PROCESS} {ABSURD}")).expect(1);
    let error = ran.error();
    assert!(
        error.starts_with("the disk of `jobs` and `out` has "),
        "{error}"
    );
    let rest = " MB free, and `min_free_disk_mb` asks for 1000000000 MB: free some space, or lower that, and run the same \
                command again; what is finished stays";
    assert!(error.ends_with(rest), "{error}");
    assert!(
        bench
            .events()
            .iter()
            .all(|event| event["event_type"] != "partition_start")
    );
    // Nothing is asked with 0, as the recipe of the bench has it.
    let ran = bench.run(PROCESS).expect(0);
    assert!(!ran.stderr.contains("warning"), "{}", ran.stderr);
    assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
    // What is exported needs no more room.
    bench.run(&format!("{PROCESS} {ABSURD}")).expect(0);
}

#[test]
fn a_disk_that_fills_up_stops_the_job_before_it_is_full() {
    let bench = Bench::new();
    let process = format!("{PROCESS} --min_free_disk_mb 3");
    let script = format!(
        "mkdir -p jobs; mount -t tmpfs -o size=5m tmpfs jobs
        $COLDPRESS {process} 2>first
        mount -o remount,size=2m jobs
        code=0; $COLDPRESS {process} --fresh 2>second || code=$?; echo $code >code
        mount -o remount,size=64m jobs
        $COLDPRESS {process} 2>third"
    );
    let Some(ran) = bench.mounting(&script) else {
        return;
    };
    ran.expect(0);
    let text = |name: &str| String::from_utf8(bench.bytes(name)).unwrap();
    let warned = |name: &str| {
        let warnings = "MB free; below 3 MB (`min_free_disk_mb`) the job stops";
        text(name).matches(warnings).count()
    };
    assert_eq!(
        (warned("first"), warned("third")),
        (1, 0),
        "{}",
        text("first")
    );
    assert_eq!(text("code"), "1\n", "{}", text("second"));
    let error = text("second");
    assert!(
        error.starts_with("error: the disk of `jobs` has "),
        "{error}"
    );
    assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
}

#[test]
fn what_is_needed_is_compared_with_what_is_free() {
    let bench = Bench::new();
    let more = bench.bytes("in.jsonl").repeat(20);
    std::fs::write(bench.path("in.jsonl"), more).unwrap();
    let script = format!(
        "mkdir -p jobs; mount -t tmpfs -o size=4m tmpfs jobs
        $COLDPRESS plan --config recipe.yaml >plan
        $COLDPRESS plan --config recipe.yaml --json >plan.json
        $COLDPRESS {PROCESS} --min_free_disk_mb 1 >report || true
        cp jobs/j/event_logs/events.jsonl events"
    );
    let Some(ran) = bench.mounting(&script) else {
        return;
    };
    ran.expect(0);
    let text = |name: &str| String::from_utf8(bench.bytes(name)).unwrap();
    let plan = text("plan");
    assert!(plan.contains("Disk         up to "), "{plan}");
    assert!(plan.contains("Free         4.2 MB for up to "), "{plan}");
    assert!(
        plan.contains(": that may not be enough\n             on the disk of `jobs`\n"),
        "{plan}"
    );
    assert!(
        plan.contains("\n             on the disk of `out`\n"),
        "{plan}"
    );
    let plan: Value = serde_json::from_str(&text("plan.json")).unwrap();
    assert_eq!(plan["space"][0]["free_bytes"], 4 << 20);
    let need = |at: usize| plan["space"][at]["needed_bytes"].as_u64().unwrap();
    let disk = |part: &str| plan["disk"][part].as_u64().unwrap();
    assert_eq!(
        (need(0), need(1)),
        (disk("results") + disk("checkpoints"), disk("export"))
    );
    let warning = "MB to the disk of `jobs`, which has 3 MB free; `coldpress plan` shows what for";
    assert_eq!(text("events").matches(warning).count(), 1);
}
