//! Measures how many bytes of text each signature handles per second of processor time.
//!
//! The text is the `text` field of the first 20 MB of the JSONL file (plain or zstd) that `COLDPRESS_BENCH_DATA` names. Without
//! that variable, it is the example data in the repository.

// Processor time.
#[path = "shared/cpu_time.rs"]
mod cpu_time;

use std::hint::black_box;
use std::time::Duration;

use coldpress_ops::fingerprint::bands::Bands;
use coldpress_ops::fingerprint::digest;
use coldpress_ops::fingerprint::exact::{ExactHasher, ExactOptions};
use coldpress_ops::fingerprint::lines::{LineHasher, LineOptions};
use coldpress_ops::fingerprint::minhash::MinHasher;
use coldpress_ops::fingerprint::permutations::Permutations;
use coldpress_ops::fingerprint::shingles::{Shingler, Tokenization};
use coldpress_ops::fingerprint::simhash::SimHasher;
use cpu_time::CpuTime;
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, criterion_main};

/// The number of bytes that are read from the file, at most.
const MOST_BYTES: usize = 20_000_000;
/// The size of the texts of [`digests`].
const KILOBYTE: usize = 1_000;

fn fingerprints(criterion: &mut Criterion<CpuTime>) {
    let texts = texts();
    let bytes: usize = texts.iter().map(String::len).sum();
    let mut group = criterion.benchmark_group("fingerprints");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(2))
        .throughput(Throughput::BytesDecimal(bytes as u64));
    digests(&mut group, &texts);
    group.throughput(Throughput::BytesDecimal(bytes as u64));
    exact(&mut group, &texts);
    lines(&mut group, &texts);
    shingles(&mut group, &texts);
    minhash(&mut group, &texts);
    simhash(&mut group, &texts);
    group.finish();
    permutations(criterion);
}

/// Measures the plain hash functions, on texts of one kilobyte.
fn digests(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    let all = texts.concat();
    let chunks = all.as_bytes().as_chunks::<KILOBYTE>().0;
    group.throughput(Throughput::BytesDecimal((chunks.len() * KILOBYTE) as u64));
    group.bench_function("md5 of 1 kB", |bencher| {
        bencher.iter(|| {
            chunks.iter().for_each(|chunk| {
                black_box(digest::md5(chunk));
            })
        });
    });
    group.bench_function("sha256 of 1 kB", |bencher| {
        bencher.iter(|| {
            chunks.iter().for_each(|chunk| {
                black_box(digest::of_text(chunk));
            })
        });
    });
    group.bench_function("sha1 of 1 kB", |bencher| {
        bencher.iter(|| {
            chunks.iter().for_each(|chunk| {
                black_box(digest::sha1(chunk));
            })
        });
    });
}

fn exact(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    let all = ExactOptions {
        lowercase: true,
        ignore_non_character: true,
    };
    for (name, options) in [
        ("exact", ExactOptions::default()),
        ("exact, all options", all),
    ] {
        let mut hasher = ExactHasher::new(options);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                texts.iter().for_each(|text| {
                    black_box(hasher.digest(text));
                })
            });
        });
    }
}

fn lines(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    let mut hasher = LineHasher::new(LineOptions::default());
    group.bench_function("lines", |bencher| {
        bencher.iter(|| {
            for text in texts {
                hasher.each(text, |_, digest| {
                    black_box(digest);
                });
            }
        });
    });
}

const TOKENIZATIONS: [(&str, Tokenization); 3] = [
    ("space", Tokenization::Space),
    ("punctuation", Tokenization::Punctuation),
    ("character", Tokenization::Character),
];

fn shingler(tokenization: Tokenization, window_size: usize) -> Shingler {
    Shingler::new(tokenization, window_size, true, None).expect("there is no pattern")
}

fn shingles(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    for (name, tokenization) in TOKENIZATIONS {
        let mut shingler = shingler(tokenization, 5);
        group.bench_function(format!("shingles, {name}"), |bencher| {
            bencher.iter(|| {
                for text in texts {
                    let each = |_: &[u8], range| {
                        black_box(range);
                    };
                    let _ = shingler.each(text, each);
                }
            });
        });
    }
}

fn minhash(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    let bands = Bands {
        bands: 25,
        rows: 10,
    };
    for (name, tokenization) in TOKENIZATIONS {
        let mut hasher = MinHasher::new(shingler(tokenization, 5), 256);
        let (mut scratch, mut keys) = (Vec::new(), Vec::new());
        group.bench_function(format!("minhash and keys, {name}"), |bencher| {
            bencher.iter(|| {
                for text in texts {
                    keys.clear();
                    if let Ok(Some(minima)) = hasher.signature(text) {
                        bands.keys_into(minima, &mut scratch, &mut keys);
                    }
                    black_box(&keys);
                }
            });
        });
    }
}

fn simhash(group: &mut BenchmarkGroup<'_, CpuTime>, texts: &[String]) {
    for (name, tokenization) in TOKENIZATIONS {
        let mut hasher = SimHasher::new(shingler(tokenization, 6));
        group.bench_function(format!("simhash, {name}"), |bencher| {
            bencher.iter(|| {
                texts.iter().for_each(|text| {
                    let _ = black_box(hasher.simhash(text));
                })
            });
        });
    }
}

/// Measures the minima of 256 permutations over 1,000 hashes.
fn permutations(criterion: &mut Criterion<CpuTime>) {
    let hashes: Vec<u32> = (0..1_000u32)
        .map(|number| number.wrapping_mul(2_654_435_761))
        .collect();
    let mut permutations = Permutations::new(256);
    let mut minima = vec![u32::MAX; 256];
    let mut group = criterion.benchmark_group("permutations");
    group.throughput(Throughput::Elements(hashes.len() as u64));
    group.bench_function("256, per hash", |bencher| {
        bencher.iter(|| permutations.lower(black_box(&hashes), &mut minima));
    });
    group.finish();
}

fn texts() -> Vec<String> {
    let example = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../examples/data/webtext-mini.jsonl"
    );
    let path = std::env::var("COLDPRESS_BENCH_DATA").unwrap_or_else(|_| example.to_owned());
    let bytes = std::fs::read(&path).expect("COLDPRESS_BENCH_DATA names a file");
    let bytes = if path.ends_with(".zst") {
        zstd::decode_all(bytes.as_slice()).expect("the file is a zstd stream")
    } else {
        bytes
    };
    let data = String::from_utf8(bytes).expect("the file is UTF-8");
    let mut taken = 0;
    let lines = data.lines().take_while(|line| {
        taken += line.len();
        taken <= MOST_BYTES
    });
    let text = |line: &str| {
        let record: serde_json::Value = serde_json::from_str(line).expect("every line is a record");
        record["text"].as_str().unwrap_or_default().to_owned()
    };
    lines.map(text).collect()
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(CpuTime);
    targets = fingerprints
}
criterion_main!(benches);
