//! Measures the processor time of each built-in mapper and filter, and of some together, without reading and writing.
//!
//! Deduplicators are measured elsewhere: their signatures in the bench `fingerprints`, and the barrier in the benches of
//! `coldpress-barrier`.
//!
//! An iteration is a million bytes of text, so a time of 1 ms means 1 ns per byte. The text is the `text` field of the first 20 MB
//! of the JSONL file (plain or zstd) that `COLDPRESS_BENCH_DATA` names. Without that variable, it is a small built-in text that is
//! too uniform to compare with anything but itself. Operators for pages, papers and dialogues get records of that kind made from
//! these texts, and operators for Chinese get the Chinese texts. Models come from the folder that `COLDPRESS_BENCH_MODELS` names;
//! without it, small ones from the tests are used.

// Processor time.
#[path = "shared/cpu_time.rs"]
mod cpu_time;
// The records that operators are given.
#[path = "shared/kinds.rs"]
mod kinds;

use std::collections::HashMap;
use std::time::Duration;

use coldpress_assets::AssetFolders;
use coldpress_operator::{
    ChainSettings, Determinism, Node, OperatorCall, OperatorKind, Pipeline, Registry, Shared, Span,
};
use coldpress_record::{Batch, Lines};
use cpu_time::CpuTime;
use criterion::measurement::Measurement;
use criterion::{Criterion, SamplingMode, criterion_group, criterion_main};
use kinds::Kind;
use serde_json::json;

/// The number of bytes that are read from the file, at most.
const MOST_BYTES: usize = 20_000_000;
/// The size of a batch.
const BATCH_BYTES: usize = 256 * 1024;

fn operators(criterion: &mut Criterion) {
    let assets = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/assets");
    let models = std::env::var("COLDPRESS_BENCH_MODELS");
    let models = models.unwrap_or_else(|_| format!("{assets}/models"));
    let registry =
        coldpress_ops::builtin().with_assets(AssetFolders::new([models.as_str(), assets]));
    let data = data();
    let mut of_kind = HashMap::new();
    let mut group = criterion.benchmark_group("ns_per_byte_times_a_million");
    // One pass over the data is enough to warm up, and one pass is measured for all iterations of a sample.
    group
        .sample_size(10)
        .sampling_mode(SamplingMode::Flat)
        .warm_up_time(Duration::from_millis(1))
        .measurement_time(Duration::from_secs(1));
    let of_records = registry.iter().filter(|spec| {
        let kind = spec.kind();
        // The time of other programs is measured in `coldpress-external`.
        spec.depends_on() != Determinism::External
            && matches!(kind, OperatorKind::Mapper | OperatorKind::Filter)
    });
    let alone = of_records.map(|spec| (spec.name(), vec![call(spec.name(), &params(spec.name()))]));
    let by_pieces = json!({"tokenization": true});
    let together = BY_WORDS.map(|name| call(name, &params(name))).to_vec();
    let in_groups =
        json!({"use_words_aug": true, "words_aug_group_sizes": [2, 3], "words_aug_join_char": " "});
    let others = [
        ("by_words_together", together),
        (
            "flagged_words_in_groups",
            vec![call("flagged_words_filter", &in_groups)],
        ),
        (
            "alphanumeric_by_tokens",
            vec![call("alphanumeric_filter", &by_pieces)],
        ),
        (
            "stopwords_by_pieces",
            vec![call("stopwords_filter", &by_pieces)],
        ),
        (
            "words_num_by_pieces",
            vec![call("words_num_filter", &by_pieces)],
        ),
    ];
    for (label, calls) in alone.chain(others) {
        let kind = Kind::of(label);
        let (records, text_bytes) = of_kind.entry(kind).or_insert_with(|| kind.records(&data));
        group.bench_function(label, |bencher| {
            bencher.iter_custom(|iterations| {
                let nanos = run(&registry, &calls, records) as f64 / *text_bytes as f64;
                Duration::from_secs_f64(nanos * 1e-3 * iterations as f64)
            });
        });
    }
    group.finish();
}

/// Operators that work on the words of a text. The words are found once for all of them.
const BY_WORDS: [&str; 4] = [
    "word_repetition_filter",
    "words_num_filter",
    "stopwords_filter",
    "flagged_words_filter",
];

/// Returns parameters for operators whose defaults are missing or do nothing. The bounds of those that run together drop nothing,
/// so that each has as much to do as it has alone.
fn params(name: &str) -> serde_json::Value {
    match name {
        "specified_field_filter" => json!({"field_key": "text", "target_value": ["a", "b"]}),
        "specified_numeric_field_filter" => json!({"field_key": "text"}),
        "general_field_filter" => json!({"filter_condition": "'the end' in text or 3 < n <= 5"}),
        "word_repetition_filter" | "flagged_words_filter" => json!({"max_ratio": 1.0}),
        "words_num_filter" => json!({"min_num": 0}),
        "stopwords_filter" => json!({"min_ratio": 0.0}),
        "remove_long_words_mapper" => json!({"max_len": 30}),
        "replace_content_mapper" => json!({"pattern": r"\d+", "repl": "<N>"}),
        "text_chunk_mapper" => json!({"max_len": 1000, "overlap_len": 100}),
        _ => json!({}),
    }
}

/// Returns the processor time that the operators take for all of `data`, in nanoseconds.
fn run(registry: &Registry, calls: &[OperatorCall], data: &str) -> u64 {
    let settings = ChainSettings {
        text_key: "text".to_owned(),
        seed: 0,
        skip_op_error: true,
        compat: false,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let mut chain = Pipeline::resolve(registry, calls, &settings)
        .and_then(|pipeline| pipeline.instantiate(&Shared::default()))
        .expect("the parameters are good");
    let mut tally = chain.tally();
    let mut time = CpuTime.zero();
    for_each_batch(data, |lines| {
        let mut batch = Batch::default();
        batch.fill(lines, chain.fields(), &mut Vec::new());
        chain.begin(&mut batch);
        let start = CpuTime.start();
        chain
            .run(&mut batch, 0..calls.len(), &mut tally)
            .expect("failures go to quarantine");
        time += CpuTime.end(start);
    });
    time.as_nanos() as u64
}

fn call(name: &str, params: &serde_json::Value) -> OperatorCall {
    let params = params.as_object().into_iter().flatten();
    OperatorCall {
        name: name.to_owned(),
        params: params
            .map(|(name, value)| (name.as_str().into(), Node::from_json(value)))
            .collect(),
        span: Span::default(),
    }
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

fn data() -> String {
    let mut data = match std::env::var("COLDPRESS_BENCH_DATA") {
        Ok(path) => read(&path),
        Err(_) => builtin(),
    };
    let end = data
        .char_indices()
        .find(|&(place, ch)| place >= MOST_BYTES && ch == '\n')
        .map(|(place, _)| place);
    data.truncate(end.unwrap_or(data.len()));
    data
}

fn read(path: &str) -> String {
    let bytes = std::fs::read(path).expect("COLDPRESS_BENCH_DATA names a file");
    let bytes = if path.ends_with(".zst") {
        zstd::decode_all(bytes.as_slice()).expect("the file is a zstd stream")
    } else {
        bytes
    };
    String::from_utf8(bytes).expect("the file is UTF-8")
}

fn builtin() -> String {
    let mut data = String::new();
    for number in 0..2_000u32 {
        let text = format!(
            "Note {number}: see https://example.com/{number}/a_(b) or write to n{number}@example.org. \
             “Curly” — naïve; Größe {}\u{a0}km²。 Straße, улица, 通り.\tEnd\n",
            number.wrapping_mul(2_654_435_761)
        );
        data += &serde_json::json!({ "text": text.repeat(4) }).to_string();
        data.push('\n');
    }
    data
}

criterion_group!(benches, operators);
criterion_main!(benches);
