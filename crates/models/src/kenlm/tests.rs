//! Tests with models that KenLM made, and with the scores of the C++ library; see `testdata/kenlm/make.py`.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const MODELS: [&str; 11] = [
    "four.probing.bin",
    "four.rest.bin",
    "four.trie.bin",
    "four.array.bin",
    "four.quantised.bin",
    "four.quantised_array.bin",
    "two.probing.bin",
    "two.trie.bin",
    "two.arpa",
    "three.arpa",
    "four.arpa",
];

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/kenlm");
    folder.join(name)
}

fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

#[test]
fn scores_are_those_of_the_library() {
    let expected = std::fs::read_to_string(path("expected.jsonl")).unwrap();
    for name in MODELS {
        let model = Kenlm::open(&path(name)).unwrap();
        let mut compared = 0;
        for line in expected.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let sentence = case["sentence"].as_str().unwrap();
            let score = model.score_sentence(sentence);
            let expected = f32::from_bits(case[name].as_u64().unwrap() as u32);
            assert_eq!(score, expected, "{name}: {sentence:?}");
            let words = sentence
                .split(['\t', '\n', '\u{b}', '\u{c}', '\r', ' '])
                .filter(|word| !word.is_empty());
            let words: Vec<Word> = words.map(|word| model.word(word)).collect();
            assert_eq!(model.score_words(&words), expected, "{name}: {sentence:?}");
            compared += 1;
        }
        assert_eq!(compared, 73);
    }
}

#[test]
fn arpa_text_becomes_the_file_that_kenlm_makes_of_it() {
    let made = build::hash_tables(&bytes("four.arpa")).unwrap();
    // The header claims that the words are at the end, but this crate doesn't write them.
    let (places, kenlm) = (88 + 12, bytes("four.probing.bin"));
    assert_eq!(kenlm[places], 1);
    assert_eq!(made[..places], kenlm[..places]);
    assert_eq!(made[places + 1..], kenlm[places + 1..made.len()]);
    assert!(kenlm[made.len()..].starts_with(b"<unk>\0"));
}

#[test]
fn orders_are_known() {
    for (name, order) in [("two.arpa", 2), ("three.arpa", 3), ("four.trie.bin", 4)] {
        assert_eq!(Kenlm::open(&path(name)).unwrap().order(), order);
    }
}

#[test]
fn a_file_cut_short_is_one_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.bin");
    for name in MODELS {
        let bytes = bytes(name);
        // Only the first word of the vocabulary at the end is read, and the last line may lack its line feed.
        let needed = match name.ends_with("arpa") {
            true => bytes.len() - 2,
            false => bytes
                .windows(6)
                .position(|six| six == b"<unk>\0")
                .unwrap_or(bytes.len()),
        };
        for length in (0..needed).step_by(61).chain([needed - 1]) {
            assert!(
                Kenlm::from_bytes(bytes[..length].to_vec()).is_err(),
                "{name} cut to {length}"
            );
        }
        std::fs::write(&cut, &bytes[..bytes.len() / 3]).unwrap();
        let error = Kenlm::open(&cut).unwrap_err().to_string();
        assert!(error.contains("cut.bin` is damaged: "), "{error}");
    }
}

#[track_caller]
fn refused(bytes: impl Into<Vec<u8>>, reason: &str) {
    let error = Kenlm::from_bytes(bytes.into()).unwrap_err().to_string();
    assert!(error.contains(reason), "{error}");
}

#[test]
fn arpa_text_that_is_wrong_is_refused_with_its_line() {
    let arpa = |unigrams: &str, bigrams: &str| {
        let (ones, twos) = (unigrams.lines().count(), bigrams.lines().count());
        format!(
            "\\data\\\nngram 1={ones}\nngram 2={twos}\n\n\\1-grams:\n{unigrams}\n\\2-grams:\n{bigrams}\n\\end\\\n"
        )
    };
    let ones = "-9\t<s>\t0\n-1\t</s>\n-1\ta\t-0.5\n";
    assert!(Kenlm::from_bytes(arpa(ones, "-1\t<s> a\n").into()).is_ok());
    let cases = [
        (arpa("-9\t<s>\n-1\ta\n", ""), "lacks the word `</s>`"),
        (
            arpa(ones, "-1\t<s> b\n"),
            "line 11 is an n-gram with a word",
        ),
        (arpa(ones, "1\t<s> a\n"), "line 11 is a weight"),
        (arpa(ones, "nan\t<s> a\n"), "line 11 is a weight"),
        (arpa(ones, "-1\t<s>\n"), "line 11 is no 2-gram"),
        (
            arpa(ones, "-1\t<s> a\t-2\n"),
            "greatest length with a backoff",
        ),
        (
            arpa(ones, "-1\t<s> a\n-1\ta a a a a\n"),
            "line 12 is no 2-gram",
        ),
        (
            "\\data\\\nngram 1=9999999\n".into(),
            "does not fit into the file",
        ),
        (
            "\\data\\\nngram 2=1\n".into(),
            "line 2 is not the number of 1-grams",
        ),
        (
            "\\data\\\nngram 1=1\n\n\\2-grams:\n".into(),
            "up to 1 words",
        ),
        ("a\n".into(), "neither a binary model nor ARPA text"),
        (String::new(), "ends after line 0"),
    ];
    for (text, reason) in cases {
        refused(text, reason);
    }
    refused([0x1f, 0x8b, 8, b'\n'], "a gzip file");
}

#[test]
fn other_versions_are_refused() {
    let with = |place: usize, value: u8| {
        let mut bytes = bytes("four.trie.bin");
        bytes[place] = value;
        bytes
    };
    refused(with(49, b'6'), "another version of the format than 5");
    refused(with(56, 1), "another kind of machine");
    refused(with(88, 1), "up to 1 words");
    refused(with(88, 200), "up to 200 words");
    refused(with(96, 6), "a model of type 6");
    refused(with(104, 0), "version 0 of its type");
    refused(
        b"mmap lm http://kheafield.com/code incomplete\n".repeat(3),
        "did not finish",
    );
}

#[test]
fn scores_take_no_longer_for_worse_texts() {
    let model = Kenlm::open(&path("four.arpa")).unwrap();
    // One word of a megabyte, and as many words as fit into one.
    assert!(model.score_sentence(&"x".repeat(1 << 20)) < 0.0);
    assert!(model.score_sentence(&"x ".repeat(1 << 18)) < 0.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sentence_has_a_score(sentence in "(\\PC{0,9}|the|old|[ \t\u{0}-\u{1f}]{0,3}){0,9}") {
        for name in MODELS {
            let model = Kenlm::open(&path(name)).unwrap();
            prop_assert!(model.score_sentence(&sentence).is_finite());
        }
    }

    #[test]
    fn damaged_models_are_refused_or_score_something(
        which in 0..MODELS.len(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let mut bytes = bytes(MODELS[which]);
        for (place, value, is_early) in damages {
            // The sizes at the beginning are the most important bytes.
            let end = if is_early { 160 } else { bytes.len() };
            let place = place.index(end);
            bytes[place] = value;
        }
        if let Ok(model) = Kenlm::from_bytes(bytes) {
            model.score_sentence("the old keeper climbs the stairs every evening 今天 x y z x");
        }
    }
}
