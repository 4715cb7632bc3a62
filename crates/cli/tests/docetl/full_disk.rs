//! Disks that are full: what was there stays, one line says what to do, and with more room the same command ends.

use crate::bench::{Bench, copy, frozen};
use crate::shared::Ran;

/// Migrates a directory on disks of these sizes in KiB, then again with room enough. The first size must be too small, the
/// last large enough.
#[track_caller]
fn check(start: &str, command: &str, sizes: &[u32]) {
    let mut codes = Vec::new();
    for size in sizes {
        let bench = Bench::new();
        copy(&frozen("docetl"), &bench.path("start"));
        if start == "parquet" {
            bench
                .run("docetl migrate start --remove-originals")
                .expect(0);
        }
        let script = format!(
            "mkdir dir && mount -t tmpfs -o size={size}k tmpfs dir
            cp -rp start/. dir
            code=0; $COLDPRESS docetl {command} >first 2>&1 || code=$?; echo $code >code
            cp -rp dir left
            mount -o remount,size=64m dir
            $COLDPRESS docetl {command}
            cp -rp dir done"
        );
        let Some(mut shell) = bench.mounting_shell(&script) else {
            return;
        };
        Ran::of(shell.output().unwrap()).expect(0);
        let (code, told) = (
            bench.read("code").trim().parse::<i32>().unwrap(),
            bench.read("first"),
        );
        if code != 0 {
            assert_eq!(code, 1, "{told}");
            let error = told
                .lines()
                .find(|line| line.starts_with("error: "))
                .unwrap();
            assert!(
                error.contains("dir") && error.ends_with(" is full: free some space and run the same command again; what is finished stays"),
                "{told}"
            );
        }
        // Nothing is lost, and nothing half done is left.
        let records = bench.records("start");
        assert!(
            bench.records("left") == records && bench.records("done") == records,
            "{size}k"
        );
        let left = bench.files("left");
        assert!(
            !left.keys().any(|name| name.ends_with(".tmp")),
            "{size}k: {:?}",
            left.keys()
        );
        codes.push(code);
    }
    assert_eq!(
        (codes.first(), codes.last()),
        (Some(&1), Some(&0)),
        "{codes:?}"
    );
}

#[test]
fn originals_stay_beside_what_was_written() {
    check("json", "migrate dir", &[88, 104, 136, 168, 4096]);
}

#[test]
fn originals_that_go_make_room() {
    check("json", "migrate dir --remove-originals", &[84, 88, 4096]);
}

#[test]
fn json_again() {
    check("parquet", "migrate dir --to json", &[132, 148, 180, 4096]);
}
