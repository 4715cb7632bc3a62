//! Devices that refuse or stall.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::time::{Duration, Instant};

use coldpress_events::{Error, Event, EventKind, EventLog, Level, LogOptions};

use crate::support::{all_events, note};

#[test]
fn a_full_device_is_waited_out_and_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    symlink("/dev/full", &path).unwrap();
    let options = LogOptions::default().held_bytes(2000);
    let log = EventLog::open(folder.path(), "j", options).unwrap();
    let listener = log.subscribe();
    log.emit(note("held"));
    assert!(matches!(log.flush(), Err(Error::Io { .. })));
    for _ in 0..50 {
        log.emit(note("too many to hold").metadata("pad", "x".repeat(100)));
    }
    assert!(matches!(log.flush(), Err(Error::Io { .. })));
    let lost = log.lost();
    assert!(lost > 20, "{lost}");

    // The device has room again.
    fs::remove_file(&path).unwrap();
    fs::write(&path, b"").unwrap();
    log.flush().unwrap();
    log.emit(note("after"));
    log.close().unwrap();

    let events = all_events(folder.path());
    assert_eq!(events[0].message, "held");
    assert_eq!(events.last().unwrap().message, "after");
    let warning = &events[events.len() - 2];
    assert_eq!(
        (&warning.kind, warning.level()),
        (&EventKind::Warning, Level::Warning)
    );
    assert_eq!(warning.metadata.as_ref().unwrap()["lost_events"], lost);
    assert!(
        warning.message.contains("No space left"),
        "{}",
        warning.message
    );
    // The events that were held, those that were lost, the warning, and the last one. The numbers show the gap.
    assert_eq!(events.last().unwrap().sequence, 51 + 2);
    assert_eq!(events.len() as u64, 51 + 2 - lost);
    assert_eq!(listener.count(), 51 + 2);
}

#[test]
fn a_full_device_at_the_end_is_an_error_and_a_loss() {
    let folder = tempfile::tempdir().unwrap();
    symlink("/dev/full", folder.path().join("events.jsonl")).unwrap();
    let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
    let sink = log.sink();
    log.emit(note("a"));
    log.emit(note("b"));
    assert!(matches!(log.close(), Err(Error::Io { .. })));
    assert_eq!(sink.lost(), 2);
}

#[test]
fn losses_to_a_stalled_device_are_told_once_it_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let options = LogOptions::default().queue_events(100);
    let log = EventLog::open(folder.path(), "j", options).unwrap();
    let sink = log.sink();
    let mut told = 0;
    while sink.lost() < 10 {
        sink.emit(note("x".repeat(1000)));
        told += 1;
    }
    let lost = sink.lost();
    let reader = std::thread::spawn(move || fs::read_to_string(path).unwrap());
    // The pipe is read from now on, or from a little later.
    log.close().unwrap();
    let text = reader.join().unwrap();
    let events: Vec<Event> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(events.len() as u64, told - lost + 1);
    let warning = events.last().unwrap();
    assert_eq!(warning.kind, EventKind::Warning);
    assert_eq!(
        warning.metadata.as_ref().unwrap()["lost_events_total"],
        lost
    );
    assert!(
        warning
            .message
            .starts_with(&format!("{lost} events were lost"))
    );
}

#[test]
fn a_stalled_device_does_not_stall_the_producers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    // A pipe that nobody reads takes about 64 KB and then nothing more.
    let made = Command::new("mkfifo").arg(&path).status().unwrap();
    assert!(made.success());
    let options = LogOptions::default().queue_events(100).patience_seconds(1);
    let log = EventLog::open(folder.path(), "j", options).unwrap();
    let mut listener = log.subscribe();
    let sink = log.sink();
    let began = Instant::now();
    while sink.lost() == 0 {
        sink.emit(note("x".repeat(1000)));
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "the pipe takes all"
        );
    }
    let slowest = (0..100)
        .map(|_| {
            let began = Instant::now();
            sink.emit(note("lost"));
            began.elapsed()
        })
        .max();
    assert!(slowest < Some(Duration::from_millis(500)), "{slowest:?}");
    assert!(matches!(
        log.flush(),
        Err(Error::Stalled { waited_seconds: 1 })
    ));
    assert!(listener.next().is_some());
    assert!(matches!(log.close(), Err(Error::Stalled { .. })));
    // The listener is released even though the writing thread hangs.
    assert!(listener.count() > 0);
}
