use coldpress_config::{DefaultValue, Node, OperatorCall, Overrides, Recipe, keys};
use proptest::prelude::*;
use serde_json::json;

use crate::{BASE, load, load_with};

#[track_caller]
fn reload(recipe: &Recipe) -> Recipe {
    let text = recipe.to_yaml();
    match Recipe::parse(&text, "resolved.yaml", &Overrides::default()) {
        Ok(recipe) => recipe,
        Err(error) => panic!("{error}\n{text}"),
    }
}

#[test]
fn every_key_is_written_at_its_canonical_place() {
    let document: serde_json::Value = serde_yaml::from_str(&load("").to_yaml()).unwrap();
    for key in keys() {
        let pointer = format!("/{}", key.name.replace('.', "/"));
        assert!(document.pointer(&pointer).is_some(), "{}", key.name);
    }
}

#[test]
fn defaults_are_written_as_the_table_says() {
    let document: serde_json::Value = serde_yaml::from_str(&load("").to_yaml()).unwrap();
    for key in keys().filter(|key| matches!(key.default, DefaultValue::Value(_))) {
        let expected: serde_json::Value = serde_yaml::from_str(&key.default.to_string()).unwrap();
        let written = document
            .pointer(&format!("/{}", key.name.replace('.', "/")))
            .unwrap();
        let same = written == &expected
            || written
                .as_f64()
                .is_some_and(|written| Some(written) == expected.as_f64());
        assert!(same, "{}: {written} {expected}", key.name);
    }
}

#[test]
fn a_resume_stays_a_resume() {
    let recipe = load("resume: job_1");
    assert_eq!(
        (recipe.job.job_id.as_deref(), recipe.job.must_resume),
        (Some("job_1"), true)
    );
    assert_eq!(reload(&recipe), recipe);
    assert_ne!(load("job_id: job_1"), recipe);
}

#[test]
fn the_source_is_kept_byte_for_byte() {
    let text = format!("\u{feff}{BASE}# end\r\n");
    let recipe = Recipe::parse(&text, "x/demo.yaml", &Overrides::default()).unwrap();
    assert_eq!(recipe.source_text(), text);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("my demo.yaml");
    std::fs::write(&path, &text).unwrap();
    let loaded = Recipe::load(&path, &Overrides::default()).unwrap();
    assert_eq!(loaded.source_text(), text);
    assert_eq!(
        (loaded.project_name.as_str(), loaded.stem()),
        ("my demo", "my_demo")
    );
}

#[test]
fn placeholders_are_substituted_in_every_path() {
    let mut recipe = load_with(
        "work_dir: jobs/{project_name}\nproject_name: p\nevent_log_dir: '{work_dir}/{job_id}/l'\ncheckpoint_dir: /c/{job_id}\n\
         partition_dir: '{work_dir}'\nassets_dir: '{a,b}'\n",
        &[
            "--dataset_path",
            "['in/{project_name}.jsonl', x]",
            "--export_path",
            "{work_dir}/{job_id}.jsonl",
        ],
    );
    recipe.substitute("j1");
    assert_eq!(recipe.paths.work_dir, "jobs/p");
    assert_eq!(recipe.paths.event_log_dir.as_deref(), Some("jobs/p/j1/l"));
    assert_eq!(recipe.paths.checkpoint_dir.as_deref(), Some("/c/j1"));
    assert_eq!(recipe.paths.partition_dir.as_deref(), Some("jobs/p"));
    assert_eq!(recipe.paths.assets_dir.as_deref(), Some("{a,b}"));
    assert_eq!(
        recipe.dataset.paths().collect::<Vec<_>>(),
        ["in/p.jsonl", "x"]
    );
    assert_eq!(recipe.export.path, "jobs/p/j1.jsonl");
    assert_eq!(reload(&recipe), recipe);
}

#[test]
fn result_settings_are_the_keys_that_decide_what_comes_out() {
    let base = load("");
    for more in [
        "np: 3",
        "retry: {max_retries: 9}",
        "checkpoint: {strategy: every_op}",
        "job_id: x",
        "work_dir: w",
        "partition_size: 5",
    ] {
        assert_eq!(
            load(more).result_settings(),
            base.result_settings(),
            "{more}"
        );
    }
    for more in [
        "seed: 3",
        "text_keys: body",
        "limit: 5",
        "skip_op_error: false",
        "max_record_mb: 1",
        "suffixes: jsonl",
    ] {
        assert_ne!(
            load(more).result_settings(),
            base.result_settings(),
            "{more}"
        );
    }
    for more in ["analyze: true", "export_original_dataset: true"] {
        assert_ne!(
            load(more).result_settings(),
            base.result_settings(),
            "{more}"
        );
    }
    // Keys that were added later are left out at their defaults.
    assert_eq!(
        base.result_settings(),
        json!({
            "compat": null, "limit": null, "seed": 42, "suffixes": [], "load_jsonl_lenient": true,
            "load_dataset_kwargs.columns": [], "load_dataset_kwargs.delimiter": null,
            "load_dataset_kwargs.quoting": null, "load_dataset_kwargs.escape": null, "load_dataset_kwargs.header": true,
            "load_dataset_kwargs.field": null, "text_keys": ["text"],
            "image_key": "images", "audio_key": "audios", "video_key": "videos", "keep_stats_in_res_ds": false,
            "keep_hashes_in_res_ds": false, "skip_op_error": true, "max_record_mb": 64,
        })
    );
}

#[test]
fn a_recipe_made_in_code_is_a_recipe() {
    let recipe = Recipe::builder("in.jsonl", "out.jsonl")
        .set("project_name", "my project")
        .set("partition.size", 7)
        .set("partition.size", 8)
        .set("on_partition_failure", "fail")
        .call(
            OperatorCall::new("a")
                .with("list", vec![1, 2])
                .with("text", "no")
                .with("flag", true),
        )
        .call(OperatorCall::new("b"))
        .build()
        .unwrap();
    assert_eq!((recipe.partition.size, recipe.stem()), (8, "my_project"));
    let read = Recipe::parse(recipe.source_text(), "r.yaml", &Overrides::default()).unwrap();
    assert_eq!(read, recipe);
    assert_eq!(
        recipe.process[0].param("text").unwrap().as_bool(),
        None,
        "text stays text"
    );
    let error = Recipe::builder("in.jsonl", "out.jsonl")
        .set("nq", 1)
        .build()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "recipe made in code:3:1: unknown key `nq`, did you mean `np`?"
    );
}

fn setting() -> impl Strategy<Value = (&'static str, Node)> {
    fn word(
        key: &'static str,
        words: &'static [&'static str],
    ) -> BoxedStrategy<(&'static str, Node)> {
        proptest::sample::select(words)
            .prop_map(move |word| (key, Node::from(word)))
            .boxed()
    }
    prop_oneof![
        (1_u64..).prop_map(|size| ("partition.size", Node::from(size))),
        (1_u64..1 << 30)
            .prop_map(|size| ("partition.max_size_mb", Node::from(size as f64 / 1024.0))),
        (0_u64..1 << 20).prop_map(|size| ("min_free_disk_mb", Node::from(size))),
        any::<u64>().prop_map(|seed| ("seed", Node::from(seed))),
        (0.0..=1.0).prop_map(|ratio| ("max_error_ratio", Node::from(ratio))),
        (0.0..1e9).prop_map(|delay| ("retry.max_delay_seconds", Node::from(delay))),
        any::<bool>().prop_map(|flag| ("recovery.enabled", Node::from(flag))),
        any::<bool>().prop_map(|flag| (
            "partition.mode",
            Node::from(if flag { "auto" } else { "manual" })
        )),
        any::<bool>().prop_map(|flag| ("checkpoint.enabled", Node::from(flag))),
        (1_u32..).prop_map(|n_ops| ("checkpoint.n_ops", Node::from(n_ops))),
        proptest::collection::vec(".{0,9}", 0..4)
            .prop_map(|names| ("checkpoint.op_names", Node::from(names))),
        word(
            "checkpoint.strategy",
            &[
                "every_op",
                "every_partition",
                "every_n_ops",
                "manual",
                "disabled"
            ]
        ),
        word(
            "checkpointing.compression",
            &["snappy", "gzip", "zstd", "lz4", "none", "auto"]
        ),
        word(
            "intermediate_storage.format",
            &["parquet", "arrow", "jsonl"]
        ),
        word(
            "event_logging.log_level",
            &["debug", "INFO", "warn", "Error", "CRITICAL"]
        ),
        word("on_partition_failure", &["skip", "fail"]),
        word(
            "executor_type",
            &["default", "local", "process", "ray", "ray_partitioned"]
        ),
        "[a-z][a-z0-9._-]{0,20}".prop_map(|id| ("resume", Node::from(id))),
        "\\PC{1,12}".prop_map(|path| ("work_dir", Node::from(path))),
        "(yes|null|~|017|1e5|true|[ -~]{1,9})".prop_map(|name| ("project_name", Node::from(name))),
        proptest::collection::vec(".{1,9}", 1..4).prop_map(|keys| ("text_keys", Node::from(keys))),
        ".{1,20}".prop_map(|text| ("alerts", named_rule(&text))),
        proptest::option::of(0_u64..).prop_map(|limit| ("limit", Node::from(limit))),
    ]
}

/// Returns a list with a rule of this name.
fn named_rule(name: &str) -> Node {
    Node::from_json(&serde_json::json!([{"when": "failed", "name": name}]))
}

fn call() -> impl Strategy<Value = OperatorCall> {
    let value = prop_oneof![
        any::<i64>().prop_map(Node::from),
        any::<f64>().prop_map(Node::from),
        any::<bool>().prop_map(Node::from),
        any::<String>().prop_map(Node::from),
        proptest::collection::vec("(no|5|~|.{0,5})", 0..3).prop_map(Node::from),
    ];
    let params = proptest::collection::vec((".{0,8}", value), 0..4);
    (".{1,12}", params).prop_map(|(name, params)| {
        params
            .into_iter()
            .fold(OperatorCall::new(name), |call, (key, value)| {
                call.with(&key, value)
            })
    })
}

proptest! {
    #[test]
    fn a_resolved_recipe_is_the_same_recipe(
        settings in proptest::collection::vec(setting(), 0..12),
        calls in proptest::collection::vec(call(), 0..5),
    ) {
        let builder = settings
            .into_iter()
            .fold(Recipe::builder("in.jsonl", "out.jsonl"), |builder, (key, value)| builder.set(key, value));
        let recipe = calls.into_iter().fold(builder, |builder, call| builder.call(call)).build();
        let recipe = recipe.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let text = recipe.to_yaml();
        let read = Recipe::parse(&text, "resolved.yaml", &Overrides::default());
        let read = read.map_err(|error| TestCaseError::fail(format!("{error}\n{text}")))?;
        prop_assert_eq!(&read, &recipe, "{}", text);
        prop_assert_eq!(&read.to_yaml(), &text);
        prop_assert_eq!(read.result_settings(), recipe.result_settings());
        prop_assert!(serde_yaml::from_str::<serde_yaml::Value>(&text).is_ok(), "other readers take it: {}", text);
    }
}

#[test]
fn line_ends_of_unicode_are_not_folded() {
    for text in [
        "\u{2028}",
        "a\u{2029} b",
        " \u{85}",
        "x\n\u{feff}",
        "{a}",
        "a}b",
        "# no",
        "a: b",
    ] {
        let builder = Recipe::builder("in.jsonl", text);
        let recipe = builder
            .set("export_type", "jsonl")
            .set("alerts", named_rule(text));
        let recipe = recipe.build().unwrap();
        let yaml = recipe.to_yaml();
        let read = Recipe::parse(&yaml, "resolved.yaml", &Overrides::default()).unwrap();
        assert_eq!(read, recipe, "{yaml}");
    }
}
