//! Two drivers on one job, two jobs on one export.

use crate::bench::{Bench, EXPORT, Frozen};
use crate::changes::slow_input;

/// A driver in the midst of its work, with partitions behind and before it.
fn begun(bench: &Bench) -> Frozen {
    begun_with(bench, "")
}

fn begun_with(bench: &Bench, more: &str) -> Frozen {
    slow_input(bench);
    bench.freeze(&format!("--partition.size 20 {more}"), |journal| {
        journal.contains("\"type\":\"published\"")
    })
}

#[test]
fn a_second_driver_is_refused_and_the_first_goes_on() {
    let bench = Bench::new();
    let first = begun(&bench);
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    for more in ["", "--fresh", "--take-over"] {
        let ran = bench.process(more).expect(4);
        let who = format!(
            "error: the job is running: process {} on {}, started 20",
            first.pid(),
            host.trim()
        );
        let ran = ran.tells(&[&who, "; stop it first, or wait for it"]);
        assert!(ran.stdout.is_empty() && !bench.has_exported());
    }
    bench
        .run("jobs remove j --base-dir jobs")
        .expect(4)
        .tells(&["the job is running"]);
    first.thaw().expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
}

#[test]
fn two_jobs_on_one_export() {
    let bench = Bench::new();
    let first = begun(&bench);
    for path in [EXPORT, "./out//o.jsonl", "out/../out/o.jsonl"] {
        let ran = bench.run(&format!(
            "process --config recipe.yaml --job_id other --export_path {path}"
        ));
        let ran = ran.expect(4).tells(&[
            "error: another job is exporting to `",
            "; wait for it or export elsewhere",
        ]);
        assert!(ran.stdout.is_empty() && !bench.has_exported());
    }
    // Elsewhere is fine.
    bench
        .run("process --config recipe.yaml --job_id other --export_path elsewhere.jsonl")
        .expect(0);
    first.thaw().expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
    bench
        .run("process --config recipe.yaml --job_id other")
        .expect(0);
}

#[test]
fn what_appears_at_the_export_path_meanwhile_stays() {
    let bench = Bench::new();
    let first = begun(&bench);
    bench.write(EXPORT, "precious\n");
    let message = format!(
        "something was put at the export path `{EXPORT}`, or changed there, while the job ran; move it away and resume"
    );
    first.thaw().expect(4).begins_with_error(&message);
    assert_eq!(bench.bytes(EXPORT), b"precious\n");
    std::fs::remove_file(bench.path(EXPORT)).unwrap();
    bench.process("").expect(0);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
}

#[test]
fn what_replaces_an_earlier_export_meanwhile_stays() {
    let bench = Bench::with_input();
    bench
        .run("process --config recipe.yaml --job_id earlier")
        .expect(0);
    let first = begun(&bench);
    bench.write(EXPORT, "precious\n");
    let ran = first.thaw();
    assert_eq!(bench.bytes(EXPORT).len(), 9, "the file was replaced");
    ran.expect(4).tells(&[EXPORT]);
}

#[test]
fn what_appears_beside_the_export_meanwhile_stays() {
    let bench = Bench::new();
    let first = begun_with(&bench, "--export_stats true");
    let stats = EXPORT.replace(".jsonl", "_stats.jsonl");
    bench.write(&stats, "precious\n");
    first
        .thaw()
        .expect(4)
        .tells(&[&stats, "exists and was not made by Coldpress; move it away"]);
    assert_eq!(bench.bytes(&stats), b"precious\n");
    assert!(!bench.has_exported());
}
