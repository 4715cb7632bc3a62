//! Tests the pieces of SentencePiece models. `testdata/sentencepiece/make.py` makes the models and the expected results.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::PathBuf;

use coldpress_models::sentencepiece::{Scratch, SentencePiece};
use serde_json::Value;

fn testdata(name: &str) -> PathBuf {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/sentencepiece");
    PathBuf::from(folder).join(name)
}

fn bytes(model: &str) -> Vec<u8> {
    std::fs::read(testdata(&format!("{model}.model"))).unwrap()
}

const MODELS: [&str; 12] = [
    "bpe",
    "bpe_bytes",
    "char",
    "steep",
    "steep_positive",
    "unigram",
    "unigram_bytes",
    "unigram_spaces",
    "unigram_suffix",
    "unused_bpe",
    "unused_unigram",
    "word",
];

#[test]
fn texts_are_cut_as_the_library_cuts_them() {
    // One scratch for all models.
    let mut scratch = Scratch::default();
    for name in MODELS {
        let model = SentencePiece::open(&testdata(&format!("{name}.model"))).unwrap();
        let cases = std::fs::read_to_string(testdata(&format!("{name}.jsonl"))).unwrap();
        let mut cut = 0;
        for case in cases.lines() {
            let case: Vec<Value> = serde_json::from_str(case).unwrap();
            let text = case[0].as_str().unwrap();
            if let Some(times) = case[1].as_u64() {
                let pieces = model
                    .cut(&text.repeat(times as usize), &mut scratch)
                    .unwrap();
                let sum = (1_u32..).zip(pieces.ids()).fold(0_u32, |sum, (place, id)| {
                    sum.wrapping_add(place.wrapping_mul(*id))
                });
                let found = (pieces.len() as u64, u64::from(sum));
                let expected = (case[2].as_u64().unwrap(), case[3].as_u64().unwrap());
                assert_eq!(found, expected, "{name}: {text:?} {times} times");
            } else {
                let pieces = model.cut(text, &mut scratch).unwrap();
                let found: Vec<&str> = pieces.iter().collect();
                assert_eq!(case[1], serde_json::json!(found), "{name}: {text:?}");
                assert_eq!(case[2], serde_json::json!(pieces.ids()), "{name}: {text:?}");
                assert_eq!(pieces.text(), found.concat(), "{name}: {text:?}");
                assert_eq!(
                    (pieces.len(), pieces.is_empty()),
                    (found.len(), found.is_empty())
                );
            }
            cut += 1;
        }
        assert!(cut > 100, "{name}");
    }
}

#[test]
fn a_file_that_is_cut_short_is_an_error_or_another_model() {
    for name in ["unigram_suffix", "bpe", "unused_bpe"] {
        let whole = bytes(name);
        for length in (0..300.min(whole.len())).chain((300..whole.len()).step_by(7)) {
            // Cut between two pieces, it is a smaller model, which the library reads too.
            let Ok(model) = SentencePiece::parse(&whole[..length]) else {
                continue;
            };
            model.cut("the é <0x41>", &mut Scratch::default()).unwrap();
        }
    }
}

#[test]
fn damaged_bytes_do_no_harm() {
    let whole = bytes("unigram_suffix");
    let mut random = 1_u64;
    for _ in 0..500 {
        let mut damaged = whole.clone();
        for _ in 0..3 {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let place = (random >> 33) as usize % damaged.len();
            damaged[place] = (random >> 25) as u8;
        }
        if let Ok(model) = SentencePiece::parse(&damaged) {
            model
                .cut("the ﬁrst é -- 中文", &mut Scratch::default())
                .unwrap();
        }
    }
}

/// Returns a field of a message: its number and its bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    [&[number << 3 | 2, content.len() as u8], content].concat()
}

#[test]
fn errors_name_the_file_and_say_what_is_wrong() {
    let piece =
        |text: &str, rest: &[u8]| field(1, &[field(1, text.as_bytes()), rest.to_vec()].concat());
    let unknown = piece("<unk>", &[0x18, 2]);
    let with = |more: &[u8]| [unknown.clone(), more.to_vec()].concat();
    let cases: Vec<(Vec<u8>, &str)> = vec![
        (Vec::new(), "has no piece for what is unknown"),
        (with(&unknown), "pieces 0 and 1 are the same"),
        (
            with(&piece("x", &[0x18, 2])),
            "both stand for what is unknown",
        ),
        (with(&piece("", &[])), "piece 1 is empty"),
        (
            with(&[piece("a", &[]), piece("a", &[0x18, 4])].concat()),
            "pieces 1 and 2 are the same",
        ),
        (with(&field(1, &field(1, b"\xff"))), "piece 1 is not UTF-8"),
        (
            with(&piece("a", &[0x15, 0, 0, 0xc0, 0x7f])),
            "score of piece 1 is not a number",
        ),
        (
            with(&piece("a", &[0x18, 9])),
            "the type 9 of piece 1 is unknown",
        ),
        (with(&piece("<0x41>", &[0x18, 6])), "`byte_fallback` is off"),
        (with(&field(2, &[0x18, 7])), "model type 7 is unknown"),
        (with(&field(2, &[0x98, 2, 1])), "no piece <0x00>"),
        (with(&field(3, &field(2, b"abc"))), "rules are cut short"),
        (
            with(&field(3, &field(2, &[0, 4, 0, 0, 1]))),
            "rules are cut short",
        ),
        (
            with(&field(3, &field(2, &[9, 0, 0, 0, 1]))),
            "not a multiple of 1024",
        ),
        (
            with(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]),
            "should have 4294967295 bytes, but 0 are left",
        ),
        (with(&[0x0a]), "ends within the field at byte"),
        (with(&[0xff; 11]), "does not end"),
        (with(&[0x0b]), "unknown encoding 3"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("xx.sp.model");
    for (content, reason) in cases {
        std::fs::write(&path, content).unwrap();
        let error = SentencePiece::open(&path).unwrap_err().to_string();
        assert!(
            error.contains("xx.sp.model`") && error.contains(reason),
            "{error}"
        );
    }
}
