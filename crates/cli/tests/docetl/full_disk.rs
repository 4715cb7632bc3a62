//! Disks that are full: what was there stays, one line says what to do, and with more room the same command ends.

use std::process::Command;

use crate::bench::{Bench, copy, frozen};
use crate::shared::{PROGRAM, Ran};

/// Runs a shell script that may mount file systems, which are gone at its end; returns none if that isn't permitted, which
/// fails if `COLDPRESS_MOUNTS_REQUIRED` is 1.
#[allow(clippy::print_stderr, reason = "a test that tests nothing must say so")]
fn mounting(bench: &Bench, script: &str) -> Option<Ran> {
    let run = |script: &str| {
        let mut command = Command::new("unshare");
        command
            .args(["-rm", "sh", "-euc", script])
            .current_dir(bench.root())
            .env("COLDPRESS", PROGRAM);
        command.output()
    };
    let probe = "mkdir -p probe && mount -t tmpfs -o size=64k tmpfs probe";
    if !run(probe).is_ok_and(|output| output.status.success()) {
        let told = "NOTHING IS TESTED: `unshare -rm` and `mount` are not permitted here";
        assert!(!are_mounts_required(), "{told}");
        eprintln!("{told}");
        return None;
    }
    Some(Ran::of(run(script).unwrap()))
}

fn are_mounts_required() -> bool {
    std::env::var_os("COLDPRESS_MOUNTS_REQUIRED").is_some_and(|value| value == "1")
}

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
        let Some(ran) = mounting(&bench, &script) else {
            return;
        };
        ran.expect(0);
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
