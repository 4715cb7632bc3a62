//! The cost of asking Python about a record, compared with a loop in one Python process that does the same to a file.
//!
//! `cargo bench -p coldpress-external` prints microseconds per record, for a function that changes nothing and one that changes the
//! text. The environment determines the interpreter.
#![allow(clippy::unwrap_used, reason = "a bench may fail by panicking")]
#![expect(clippy::print_stdout, reason = "it prints its results")]

use std::fs::File;
use std::process::Command;
use std::time::{Duration, Instant};

use coldpress_external::{Code, Interpreter, Limits, Mode, Python};
use serde_json::json;

const RECORDS: usize = 100_000;
const PER_CALL: usize = 1000;

/// The same in Python alone: read, call, write.
const LOOP: &str = "
import json, sys, time
function = eval(sys.argv[1])
begun = time.perf_counter()
with open(sys.argv[2]) as lines, open('/dev/null', 'w') as out:
    for line in lines:
        out.write(json.dumps(function(json.loads(line)), ensure_ascii=False) + '\\n')
print((time.perf_counter() - begun) * 1e6)
";

fn main() {
    let folder = tempfile::tempdir().unwrap();
    for length in [100, 1000] {
        let text = "some words of a text, ".repeat(length / 22);
        let record = |n: usize| json!({"id": n, "text": text, "url": "https://example.org/a", "score": 0.25, "tags": ["a", "b"]});
        let lines: Vec<u8> = (0..RECORDS)
            .flat_map(|n| format!("{}\n", record(n)).into_bytes())
            .collect();
        let path = folder.path().join("records.jsonl");
        std::fs::write(&path, &lines).unwrap();
        for (name, source) in [
            ("no change", "lambda d: d"),
            ("text changed", "lambda d: {**d, 'text': d['text'].upper()}"),
        ] {
            let alone = (0..5)
                .map(|_| alone(source, &path))
                .fold(f64::MAX, f64::min);
            let asked = (0..5)
                .map(|_| asked(source, &lines))
                .fold(f64::MAX, f64::min);
            println!(
                "{length} bytes, {name}: {asked:.2} µs asked, {alone:.2} µs in Python alone, {:+.2} µs",
                asked - alone
            );
        }
    }
}

/// Returns the microseconds per record of the loop in Python.
fn alone(source: &str, path: &std::path::Path) -> f64 {
    let output = Command::new(Interpreter::find(None).path())
        .args(["-c", LOOP, source])
        .arg(path)
        .stdin(File::open("/dev/null").unwrap())
        .output()
        .unwrap();
    let time = String::from_utf8(output.stdout).unwrap();
    time.trim().parse::<f64>().unwrap() / RECORDS as f64
}

/// Returns the microseconds per record of asking.
fn asked(source: &str, lines: &[u8]) -> f64 {
    let limits = Limits {
        timeout: Duration::from_secs(60),
        memory: None,
        log: None,
    };
    let code = Code::Lambda(source.to_owned());
    let mut python = Python::start(Interpreter::find(None), &code, Mode::Record, limits).unwrap();
    let ends = memchr::memchr_iter(b'\n', lines).map(|end| end + 1);
    let cuts: Vec<usize> = std::iter::once(0).chain(ends).step_by(PER_CALL).collect();
    let begun = Instant::now();
    for cut in cuts.windows(2) {
        python.ask(&lines[cut[0]..cut[1]], PER_CALL).unwrap();
    }
    begun.elapsed().as_secs_f64() * 1e6 / RECORDS as f64
}
