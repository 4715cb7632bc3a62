//! Disks that are full, of all that is written.

use crate::bench::{Bench, PROCESS, Ran};

/// Runs the job on disks of these sizes in KiB, mounted at `folder`, then again with the disk still full, then with
/// room enough. The first size must be too small, the last large enough.
#[track_caller]
fn check(folder: &str, sizes: &[u32], settings: &str) {
    let bench = Bench::new();
    let mut codes = Vec::new();
    for size in sizes {
        bench.clear();
        let script = format!(
            "mkdir -p {folder}
            mount -t tmpfs -o size={size}k tmpfs {folder}
            run() {{ code=0; $COLDPRESS {PROCESS} {settings} 2>$1 || code=$?; echo $code >$1.code; }}
            run first; cat jobs/j/journal/* >journal || true; run second
            mount -o remount,size=64m {folder}
            run third
            cp out/o.jsonl exported.jsonl
            cp jobs/j/event_logs/events.jsonl events.jsonl"
        );
        let Some(ran) = bench.mounting(&script) else {
            return;
        };
        ran.expect(0);
        let run = |name: &str| {
            let text = |name: &str| String::from_utf8(bench.bytes(name)).unwrap();
            let code = text(&format!("{name}.code")).trim().parse().unwrap();
            let stderr = text(name);
            let stdout = String::new();
            Ran {
                code,
                stdout,
                stderr,
            }
        };
        let first = run("first");
        for ran in [&first, &run("second")] {
            assert!(matches!(ran.code, 0 | 1), "{size}k: {ran:?}");
            if ran.code == 1 {
                check_message(ran, folder);
            }
        }
        // Where the journal has room, it says how the run ended.
        if folder != "jobs" && first.code == 1 {
            let journal = String::from_utf8(bench.bytes("journal")).unwrap();
            let last = journal.lines().last().unwrap();
            assert!(
                last.contains("finished") && last.contains("is full"),
                "{last}"
            );
        }
        run("third").expect(0);
        assert_eq!(bench.bytes("exported.jsonl"), bench.expected, "{size}k");
        let events = String::from_utf8(bench.bytes("events.jsonl")).unwrap();
        for kind in ["retry", "partition_failed"] {
            assert!(
                !events.contains(&format!("\"event_type\":\"{kind}\"")),
                "{size}k: {kind}"
            );
        }
        codes.push(first.code);
    }
    assert_eq!(
        (codes.first(), codes.last()),
        (Some(&1), Some(&0)),
        "{codes:?}"
    );
}

/// One line says which disk is full and what to do.
#[track_caller]
fn check_message(ran: &Ran, folder: &str) {
    let error = ran.error();
    assert!(error.contains(folder), "{error}");
    let told = error.ends_with(
        " is full: free some space and run the same command again; what is finished stays",
    );
    // Before there is a job there is nothing that could stay.
    let before = error.starts_with("cannot make the folder ");
    assert!(told || before, "{}", ran.stderr);
}

#[test]
fn the_disk_of_the_jobs() {
    check("jobs", &[16, 32, 64, 96, 160, 224, 320, 4096], "");
}

#[test]
fn the_disk_of_the_export() {
    check("out", &[4, 64, 4096], "");
}

#[test]
fn the_disk_of_the_checkpoints() {
    check("other", &[4, 32, 4096], "--checkpoint_dir other");
}

#[test]
fn the_disk_of_the_copies() {
    let settings = "--partition_dir other --partition.materialize always";
    check("other", &[4, 64, 4096], settings);
}
