//! Crash points: a child is killed at a named place, and what it left is looked at.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, ExitStatus};

use coldpress_storage::{LogWriter, NewFile, TornTail, crash_point, read_log, replace};

const FOLDER: &str = "COLDPRESS_TEST_FOLDER";

/// What the child does: not a test of its own, and nothing at all without the variable.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        return;
    };
    let folder = Path::new(&folder);
    replace(folder.join("view"), b"old").unwrap();
    replace(folder.join("view"), b"new").unwrap();
    let mut log = LogWriter::create_new(folder.join("log"), 1).unwrap();
    for index in 1..=3 {
        log.append(&index).unwrap();
        log.append("a second record in the same sync").unwrap();
        log.sync().unwrap();
    }
    let mut file = NewFile::create(folder.join("result")).unwrap();
    file.write_all(b"bytes").unwrap();
    file.finish().unwrap();
}

fn run_until(point: &str, folder: &Path) -> ExitStatus {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child"])
        .env(FOLDER, folder)
        .env(crash_point::VARIABLE, point)
        .output()
        .unwrap()
        .status
}

#[track_caller]
fn check(point: &str, view: &str, records: usize, result_exists: bool) {
    use std::os::unix::process::ExitStatusExt;
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(run_until(point, folder.path()).signal(), Some(9), "{point}");
    let found = std::fs::read_to_string(folder.path().join("view")).unwrap();
    assert_eq!(found, view, "{point}");
    let log = folder.path().join("log");
    if log.exists() {
        let contents = read_log(&log, None, TornTail::Allow).unwrap();
        assert_eq!(contents.frames.len(), records, "{point}");
        assert_eq!(contents.torn_bytes > 0, point.starts_with("log_torn"));
    } else {
        assert_eq!(records, 0, "{point}");
    }
    assert_eq!(
        folder.path().join("result").exists(),
        result_exists,
        "{point}"
    );
}

#[test]
fn what_a_crash_leaves() {
    check("replace_before_rename:2", "old", 0, false);
    check("replace_before_folder_sync:2", "new", 0, false);
    check("log_before_write:2", "new", 2, false);
    // Half of two lines of different lengths is the whole first one and a part of the second.
    check("log_torn_write:2", "new", 3, false);
    check("log_before_sync:3", "new", 6, false);
    check("log_after_sync:3", "new", 6, false);
    check("new_file_before_sync", "new", 6, true);
    check("new_file_before_folder_sync", "new", 6, true);
}

#[test]
fn without_its_point_the_child_lives() {
    let folder = tempfile::tempdir().unwrap();
    assert!(run_until("no_such_point", folder.path()).success());
    assert!(run_until("", tempfile::tempdir().unwrap().path()).success());
}
