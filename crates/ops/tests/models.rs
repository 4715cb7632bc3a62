//! Tests filters that use model files: without a model, with a damaged one, and with any text.
#![cfg(feature = "models")]
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::path::{Path, PathBuf};

use coldpress_assets::AssetFolders;
use coldpress_operator::{
    ChainSettings, Key, Node, OperatorCall, Pipeline, Shared, Span, StatValue,
};
use coldpress_record::{Batch, Lines};
use proptest::prelude::*;
use serde_json::{Value, json};

fn models() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/assets/models")
}

fn pipeline(op: &str, params: &Value, folder: &Path, compat: bool) -> Result<Pipeline, String> {
    let mut call = OperatorCall::new(op);
    for (name, value) in params.as_object().unwrap() {
        let name = name.clone();
        let span = Span::default();
        call.params
            .push((Key { name, span }, Node::from_json(value)));
    }
    let settings = ChainSettings {
        text_key: "text".into(),
        seed: 0,
        skip_op_error: true,
        compat,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::new([folder]));
    Pipeline::resolve(&registry, &[call], &settings).map_err(|error| error.to_string())
}

/// Returns texts after the operator has worked on them, and why some failed.
fn work_on(pipeline: &Pipeline, texts: &[&str]) -> Result<(Batch, Vec<String>), String> {
    let chain = pipeline.instantiate(&Shared::default());
    let mut chain = chain.map_err(|error| error.to_string())?;
    let mut lines = Lines::new(0);
    for (at, text) in texts.iter().enumerate() {
        lines.push(at as u64, json!({ "text": text }).to_string().as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..1, &mut tally).unwrap();
    let failed = tally.quarantined.into_iter().map(|failed| failed.error);
    Ok((batch, failed.collect()))
}

/// Returns the statistics of each text, and the numbers of those that were kept.
fn run(pipeline: &Pipeline, texts: &[&str]) -> Result<(Vec<Vec<StatValue>>, Vec<u32>), String> {
    let (batch, failed) = work_on(pipeline, texts)?;
    assert_eq!(failed, [""; 0]);
    let stat = |column, row| batch.stats().get(column, row).unwrap().clone();
    let columns = pipeline.stats().len();
    let stats = (0..texts.len()).map(|row| (0..columns).map(|column| stat(column, row)).collect());
    Ok((stats.collect(), batch.selection().to_vec()))
}

const ENGLISH: &str = "The children asked their mother why the sky is blue, and she said that the light of the sun \
                       is made of many colours.";
const FRENCH: &str =
    "Le train part à sept heures du matin et arrive à Lyon avant midi, sauf le dimanche.";

#[test]
fn without_the_model_a_built_in_detector_finds_languages() {
    let folder = tempfile::tempdir().unwrap();
    let params = json!({"lang": "en", "min_score": 0.8});
    let pipeline = pipeline("language_id_score_filter", &params, folder.path(), false).unwrap();
    let stand_ins = pipeline.operators()[0].stand_ins();
    assert_eq!(stand_ins.len(), 1);
    assert_eq!(stand_ins[0].wanted, "lid.176.bin");
    let (stats, kept) = run(&pipeline, &[ENGLISH, FRENCH, "", "123"]).unwrap();
    assert_eq!(kept, [0]);
    assert_eq!(stats[1][0], StatValue::Text("fr".into()));
    assert_eq!(
        stats[2],
        [StatValue::Text("und".into()), StatValue::Float(0.0)]
    );
}

#[test]
fn data_juicers_way_needs_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let error = pipeline("language_id_score_filter", &json!({}), folder.path(), true).unwrap_err();
    assert!(error.contains("lid.176.bin"), "{error}");
    let with_model = pipeline("language_id_score_filter", &json!({}), &models(), false).unwrap();
    assert!(with_model.operators()[0].stand_ins().is_empty());
    assert_eq!(with_model.operators()[0].assets().len(), 1);
}

#[test]
fn a_folder_in_the_place_of_a_model_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("lid.176.bin")).unwrap();
    for compat in [false, true] {
        let refused = pipeline(
            "language_id_score_filter",
            &json!({}),
            folder.path(),
            compat,
        );
        let error = refused.unwrap_err();
        assert!(
            error.contains("needs the file `lid.176.bin`, but"),
            "{error}"
        );
        assert!(
            error.contains("is a folder; put the file in its place"),
            "{error}"
        );
    }
}

#[test]
fn some_languages_or_all_are_kept() {
    let kept = |lang: Value| {
        let params = json!({"lang": lang, "min_score": 0.5});
        let pipeline = pipeline("language_id_score_filter", &params, &models(), true).unwrap();
        run(&pipeline, &[ENGLISH, FRENCH]).unwrap().1
    };
    assert_eq!(kept(json!(["fr", "de"])), [1]);
    for all in [json!(""), json!([]), json!(null), json!(["en", "fr"])] {
        assert_eq!(kept(all.clone()), [0, 1], "{all}");
    }
    assert_eq!(kept(json!("xx")), [0; 0]);
}

#[test]
fn perplexity_needs_both_models_of_the_language() {
    let error = pipeline(
        "perplexity_filter",
        &json!({"lang": "xx"}),
        &models(),
        false,
    );
    assert!(error.unwrap_err().contains("xx.sp.model"));
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        models().join("en.sp.model"),
        folder.path().join("xx.sp.model"),
    )
    .unwrap();
    let error = pipeline(
        "perplexity_filter",
        &json!({"lang": "xx"}),
        folder.path(),
        false,
    );
    assert!(error.unwrap_err().contains("xx.arpa.bin"));
}

#[test]
fn a_damaged_model_is_one_error_that_names_the_file() {
    let folder = tempfile::tempdir().unwrap();
    for (op, file) in [
        ("language_id_score_filter", "lid.176.bin"),
        ("perplexity_filter", "en.arpa.bin"),
        ("perplexity_filter", "en.sp.model"),
    ] {
        for name in ["lid.176.bin", "en.arpa.bin", "en.sp.model"] {
            let bytes = std::fs::read(models().join(name)).unwrap();
            let length = if name == file {
                bytes.len() / 2
            } else {
                bytes.len()
            };
            std::fs::write(folder.path().join(name), &bytes[..length]).unwrap();
        }
        let pipeline = pipeline(op, &json!({}), folder.path(), true).unwrap();
        let error = run(&pipeline, &[ENGLISH]).unwrap_err();
        assert!(error.contains(file) && error.contains("damaged"), "{error}");
    }
}

/// A model may give probabilities that are no numbers.
#[test]
fn texts_without_a_probability_go_to_quarantine() {
    let folder = tempfile::tempdir().unwrap();
    let mut model = std::fs::read(models().join("lid.176.bin")).unwrap();
    // The vectors of labels are at the end of the file.
    let labels = model.len() - 64;
    model[labels..].fill(0xff);
    std::fs::write(folder.path().join("lid.176.bin"), model).unwrap();
    for compat in [false, true] {
        let params = json!({"min_score": 0.0});
        let pipeline = pipeline("language_id_score_filter", &params, folder.path(), compat);
        let (batch, failed) = work_on(&pipeline.unwrap(), &[ENGLISH]).unwrap();
        assert!(batch.selection().is_empty());
        assert_eq!(failed, ["the language model knows nothing in the text"]);
    }
}

/// The perplexities are those of Data-Juicer 1.6.1, which gives lines to KenLM as texts of C.
#[test]
fn under_compat_a_language_model_stops_at_nul() {
    let with_nul = ENGLISH.replacen(" why", "\0 why", 1);
    let perplexities = |compat| {
        let pipeline = pipeline("perplexity_filter", &json!({}), &models(), compat).unwrap();
        let (stats, _) = run(&pipeline, &[ENGLISH, &with_nul]).unwrap();
        let numbers: Vec<f64> = stats.concat().iter().map(StatValue::as_f64).collect();
        numbers
    };
    assert_eq!(perplexities(true), [45.0, 2.2]);
    let without = perplexities(false);
    assert!(without[0] == 45.0 && without[1] > 40.0, "{without:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn statistics_keep_within_their_range(texts in prop::collection::vec("\\PC{0,40}|[a-z\n\r\t\u{85}\u{0} ]{0,40}", 1..8)) {
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let nowhere = Path::new("nowhere");
        for folder in [models().as_path(), nowhere] {
            let pipeline = pipeline("language_id_score_filter", &json!({}), folder, false).unwrap();
            for stats in run(&pipeline, &texts).unwrap().0 {
                prop_assert!((0.0..=1.000_02).contains(&stats[1].as_f64()), "{stats:?}");
            }
        }
        for lang in ["en", "zh"] {
            let pipeline = pipeline("perplexity_filter", &json!({"lang": lang}), &models(), false).unwrap();
            for stats in run(&pipeline, &texts).unwrap().0 {
                prop_assert!(stats[0].as_f64() >= 0.0 && stats[0].as_f64().is_finite(), "{stats:?}");
            }
        }
    }
}
