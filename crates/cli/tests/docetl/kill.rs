//! Kills at every point and at any instant: each checkpoint is there in one format or both, whole, and the same command
//! again ends with what an undisturbed run leaves.

use std::collections::BTreeMap;
use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use coldpress::docetl::{CheckpointName, Record};
use coldpress::storage::crash_point;

use crate::bench::{Bench, copy, frozen};

/// Those that a migration passes, in the order in which it does.
const POINTS: [&str; 6] = [
    "new_file_before_sync",
    "new_file_before_folder_sync",
    "docetl_before_rename",
    "rename_before_folder_sync",
    "docetl_after_rename",
    "docetl_before_original_goes",
];

/// The starting directory, its destination, and the command that converts the one to the other.
const WAYS: [(&str, &str); 3] = [
    ("docetl", "docetl migrate dir"),
    ("docetl", "docetl migrate dir --remove-originals"),
    ("parquet", "docetl migrate dir --to json --remove-originals"),
];

/// A directory to begin with, what its checkpoints hold, and what an undisturbed run makes of it.
struct Case {
    bench: Bench,
    command: &'static str,
    records: BTreeMap<CheckpointName, Vec<Record>>,
    undisturbed: BTreeMap<String, Vec<u8>>,
    took: Duration,
}

impl Case {
    fn new(bench: Bench, command: &'static str) -> Self {
        let mut case = Self {
            records: bench.records("start"),
            bench,
            command,
            undisturbed: BTreeMap::new(),
            took: Duration::ZERO,
        };
        case.begin();
        let started = Instant::now();
        case.bench.run(command).expect(0);
        case.took = started.elapsed();
        case.undisturbed = case.bench.files("dir");
        assert_ne!(case.undisturbed, case.bench.files("start"));
        case
    }

    fn begin(&self) {
        let _ = fs::remove_dir_all(self.bench.path("dir"));
        copy(&self.bench.path("start"), &self.bench.path("dir"));
    }

    /// Looks at what a kill left, runs the command again and looks at that.
    #[track_caller]
    fn check_and_go_on(&self, killed: &str) {
        assert!(
            self.bench.records("dir") == self.records,
            "{killed}: a checkpoint is not what it was"
        );
        self.bench.run(self.command).expect(0);
        let files = self.bench.files("dir");
        let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&files), names(&self.undisturbed), "{killed}");
        assert!(
            files == self.undisturbed,
            "{killed}: a file has other bytes than without the kill"
        );
        assert!(self.bench.records("dir") == self.records, "{killed}");
    }
}

/// The frozen directory in the format that it is to begin with.
fn small(start: &str) -> Bench {
    let bench = Bench::new();
    copy(&frozen("docetl"), &bench.path("start"));
    if start == "parquet" {
        bench
            .run("docetl migrate start --remove-originals")
            .expect(0);
    }
    bench
}

#[test]
fn kills_at_every_point() {
    for (start, command) in WAYS {
        let case = Case::new(small(start), command);
        for point in POINTS {
            let mut reached = 0;
            // At the first checkpoint, and in the middle of the directory with everything lost that was not synced.
            for (hit, loses) in [(1, false), (7, true)] {
                case.begin();
                let mut line = case.bench.command(command);
                line.env(crash_point::VARIABLE, format!("{point}:{hit}"));
                if loses {
                    line.env(crash_point::LOSES_VARIABLE, "unsynced");
                }
                let output = line.output().unwrap();
                let killed = format!("{command}, {point}:{hit}, power cut {loses}");
                if let Some(code) = output.status.code() {
                    assert_eq!(
                        code,
                        0,
                        "{killed}: {}",
                        String::from_utf8_lossy(&output.stderr)
                    );
                    continue;
                }
                reached += 1;
                case.check_and_go_on(&killed);
            }
            let removes = command.contains("--remove-originals");
            let is_passed = removes || point != "docetl_before_original_goes";
            let expected = if is_passed { 2 } else { 0 };
            assert_eq!(reached, expected, "{command}: {point}");
        }
    }
}

/// The number of kills for each of them, spread evenly over the time that an undisturbed run takes.
const INSTANTS: u32 = 5;

#[test]
fn kills_at_any_instant() {
    let mut midway = 0;
    for (start, command) in WAYS {
        let case = Case::new(large(start), command);
        for instant in 0..INSTANTS {
            case.begin();
            let child = case
                .bench
                .command(command)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let mut child = child.unwrap();
            std::thread::sleep(case.took * (2 * instant + 1) / (2 * INSTANTS));
            child.kill().unwrap();
            let killed = child.wait().unwrap().code().is_none();
            let before = case.bench.files("dir");
            if killed && before != case.undisturbed && before != case.bench.files("start") {
                midway += 1;
            }
            case.check_and_go_on(&format!("{command}, instant {instant}"));
        }
    }
    assert!(midway > 0, "no kill hit while files were written");
}

/// Directories that take a moment: eight checkpoints of some thousand records.
fn large(start: &str) -> Bench {
    let bench = small("docetl");
    for number in 0..8 {
        let record = |id: usize| {
            format!(
                r#"{{"id": {id}, "text": "{:x}", "of": {{"checkpoint": {number}}}, "list": [{id}, null]}}"#,
                id * 7919
            )
        };
        let records: Vec<_> = (0..3000).map(record).collect();
        bench.write(
            &format!("start/large/op{number}.json"),
            format!("[{}]", records.join(", ")),
        );
    }
    if start == "parquet" {
        bench
            .run("docetl migrate start --remove-originals")
            .expect(0);
    }
    bench
}
