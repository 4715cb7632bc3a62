//! Tests of filters that vectors cannot express: parameters that Data-Juicer reads differently, word lists that are missing or
//! broken, filters that share their work, and texts that nobody would write.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

#[path = "shared/cpu_time.rs"]
mod cpu_time;

use std::path::Path;
use std::time::Duration;

use coldpress_assets::AssetFolders;
use coldpress_operator::{ChainSettings, Node, OperatorCall, Pipeline, Registry, Shared};
use coldpress_record::{Batch, Lines, StatValue};
use cpu_time::time_of;
use proptest::prelude::*;
use serde_json::{Value, json};

fn resolve(registry: &Registry, calls: &[(&str, Value)], compat: bool) -> Result<Pipeline, String> {
    let calls: Vec<OperatorCall> = calls
        .iter()
        .map(|(name, params)| call(name, params))
        .collect();
    let settings = ChainSettings {
        text_key: "text".to_owned(),
        seed: 0,
        skip_op_error: true,
        compat,
        keep_all: false,
        labels: Vec::new(),
        needs: Vec::new(),
        python: Default::default(),
    };
    Pipeline::resolve(registry, &calls, &settings).map_err(|error| error.to_string())
}

fn call(name: &str, params: &Value) -> OperatorCall {
    let params = params.as_object().unwrap().iter();
    OperatorCall {
        params: params
            .map(|(name, value)| (name.as_str().into(), Node::from_json(value)))
            .collect(),
        ..OperatorCall::new(name)
    }
}

/// The result for some rows: the rows that were kept, the number that went to quarantine, and the statistics of each.
#[derive(Debug, PartialEq)]
struct Ran {
    kept: Vec<u32>,
    failed: Vec<String>,
    stats: Vec<Vec<Option<StatValue>>>,
}

fn run(pipeline: &Pipeline, rows: &[Value]) -> Ran {
    let mut chain = pipeline.instantiate(&Shared::default()).unwrap();
    let mut lines = Lines::new(0);
    for row in rows {
        lines.push(0, row.to_string().as_bytes());
    }
    let mut batch = Batch::default();
    batch.fill(&mut lines, chain.fields(), &mut Vec::new());
    chain.begin(&mut batch);
    let mut tally = chain.tally();
    chain.run(&mut batch, 0..chain.len(), &mut tally).unwrap();
    let columns = 0..batch.stats().names().len();
    let stats = (0..rows.len()).map(|row| {
        let of_row = columns
            .clone()
            .map(|column| batch.stats().get(column, row).cloned());
        of_row.collect()
    });
    Ran {
        kept: batch.selection().to_vec(),
        failed: tally
            .quarantined
            .into_iter()
            .map(|failed| failed.error)
            .collect(),
        stats: stats.collect(),
    }
}

fn kept(calls: &[(&str, Value)], compat: bool, rows: &[Value]) -> Vec<u32> {
    let pipeline = resolve(&coldpress_ops::builtin(), calls, compat).unwrap();
    run(&pipeline, rows).kept
}

#[test]
fn plain_defects_of_data_juicer_are_kept_under_compat_alone() {
    let numbers = [
        json!({"n": 0}),
        json!({"n": false}),
        json!({"n": 3}),
        json!({"n": null}),
        json!({"n": ""}),
    ];
    let numeric = [(
        "specified_numeric_field_filter",
        json!({"field_key": "n", "max_value": 2}),
    )];
    assert_eq!(kept(&numeric, false, &numbers), [0, 1]);
    assert_eq!(kept(&numeric, true, &numbers), [0_u32; 0]);

    let languages = [
        json!({"lang": "english"}),
        json!({"lang": "eng"}),
        json!({"lang": ""}),
    ];
    let field = [(
        "specified_field_filter",
        json!({"field_key": "lang", "target_value": "english"}),
    )];
    assert_eq!(kept(&field, false, &languages), [0]);
    assert_eq!(kept(&field, true, &languages), [0, 1, 2]);

    let condition = json!({"filter_condition": "n > 2", "reversed_range": true});
    let condition = [("general_field_filter", condition)];
    assert_eq!(kept(&condition, false, &numbers[..3]), [0, 1]);
    assert_eq!(kept(&condition, true, &numbers[..3]), [2]);
}

#[test]
fn conditions_and_fields_see_statistics_of_earlier_filters() {
    let rows = [
        json!({"text": "ab"}),
        json!({"text": "abcd"}),
        json!({"text": "abcdef"}),
    ];
    let length = ("text_length_filter", json!({"min_len": 0}));
    let condition = json!({"filter_condition": "3 < __dj__stats__.text_len < 5"});
    let calls = [length.clone(), ("general_field_filter", condition)];
    assert_eq!(kept(&calls, false, &rows), [1]);
    let numeric = json!({"field_key": "__dj__stats__.text_len", "min_value": 4});
    let calls = [length, ("specified_numeric_field_filter", numeric)];
    assert_eq!(kept(&calls, false, &rows), [1, 2]);
}

#[test]
fn statistics_that_say_something_else_are_computed_anew() {
    let row = |text: &str| json!({"text": text, "title": "t", "__dj__stats__": {"text_len": 62}});
    let rows = [
        row("see https://example.org/ok ok"),
        row("a long plain sentence"),
        row(""),
    ];
    let length = |params| ("text_length_filter", params);
    let long = length(json!({"min_len": 20}));
    // Statistics of the input count until an operator has changed what they describe.
    assert_eq!(kept(std::slice::from_ref(&long), false, &rows), [0, 1, 2]);
    let calls = [("clean_links_mapper", json!({})), long.clone()];
    assert_eq!(kept(&calls, false, &rows), [1]);
    assert_eq!(kept(&calls, true, &rows), [0, 1, 2]);
    // When whole records are edited, that may be any field.
    let calls = [("pii_redaction_mapper", json!({})), long.clone()];
    assert_eq!(kept(&calls, false, &rows), [0, 1]);
    assert_eq!(kept(&calls, true, &rows), [0, 1, 2]);
    // Statistics of an earlier filter count if it measured the same field.
    let of_title = length(json!({"min_len": 0, "max_len": 1, "text_key": "title"}));
    let calls = [length(json!({"min_len": 0, "max_len": 99})), of_title, long];
    assert_eq!(kept(&calls[..2], false, &rows), [0, 1, 2]);
    assert_eq!(kept(&calls[..2], true, &rows), [0_u32; 0]);
    assert_eq!(kept(&calls, false, &rows), [0, 1]);
    let condition = |text: &str| ("general_field_filter", json!({ "filter_condition": text }));
    let calls = [condition("title == 't'"), condition("'plain' in text")];
    assert_eq!(kept(&calls, false, &rows), [1]);
    assert_eq!(kept(&calls, true, &rows), [0, 1, 2]);
    let repetition = |length| {
        let params = json!({"rep_len": length, "max_ratio": 0.4});
        ("word_repetition_filter", params)
    };
    let rows = [json!({"text": "a b a b c d"}), json!({"text": "a b c d e"})];
    assert_eq!(kept(&[repetition(3), repetition(1)], false, &rows), [1]);
    assert_eq!(kept(&[repetition(3), repetition(1)], true, &rows), [0, 1]);
}

#[test]
fn only_statistics_that_say_something_else_make_another_filter() {
    let base = coldpress_operator::ChainHash::base("");
    let hash = |calls: &[(&str, Value)], compat| {
        let pipeline = resolve(&coldpress_ops::builtin(), calls, compat).unwrap();
        *pipeline.hashes(base).last().unwrap()
    };
    let (mapper, filter) = (
        ("clean_email_mapper", json!({})),
        ("text_length_filter", json!({})),
    );
    let stale = [mapper.clone(), filter.clone()];
    assert_ne!(hash(&stale, false), hash(&stale, true));
    let fresh = [filter.clone(), filter, mapper];
    assert_eq!(hash(&fresh, false), hash(&fresh, true));
}

#[test]
fn values_that_cannot_be_compared_go_to_quarantine() {
    let rows = [
        json!({"n": {"a": 1}}),
        json!({"n": [1, {"a": 1}]}),
        json!({"n": "x"}),
        json!({"m": 1}),
    ];
    let fails = |name: &str, params: Value| {
        let pipeline = resolve(&coldpress_ops::builtin(), &[(name, params)], false).unwrap();
        run(&pipeline, &rows).failed
    };
    let failed = fails(
        "specified_field_filter",
        json!({"field_key": "n", "target_value": [1]}),
    );
    assert_eq!(failed.len(), 3, "{failed:?}");
    assert!(failed[0].contains("`n` has an object"), "{failed:?}");
    assert!(failed[2].contains("`n` is missing"), "{failed:?}");
    let failed = fails("specified_numeric_field_filter", json!({"field_key": "n"}));
    assert_eq!(failed.len(), 3, "{failed:?}");
    let failed = fails("general_field_filter", json!({"filter_condition": "n < 1"}));
    assert_eq!(failed.len(), 3, "{failed:?}");
    let failed = fails("suffix_filter", json!({"suffixes": ".txt"}));
    assert_eq!(failed.len(), 4, "{failed:?}");
}

fn stopwords(params: Value) -> [(&'static str, Value); 1] {
    [("stopwords_filter", params)]
}

#[test]
fn built_in_lists_are_used_and_named_where_there_are_none() {
    let registry = coldpress_ops::builtin();
    for (name, params, used) in [
        ("stopwords_filter", json!({}), "Stopwords ISO 0.7.1"),
        (
            "flagged_words_filter",
            json!({"lang": "all"}),
            "naughty-words 1.2.0",
        ),
    ] {
        let calls = [(name, params)];
        let pipeline = resolve(&registry, &calls, false).unwrap();
        let said: Vec<String> = pipeline.stand_ins().collect();
        assert!(said.len() == 1 && said[0].contains(used), "{said:?}");
        let refused = resolve(&registry, &calls, true).unwrap_err();
        assert!(refused.contains(".json"), "{refused}");
    }
    let rows = [
        json!({"text": "The cat and the dog"}),
        json!({"text": "cat dog bird"}),
    ];
    assert_eq!(
        kept(&stopwords(json!({"min_ratio": 0.5})), false, &rows),
        [0]
    );
    let nested = json!({"field_key": "n", "target_value": [["a"]]});
    let refused = resolve(&registry, &[("specified_field_filter", nested)], false).unwrap_err();
    assert!(refused.contains("`target_value` must be"), "{refused}");
}

#[test]
fn a_language_without_a_list_is_refused() {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/assets/words");
    let with_files = coldpress_ops::builtin().with_assets(AssetFolders::new([words]));
    for name in ["stopwords_filter", "flagged_words_filter"] {
        let calls = [(name, json!({"lang": "xx"}))];
        for (registry, compat) in [(&coldpress_ops::builtin(), false), (&with_files, true)] {
            let refused = resolve(registry, &calls, compat).unwrap_err();
            assert!(
                refused.contains("`lang` is `xx`, which has no list") && refused.contains("en, "),
                "{name}: {refused}"
            );
        }
    }
}

#[test]
fn the_bytes_of_the_lists_are_part_of_what_a_filter_is() {
    let folder = tempfile::tempdir().unwrap();
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::new([folder.path()]));
    let hash = |params: Value| {
        let pipeline = resolve(&registry, &stopwords(params), false).unwrap();
        let base = coldpress_operator::ChainHash::base("");
        (pipeline.hashes(base)[1], pipeline.stand_ins().count())
    };
    let (built_in, stand_ins) = hash(json!({}));
    assert_eq!(stand_ins, 1);
    let write = |name: &str, list: &str| std::fs::write(folder.path().join(name), list).unwrap();
    write("my_stopwords.json", r#"{"en": ["the"]}"#);
    let (first, stand_ins) = hash(json!({}));
    assert_eq!(stand_ins, 0);
    write("my_stopwords.json", r#"{"en": ["thy"]}"#);
    let (second, _) = hash(json!({}));
    write("flagged_words.json", "no list");
    let (third, _) = hash(json!({}));
    assert!(first != built_in && first != second && second == third);
}

#[test]
fn broken_lists_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stopwords_x.json");
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::new([folder.path()]));
    let refuse = |content: &str| {
        std::fs::write(&path, content).unwrap();
        let refused = resolve(&registry, &stopwords(json!({})), false).unwrap_err();
        assert!(refused.contains(path.to_str().unwrap()), "{refused}");
    };
    for content in [
        "",
        "{",
        "[]",
        r#"{"en": 1}"#,
        r#"{"en": ["a"#,
        "\u{0}",
        r#"{"en": [["a"]]}"#,
    ] {
        refuse(content);
    }
    refuse(&format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000)));
    let nowhere = json!({"stopwords_dir": "/nowhere/at/all"});
    let refused = resolve(&registry, &stopwords(nowhere), false).unwrap_err();
    assert!(refused.contains("/nowhere/at/all"), "{refused}");
}

/// Returns filters by text with the statistics that they compute, and the bounds of these statistics.
fn measures() -> Vec<(&'static str, Value, f64)> {
    vec![
        ("words_num_filter", json!({}), 1e9),
        ("average_line_length_filter", json!({}), 1e9),
        ("maximum_line_length_filter", json!({}), 1e9),
        ("stopwords_filter", json!({}), 1.0),
        (
            "flagged_words_filter",
            json!({"use_words_aug": true, "words_aug_group_sizes": [1, 2, 3]}),
            1.0,
        ),
        ("word_repetition_filter", json!({"rep_len": 2}), 1.0),
    ]
}

/// Returns the call with bounds that keep every record, so that all filters of a chain see all of them.
fn unbounded((name, mut params, _): (&'static str, Value, f64)) -> (&'static str, Value) {
    let of_kind = match name {
        "words_num_filter" => "num",
        "average_line_length_filter" | "maximum_line_length_filter" => "len",
        _ => "ratio",
    };
    params[format!("min_{of_kind}")] = Value::Null;
    params[format!("max_{of_kind}")] = Value::Null;
    (name, params)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn statistics_are_within_their_range_and_the_same_together_as_alone(
        texts in prop::collection::vec("(\\PC{0,20}|[\u{0}-\u{a0}]{0,40}|(the cat ){0,4}|[ \u{2028}\r\n1一]{0,9}){0,4}", 1..6),
    ) {
        let registry = coldpress_ops::builtin();
        let rows: Vec<Value> = texts.iter().map(|text| json!({ "text": text })).collect();
        let calls: Vec<(&str, Value)> = measures().into_iter().map(unbounded).collect();
        let together = run(&resolve(&registry, &calls, false).unwrap(), &rows);
        prop_assert!(together.failed.is_empty(), "{:?}", together.failed);
        for (at, (_, _, greatest)) in measures().into_iter().enumerate() {
            let alone = run(&resolve(&registry, &calls[at..=at], false).unwrap(), &rows);
            for (row, stats) in alone.stats.iter().enumerate() {
                prop_assert_eq!(&stats[0], &together.stats[row][at]);
                let stat = stats[0].as_ref().unwrap().as_f64();
                prop_assert!((0.0..=greatest).contains(&stat), "{} is {stat}", calls[at].0);
            }
        }
    }

    #[test]
    fn any_condition_is_refused_or_evaluated(
        condition in "([a-c]|\\.|[0-9]|'[a\\\\x]{0,2}'| (and|or|not|in|is) |[<>=!]=?|[-+(){},\\[\\]]|None| |\\PC){0,12}",
    ) {
        let calls = [("general_field_filter", json!({ "filter_condition": condition }))];
        if let Ok(pipeline) = resolve(&coldpress_ops::builtin(), &calls, false) {
            run(&pipeline, &[json!({"a": 1, "b": "x", "c": [1, null, {"d": 2}]}), json!({})]);
        }
    }
}

#[test]
fn long_texts_of_one_kind_take_linear_time() {
    let registry = coldpress_ops::builtin();
    let mut calls: Vec<(&str, Value)> = measures().into_iter().map(unbounded).collect();
    calls.push((
        "specified_numeric_field_filter",
        json!({"field_key": "text"}),
    ));
    calls.push((
        "general_field_filter",
        json!({"filter_condition": "'aab' in text"}),
    ));
    let texts = [
        "a", "a ", "\r", "\r\n", "1", "Σ", "ΑΣ.", "一 ", "\u{2028}", "a\u{301}", "_", "İ", "1_",
    ];
    for call in calls {
        let pipeline = resolve(&registry, std::slice::from_ref(&call), false).unwrap();
        for text in texts {
            let row = [json!({ "text": text.repeat(300_000 / text.len()) })];
            // Quadratic time would take minutes.
            let (elapsed, _) = time_of(|| run(&pipeline, &row));
            assert!(
                elapsed < Duration::from_secs(60),
                "{} of {text:?}…: {elapsed:?}",
                call.0
            );
        }
    }
}

#[test]
fn the_assets_of_the_vectors_are_there() {
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/assets/words");
    let params = json!({"stopwords_dir": words.to_str().unwrap(), "lang": "fr"});
    let registry = coldpress_ops::builtin().with_assets(AssetFolders::default());
    let pipeline = resolve(&registry, &stopwords(params), true).unwrap();
    assert_eq!(pipeline.stand_ins().count(), 0);
}

/// Data-Juicer 1.6.1 compares statistics that it has written with ten decimals.
#[test]
fn under_compat_statistics_have_ten_decimals() {
    let rows = [json!({"text": "abcdefghijk---"})];
    let filter = |bounds: Value| [("alphanumeric_filter", bounds)];
    let exact = filter(json!({"min_ratio": 0.785_714_285_714_285_7}));
    assert_eq!(kept(&exact, false, &rows), [0]);
    assert_eq!(kept(&exact, true, &rows), [0_u32; 0]);
    let rounded = filter(json!({"min_ratio": 0.785_714_285_7, "max_ratio": 0.785_714_285_7}));
    assert_eq!(kept(&rounded, false, &rows), [0_u32; 0]);
    assert_eq!(kept(&rounded, true, &rows), [0]);
}

/// Data-Juicer parses digits in its own way: 0.3 is three times 0.1, which is a little more.
#[test]
fn under_compat_statistics_are_written_and_read() {
    let rows = [json!({"text": "abcdefg---"})];
    for bounds in [
        json!({"max_ratio": 0.3}),
        json!({"min_ratio": 0.3, "max_ratio": 0.3}),
    ] {
        let filter = [("special_characters_filter", bounds)];
        assert_eq!(kept(&filter, false, &rows), [0]);
        assert_eq!(kept(&filter, true, &rows), [0_u32; 0]);
    }
    let filter = [(
        "special_characters_filter",
        json!({"min_ratio": 0.3, "max_ratio": 0.4}),
    )];
    assert_eq!(kept(&filter, true, &rows), [0]);
    // Conditions about statistics see the same number.
    let condition = json!({"filter_condition": "__dj__stats__.special_char_ratio > 0.3"});
    let filters = [
        ("special_characters_filter", json!({"max_ratio": 1.0})),
        ("general_field_filter", condition),
    ];
    assert_eq!(kept(&filters, false, &rows), [0_u32; 0]);
    assert_eq!(kept(&filters, true, &rows), [0]);
}
