//! The sample dataset in every form of input.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use coldpress::dataset::{FileCompression, RowsEncoder};
use serde_json::Value;

use super::bench::{PROGRAM, repository};
use super::variant::Input;

/// Writes them into a folder; each copy of the sample is marked by its number.
pub(crate) fn write(folder: &Path, copies: u32) {
    let sample = fs::read_to_string(repository().join("examples/data/webtext-mini.jsonl")).unwrap();
    let mut lines = Vec::new();
    for copy in 0..copies {
        for line in sample.lines() {
            let (before, id) = line.split_once("\"id\"").unwrap();
            lines.push(format!("{before}\"copy\":{copy},\"id\"{id}"));
        }
    }
    // Kills at instants have partitions of equal size, and sort nothing.
    if copies == 1 {
        lines.extend([1, 2].map(long));
    }
    let write = |input: Input, bytes: &[u8]| fs::write(folder.join(input.path()), bytes).unwrap();
    let dataset = lines.join("\n") + "\n";
    write(Input::Lines, dataset.as_bytes());
    write(Input::Gzip, &packed(dataset.as_bytes()));
    write(
        Input::Array,
        format!("[\n{}\n]\n", lines.join(",\n")).as_bytes(),
    );
    write(Input::Csv, table(&lines).as_bytes());
    write_texts(&folder.join(Input::Texts.path()), &lines);
    convert(folder, Input::Parquet.path());
    convert(folder, "in.arrow");
    write(
        Input::Stream,
        stream_in(&fs::read(folder.join("in.arrow")).unwrap()),
    );
}

/// Records that no filter drops and that are longer than a buffer of sorted runs, which are then merged few at a time.
fn long(number: u64) -> String {
    const BYTES: usize = 270 << 10;
    let (mut text, mut state) = (String::new(), number);
    while text.len() < BYTES {
        for _ in 0..7 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            text.push(char::from(b'a' + (state >> 33) as u8 % 26));
        }
        text.push(' ');
    }
    format!(
        "{{\"copy\":{number},\"id\":\"long\",\"text\":\"{}\"}}",
        text.trim_end()
    )
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = RowsEncoder::new(Vec::new(), FileCompression::Gzip).unwrap();
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

fn table(lines: &[String]) -> String {
    let mut table = "copy;id;text\r\n".to_owned();
    for line in lines {
        let record: Value = serde_json::from_str(line).unwrap();
        let text = record["text"].as_str().unwrap().replace('"', "\"\"");
        writeln!(table, "{};{};\"{text}\"\r", record["copy"], record["id"]).unwrap();
    }
    table
}

fn write_texts(folder: &Path, lines: &[String]) {
    fs::create_dir(folder).unwrap();
    for (number, line) in lines.iter().enumerate() {
        let record: Value = serde_json::from_str(line).unwrap();
        let path = folder.join(format!("{number:06}.txt"));
        fs::write(path, record["text"].as_str().unwrap()).unwrap();
    }
}

/// Carries the sample through without an operator, into another form.
fn convert(folder: &Path, path: &str) {
    let recipe = format!(
        "{{dataset_path: in.jsonl, export_path: {path}, work_dir: converting, process: []}}"
    );
    fs::write(folder.join("convert.yaml"), recipe).unwrap();
    let mut command = Command::new(PROGRAM);
    command.current_dir(folder).stdin(Stdio::null());
    let converted = command
        .args(["process", "--config", "convert.yaml"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&converted.stderr);
    assert!(converted.status.success(), "{told}");
}

/// An Arrow file is its magic, padded, a stream, and a footer with its length and the magic behind it.
fn stream_in(file: &[u8]) -> &[u8] {
    let (body, end) = file.split_at(file.len() - 10);
    let footer = u32::from_le_bytes(end[..4].try_into().unwrap()) as usize;
    let padding = body[6..].iter().take_while(|byte| **byte == 0).count();
    &body[6 + padding..body.len() - footer]
}
