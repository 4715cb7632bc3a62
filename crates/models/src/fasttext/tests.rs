//! Tests with models that the C++ library trained, and with its predictions; see `testdata/fasttext/make.py`.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::Value;

use super::*;

const MODELS: [&str; 6] = [
    "softmax.bin",
    "hierarchical.bin",
    "sampling.bin",
    "one_versus_all.bin",
    "norms.ftz",
    "pruned.ftz",
];

fn path(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/fasttext");
    folder.join(name)
}

fn model(name: &str) -> FastText {
    FastText::open(&path(name)).unwrap()
}

#[test]
fn labels_and_probabilities_are_those_of_the_library() {
    let expected = std::fs::read_to_string(path("expected.jsonl")).unwrap();
    let mut scratch = Scratch::default();
    for name in MODELS {
        let model = model(name);
        let mut compared = 0;
        for line in expected.lines() {
            let case: Value = serde_json::from_str(line).unwrap();
            let text = case["text"].as_str().unwrap();
            let found = model
                .predict(text, &mut scratch)
                .map(|found| serde_json::json!([found.label, found.probability.to_bits()]));
            assert_eq!(found.unwrap_or_default(), case[name], "{name}: {text:?}");
            compared += 1;
        }
        assert_eq!(compared, 147);
    }
}

#[test]
fn the_first_line_alone_counts() {
    let model = model("softmax.bin");
    let predict = |text: &str| {
        let mut scratch = Scratch::default();
        let found = model.predict(text, &mut scratch).unwrap();
        (found.label.to_owned(), found.probability)
    };
    assert_eq!(predict("the of and\nle la les"), predict("the of and"));
    assert_ne!(predict("le la les"), predict("the of and"));
    let mut scratch = Scratch::default();
    let joined = model.predict_joined("the of\nand", &mut scratch).unwrap();
    assert_eq!(
        predict("the of and"),
        (joined.label.to_owned(), joined.probability)
    );
}

#[test]
fn vectors_of_words_and_later_versions_are_refused() {
    let bytes = std::fs::read(path("softmax.bin")).unwrap();
    let with = |place: usize, value: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = value;
        FastText::from_bytes(bytes).unwrap_err().to_string()
    };
    assert!(with(0, 0).contains("magic number"));
    assert!(with(4, 13).contains("version 13"));
    assert!(with(8 + 4 * 7, 1).contains("a model of word vectors"));
    assert!(with(8 + 4 * 6, 9).contains("no loss of number 9"));
    assert!(FastText::from_bytes(Vec::new()).is_err());
}

#[test]
fn a_file_cut_short_is_one_error_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut.bin");
    for name in MODELS {
        let bytes = std::fs::read(path(name)).unwrap();
        for length in (0..bytes.len()).step_by(1999).chain([bytes.len() - 1]) {
            assert!(
                FastText::from_bytes(bytes[..length].to_vec()).is_err(),
                "{name} cut to {length}"
            );
        }
        std::fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        let error = FastText::open(&cut).unwrap_err().to_string();
        assert!(
            error.contains("cut.bin` is damaged: it ends before"),
            "{error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_text_has_a_probability(text in "(\\PC{0,20}|[a-z <>/s\u{0}-\u{1f}]{0,20}){0,8}") {
        let mut scratch = Scratch::default();
        for name in MODELS {
            let model = model(name);
            let found = model.predict(&text, &mut scratch).unwrap();
            prop_assert!((0.0..=1.000_02).contains(&found.probability), "{}: {:?}", name, found);
            prop_assert!(model.labels().iter().any(|label| label == found.label));
        }
    }

    #[test]
    fn damaged_models_are_refused_or_predict_something(
        which in 0..MODELS.len(),
        damages in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), any::<bool>()), 1..6),
    ) {
        let mut bytes = std::fs::read(path(MODELS[which])).unwrap();
        for (place, value, is_early) in damages {
            // The sizes at the beginning are the most important bytes.
            let end = if is_early { 100 } else { bytes.len() };
            let place = place.index(end);
            bytes[place] = value;
        }
        if let Ok(model) = FastText::from_bytes(bytes) {
            let _ = model.predict("the le der и 的 w1", &mut Scratch::default());
        }
    }
}
