//! The framed log: what was synced is read back, and nothing else ever is.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_storage::{
    Digest, Error, FIRST_SEQUENCE, LogReader, LogWriter, MAX_LINE_BYTES, TornTail, read_log,
};
use proptest::prelude::*;
use tempfile::TempDir;

fn log_of(records: &[serde_json::Value]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("000007.jsonl");
    let mut log = LogWriter::create_new(&path, 7).unwrap();
    for (index, record) in records.iter().enumerate() {
        let sequence = log.append(record).unwrap();
        assert_eq!(sequence, FIRST_SEQUENCE + index as u64);
        if index % 3 == 0 {
            log.sync().unwrap();
        }
    }
    log.sync().unwrap();
    assert_eq!(log.queued(), 0);
    assert_eq!(log.good_length(), fs::metadata(&path).unwrap().len());
    (folder, path)
}

fn sample() -> Vec<serde_json::Value> {
    vec![
        serde_json::json!({"kind": "plan", "text": "grüße\n\u{0}\u{1f600}"}),
        serde_json::json!([1, 2.5, null]),
        serde_json::json!("a"),
        serde_json::json!({}),
    ]
}

fn texts(path: &Path, sealed: Option<u64>, torn: TornTail) -> Result<Vec<String>, Error> {
    let contents = read_log(path, sealed, torn)?;
    let text = |frame: &coldpress_storage::Frame| frame.record.get().to_owned();
    Ok(contents.frames.iter().map(text).collect())
}

#[track_caller]
fn check_damaged(path: &Path, sealed: Option<u64>, torn: TornTail, part: &str) {
    match read_log(path, sealed, torn) {
        Err(Error::Damaged { reason, .. }) => assert!(reason.contains(part), "{reason}"),
        other => panic!("expected damage with `{part}`, found {other:?}"),
    }
}

#[test]
fn the_form_of_a_line_is_frozen() {
    let (_folder, path) = log_of(&[serde_json::json!({"a": 1})]);
    let expected = "{\"crc32\":\"769514d3\",\"epoch\":7,\"sequence\":1,\"record\":{\"a\":1}}\n";
    assert_eq!(fs::read_to_string(path).unwrap(), expected);
}

#[test]
fn raw_json_keeps_its_spelling_on_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut log = LogWriter::create_new(&path, 1).unwrap();
    log.append_json(b" {\"n\": 1.50,\r\n \"s\": \"a\\nb\"} ")
        .unwrap();
    assert!(matches!(log.append_json(b"{"), Err(Error::Encode { .. })));
    assert!(matches!(log.append_json(b"1 2"), Err(Error::Encode { .. })));
    log.sync().unwrap();
    let found = texts(&path, None, TornTail::Refuse).unwrap();
    assert_eq!(found, ["{\"n\": 1.50,   \"s\": \"a\\nb\"}"]);
}

#[test]
fn an_empty_log_is_a_good_log() {
    let (_folder, path) = log_of(&[]);
    let contents = read_log(path, Some(0), TornTail::Refuse).unwrap();
    assert!(contents.frames.is_empty());
    assert_eq!(contents.good_digest, Digest::of(b""));
}

#[test]
fn only_one_writer_can_create_a_log() {
    let (_folder, path) = log_of(&sample());
    let error = LogWriter::create_new(&path, 8).unwrap_err();
    assert!(error.is_already_exists());
    assert_eq!(texts(&path, None, TornTail::Refuse).unwrap().len(), 4);
}

#[test]
fn unsynced_records_are_not_in_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let mut log = LogWriter::create_new(&path, 1).unwrap();
    log.append("a").unwrap();
    assert_eq!(log.queued(), 1);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

#[test]
fn a_tail_torn_at_any_byte_costs_only_its_line() {
    let (_folder, path) = log_of(&sample());
    let bytes = fs::read(&path).unwrap();
    for length in 0..=bytes.len() {
        fs::write(&path, &bytes[..length]).unwrap();
        let whole: Vec<&[u8]> = bytes[..length]
            .split_inclusive(|byte| *byte == b'\n')
            .collect();
        let torn = whole.last().map_or(0, |line| match line.last() {
            Some(b'\n') => 0,
            _ => line.len(),
        });
        let contents = read_log(&path, None, TornTail::Allow).unwrap();
        assert_eq!(contents.frames.len(), whole.len() - usize::from(torn > 0));
        assert_eq!(contents.torn_bytes, torn as u64);
        assert_eq!(contents.good_length, (length - torn) as u64);
        assert_eq!(contents.good_digest, Digest::of(&bytes[..length - torn]));
        if torn > 0 {
            check_damaged(&path, None, TornTail::Refuse, "no end");
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    let (_folder, path) = log_of(&sample());
    let bytes = fs::read(&path).unwrap();
    for at in 0..bytes.len() * 8 {
        let mut flipped = bytes.clone();
        flipped[at / 8] ^= 1 << (at % 8);
        fs::write(&path, &flipped).unwrap();
        for torn in [TornTail::Allow, TornTail::Refuse] {
            let result = read_log(&path, None, torn);
            assert!(
                matches!(result, Err(Error::Damaged { .. })),
                "bit {at}: {result:?}"
            );
        }
    }
}

#[test]
fn bytes_behind_the_seal_are_not_looked_at() {
    let (_folder, path) = log_of(&sample());
    let sealed = fs::metadata(&path).unwrap().len();
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(b"a late writer's {half line\n and more");
    fs::write(&path, &bytes).unwrap();
    let contents = read_log(&path, Some(sealed), TornTail::Refuse).unwrap();
    assert_eq!(contents.frames.len(), 4);
    assert_eq!(contents.good_length, sealed);
    check_damaged(&path, None, TornTail::Allow, "not a log line");
    check_damaged(&path, Some(sealed - 1), TornTail::Allow, "no end");
    let longer = bytes.len() as u64 + 1;
    fs::write(&path, &bytes[..bytes.len() - 40]).unwrap();
    check_damaged(&path, Some(longer), TornTail::Allow, "sealed bytes");
}

#[test]
fn lines_of_another_place_are_damage() {
    let (_folder, path) = log_of(&sample());
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cases = [
        (lines[1..].concat(), "sequence 2 stands where 1"),
        ([lines[0], lines[2]].concat(), "sequence 3 stands where 2"),
        ([lines[0], lines[0]].concat(), "sequence 1 stands where 2"),
        ([lines[0], "\n", lines[1]].concat(), "not a log line"),
        (
            [lines[0], &lines[1].replace("\":7", "\":8")].concat(),
            "checksum",
        ),
    ];
    for (text, reason) in cases {
        fs::write(&path, text).unwrap();
        check_damaged(&path, None, TornTail::Allow, reason);
    }
    let other = tempfile::tempdir().unwrap();
    let mut log = LogWriter::create_new(other.path().join("x"), 8).unwrap();
    log.append("a").unwrap();
    log.append("b").unwrap();
    log.sync().unwrap();
    let theirs = fs::read_to_string(other.path().join("x")).unwrap();
    let second = theirs.split_inclusive('\n').nth(1).unwrap();
    fs::write(&path, [lines[0], second].concat()).unwrap();
    check_damaged(&path, None, TornTail::Allow, "epoch 8");
}

#[test]
fn a_hostile_line_is_refused_without_being_held() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    // A sparse file: longer than any line may be, but no bytes on the device.
    let file = fs::File::create(&path).unwrap();
    file.set_len(MAX_LINE_BYTES * 1000).unwrap();
    check_damaged(&path, None, TornTail::Allow, "longer than");
}

#[test]
fn the_reader_stops_at_its_first_error() {
    let (_folder, path) = log_of(&sample());
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replacen("\"a\"", "\"b\"", 1)).unwrap();
    let results: Vec<bool> = LogReader::open(&path, None, TornTail::Allow)
        .unwrap()
        .map(|frame| frame.is_ok())
        .collect();
    assert_eq!(results, [true, true, false]);
}

#[test]
fn ten_thousand_records_come_back_in_order() {
    let record = |index: u64| serde_json::json!({"partition": index, "pad": "x".repeat(200)});
    let records: Vec<_> = (0..10_000).map(record).collect();
    let (_folder, path) = log_of(&records[..1]);
    fs::remove_file(&path).unwrap();
    let mut log = LogWriter::create_new(&path, 1).unwrap();
    for record in &records {
        log.append(record).unwrap();
    }
    log.sync().unwrap();
    let contents = read_log(&path, None, TornTail::Refuse).unwrap();
    assert_eq!(contents.frames.len(), 10_000);
    for (frame, expected) in contents.frames.iter().zip(&records) {
        assert_eq!(&frame.decode::<serde_json::Value>().unwrap(), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_records_come_back(
        records in prop::collection::vec(any::<String>(), 0..12),
        epoch in any::<u64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let mut log = LogWriter::create_new(&path, epoch).unwrap();
        for record in &records {
            log.append(record).unwrap();
        }
        log.sync().unwrap();
        let contents = read_log(&path, None, TornTail::Refuse).unwrap();
        let found: Vec<String> = contents.frames.iter().map(|f| f.decode().unwrap()).collect();
        prop_assert_eq!(found, records);
        prop_assert!(contents.frames.iter().all(|frame| frame.epoch == epoch));
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        fs::write(&path, bytes).unwrap();
        for torn in [TornTail::Allow, TornTail::Refuse] {
            let _ = read_log(&path, None, torn);
        }
    }
}
