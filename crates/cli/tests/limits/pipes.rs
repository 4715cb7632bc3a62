//! Pipes, devices and huge files in the place of files: they are named, and nobody waits for them or reads them whole.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::bench::{Bench, PROCESS};

/// What is put in the place of a file.
type Put = fn(&Path);

const PUT: [(&str, Put); 3] = [
    ("a pipe", |path| {
        assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
    }),
    ("a device", |path| symlink("/dev/zero", path).unwrap()),
    ("a huge file", |path| {
        File::create(path).unwrap().set_len(1 << 40).unwrap();
    }),
];

/// The files of the finished job `j`, each kind once.
fn files(bench: &Bench) -> Vec<PathBuf> {
    let first_in = |folder: &str| {
        let entries = fs::read_dir(bench.path(folder)).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths.into_iter().next()
    };
    let named = [
        "jobs/j/job.heartbeat",
        "jobs/j/job.lock",
        "jobs/j/job_summary.json",
        "jobs/j/lineage.jsonl",
        "jobs/j/recipe.resolved.yaml",
        "jobs/j/report.html",
        "jobs/j/metadata/dataset_mapping.json",
        "jobs/j/journal/000001.jsonl",
        "jobs/j/event_logs/events.jsonl",
        "out/.o.jsonl.coldpress.json",
    ];
    let folders = ["jobs/j/results", "jobs/j/checkpoints", "jobs/j/quarantine"];
    let named = named.into_iter().map(|name| bench.path(name));
    named
        .chain(folders.into_iter().filter_map(first_in))
        .collect()
}

#[test]
fn nothing_hangs_at_what_stands_for_a_file_of_a_job() {
    let bench = Bench::new();
    // One record that no operator takes.
    let mut input = bench.bytes("in.jsonl");
    input.extend_from_slice(b"[]\n");
    fs::write(bench.path("in.jsonl"), input).unwrap();
    bench.run(PROCESS).expect(0);
    let all = files(&bench);
    assert_eq!(all.len(), 13, "{all:?}");
    // Each within its time and memory; what it gives is another matter.
    let looks = "
        run() { code=0; timeout 60 $COLDPRESS \"$@\" >out.txt 2>err.txt || code=$?
            case $code in 124|134|137|139) echo \"$code: $*\" >&2; cat err.txt >&2; exit 9;; esac; }
        ulimit -v 3000000
        run jobs --base-dir jobs
        run monitor j --base-dir jobs --detailed
        run stop --list --base-dir jobs
        run stop j --base-dir jobs
        run events j --base-dir jobs
        run quarantine list j --base-dir jobs
        run checkpoint list j --base-dir jobs
        run checkpoint verify jobs/j
        run process --config recipe.yaml --job_id j --no-progress
        run process --config recipe.yaml --job_id other --export_path other/o.jsonl --no-progress
    ";
    for file in &all {
        let kept = bench.path("kept");
        fs::rename(file, &kept).unwrap();
        for (what, put) in PUT {
            put(file);
            let ran = bench.script(looks);
            assert_eq!(ran.code, 0, "{what} for {}: {}", file.display(), ran.stderr);
            // A new job of the same folder is none the worse.
            assert!(
                bench.path("other/o.jsonl").exists(),
                "{what} for {}",
                file.display()
            );
            for folder in ["jobs/other", "other"] {
                let _ = fs::remove_dir_all(bench.path(folder));
            }
            let _ = fs::remove_file(file);
        }
        fs::rename(&kept, file).unwrap();
    }
}

#[test]
fn a_pipe_as_input_is_refused() {
    let bench = Bench::new();
    let ran = bench.script(&format!(
        "rm in.jsonl; mkfifo in.jsonl; exec timeout 20 $COLDPRESS {PROCESS}"
    ));
    let error = ran.expect(1).error().to_owned();
    assert_eq!(
        error,
        "`in.jsonl` is a pipe, which this release does not support; a dataset is read more than once, so write the content \
         to a file first"
    );
    // Also one that took the place of a file that was planned.
    let bench = Bench::new();
    bench.script(&format!(
        "COLDPRESS_CRASH_POINT=driver.publish:3 $COLDPRESS {PROCESS} || :"
    ));
    let ran = bench.script(&format!(
        "rm in.jsonl; mkfifo in.jsonl; exec timeout 20 $COLDPRESS {PROCESS}"
    ));
    assert!(ran.expect(1).error().contains("is a pipe"));
}
