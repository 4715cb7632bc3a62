//! Parquet and Arrow files that are damaged.

use std::fs;

use serde_json::{Value, json};

use crate::bench::{Bench, EXPORT};

pub(crate) const GOOD: &str = "{\"id\": 1, \"text\": \"one\"}\n{\"id\": 2, \"text\": \"two\"}\n";

/// A file that another program wrote; `dataset/testdata/README.md` says what it holds.
pub(crate) fn peer(name: &str) -> Vec<u8> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../dataset/testdata/");
    fs::read(format!("{folder}{name}")).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Parquet, 30 rows, each in a row group of its own; three of their texts are null.
pub(crate) fn parquet() -> Vec<u8> {
    peer("many_row_groups.parquet")
}

/// Where the footer of a Parquet file begins.
fn footer_of(bytes: &[u8]) -> usize {
    let at = bytes.len() - 8;
    at - u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize
}

/// The file without an end, without its magic, with another footer, with a length of the footer that cannot be.
fn damaged_parquet() -> [(&'static str, Vec<u8>, &'static str); 4] {
    let (whole, end) = (parquet(), parquet().len());
    let half = whole[..end / 2].to_vec();
    let mut magic = whole.clone();
    magic[3] = b'X';
    magic[end - 1] = b'X';
    let mut footer = whole.clone();
    let begin = footer_of(&whole);
    footer[begin..begin + 16].fill(0xFF);
    let mut length = whole;
    length[end - 8..end - 4].copy_from_slice(&i32::MAX.to_le_bytes());
    [
        (
            "half.parquet",
            half,
            "it begins as a Parquet file and has no readable footer (Parquet error: Invalid Parquet file. Corrupt \
             footer); write or copy it again",
        ),
        (
            "magic.parquet",
            magic,
            "its suffix says Parquet, its content is something else; write or copy it again, or give it the suffix \
             of what it is",
        ),
        (
            "footer.parquet",
            footer,
            "it begins as a Parquet file and has no readable footer (Parquet error: Unexpected struct field type \
             15); write or copy it again",
        ),
        (
            "length.parquet",
            length,
            "it begins as a Parquet file and has no readable footer (EOF: Parquet file too small. Size is 11036 but \
             need 2147483655); write or copy it again",
        ),
    ]
}

fn damaged_arrow() -> [(&'static str, Vec<u8>, &'static str); 2] {
    let whole = peer("records.none.arrow");
    [
        (
            "cut.arrow",
            whole[..whole.len() / 2].to_vec(),
            "it begins as an Arrow file and has no readable footer; write or copy it again",
        ),
        (
            "old.feather",
            peer("bad/feather_1.arrow"),
            "it is a Feather file of version 1; write it again in version 2",
        ),
    ]
}

#[test]
fn a_damaged_file_alone_is_no_dataset() {
    for (name, bytes, reason) in damaged_parquet().into_iter().chain(damaged_arrow()) {
        let bench = Bench::new();
        bench.write(name, bytes);
        let ran = bench.process(&format!("--dataset_path {name}")).expect(1);
        ran.tells(&[
            &format!("error: the dataset `{name}` has no records; `{name}` cannot be read"),
            reason,
        ]);
        assert!(!bench.has_exported(), "{name}");
        let checked = bench.run(&format!("check --config recipe.yaml --dataset_path {name}"));
        let told = format!("`{name}` cannot be read: {reason}");
        checked.expect(1).tells(&[&told]);
    }
}

#[test]
fn a_file_without_a_byte_or_a_row_is_no_dataset() {
    for (name, bytes) in [
        ("empty.parquet", Vec::new()),
        ("empty.arrow", Vec::new()),
        ("rows.parquet", peer("zero_rows.parquet")),
        ("rows.arrow", peer("zero_rows.arrow")),
    ] {
        let bench = Bench::new();
        bench.write(name, bytes);
        let ran = bench.process(&format!("--process [] --dataset_path {name}"));
        ran.expect(1)
            .begins_with_error(&format!("the dataset `{name}` has no records"));
        assert!(!bench.has_exported(), "{name}");
    }
}

#[test]
fn damaged_files_among_good_ones_are_named_and_the_rest_is_exported() {
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).unwrap();
    let mut damaged: Vec<_> = damaged_parquet()
        .into_iter()
        .chain(damaged_arrow())
        .collect();
    let empty =
        "it is empty, and a Parquet file is not, even without records; write or copy it again";
    damaged.push(("empty.parquet", Vec::new(), empty));
    for (name, bytes, _) in &damaged {
        bench.write(&format!("data/{name}"), bytes);
    }
    bench.write("data/a.jsonl", GOOD);
    bench.write("data/z.csv", "text,id\nthree,3\n");
    for size in [10_000, 1] {
        let line = format!("--dataset_path data --partition.size {size} --fresh");
        let ran = bench.process(&line).expect(3);
        let report = ran.json();
        assert_eq!(report["status"], "completed_with_failures");
        assert_eq!(report["failed_partitions"], json!([]));
        damaged.sort_by_key(|(name, ..)| *name);
        let expected: Vec<Value> = damaged
            .iter()
            .map(|(name, _, reason)| {
                json!({"source": format!("data/{name}"), "start": 0, "length": 0, "reason": reason})
            })
            .collect();
        assert_eq!(report["unreadable"], Value::Array(expected));
        for (name, _, reason) in &damaged {
            let told = ran.stderr.lines().any(|line| {
                line.starts_with(&format!("warning: `data/{name}` cannot be read"))
                    && line.ends_with(reason)
            });
            assert!(told, "{name}: {}", ran.stderr);
        }
        let export = String::from_utf8(bench.bytes(EXPORT)).unwrap();
        assert_eq!(
            export,
            format!("{GOOD}{{\"text\": \"three\", \"id\": 3}}\n")
        );
    }
}

/// A partition of some rows fails, the others are exported; returns what is told of it.
#[track_caller]
fn check_failed_rows(name: &str, bytes: Vec<u8>, size: u32, records: u64, kept: usize) -> Value {
    let bench = Bench::new();
    bench.write(name, bytes);
    let line = format!("--dataset_path {name} --partition.size {size} --retry.max_retries 0");
    let report = bench.process(&line).expect(3).json();
    assert_eq!(report["status"], "completed_with_failures");
    let failed = &report["failed_partitions"];
    assert_eq!(failed.as_array().unwrap().len(), 1);
    let place = [&failed[0]["source"], &failed[0]["records"]];
    assert_eq!(place, [&json!(name), &json!(records)]);
    let rows = bench.bytes(EXPORT);
    assert_eq!(rows.split(|byte| *byte == b'\n').count() - 1, kept);
    let told = bench.run(&format!(
        "process --config recipe.yaml {line} --job_id told --export_path out/told.jsonl"
    ));
    let told = told.expect(3);
    let error = failed[0]["error"].as_str().unwrap();
    assert!(told.stdout.contains(error), "{}", told.stdout);
    let part = format!(
        "{records} records of {name}, {}",
        failed[0]["part"].as_str().unwrap()
    );
    assert!(
        told.stdout.contains(&part),
        "no {part:?} in {}",
        told.stdout
    );
    failed[0].clone()
}

#[test]
fn a_damaged_page_fails_the_rows_of_its_partition_alone() {
    let mut bytes = parquet();
    bytes[4..44].fill(0);
    // Of the 23 other rows three have no text.
    let failed = check_failed_rows("page.parquet", bytes, 7, 7, 20);
    assert_eq!(failed["part"], "rows 0 to 7");
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.starts_with("`page.parquet` is damaged (row group 0, rows 0..1): column `id`: "),
        "{error}"
    );
}

#[test]
fn a_page_that_does_not_match_its_checksum_is_damaged() {
    let failed = check_failed_rows(
        "crc.parquet",
        peer("bad/checksum_wrong.parquet"),
        100,
        12,
        0,
    );
    assert_eq!(failed["part"], "rows 0 to 12");
    let error = failed["error"].as_str().unwrap();
    assert!(
        error.starts_with("`crc.parquet` is damaged (row group 0, rows 0..12): ")
            && error.ends_with("column `text`: Page CRC checksum mismatch"),
        "{error}"
    );
}
