use coldpress_config::{
    Backoff, Input, LogLevel, Overrides, Recipe, RetentionPolicy, StorageCompression,
    StorageFormat, Strategy,
};

/// Adds the required keys that the file lacks.
#[track_caller]
fn documented(text: &str) -> Recipe {
    let base = [
        ("dataset_path:", "dataset_path: in.jsonl\n"),
        ("export_path:", "export_path: out.jsonl\n"),
        ("process:", "process: [clean_links_mapper]\n"),
    ];
    let missing = base
        .iter()
        .filter(|(key, _)| !text.lines().any(|line| line.starts_with(key)));
    let text = missing.fold(text.to_string(), |text, (_, line)| text + line);
    match Recipe::parse(&text, "demo.yaml", &Overrides::default()) {
        Ok(recipe) => recipe,
        Err(error) => panic!("{error}"),
    }
}

#[track_caller]
fn check_warned(recipe: &Recipe, keys: &[&str]) {
    let warned: Vec<&str> = recipe
        .warnings
        .iter()
        .filter_map(|warning| warning.message.split('`').nth(1))
        .collect();
    assert_eq!(warned, keys);
}

#[test]
fn basic() {
    let recipe = documented(include_str!("../documented_recipes/basic.yaml"));
    assert_eq!(recipe.project_name, "my-partitioned-project");
    assert_eq!(recipe.stem(), "demo");
    assert_eq!(
        recipe.dataset.inputs,
        [Input::whole("data/large-dataset.jsonl")]
    );
    assert!(recipe.executor.kind.is_ray());
    assert_eq!(
        (recipe.partition.size, recipe.partition.max_size_bytes),
        (10_000, 128 << 20)
    );
    assert_eq!(recipe.retry.max_retries, 3);
    assert!(recipe.failure.fault_tolerance && recipe.storage.preserve_intermediate_data);
    assert_eq!(recipe.events.log_level, LogLevel::Info);
    assert_eq!(
        (recipe.events.max_log_size_bytes, recipe.events.backup_count),
        (100 << 20, 5)
    );
    let names: Vec<&str> = recipe
        .process
        .iter()
        .map(|call| call.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "whitespace_normalization_mapper",
            "text_length_filter",
            "language_id_score_filter"
        ]
    );
    assert!(recipe.process[0].params.is_empty());
    assert_eq!(
        recipe.process[2].params_json(),
        serde_json::json!({"lang": "en", "min_score": 0.8})
    );
    check_warned(&recipe, &[]);
}

#[test]
fn advanced_sections() {
    let recipe = documented(include_str!("../documented_recipes/advanced_sections.yaml"));
    assert_eq!(
        recipe.checkpoint.strategy,
        Strategy::EveryOp,
        "the section's own default"
    );
    assert_eq!(recipe.checkpoint.format, StorageFormat::Parquet);
    assert_eq!(recipe.checkpoint.compression, StorageCompression::Snappy);
    assert!(recipe.storage.use_arrow_batches && !recipe.storage.arrow_memory_mapping);
    assert_eq!(
        (recipe.retry.max_retries, recipe.retry.delay_seconds),
        (3, 5.0)
    );
    assert!(recipe.failure.use_checkpoints_for_recovery && recipe.failure.restart_from_beginning);
    check_warned(&recipe, &[]);
}

#[test]
fn nested_sections() {
    let recipe = documented(include_str!("../documented_recipes/nested_sections.yaml"));
    assert_eq!(
        (recipe.partition.size, recipe.partition.max_size_bytes),
        (1000, 64 << 20)
    );
    assert_eq!(recipe.retry.backoff, Backoff::Exponential);
    assert_eq!(recipe.storage.arrow_batch_size, 500);
    assert_eq!(recipe.storage.retention_policy, RetentionPolicy::KeepAll);
    assert_eq!(recipe.checkpoint.strategy, Strategy::EveryPartition);
    check_warned(&recipe, &[]);
}

#[test]
fn flat_keys_mean_the_same_as_sections() {
    let flat = documented(include_str!("../documented_recipes/flat_keys.yaml"));
    let nested = documented(include_str!("../documented_recipes/nested_sections.yaml"));
    assert_eq!(flat, nested);
}

#[test]
fn fault_tolerant() {
    let recipe = documented(include_str!("../documented_recipes/fault_tolerant.yaml"));
    assert_eq!(recipe.job.job_id.as_deref(), Some("my_experiment_001"));
    assert!(!recipe.job.must_resume);
    assert_eq!(recipe.checkpoint.strategy, Strategy::EveryOp);
    assert_eq!(
        recipe.paths.event_log_dir.as_deref(),
        Some("/tmp/fast_event_logs")
    );
    assert_eq!(
        recipe.paths.checkpoint_dir.as_deref(),
        Some("/tmp/large_checkpoints")
    );
    assert_eq!((recipe.partition.size, recipe.retry.max_retries), (200, 3));
    check_warned(&recipe, &[]);
}

#[test]
fn auto_configured() {
    let recipe = documented(include_str!("../documented_recipes/auto_configured.yaml"));
    assert!(recipe.partition.auto_configure);
    assert_eq!(recipe.partition.size, 200);
    check_warned(&recipe, &[]);
}

#[test]
fn manually_configured() {
    let recipe = documented(include_str!(
        "../documented_recipes/manually_configured.yaml"
    ));
    assert_eq!(
        (recipe.partition.auto_configure, recipe.partition.size),
        (false, 100)
    );
    check_warned(&recipe, &[]);
}
