//! Runs the vectors of Data-Juicer's deduplicators: the signatures of their inputs, and the lines that they cut.
//!
//! The files have the same format as those beside the operators, see `VECTORS.md`; `stats` has the signature of each row.

use std::path::Path;

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use super::bands::Bands;
use super::digest;
use super::exact::{ExactHasher, ExactOptions};
use super::lines::{LineHasher, LineOptions};
use super::minhash::{self, MinHasher};
use super::shingles::{Shingler, Tokenization};
use super::simhash::{self, SimHasher};

struct Case(Map<String, Value>);

impl Case {
    fn param(&self, name: &str) -> Option<&Value> {
        self.0["params"].get(name)
    }

    fn flag(&self, name: &str, default: bool) -> bool {
        self.param(name)
            .map_or(default, |value| value.as_bool().unwrap())
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.param(name)
            .map(|value| value.as_u64().unwrap() as usize)
    }

    fn shingler(&self, window_size: usize) -> Shingler {
        let tokenization = match self
            .param("tokenization")
            .map(|name| name.as_str().unwrap())
        {
            // Texts that a model cuts are given in cut form.
            None | Some("space" | "sentencepiece") => Tokenization::Space,
            Some("punctuation") => Tokenization::Punctuation,
            Some("character") => Tokenization::Character,
            Some(other) => panic!("{other} is unknown"),
        };
        let window_size = self.number("window_size").unwrap_or(window_size);
        let ignored = self
            .param("ignore_pattern")
            .map(|pattern| pattern.as_str().unwrap());
        Shingler::new(
            tokenization,
            window_size,
            self.flag("lowercase", true),
            ignored,
        )
        .unwrap()
    }

    fn signature<'a>(&self, hasher: &'a mut MinHasher, text: &str) -> Option<&'a [u32]> {
        let Some(model) = self.param("tokenizer_model") else {
            return hasher.signature(text).unwrap();
        };
        #[cfg(not(feature = "models"))]
        panic!("{model} is needed");
        #[cfg(feature = "models")]
        {
            use coldpress_models::sentencepiece::{Scratch, SentencePiece};
            let testdata = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata");
            let model = SentencePiece::open(&testdata.join(model.as_str().unwrap())).unwrap();
            let mut scratch = Scratch::default();
            let pieces = model
                .cut(hasher.prepared(text).unwrap(), &mut scratch)
                .unwrap();
            let ends = pieces.ranges().map(|range| range.end);
            hasher.signature_of_tokens(pieces.text(), ends)
        }
    }

    /// Returns the text of a row, under a key that may be nested.
    fn text<'a>(&self, row: &'a Value) -> &'a str {
        let key = self
            .param("text_key")
            .map_or("text", |key| key.as_str().unwrap());
        key.split('.')
            .fold(row, |value, key| &value[key])
            .as_str()
            .unwrap()
    }

    /// Returns the texts of the rows with their signatures; none if the operator failed.
    fn rows(&self) -> Vec<(&str, &Value)> {
        let (Some(input), Some(stats)) = (self.0["input"].as_array(), self.0["stats"].as_array())
        else {
            return Vec::new();
        };
        assert_eq!(input.len(), stats.len());
        input.iter().map(|row| self.text(row)).zip(stats).collect()
    }
}

/// Runs `check` with every case that has signatures. There must be `rows` rows in all.
fn run(file: &str, rows: usize, check: impl Fn(&Case)) {
    let cases = file
        .lines()
        .map(|line| Case(serde_json::from_str(line).unwrap()));
    let mut seen = 0;
    for case in cases {
        if !case.rows().is_empty() {
            seen += case.rows().len();
            check(&case);
        }
    }
    assert_eq!(seen, rows);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn digests_of_documents() {
    run(
        include_str!("../deduplicator/document.vectors.jsonl"),
        80,
        |case| {
            let mut hasher = ExactHasher::new(ExactOptions {
                lowercase: case.flag("lowercase", false),
                ignore_non_character: case.flag("ignore_non_character", false),
            });
            for (text, expected) in case.rows() {
                let digest = hex(&digest::md5(hasher.compared(text).as_bytes()));
                assert_eq!(expected["__dj__hash"], digest, "{} {text:?}", case.0["id"]);
            }
        },
    );
}

#[test]
fn simhashes() {
    run(
        include_str!("../deduplicator/document_simhash.vectors.jsonl"),
        120,
        |case| {
            let mut hasher = SimHasher::new(case.shingler(6));
            for (text, expected) in case.rows() {
                let simhash = hasher
                    .simhash(text)
                    .unwrap()
                    .unwrap_or(simhash::WITHOUT_SHINGLES);
                let expected = &expected["__dj__simhash"];
                assert_eq!(*expected, simhash.to_string(), "{} {text:?}", case.0["id"]);
            }
        },
    );
}

#[test]
fn minhash_bands() {
    run(
        include_str!("../deduplicator/document_minhash.vectors.jsonl"),
        143,
        |case| {
            let permutations = case.number("num_permutations").unwrap_or(256);
            let bands = match (case.number("num_bands"), case.number("num_rows_per_band")) {
                (Some(bands), Some(rows)) => Bands { bands, rows },
                _ => {
                    let threshold = case
                        .param("jaccard_threshold")
                        .map_or(0.7, |value| value.as_f64().unwrap());
                    Bands::optimal(threshold, permutations)
                }
            };
            let mut hasher = MinHasher::new(case.shingler(5), permutations);
            let without_shingles = vec![minhash::WITHOUT_SHINGLES; permutations];
            for (text, expected) in case.rows() {
                let minima = case.signature(&mut hasher, text);
                let minima = minima.unwrap_or(&without_shingles);
                let (mut first, mut all) = (Vec::new(), Vec::new());
                bands.write(minima, 0, &mut first);
                (0..bands.bands).for_each(|number| bands.write(minima, number, &mut all));
                let place = format!("{} {text:?}", case.0["id"]);
                assert_eq!(
                    expected["bands_rows"],
                    serde_json::json!([bands.bands, bands.rows]),
                    "{place}"
                );
                assert_eq!(expected["minhash_band0_hex"], hex(&first), "{place}");
                assert_eq!(
                    expected["minhash_sha256"],
                    hex(&Sha256::digest(&all)),
                    "{place}"
                );
            }
        },
    );
}

#[test]
fn digests_of_lines_and_texts_without_frequent_ones() {
    run(
        include_str!("../deduplicator/document_line.vectors.jsonl"),
        42,
        |case| {
            let mut hasher = line_hasher(case);
            let mut counts = std::collections::BTreeMap::new();
            for (text, expected) in case.rows() {
                let mut digests = Vec::new();
                hasher.each(text, |_, digest| digests.push(digest));
                let mut md5 = |line| {
                    let compared = hasher.compared(line);
                    compared.map_or(String::new(), |line| hex(&digest::md5(line.as_bytes())))
                };
                let written: Vec<String> = text.split('\n').map(&mut md5).collect();
                assert_eq!(
                    expected["__dj__line_hashes"],
                    serde_json::json!(written),
                    "{} {text:?}",
                    case.0["id"]
                );
                digests.sort_unstable();
                digests.dedup();
                digests
                    .iter()
                    .flatten()
                    .for_each(|digest| *counts.entry(*digest).or_insert(0) += 1);
            }
            if case.rows().len() < 2 {
                // Data-Juicer returns a single row as it is.
                return;
            }
            let threshold = case.number("frequency_threshold").unwrap_or(6);
            let output = case.0["output"].as_array().unwrap();
            for ((text, _), expected) in case.rows().into_iter().zip(output) {
                let (mut digests, mut cuts) = (Vec::new(), Vec::new());
                hasher.each(text, |_, digest| digests.extend(digest));
                let removed: Vec<u64> = (0..)
                    .zip(&digests)
                    .filter(|(_, digest)| counts[*digest] > threshold)
                    .map(|(place, _)| place)
                    .collect();
                hasher.cuts(text, &removed, &mut cuts);
                let mut left = text.to_owned();
                cuts.into_iter()
                    .rev()
                    .for_each(|cut| left.replace_range(cut, ""));
                assert_eq!(left, case.text(expected), "{}", case.0["id"]);
            }
        },
    );
}

fn line_hasher(case: &Case) -> LineHasher {
    LineHasher::new(LineOptions {
        lowercase: case.flag("lowercase", false),
        ignore_special_character: case.flag("ignore_special_character", false),
        min_line_length: case.number("min_line_length").unwrap_or(2),
        skip_brackets: case.flag("skip_brackets", true),
        skip_markdown_headers: case.flag("skip_markdown_headers", true),
        skip_latex_env: case.flag("skip_latex_env", true),
        skip_html_tags: case.flag("skip_html_tags", true),
    })
}
