//! Kills at every point and at any instant: each checkpoint is there in one format or both, whole, and the same command
//! again ends with what an undisturbed run leaves.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

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
}

impl Case {
    fn new(bench: Bench, command: &'static str) -> Self {
        let mut case = Self {
            records: bench.records("start"),
            bench,
            command,
            undisturbed: BTreeMap::new(),
        };
        case.begin();
        case.bench.run(command).expect(0);
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

/// The checkpoints that a run has reported when it is killed.
const REPORTED: [usize; 3] = [1, 10, 20];

#[test]
fn kills_at_any_instant() {
    for (start, command) in WAYS {
        let case = Case::new(large(start), command);
        for reported in REPORTED {
            case.begin();
            let killed = format!("{command}, after {reported}");
            kill_after(reported, case.bench.command(command));
            let left = case.bench.files("dir");
            assert_ne!(left, case.bench.files("start"), "{killed}");
            assert_ne!(left, case.undisturbed, "{killed}");
            case.check_and_go_on(&killed);
        }
    }
}

/// Kills the program at some instant after it has reported so many checkpoints, and before it ends: a pipe that nobody
/// reads holds it up.
fn kill_after(reported: usize, mut command: Command) {
    let command = command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let mut saved = lines.filter(|line| line.as_ref().unwrap().contains(" Intermediate saved "));
    assert!(saved.nth(reported - 1).is_some(), "it ended too early");
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "it ended by itself");
}

/// Bytes that a pipe and its reader hold, on Linux.
const BUFFERED_BYTES: usize = (64 + 8) << 10;
const CHECKPOINTS: usize = 70;

/// Directories whose checkpoints have long names, so that all lines about them do not fit into a pipe. Some have
/// a thousand records.
fn large(start: &str) -> Bench {
    let bench = small("docetl");
    let (step, operation) = ("s".repeat(180), "o".repeat(190));
    // Two lines for each, with both names twice.
    let bytes = 4 * (step.len() + operation.len());
    let unread = CHECKPOINTS - REPORTED.into_iter().max().unwrap();
    assert!(unread * bytes > BUFFERED_BYTES, "the program may end");
    for number in 0..CHECKPOINTS {
        let record = |id: usize| {
            format!(
                r#"{{"id": {id}, "text": "{:x}", "of": {{"checkpoint": {number}}}, "list": [{id}, null]}}"#,
                id * 7919
            )
        };
        let count = if number % 8 == 0 { 1000 } else { 3 };
        let records: Vec<_> = (0..count).map(record).collect();
        bench.write(
            &format!("start/{step}/{number:03}{operation}.json"),
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
