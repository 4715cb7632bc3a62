//! File systems that are mounted read-only.

use crate::bench::{Bench, PROCESS};

/// Mounts `folder` read-only before the job, or behind a part of it, and gives the one error.
#[track_caller]
fn refused(bench: &Bench, before: &str, folder: &str) -> Option<String> {
    bench.clear();
    let script = format!(
        "mkdir -p {folder}; mount -t tmpfs tmpfs {folder}; {before}
        mount -o remount,ro {folder}; $COLDPRESS {PROCESS}"
    );
    let ran = bench.mounting(&script)?.expect(1);
    Some(ran.error().to_owned())
}

#[test]
fn what_is_read_only_is_named() {
    let bench = Bench::new();
    let advice =
        "the file system is read-only; mount it writable, or set work_dir to another place";
    let part = format!("$COLDPRESS {PROCESS} --limit 100 >first");
    for before in ["", &part] {
        let Some(error) = refused(&bench, before, "jobs") else {
            return;
        };
        assert!(
            error.contains("jobs/j") && error.ends_with(advice),
            "{error}"
        );
    }
    let error = refused(&bench, "", "out").unwrap();
    assert_eq!(
        error,
        "the file system of `out` is read-only: mount it writable and run the same command again; what is finished stays"
    );
}
