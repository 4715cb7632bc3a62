//! Exports to a bucket, as programs read them that have nothing in common with this one.

use std::fs;
use std::path::Path;
use std::process::Command;

use coldpress::remote::testing::{Server, python_with_readers};
use serde_json::Value;

use crate::bench::Bench;

/// Reads each export with pyarrow and with DuckDB, and prints a line for each: the reader, the export, and its rows.
const SCRIPT: &str = include_str!("readers.py");

/// The places of exports, and how they are written.
const EXPORTS: [(&str, &str); 6] = [
    ("clean.jsonl", ""),
    ("clean.jsonl.gz", ""),
    ("clean.jsonl.zst", ""),
    ("clean.parquet", ""),
    ("lines/", "--export_shard_size 2000"),
    ("tables/", "--export_shard_size 2000 --export_type parquet"),
];

fn records() -> String {
    let record = |id: u32| {
        let text = [
            "Grüße, 世界 🌍",
            "a \\\"quoted\\\" text",
            "two\\nlines  here",
        ][id as usize % 3];
        let tags = ["[]", "[\"a\"]", "[\"b\", \"ü\"]"][id as usize / 3 % 3];
        format!(
            "{{\"id\": {id}, \"text\": \"{text} {id}\", \"meta\": {{\"score\": {id}.5, \"tags\": {tags}}}}}\n"
        )
    };
    (0..200).map(record).collect()
}

/// The rows of an export on this machine, whose order and content the others must find.
fn rows(text: &str) -> Vec<Value> {
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn exports_in_a_bucket_are_read_by_others() {
    let server = Server::s3();
    let bench = Bench::new();
    bench.write("in.jsonl", records());
    bench.process("here");
    let expected = rows(&bench.read("out/clean.jsonl"));
    assert_eq!(expected.len(), 200);
    for (number, (place, settings)) in EXPORTS.into_iter().enumerate() {
        let export = format!("{}/{place}", server.url());
        let line = format!(
            "process --config recipe.yaml --job_id there-{number} --export_path {export} {settings}"
        );
        let ran = bench.command(&line).envs(server.environment()).output();
        crate::bench::Ran::of(ran.unwrap()).expect(0);
    }
    fs::write(bench.path("readers.py"), SCRIPT).unwrap();
    let found = read(&bench.path("readers.py"), &server);
    assert_eq!(found.len(), 2 * EXPORTS.len());
    for (reader, place, rows) in found {
        assert_eq!(rows, expected, "{reader}: {place}");
    }
}

/// The rows that each reader finds at each place: reader, place, rows.
fn read(script: &Path, server: &Server) -> Vec<(String, String, Vec<Value>)> {
    let mut command = Command::new(python_with_readers());
    command.arg(script).arg(server.url());
    command.args(EXPORTS.map(|(place, _)| place));
    let output = command.envs(server.environment()).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let lines = String::from_utf8(output.stdout).unwrap();
    let of_line = |line: &str| serde_json::from_str(line).unwrap();
    lines.lines().map(of_line).collect()
}
