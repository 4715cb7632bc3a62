//! Every key of the table, with all kinds of values and with none.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use coldpress_config::{Availability, KeySpec, Kind, Overrides, Recipe, keys};
use serde_json::{Value, json};

use crate::{error, load_with};

/// Returns values that a key takes, in the form of the command line.
fn samples(key: &KeySpec) -> Vec<String> {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_string()).collect();
    match (key.name, key.kind) {
        ("load_dataset_kwargs.delimiter", _) => texts(&[";", "|"]),
        ("load_dataset_kwargs.escape", _) => texts(&["|"]),
        ("export_type", _) => texts(&["jsonl", "parquet"]),
        ("ray_address", _) => texts(&["auto", "local"]),
        ("export_path", _) => texts(&["x/y.jsonl.gz", "shards/"]),
        ("suffixes", _) => texts(&["[.jsonl, .csv]"]),
        (_, Kind::Flag) => texts(&["true", "false"]),
        (_, Kind::FlagOrTexts) => texts(&["true", "false", "[one, two]"]),
        (_, Kind::AutoOrManual) => texts(&["true", "false", "auto", "manual"]),
        (_, Kind::Whole { min, max }) => {
            let mut numbers = vec![min, min + 1, max - 1, max];
            numbers.dedup();
            numbers.iter().map(u64::to_string).collect()
        }
        (_, Kind::Number { min, max }) => {
            vec![min.to_string(), (max / 4.0).to_string(), max.to_string()]
        }
        (_, Kind::Megabytes { .. }) => texts(&["1", "0.5", "700"]),
        (_, Kind::Choice(words)) => texts(words),
        (_, Kind::Location) => texts(&["some text", "s3://bucket/jobs"]),
        // These options are not written out.
        (_, Kind::Options) => texts(&["{}", "{region: x, 's3://b': {key: 1}}"]),
        (_, Kind::JobId) => texts(&["job_1"]),
        (_, Kind::Address) => texts(&["http://host:5000/a?b=c"]),
        (_, Kind::Texts) => texts(&["[one, two]"]),
        (_, Kind::Ratios) => texts(&["[0.05, 0.95]", "[]"]),
        (_, Kind::Sources) => texts(&[
            "one.jsonl",
            "[one.jsonl, two.jsonl]",
            "[one.jsonl, {path: two.jsonl, weight: 0.5}]",
        ]),
        (_, Kind::Alerts) => texts(&["[{when: failed}, {when: stalled, above: 600.5, run: say}]"]),
        (_, Kind::Validators) => texts(&[
            "[{type: swift_messages, min_turns: 1, max_turns: 9, sample_size: 7}]",
            "[{type: required_fields, required_fields: [a], field_types: {a: str}, allow_missing: 0.5, sample_size: 7}]",
        ]),
        (_, Kind::Path | Kind::Text) => texts(&["some text"]),
        (_, Kind::Operators) => texts(&["[a_mapper, b_filter: {min: 3}]"]),
        (name, kind) => panic!("`{name}` takes {kind}, and there is no sample of that here"),
    }
}

/// Returns the written form of a sample.
fn written(key: &KeySpec, sample: &str) -> Value {
    let word = match (key.kind, sample) {
        (Kind::AutoOrManual, "auto") => return json!(true),
        (Kind::AutoOrManual, "manual") => return json!(false),
        // The names that other systems use for the same levels.
        (Kind::Choice(_), "WARN") => "WARNING",
        (Kind::Choice(_), "FATAL") => "CRITICAL",
        // The numbers and words of Python's csv module for the rules that are the same to a reader.
        (Kind::Choice(_), "0" | "1" | "2" | "all" | "nonnumeric") => "minimal",
        (Kind::Choice(_), "3") => "none",
        (Kind::Options, _) => return json!({}),
        (Kind::FlagOrTexts, _) => return serde_yaml::from_str(sample).unwrap(),
        (Kind::Texts | Kind::Ratios | Kind::Sources | Kind::Alerts | Kind::Validators, _)
            if sample.starts_with('[') =>
        {
            return serde_yaml::from_str(sample).unwrap();
        }
        (
            Kind::Whole { .. }
            | Kind::Number { .. }
            | Kind::Megabytes { .. }
            | Kind::Flag
            | Kind::AutoOrManual,
            _,
        ) => {
            return serde_yaml::from_str(sample).unwrap();
        }
        _ => sample,
    };
    json!(word)
}

fn is_same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some() && one.as_f64() == other.as_f64()
}

fn value_of(recipe: &str, key: &KeySpec) -> Value {
    let document: Value = serde_yaml::from_str(recipe).unwrap();
    let pointer = format!("/{}", key.name.replace('.', "/"));
    document.pointer(&pointer).unwrap().clone()
}

/// All given settings are written out as they were given, whether this recipe uses them or not.
#[test]
fn a_resolved_recipe_has_every_key_as_it_was_given() {
    for key in keys() {
        if matches!(key.availability, Availability::DefaultOnly(_)) {
            continue;
        }
        for sample in samples(key) {
            let recipe = load_with("", &[&format!("--{}", key.name), &sample]);
            let text = recipe.to_yaml();
            let again = Recipe::parse(&text, "resolved.yaml", &Overrides::default());
            let again = again.unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(again, recipe, "{} {sample}", key.name);
            assert_eq!(again.to_yaml(), text, "{} {sample}", key.name);
            if key.kind != Kind::Operators {
                let (found, expected) = (value_of(&text, key), written(key, &sample));
                assert!(
                    is_same(&found, &expected),
                    "{}: {found}, given as {sample}",
                    key.name
                );
            }
        }
    }
}

/// The settings of checkpoints don't use all the keys that may be given with them.
#[test]
fn checkpoint_keys_without_a_use_are_kept() {
    let strategies = [
        "every_op",
        "every_partition",
        "every_n_ops",
        "manual",
        "disabled",
    ];
    for strategy in strategies {
        for enabled in ["true", "false"] {
            let args = [
                "--checkpoint.strategy",
                strategy,
                "--checkpoint.enabled",
                enabled,
                "--checkpoint.n_ops",
                "7",
                "--checkpoint.op_names",
                "a_mapper,b_mapper",
            ];
            let recipe = load_with("", &args);
            let document: Value = serde_yaml::from_str(&recipe.to_yaml()).unwrap();
            let checkpoint = &document["checkpoint"];
            assert_eq!(checkpoint["strategy"], strategy);
            assert_eq!(checkpoint["enabled"].to_string(), enabled);
            assert_eq!(checkpoint["n_ops"], 7);
            assert_eq!(checkpoint["op_names"], json!(["a_mapper", "b_mapper"]));
        }
    }
}

/// A strategy that was set in code is the one that is written.
#[test]
fn a_changed_strategy_is_written() {
    use coldpress_config::Strategy;
    let mut recipe = load_with("", &["--checkpoint.enabled", "false"]);
    for strategy in [
        Strategy::EveryNOps(3),
        Strategy::Manual(vec!["x".to_string()]),
        Strategy::EveryOp,
        Strategy::Disabled,
    ] {
        recipe.checkpoint.strategy = strategy.clone();
        let again = Recipe::parse(&recipe.to_yaml(), "r.yaml", &Overrides::default()).unwrap();
        assert_eq!(again.checkpoint.strategy, strategy);
    }
}

/// An empty value is different from a missing key: most likely, a script's variable isn't set.
#[test]
fn no_key_may_be_given_empty() {
    for spelling in keys().flat_map(KeySpec::spellings) {
        for args in [
            vec![format!("--{spelling}=")],
            vec![format!("--{spelling}"), String::new()],
        ] {
            let refused = Overrides::from_args(&args).unwrap_err().to_string();
            assert!(
                refused.contains("needs a value; to unset the recipe's value, give `null`")
                    && refused.contains(spelling),
                "{refused}"
            );
        }
    }
    for spelling in keys().flat_map(KeySpec::spellings) {
        // The base has these already.
        if ["dataset_path", "export_path", "process"].contains(&spelling) {
            continue;
        }
        let message = error(&format!("{spelling}: ''"));
        assert!(message.contains(spelling), "{message}");
    }
}

#[test]
fn a_number_that_is_too_great_is_told_the_greatest() {
    let message = error("np: 4294967296");
    assert!(
        message.contains("from 1 to 4294967295, found `4294967296`"),
        "{message}"
    );
}
