//! Records too long to hold, bombs, and how much memory they take.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use coldpress::dataset::{FileCompression, RowsEncoder};
use serde_json::json;

use crate::bench::{Bench, EXPORT, Ran};
use crate::columnar::peer;

const FIRST: &str = "{\"id\": \"first\", \"text\": \"An ordinary record.\"}\n";
const LAST: &str = "{\"id\": \"last\", \"text\": \"Another ordinary record.\"}\n";
const MB: usize = 1_000_000;
/// `max_record_mb` is 64 by default: about that much is read before a record is known to be too long.
const LIMIT_BYTES: usize = 64 << 20;

/// Writes the parts, each as often as it says, packed or not.
fn write(path: &Path, compression: FileCompression, parts: &[(&[u8], usize)]) {
    let file = BufWriter::new(File::create(path).unwrap());
    let mut encoder = RowsEncoder::new(file, compression).unwrap();
    for (part, times) in parts {
        (0..*times).for_each(|_| encoder.write_all(part).unwrap());
    }
    encoder.finish().unwrap().flush().unwrap();
}

/// Runs the recipe and watches how much memory the process takes at most, in bytes.
fn process_measured(bench: &Bench, more: &str) -> (Ran, usize) {
    let mut command = bench.command(&format!(
        "process --config recipe.yaml --job_id j --json {more}"
    ));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().unwrap().is_none() {
        // The high-water mark: what is missed is at most what was added within the last pause.
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<usize>().ok());
        peak = peak.max(kilobytes.unwrap_or_default() * 1024);
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(peak > 0, "nothing was measured");
    (Ran::of(child.wait_with_output().unwrap()), peak)
}

/// A record of 200 MB goes to quarantine by place and length, and its neighbours come out.
fn check_too_long(compression: FileCompression) {
    let bench = Bench::new();
    let megabyte = vec![b'a'; MB];
    let begin = b"{\"id\": \"bomb\", \"text\": \"";
    let parts: [(&[u8], usize); 5] = [
        (FIRST.as_bytes(), 1),
        (begin, 1),
        (&megabyte, 200),
        (b"\"}\n", 1),
        (LAST.as_bytes(), 1),
    ];
    write(&bench.path("in.jsonl"), compression, &parts);
    let (ran, peak) = process_measured(&bench, "");
    // It may have been many, where line ends are missing.
    let report = ran.expect(3).json();
    assert_eq!(
        (&report["ledger"]["records"], &report["ledger"]["rejected"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(bench.bytes(EXPORT), format!("{FIRST}{LAST}").as_bytes());
    let entries = bench.quarantine();
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(
        (&entry["position"], &entry["record"]),
        (&json!(FIRST.len()), &json!(null)),
        "{entry}"
    );
    let error = entry["error"].as_str().unwrap();
    assert!(
        error.starts_with("the record is longer than `max_record_mb` ("),
        "{error}"
    );
    assert!(error.ends_with(&format!("limit {LIMIT_BYTES})")), "{error}");
    // The planner and a worker may hold the record's beginning at the same time.
    assert!(
        peak < LIMIT_BYTES * 2 + 60 * MB,
        "{} MB for {compression:?}",
        peak / MB
    );
}

#[test]
fn a_record_of_200_mb() {
    check_too_long(FileCompression::None);
}

#[test]
fn a_bomb_of_gzip() {
    check_too_long(FileCompression::Gzip);
}

#[test]
fn a_bomb_of_zstd() {
    check_too_long(FileCompression::Zstd);
}

#[test]
fn the_line_end_is_no_part_of_a_long_record() {
    let limit = 1 << 20;
    let record = |length: usize| format!("{{\"text\": \"{}\"}}", "x".repeat(length - 12));
    let bench = Bench::new();
    bench.write(
        "in.jsonl",
        format!("{}\r\n{}\r\n", record(limit), record(limit + 1)),
    );
    bench.process("--max_record_mb 1").expect(3);
    let entries = bench.quarantine();
    assert_eq!(entries.len(), 1, "{entries:?}");
    assert_eq!(
        (&entries[0]["position"], &entries[0]["length"]),
        (&json!(limit + 2), &json!(limit + 1))
    );
}

#[test]
fn what_is_too_long_is_told_by_the_record_alone() {
    // 1 MB means 2^20 bytes here; the line end does not count.
    let limit = 1 << 20;
    for end in ["\n", ""] {
        for (length, rejected) in [(limit - 1, 0), (limit, 0), (limit + 1, 1)] {
            let frame = "{\"text\": \"\"}".len();
            let record = format!("{{\"text\": \"{}\"}}", "x".repeat(length - frame));
            let bench = Bench::new();
            bench.write("in.jsonl", format!("{FIRST}{record}{end}"));
            let code = if rejected == 1 { 3 } else { 0 };
            let report = bench.process("--max_record_mb 1").expect(code).json();
            let counts = (&report["ledger"]["records"], &report["ledger"]["rejected"]);
            assert_eq!(
                counts,
                (&json!(2), &json!(rejected)),
                "{length} bytes and {end:?}"
            );
        }
    }
}

#[test]
fn a_stream_that_breaks_off_within_a_long_record() {
    // Half a record is no record, be it long or short: it is the part that cannot be read.
    let bench = Bench::new();
    let noise: Vec<u8> = (0..3 * MB as u64)
        .map(|at| b'a' + (at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 60) as u8)
        .collect();
    let parts: [(&[u8], usize); 3] = [(FIRST.as_bytes(), 1), (b"{\"text\": \"", 1), (&noise, 1)];
    write(&bench.path("whole.gz"), FileCompression::Gzip, &parts);
    let packed = bench.bytes("whole.gz");
    bench.write("in.jsonl", &packed[..packed.len() * 9 / 10]);
    let report = bench.process("--max_record_mb 1").expect(3).json();
    assert_eq!(bench.bytes(EXPORT), FIRST.as_bytes());
    assert_eq!(
        (&report["ledger"]["records"], &report["ledger"]["rejected"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(report["unreadable"][0]["start"], FIRST.len());
}

#[test]
fn a_line_of_20_mb_is_a_record_like_any_other() {
    let words = b"The quick brown fox, 12 \\u00e9t\\u00e9s and a line\\nend. ";
    let times = 20 * MB / words.len() + 1;
    let begin = format!("{FIRST}{{\"id\": \"long\", \"text\": \"");
    let bench = Bench::new();
    let end = format!("\"}}\n{LAST}");
    let parts: [(&[u8], usize); 3] = [(begin.as_bytes(), 1), (words, times), (end.as_bytes(), 1)];
    write(&bench.path("in.jsonl"), FileCompression::None, &parts);
    let (ran, peak) = process_measured(&bench, "");
    assert_eq!(ran.expect(0).json()["ledger"]["records"], 3);
    assert!(
        bench.bytes(EXPORT) == bench.bytes("in.jsonl"),
        "the export differs"
    );
    assert!(peak < 200 * MB, "{} MB", peak / MB);
    // Its string is never closed, and no line end follows.
    let parts: [(&[u8], usize); 2] = [(begin.as_bytes(), 1), (words, times)];
    let bench = Bench::new();
    write(&bench.path("in.jsonl"), FileCompression::None, &parts);
    let report = bench.process("").expect(3).json();
    assert_eq!(bench.bytes(EXPORT), FIRST.as_bytes());
    let part = &report["unreadable"][0];
    // Without the blank at its end.
    let torn = begin.len() - FIRST.len() + words.len() * times - 1;
    assert_eq!(
        (&part["start"], &part["length"]),
        (&json!(FIRST.len()), &json!(torn))
    );
}

#[test]
fn a_file_of_letters_fails_in_a_few_words() {
    let bench = Bench::new();
    write(
        &bench.path("in.jsonl"),
        FileCompression::None,
        &[(b"abcdefghij", 2 * MB)],
    );
    let ran = bench.process("--max_error_ratio 0.05").expect(1);
    let ran = ran.tells(&[
        "1 of 1 records are in quarantine",
        "in.jsonl at byte 0: not valid JSON",
    ]);
    assert!(
        ran.stderr.len() < 2_000,
        "{} bytes of message",
        ran.stderr.len()
    );
    assert!(!bench.has_exported());
}

#[test]
fn a_million_brackets_and_200_000_keys() {
    let bench = Bench::new();
    let keys: Vec<String> = (0..200_000)
        .map(|key| format!("\"key{key}\": {key}"))
        .collect();
    let wide = format!(
        "{{\"id\": \"wide\", \"text\": \"t\", \"meta\": {{{}}}}}\n",
        keys.join(", ")
    );
    let (open, close) = ("[".repeat(MB), "]".repeat(MB));
    let deep = format!("{{\"id\": \"deep\", \"text\": \"t\", \"meta\": {open}{close}}}\n");
    bench.write(
        "in.jsonl",
        [FIRST, &open, "\n", &wide, &deep, LAST].concat(),
    );
    // A mapper changes the text of the record, whatever else is in it.
    let recipe = crate::bench::RECIPE.replace(
        "process:\n",
        "process:\n  - whitespace_normalization_mapper\n",
    );
    bench.write("recipe.yaml", recipe);
    let (ran, peak) = process_measured(&bench, "");
    let report = ran.expect(0).json();
    assert_eq!(
        (&report["ledger"]["records"], &report["ledger"]["rejected"]),
        (&json!(5), &json!(1))
    );
    assert!(
        bench.bytes(EXPORT) == [FIRST, &wide, &deep, LAST].concat().as_bytes(),
        "the export differs"
    );
    let entries = bench.quarantine();
    assert_eq!(entries[0]["position"], FIRST.len());
    assert_eq!(
        entries[0]["error"],
        "a record must be a JSON object, this line is a list"
    );
    assert!(peak < 150 * MB, "{} MB", peak / MB);
}

/// 890 bytes that are 20,000 rows of one text of a megabyte: as many rows as fit are in memory at once.
#[test]
fn a_dictionary_of_one_long_text_takes_no_memory_for_each_row() {
    let bench = Bench::new();
    bench.write("in.arrow", peer("found/dictionary_of_one.arrow"));
    let recipe = String::from_utf8(bench.bytes("recipe.yaml")).unwrap();
    bench.write("recipe.yaml", recipe.replace("min_len: 0", "max_len: 10"));
    let (ran, peak) = process_measured(&bench, "--dataset_path in.arrow --limit 300");
    let report = ran.expect(0).json();
    assert_eq!(report["ledger"]["records"], 300);
    assert!(peak < 100 * MB, "{} MB", peak / MB);
}

/// A value that a worker has no memory for is an error that names the key, before any memory is taken.
#[test]
fn a_text_that_is_too_large_for_the_memory_is_an_error() {
    let bench = Bench::new();
    let begin = b"{\"id\": 1, \"text\": \"";
    let parts: [(&[u8], usize); 4] = [
        (FIRST.as_bytes(), 1),
        (begin, 1),
        (&[b'a'; MB], 100),
        (b"\"}\n", 1),
    ];
    write(&bench.path("in.jsonl"), FileCompression::None, &parts);
    for name in ["in.parquet", "in.arrow"] {
        let make = format!("--export_path {name} --max_record_mb 512 --process [] --fresh");
        bench.process(&make).expect(0);
        let small = format!("--dataset_path {name} --np 2 --retry.max_retries 0 --fresh");
        let (ran, peak) = process_measured(
            &bench,
            &format!("{small} --memory_limit_mb 200 --export_path out/no-{name}.jsonl"),
        );
        let report = ran.expect(3).json();
        let error = report["failed_partitions"][0]["error"].as_str().unwrap();
        assert!(
            error.contains(
                "a worker may take 67108864 for it; raise `memory_limit_mb` or lower `np`"
            ),
            "{error}"
        );
        assert!(peak < 200 * MB, "{name}: {} MB", peak / MB);
        // With enough of it, the record is one that is too long.
        let line = format!("{small} --memory_limit_mb 2000 --export_path out/yes-{name}.jsonl");
        let report = bench.process(&line).expect(3).json();
        assert_eq!(report["failed_partitions"], json!([]));
        assert_eq!(report["ledger"]["rejected"], 1);
    }
}
