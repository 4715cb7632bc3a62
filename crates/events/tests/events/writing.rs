//! Writing: numbers, threads, rotation, restarts.

use std::collections::HashSet;
use std::fs;
use std::time::Duration;

use coldpress_events::{Event, EventKind, EventLog, EventSink, Level, LogOptions};
use proptest::prelude::*;

use crate::support::{all_events, note, outline};

#[test]
fn events_come_back_with_what_the_log_adds() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("job/event_logs");
    let log = EventLog::open(&path, "job-1", LogOptions::default()).unwrap();
    let event = Event::new(EventKind::OpComplete, "through")
        .at(12.25)
        .partition(3_u64)
        .operation("clean_links_mapper", 2)
        .attempt(2)
        .rows(1000, 900)
        .duration_seconds(2.0)
        .metadata("key", "value")
        .resource("rss_bytes", 5);
    log.emit(event.clone());
    log.emit(Event::new(EventKind::Debug, "below the level"));
    log.emit(note("of a worker").process(7, 8));
    log.close().unwrap();

    let events = all_events(&path);
    assert_eq!(outline(&events), [(1, "through"), (2, "of a worker")]);
    let found = &events[0];
    assert_eq!(found.job_id.as_deref(), Some("job-1"));
    assert_eq!(found.level, Some(Level::Info));
    assert_eq!((found.attempt, found.retry_count), (Some(2), Some(1)));
    assert_eq!(
        (found.throughput(), found.reduction_ratio()),
        (Some(500.0), Some(0.1))
    );
    assert_eq!(found.process_id, Some(std::process::id()));
    assert_eq!((found.timestamp, &found.metadata), (12.25, &event.metadata));
    assert_eq!(
        (events[1].process_id, events[1].thread_id),
        (Some(7), Some(8))
    );
    assert_ne!(events[0].event_id, events[1].event_id);

    let text = fs::read_to_string(path.join("events.log")).unwrap();
    let first = text.lines().next().unwrap();
    assert_eq!(
        first,
        "1970-01-01 00:00:12.250 INFO  op_complete  partition 3  clean_links_mapper  through"
    );
}

#[test]
fn numbers_go_on_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    for run in 0..3 {
        let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
        log.emit(note(format!("{run}a")));
        log.emit(note(format!("{run}b")));
        // The second run is dropped, which also closes it.
        if run != 1 {
            log.close().unwrap();
        }
    }
    let events = all_events(folder.path());
    let expected = [
        (1, "0a"),
        (2, "0b"),
        (3, "1a"),
        (4, "1b"),
        (5, "2a"),
        (6, "2b"),
    ];
    assert_eq!(outline(&events), expected);
}

#[test]
fn a_torn_last_line_is_mended_at_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.jsonl");
    let write = |message: &str| {
        let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
        log.emit(note(message));
        log.close().unwrap();
    };
    write("a");
    let one = fs::read(&path).unwrap();
    write("b");
    let two = fs::read(&path).unwrap();
    for length in one.len()..two.len() {
        fs::write(&path, &two[..length]).unwrap();
        write("c");
        let events = all_events(folder.path());
        if length == two.len() - 1 {
            // Only its line feed was missing.
            assert_eq!(outline(&events), [(1, "a"), (2, "b"), (3, "c")]);
        } else {
            assert_eq!(outline(&events), [(1, "a"), (2, "c")]);
        }
    }
}

#[test]
fn threads_get_unique_rising_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let sink = log.sink();
            scope.spawn(move || {
                for index in 0..500 {
                    sink.emit(note(index.to_string()).partition(thread));
                }
            });
        }
    });
    assert_eq!(log.lost(), 0);
    log.close().unwrap();
    let events = all_events(folder.path());
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=2000).collect::<Vec<u64>>());
    for thread in 0..4 {
        let own = events.iter().filter(|e| e.partition_id == Some(thread));
        let messages: Vec<usize> = own.map(|event| event.message.parse().unwrap()).collect();
        assert_eq!(messages, (0..500).collect::<Vec<usize>>());
    }
    let ids: HashSet<&str> = events.iter().map(|event| event.event_id.as_str()).collect();
    assert_eq!(ids.len(), 2000);
}

#[test]
fn rotation_keeps_order_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions::default()
        .max_log_size_bytes(2000)
        .backup_count(0);
    for run in 0..2 {
        let log = EventLog::open(folder.path(), "j", options.clone()).unwrap();
        for index in 0..40 {
            log.emit(note(format!("{run}.{index}")));
            log.flush().unwrap();
        }
        log.close().unwrap();
    }
    let events = all_events(folder.path());
    let numbers: Vec<u64> = events.iter().map(|event| event.sequence).collect();
    assert_eq!(numbers, (1..=80).collect::<Vec<u64>>());
    assert_eq!(events[79].message, "1.39");
    let names: Vec<String> = fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(names.contains(&"events.1.jsonl.gz".to_owned()), "{names:?}");
    assert!(names.contains(&"events.1.log.gz".to_owned()), "{names:?}");
    // All rotated files are compressed when the log is closed.
    assert!(!names.contains(&"events.1.jsonl".to_owned()), "{names:?}");
    let current = fs::metadata(folder.path().join("events.jsonl")).unwrap();
    assert!(current.len() <= 2000);
}

#[test]
fn only_so_many_rotated_files_are_kept_and_numbers_still_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = LogOptions::default()
        .max_log_size_bytes(500)
        .backup_count(2);
    let log = EventLog::open(folder.path(), "j", options.clone()).unwrap();
    for index in 0..30 {
        log.emit(note(index.to_string()));
        log.flush().unwrap();
    }
    log.close().unwrap();
    let count = |extension: &str| {
        let entries = fs::read_dir(folder.path()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(extension)).count()
    };
    assert_eq!(count(".jsonl.gz"), 2);
    let events = all_events(folder.path());
    assert_eq!(events.last().unwrap().sequence, 30);
    assert!(events.len() < 30);

    // The newest event may be in a compressed file, if the current one is gone.
    fs::remove_file(folder.path().join("events.jsonl")).unwrap();
    let last = all_events(folder.path()).last().unwrap().sequence;
    let log = EventLog::open(folder.path(), "j", options).unwrap();
    log.emit(note("on"));
    log.close().unwrap();
    assert_eq!(all_events(folder.path()).last().unwrap().sequence, last + 1);
}

#[test]
fn listeners_hear_all_until_the_log_is_closed() {
    for enabled in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let options = LogOptions::default().enabled(enabled);
        let log = EventLog::open(folder.path(), "j", options).unwrap();
        let early = log.subscribe();
        drop(log.subscribe());
        let sink = log.sink();
        let listener =
            std::thread::spawn(move || early.map(|event| event.sequence).collect::<Vec<u64>>());
        // This is more than any fixed list of recent events would keep.
        for index in 0..12_000 {
            sink.emit(note(index.to_string()));
        }
        log.flush().unwrap();
        let late = log.subscribe();
        assert!(!late.is_ended());
        sink.emit(note("last"));
        let found = late.next_within(Duration::from_secs(10)).unwrap();
        assert_eq!((found.sequence, found.message.as_str()), (12_001, "last"));
        log.close().unwrap();
        assert_eq!(listener.join().unwrap(), (1..=12_001).collect::<Vec<u64>>());
        assert_eq!(late.lost(), 0);
        assert!(late.is_ended());
        assert_eq!(late.count(), 0);
        sink.emit(note("too late"));
        assert_eq!(sink.lost(), 1);
        assert_eq!(folder.path().join("events.jsonl").exists(), enabled);
    }
}

#[test]
fn a_monstrous_event_is_cut_and_others_are_not_harmed() {
    let folder = tempfile::tempdir().unwrap();
    let log = EventLog::open(folder.path(), "j", LogOptions::default()).unwrap();
    log.emit(note("x".repeat(3_000_000)).metadata("big", "y".repeat(3_000_000)));
    log.emit(note("small").at(f64::NAN));
    log.close().unwrap();
    let events = all_events(folder.path());
    assert!(events[0].message.len() < 20_000);
    assert!(events[0].message.ends_with("(cut)"));
    assert_eq!(events[1].message, "small");
    assert!(events[1].timestamp > 1.0e9);
}

#[test]
fn a_disabled_sink_can_stand_for_a_log() {
    let sink = EventSink::disabled();
    sink.emit(note("into nothing"));
    assert_eq!(sink.lost(), 0);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file/event_logs");
    fs::write(folder.path().join("file"), b"").unwrap();
    let error = EventLog::open(&path, "j", LogOptions::default()).unwrap_err();
    let expected = format!("cannot create folder `{}`", path.display());
    assert_eq!(error.to_string(), expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn any_text_comes_back(
        texts in prop::collection::vec(any::<String>(), 1..10),
        size in 1u64..3000,
    ) {
        let folder = tempfile::tempdir().unwrap();
        let options = LogOptions::default().max_log_size_bytes(size).backup_count(0);
        let log = EventLog::open(folder.path(), "j", options).unwrap();
        for text in &texts {
            log.emit(note(text.clone()).error(text.clone(), text.clone()));
            log.flush().unwrap();
        }
        log.close().unwrap();
        let found: Vec<String> = all_events(folder.path()).into_iter().map(|e| e.message).collect();
        prop_assert_eq!(found, texts);
    }
}
