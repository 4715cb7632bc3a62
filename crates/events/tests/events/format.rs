//! The format on disk: frozen files and foreign ones.

use std::fs;

use coldpress_events::{
    Error, Event, EventFilter, EventKind, EventLog, Level, LogOptions, read_events,
};

/// Written once by hand. It must never be regenerated.
const SCHEMA_1: &str = include_str!("../data/events-schema-1.jsonl");

fn folder_with(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("events.jsonl"), text).unwrap();
    folder
}

#[test]
fn schema_1_is_read() {
    let folder = folder_with(SCHEMA_1);
    let mut reader = read_events(folder.path(), EventFilter::new()).unwrap();
    let events: Vec<Event> = reader.by_ref().map(Result::unwrap).collect();
    assert_eq!(reader.damaged_lines(), 1);
    let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "job_start",
            "partition_start",
            "op_complete",
            "checkpoint_save",
            "a_kind_of_a_later_release",
            "op_failed",
            "resource_usage",
            "job_complete"
        ]
    );
    let op = &events[2];
    assert_eq!((op.partition_id, op.operation_idx), (Some(3), Some(0)));
    assert_eq!(
        (op.throughput(), op.reduction_ratio()),
        (Some(2000.0), Some(0.01))
    );
    assert_eq!(events[3].metadata.as_ref().unwrap()["bytes"], 12345);
    assert_eq!(events[5].level(), Level::Error);
    assert_eq!(events[5].error_type.as_deref(), Some("input"));
    assert_eq!((events[7].sequence, events[7].schema_version), (0, 0));
}

#[test]
fn schema_1_is_written_as_it_is_read() {
    let known = SCHEMA_1
        .lines()
        .filter(|line| line.starts_with("{\"schema_version\"") && !line.contains("a_later_field"));
    for line in known {
        let event: Event = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&event).unwrap(), line);
    }
}

#[test]
fn a_log_goes_on_behind_a_foreign_last_line() {
    let folder = folder_with(SCHEMA_1);
    let log = EventLog::open(folder.path(), "demo", LogOptions::default()).unwrap();
    log.emit(Event::new(EventKind::JobRestart, "again"));
    log.close().unwrap();
    let text = fs::read_to_string(folder.path().join("events.jsonl")).unwrap();
    assert!(text.starts_with(SCHEMA_1));
    let reader = read_events(
        folder.path(),
        EventFilter::new().kind(EventKind::JobRestart),
    );
    let events: Vec<Event> = reader.unwrap().map(Result::unwrap).collect();
    assert_eq!(events[0].sequence, 8);
}

#[test]
fn a_newer_schema_is_not_taken_for_damage() {
    let newer = [
        "{\"schema_version\":2,\"event_type\":\"job_start\"}\n",
        "{\"schema_version\":2,\"event_type\":{\"a\":\"form we cannot read\"}}\n",
    ];
    for line in newer {
        let folder = folder_with(&format!("{SCHEMA_1}{line}"));
        let mut reader = read_events(folder.path(), EventFilter::new()).unwrap();
        let error = reader.by_ref().find_map(Result::err).unwrap();
        assert!(matches!(
            error,
            Error::Newer {
                found: 2,
                supported: 1,
                ..
            }
        ));
        assert!(reader.next().is_none());
        let error = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap_err();
        assert!(matches!(error, Error::Newer { .. }), "{error}");
    }
}

#[test]
fn what_is_no_event_is_passed_over_and_counted() {
    let long = "x".repeat(17 << 20);
    let damaged = [
        "",
        "{}",
        "[]",
        "null",
        "{\"event_type\":5}",
        "\u{0}\u{0}",
        &long,
    ];
    let mut text = String::new();
    for line in damaged {
        text += line;
        text += "\n{\"event_type\":\"INFO\"}\n";
    }
    text += "{\"event_type\":\"INFO\"";
    let folder = folder_with(&text);
    let mut reader = read_events(folder.path(), EventFilter::new()).unwrap();
    assert_eq!(reader.by_ref().filter(Result::is_ok).count(), damaged.len());
    assert_eq!(reader.damaged_lines(), damaged.len() as u64);
}

#[test]
fn a_damaged_archive_costs_only_itself() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions::default()
        .max_log_size_bytes(400)
        .backup_count(0);
    let log = EventLog::open(folder.path(), "j", options).unwrap();
    for index in 0..9 {
        log.emit(Event::new(EventKind::Info, index.to_string()));
        log.flush().unwrap();
    }
    log.close().unwrap();
    let path = folder.path().join("events.2.jsonl.gz");
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let mut reader = read_events(folder.path(), EventFilter::new()).unwrap();
    let events: Vec<u64> = reader
        .by_ref()
        .map(|event| event.unwrap().sequence)
        .collect();
    assert_eq!((events.first(), events.last()), (Some(&1), Some(&9)));
    assert!(events.len() >= 6);
    assert_eq!(reader.damaged_lines(), 1);
}

#[test]
fn no_log_is_an_empty_log() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("event_logs");
    assert_eq!(read_events(path, EventFilter::new()).unwrap().count(), 0);
}
