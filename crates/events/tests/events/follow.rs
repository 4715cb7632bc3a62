//! Reads a log that grows and rotates.

use std::cell::Cell;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use coldpress_events::{EventFilter, EventKind, EventLog, LogOptions, follow};

use crate::support::note;

const INTERVAL: Duration = Duration::from_millis(1);

#[test]
fn nothing_is_missed_or_told_twice_across_rotations() {
    for backup_count in [0, 3] {
        let folder = tempfile::tempdir().unwrap();
        let options = LogOptions::default()
            .max_log_size_bytes(3000)
            .backup_count(backup_count);
        let is_done = AtomicBool::new(false);
        let stop = || is_done.load(Ordering::Acquire);
        // The follower exists before the log does.
        let path = folder.path().join("event_logs");
        let mut events = follow(&path, EventFilter::new(), INTERVAL, stop).unwrap();
        let (told, found) = std::thread::scope(|scope| {
            let writer = scope.spawn(|| {
                let log = EventLog::open(&path, "j", options).unwrap();
                for index in 0..600 {
                    log.emit(note(index.to_string()));
                    if index % 3 == 0 {
                        log.flush().unwrap();
                    }
                }
                log.close().unwrap();
                is_done.store(true, Ordering::Release);
                600
            });
            let found: Vec<u64> = events
                .by_ref()
                .map(|event| event.unwrap().sequence)
                .collect();
            (writer.join().unwrap(), found)
        });
        assert_eq!(events.damaged_lines(), 0);
        assert!(found.is_sorted_by(|a, b| a < b), "told twice");
        assert_eq!(found.last(), Some(&told));
        if backup_count == 0 {
            assert_eq!(found, (1..=told).collect::<Vec<u64>>());
        }
    }
}

#[test]
fn half_a_line_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let append = |text: &str| {
        let mut file = OpenOptions::new()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap();
        file.write_all(text.as_bytes()).unwrap();
    };
    append("{\"event_type\":\"info\",\"mess");
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        match asked.get() {
            1 => append("age\":\"one\"}\nnot an event\n{\"event_type\":\"OP_"),
            2 => append("START\",\"message\":\"two\"}"),
            3 => append("\n"),
            _ => return true,
        }
        false
    };
    let mut events = follow(folder.path(), EventFilter::new(), INTERVAL, stop).unwrap();
    let kinds: Vec<EventKind> = events.by_ref().map(|event| event.unwrap().kind).collect();
    assert_eq!(kinds, [EventKind::Info, EventKind::OpStart]);
    assert_eq!(events.damaged_lines(), 1);
    fs::remove_file(&path).unwrap();
}

#[test]
fn the_filter_holds_while_following() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
    for index in 0..10_u64 {
        log.emit(note("").partition(index % 2));
    }
    log.flush().unwrap();
    let filter = EventFilter::new().partition(1);
    let events = follow(folder.path(), filter, INTERVAL, || true).unwrap();
    assert_eq!(events.count(), 5);
}
