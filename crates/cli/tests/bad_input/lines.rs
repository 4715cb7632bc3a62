//! Bad lines in short files, written out in the tests.

use std::io::Write;

use coldpress::dataset::{FileCompression, RowsEncoder};
use serde_json::json;

use crate::bench::{Bench, EXPORT, Ran};

/// Runs over a file of these bytes, in partitions of one record and in one, which must come to the same.
#[track_caller]
fn check(bytes: &[u8], code: i32, export: &str) -> (Bench, Ran) {
    let run = |size: u32| {
        let bench = Bench::new();
        bench.write("in.jsonl", bytes);
        let ran = bench
            .process(&format!("--partition.size {size}"))
            .expect(code);
        assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
        (bench, ran)
    };
    let (one, many) = (run(10_000), run(1));
    assert_eq!(one.1.json()["ledger"], many.1.json()["ledger"]);
    assert_eq!(one.1.json()["unreadable"], many.1.json()["unreadable"]);
    assert_eq!(one.0.quarantine(), many.0.quarantine());
    one
}

/// The last line breaks off: no record, a part that cannot be read, and exit code 3.
#[track_caller]
fn check_torn(bytes: &[u8], records: u64, export: &str, start: u64, length: u64) {
    let (bench, ran) = check(bytes, 3, export);
    let report = ran.json();
    assert_eq!(report["ledger"]["records"], records);
    assert_eq!(report["ledger"]["rejected"], 0);
    let part = &report["unreadable"][0];
    assert_eq!(
        (&part["start"], &part["length"]),
        (&json!(start), &json!(length))
    );
    assert!(
        part["reason"]
            .as_str()
            .unwrap()
            .starts_with("the last line breaks off"),
        "{part}"
    );
    assert_eq!(report["unreadable"].as_array().unwrap().len(), 1);
    assert!(bench.quarantine().is_empty());
}

const GOOD: &str = "{\"text\": \"good\"}\n";

fn packed(text: &[u8], compression: FileCompression) -> Vec<u8> {
    let mut encoder = RowsEncoder::new(Vec::new(), compression).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn utf16(text: &str) -> Vec<u8> {
    let marked = format!("\u{FEFF}{text}");
    marked.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

#[test]
fn a_last_line_that_breaks_off_is_no_record() {
    let torn = |line: &[u8]| [GOOD.as_bytes(), line].concat();
    for line in [
        "{",
        "{\"text\": \"cut",
        "{\"text\": \"cut\"",
        "{\"text\": \"a\\u00",
        "{\"text\": tr",
    ] {
        check_torn(&torn(line.as_bytes()), 1, GOOD, 17, line.len() as u64);
    }
    // Cut within the two bytes of a letter.
    check_torn(&torn(b"{\"text\": \"caf\xC3"), 1, GOOD, 17, 14);
}

#[test]
fn a_torn_text_within_a_whole_stream_is_torn_all_the_same() {
    let torn = format!("{GOOD}{GOOD}{{\"text\": \"cut");
    for compression in [FileCompression::Gzip, FileCompression::Zstd] {
        check_torn(
            &packed(torn.as_bytes(), compression),
            2,
            &GOOD.repeat(2),
            34,
            13,
        );
    }
}

#[test]
fn utf16_that_breaks_off_is_torn_too() {
    // Positions are those of the text in UTF-8, where the mark takes three bytes.
    check_torn(&utf16(&format!("{GOOD}{{\"text\": \"cut")), 1, GOOD, 20, 13);
}

#[test]
fn utf16_cut_within_a_character_is_torn_too() {
    let mut half_a_unit = utf16(&format!("{GOOD}{{\"text\": \"cut"));
    half_a_unit.pop();
    let (_, ran) = check(&half_a_unit, 3, GOOD);
    assert_eq!(
        (
            &ran.json()["ledger"]["records"],
            &ran.json()["unreadable"][0]["start"]
        ),
        (&json!(1), &json!(20))
    );
    let mut half_a_pair = utf16(&format!("{GOOD}{{\"text\": \"\u{1F600}"));
    half_a_pair.truncate(half_a_pair.len() - 2);
    let (_, ran) = check(&half_a_pair, 3, GOOD);
    assert_eq!(
        (
            &ran.json()["ledger"]["records"],
            &ran.json()["unreadable"][0]["start"]
        ),
        (&json!(1), &json!(20))
    );
}

#[test]
fn a_bad_line_that_does_not_break_off_is_a_bad_record() {
    for (line, error) in [
        // A line end follows, so that nothing more was to come.
        (
            "{\"text\": \"cut\n",
            "not valid JSON: EOF while parsing a string at column 13",
        ),
        // No line end, but no continuation could mend it.
        ("plain text", "not valid JSON: expected value at column 1"),
        (
            "{\"text\": 'x'",
            "not valid JSON: expected value at column 10",
        ),
        (
            "{\"text\": \"x\"}}",
            "not valid JSON: trailing characters at column 14",
        ),
        (
            "[1, 2]",
            "a record must be a JSON object, this line is a list",
        ),
    ] {
        let (bench, ran) = check(format!("{GOOD}{line}").as_bytes(), 0, GOOD);
        assert_eq!(ran.json()["ledger"]["records"], 2, "{line}");
        let entries = bench.quarantine();
        assert_eq!(entries.len(), 1, "{line}");
        assert_eq!(
            (&entries[0]["error"], &entries[0]["position"]),
            (&json!(error), &json!(17)),
            "{line}"
        );
        assert_eq!(entries[0]["record"], line.trim_end(), "{line}");
    }
}

#[test]
fn a_strict_recipe_fails_on_the_first_bad_line() {
    let bench = Bench::new();
    bench.write("in.jsonl", format!("{GOOD}no json\n{GOOD}"));
    let ran = bench.process("--load_jsonl_lenient false").expect(1);
    ran.tells(&["`in.jsonl` at byte 17: not valid JSON: expected ident at column 2"]);
    assert!(!bench.has_exported());
}

#[test]
fn what_holds_nothing_is_no_dataset() {
    let empty_gzip = [
        0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    ];
    for bytes in [
        &b"\xEF\xBB\xBF"[..],
        b"\r",
        b" \t \r\n\n",
        b"\xEF\xBB\xBF\n\xEF\xBB\xBF\r\n",
        b"\xFF\xFE",
        &empty_gzip,
        &packed(b"\n\n", FileCompression::Zstd),
        // Nothing but a header.
        b"\x1F\x8B",
        b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\xFF",
    ] {
        let bench = Bench::new();
        bench.write("in.jsonl", bytes);
        let ran = bench.process("").expect(1);
        assert!(
            ran.stderr
                .contains("error: the dataset `in.jsonl` has no records"),
            "{bytes:?}: {}",
            ran.stderr
        );
        assert!(!bench.has_exported(), "{bytes:?}");
    }
}

#[test]
fn packings_that_are_not_read_are_named_and_refused() {
    for (bytes, what) in [
        (&b"BZh91AY&SY"[..], "compressed with bzip2"),
        (b"\xFD7zXZ\0\0", "compressed with xz"),
        (b"PK\x03\x04\x14\0", "a ZIP archive"),
    ] {
        let bench = Bench::new();
        bench.write("in.jsonl", bytes);
        let message =
            format!("`in.jsonl` is {what}, which this release does not support; unpack it first");
        bench.process("").expect(1).begins_with_error(&message);
        assert!(!bench.has_exported());
    }
}
