//! Time of each built-in operator with its defaults, without reading and writing.
//!
//! An iteration is a million bytes of text, so that a time of 1 ms says 1 ns per byte. The text is the `text` field of
//! the JSONL file (plain or zstd) that `COLDPRESS_BENCH_DATA` names, of its first 20 MB; without it, a small built-in
//! text that is too uniform to compare with anything but itself.

use std::fmt::Write as _;
use std::io::Read as _;
use std::time::Duration;

use coldpress_operator::{Chain, ChainSettings, OperatorCall, Registry, Span};
use coldpress_record::{Batch, Lines};
use criterion::{Criterion, criterion_group, criterion_main};

/// How much of the file is taken.
const MOST_BYTES: usize = 20_000_000;
/// The size of a batch.
const BATCH_BYTES: usize = 256 * 1024;

fn operators(criterion: &mut Criterion) {
    let registry = coldpress_ops::builtin();
    let data = data();
    let text_bytes = text_bytes(&data);
    let mut group = criterion.benchmark_group("ns_per_byte_times_a_million");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for name in registry.names() {
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|iterations| {
                let nanos = run(&registry, name, &data);
                Duration::from_nanos((nanos as f64 * 1e6 / text_bytes as f64) as u64) * iterations as u32
            });
        });
    }
    group.finish();
}

/// The time that the operator takes for all of `data`.
fn run(registry: &Registry, name: &str, data: &str) -> u64 {
    let settings = ChainSettings { text_key: "text".to_owned(), seed: 0, skip_op_error: true };
    let call = OperatorCall { name: name.to_owned(), params: Vec::new(), span: Span::default() };
    let mut chain = Chain::build(registry, &[call], &settings).unwrap();
    let mut tally = chain.tally();
    for_each_batch(data, |lines| {
        let mut batch = Batch::default();
        batch.fill(lines, chain.fields(), &mut Vec::new());
        chain.begin(&mut batch);
        chain.run(&mut batch, 0..1, &mut tally).unwrap();
    });
    tally.nanos[0]
}

fn for_each_batch(data: &str, mut run: impl FnMut(&mut Lines)) {
    let mut lines = Lines::new(0);
    for (number, line) in data.lines().enumerate() {
        lines.push(number as u64, line.as_bytes());
        if lines.bytes.len() > BATCH_BYTES {
            run(&mut lines);
            lines.clear();
        }
    }
    run(&mut lines);
}

fn text_bytes(data: &str) -> usize {
    let text = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["text"].as_str().map_or(0, str::len);
    data.lines().map(text).sum()
}

fn data() -> String {
    let mut data = match std::env::var("COLDPRESS_BENCH_DATA") {
        Ok(path) => read(&path),
        Err(_) => builtin(),
    };
    let end = data.char_indices().find(|&(place, ch)| place >= MOST_BYTES && ch == '\n').map(|(place, _)| place);
    data.truncate(end.unwrap_or(data.len()));
    data
}

fn read(path: &str) -> String {
    let file = std::fs::File::open(path).unwrap();
    let mut data = String::new();
    if path.ends_with(".zst") {
        zstd::Decoder::new(file).unwrap().read_to_string(&mut data).unwrap();
    } else {
        std::io::BufReader::new(file).read_to_string(&mut data).unwrap();
    }
    data
}

fn builtin() -> String {
    let mut data = String::new();
    for number in 0..2_000u32 {
        let text = format!(
            "Note {number}: see https://example.com/{number}/a_(b) or write to n{number}@example.org. \
             “Curly” — naïve; Größe {}\u{a0}km²。 Straße, улица, 通り.\tEnd\n",
            number.wrapping_mul(2_654_435_761)
        );
        writeln!(data, "{}", serde_json::json!({ "text": text.repeat(4) })).unwrap();
    }
    data
}

criterion_group!(benches, operators);
criterion_main!(benches);
