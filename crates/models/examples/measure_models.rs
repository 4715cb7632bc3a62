//! Measures models over the `text` of JSON lines, on one thread:
//!
//! ```text
//! cargo run --release -p coldpress-models --example measure_models -- fasttext lid.176.bin rows.jsonl
//! cargo run --release -p coldpress-models --example measure_models -- kenlm en.arpa.bin rows.jsonl
//! cargo run --release -p coldpress-models --example measure_models -- tokens tokenizer.json rows.jsonl
//! cargo run --release -p coldpress-models --example measure_models -- ids tokenizer.json rows.jsonl
//! ```
//!
//! It prints one line of JSON: documents, bytes, the processor seconds of the best of three passes, and a sum over all results, by
//! which `docs/development/models_bench.py` compares them with those of another program.

use std::error::Error;
use std::path::Path;

use coldpress_models::fasttext::{FastText, Scratch};
use coldpress_models::kenlm::Kenlm;
use coldpress_models::tokenizer::{self, Tokenizer};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [kind, model, rows] = arguments.as_slice() else {
        return Err(
            "the arguments are: fasttext, kenlm, tokens or ids, a model, a file of JSON lines"
                .into(),
        );
    };
    // The other two kinds work on lines.
    let texts = texts(rows, !["tokens", "ids"].contains(&kind.as_str()))?;
    let model = Path::new(model);
    let (seconds, sum) = match kind.as_str() {
        "fasttext" => {
            let model = FastText::open(model)?;
            let mut scratch = Scratch::default();
            best_of_three(&texts, |text| {
                let prediction = model.predict(text, &mut scratch);
                prediction.map_or(0.0, |prediction| f64::from(prediction.probability))
            })
        }
        "kenlm" => {
            let model = Kenlm::open(model)?;
            best_of_three(&texts, |text| f64::from(model.score_sentence(text)))
        }
        "tokens" => {
            let model = Tokenizer::open(model)?;
            let mut scratch = tokenizer::Scratch::default();
            best_of_three(&texts, |text| {
                model
                    .count(text, &mut scratch)
                    .map_or(f64::NAN, |count| count as f64)
            })
        }
        "ids" => {
            let model = Tokenizer::open(model)?;
            let (mut scratch, mut ids) = (tokenizer::Scratch::default(), Vec::new());
            best_of_three(&texts, |text| {
                ids.clear();
                let encoded = model.encode(text, &mut scratch, &mut ids);
                encoded.map_or(f64::NAN, |()| sum_of_ids(&ids))
            })
        }
        other => {
            return Err(format!("`{other}` is none of fasttext, kenlm, tokens and ids").into());
        }
    };
    let bytes: usize = texts.iter().map(String::len).sum();
    let documents = texts.len();
    let line =
        serde_json::json!({"documents": documents, "bytes": bytes, "seconds": seconds, "sum": sum});
    #[allow(clippy::print_stdout, reason = "it is what the program is for")]
    {
        println!("{line}");
    }
    Ok(())
}

/// Returns a sum that changes if any id changes or moves.
fn sum_of_ids(ids: &[u32]) -> f64 {
    let weighted = (0_u64..)
        .zip(ids)
        .map(|(place, id)| (place % 1009 + 1) * u64::from(*id));
    weighted.sum::<u64>() as f64
}

/// Returns the texts of the rows, each as one line if `in_lines` is set.
fn texts(rows: &str, in_lines: bool) -> Result<Vec<String>, Box<dyn Error>> {
    let mut texts = Vec::new();
    for line in std::fs::read_to_string(rows)?.lines() {
        let row: serde_json::Value = serde_json::from_str(line)?;
        let text = row["text"].as_str().unwrap_or_default();
        texts.push(match in_lines {
            true => text.replace(['\n', '\0'], " "),
            false => text.to_owned(),
        });
    }
    Ok(texts)
}

/// Returns the least seconds of three passes, and the sum of a pass.
fn best_of_three(texts: &[String], mut of: impl FnMut(&str) -> f64) -> (f64, f64) {
    let mut best = (f64::INFINITY, 0.0);
    for _ in 0..3 {
        let start = processor_seconds();
        let sum = texts.iter().map(|text| of(text)).sum();
        best = (best.0.min(processor_seconds() - start), sum);
    }
    best
}

/// Returns the processor time of this thread, which doesn't depend on what else the machine does. It is read from Linux.
fn processor_seconds() -> f64 {
    let times = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = times.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or(f64::NAN, |nanos: f64| nanos * 1e-9)
}
