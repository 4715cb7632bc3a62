use coldpress_config::{ExecutorKind, Overrides, Recipe};

use crate::{error, load, load_with, warnings};

#[test]
fn what_would_change_the_result_is_refused() {
    for (more, expected) in [
        (
            "keep_hashes_in_res_ds: true",
            "r.yaml:4:24: `keep_hashes_in_res_ds: true` is not available yet: the output has no columns of hashes",
        ),
        (
            "export_type: xml",
            "r.yaml:4:14: `export_type` must be `jsonl`, `json`, `csv` or `tsv`, each also with `.gz` or `.zst`, `parquet`, `arrow` or `feather`, found `xml`",
        ),
        (
            "load_dataset_kwargs: {delimiter: ab}",
            "r.yaml:4:34: `load_dataset_kwargs.delimiter` must be one ASCII character other than a quote or a line end, found `ab`",
        ),
        (
            "executor_type: ray\nray_address: 10.0.0.1",
            "r.yaml:5:14: `ray_address` must be `auto`, `local`, `host:port` or `ray://host:port`, found `10.0.0.1`",
        ),
    ] {
        assert_eq!(error(more), expected, "{more}");
    }
}

#[test]
fn a_dataset_is_named_by_paths_and_urls() {
    let parse = |dataset: &str| {
        let text = format!("export_path: b.jsonl\nprocess: []\n{dataset}");
        Recipe::parse(&text, "r.yaml", &Overrides::default())
            .map(|recipe| {
                recipe
                    .dataset
                    .paths()
                    .map(str::to_owned)
                    .collect::<Vec<_>>()
            })
            .map_err(|error| error.to_string())
    };
    for (dataset, expected) in [
        ("dataset_path: data/*.jsonl", vec!["data/*.jsonl"]),
        (
            "dataset_path: [b.jsonl, file:///a.jsonl]",
            vec!["b.jsonl", "file:///a.jsonl"],
        ),
        (
            "dataset: {configs: [{type: local, path: a.jsonl, weight: 1.0}, {path: b, source: jsonl}]}",
            vec!["a.jsonl", "b"],
        ),
        (
            "dataset_path: [a, 's3://bucket/a b.jsonl', HTTPS://x/y]",
            vec!["a", "s3://bucket/a b.jsonl", "HTTPS://x/y"],
        ),
        (
            "dataset: {configs: [{type: remote, source: s3, path: 's3://b/a', aws_region: eu-1, endpoint_url: 'http://h'}, {type: remote, source: huggingface, path: owner/name, data_dir: en/}, {type: huggingface, path: owner/other}]}",
            vec![
                "s3://b/a",
                "hf://datasets/owner/name/en",
                "hf://datasets/owner/other",
            ],
        ),
        (
            "dataset_path: 0.5 a.jsonl b.jsonl",
            vec!["a.jsonl", "b.jsonl"],
        ),
        (
            "dataset_path: 0.5 'my a.jsonl' 2 b",
            vec!["my a.jsonl", "b"],
        ),
        // It doesn't begin with a number, and there are no such files.
        ("dataset_path: my data 2/*.jsonl", vec!["my data 2/*.jsonl"]),
        ("dataset_path: [0.5 a.jsonl]", vec!["0.5 a.jsonl"]),
        ("dataset_path: 0.5 s3://b/a", vec!["s3://b/a"]),
        // Both exist, and the second is a path of its own.
        ("dataset_path: Cargo.toml src", vec!["Cargo.toml", "src"]),
    ] {
        assert_eq!(parse(dataset).unwrap(), expected);
    }
    for (dataset, expected) in [
        (
            "dataset: {configs: [{path: a, weight: -0.5}]}",
            "r.yaml:3:39: `weight` must be a number of 0 or more, found `-0.5`",
        ),
        (
            "dataset: {configs: [{path: a, weight: a}]}",
            "r.yaml:3:39: `weight` must be a number of 0 or more, found text `a`",
        ),
        (
            "dataset: {configs: [{path: a, weight: '0.5'}]}",
            "r.yaml:3:39: `weight` must be a number of 0 or more, found text \"0.5\"",
        ),
        (
            "dataset: {configs: [{path: a, weight: .nan}]}",
            "r.yaml:3:39: `weight` must be a number of 0 or more, found `.nan`",
        ),
        (
            "dataset: {configs: [{path: a, weight: 1e10}]}",
            "r.yaml:3:39: `weight` must be a number of at most 1,000,000,000, found `1e10`",
        ),
        (
            "dataset_path: -0.5 a 0.5 b",
            "r.yaml:3:15: `weight` must be a number of 0 or more, found `-0.5`",
        ),
        (
            "dataset_path: 0.5 0.5 a",
            "r.yaml:3:15: `path` must be after each weight, found `0.5`",
        ),
        (
            "dataset_path: 0.5 a 0.5",
            "r.yaml:3:15: `path` must be after each weight, found nothing",
        ),
        (
            "dataset_path: 0 a 0.0 b",
            "r.yaml:3:15: all weights of `dataset_path` are 0, so no records come in",
        ),
        (
            "dataset_path: 0.5 'a",
            "r.yaml:3:15: `dataset_path` must be a text whose quotes are closed, found text `0.5 \\'a`",
        ),
        (
            "dataset_path: [{path: a, weight: }]",
            "r.yaml:3:26: `weight` must be a number of 0 or more, found nothing",
        ),
        (
            "dataset_path: [{path: a, weightt: 0.5}]",
            "r.yaml:3:26: unknown key `weightt`, did you mean `weight`?",
        ),
        (
            "dataset: {configs: [{split: train, type: huggingface, path: a}]}",
            "r.yaml:3:29: `dataset.configs: {split: …}` is not available yet: name the files, as in `dataset_path: hf://datasets/OWNER/NAME/data/train-*.parquet`",
        ),
        (
            "dataset: {configs: [{path: a, weight: 0}, {path: b, weight: 0.0}]}",
            "r.yaml:3:20: all weights of `dataset.configs` are 0, so no records come in",
        ),
        (
            "dataset: {configs: [{type: remote, path: a}]}",
            "r.yaml:3:42: `path` must be a URL such as `s3://bucket/data.jsonl`, found text `a`",
        ),
        (
            "dataset: {configs: [{type: remote, source: arxiv, path: a}]}",
            "r.yaml:3:28: `dataset.configs: {type: remote, source: arxiv}` is not available yet: URLs, and the sources `s3` and `huggingface` can be read",
        ),
        (
            "dataset: {configs: [{type: local}]}",
            "r.yaml:3:21: this entry of `dataset.configs` has no `path`",
        ),
        (
            "dataset_path: []",
            "r.yaml:3:15: `dataset_path` must be a path, a URL or a list of them (`{path: …, weight: 0.5}` gives one a weight of 0 or more), found a list",
        ),
        (
            "dataset_path: ''",
            "r.yaml:3:15: `dataset_path` must be a path, a URL or a list of them (`{path: …, weight: 0.5}` gives one a weight of 0 or more), found an empty text",
        ),
    ] {
        assert_eq!(parse(dataset).unwrap_err(), expected);
    }
}

#[test]
fn exports_have_a_known_form() {
    let export = |path: &str| {
        let text = format!("dataset_path: a\nprocess: []\nexport_path: {path}");
        Recipe::parse(&text, "r.yaml", &Overrides::default())
            .map(|recipe| recipe.export.path)
            .map_err(|error| error.to_string())
    };
    for path in [
        "out.jsonl",
        "out.JSONL",
        "out.jsonl.gz",
        "out.jsonl.zst",
        "out.parquet",
        "my.parquet.csv.gz",
        "out.json",
        "json.arrow",
        "shards/",
        "'{work_dir}/{job_id}.jsonl'",
        "s3://bucket/out/clean.jsonl.zst",
        "s3://bucket/shards/",
    ] {
        assert_eq!(export(path).unwrap(), path.trim_matches('\''));
    }
    for path in ["out.parquet.gz", "out.jsonl.bz2", "out.txt", "a.json/b.c"] {
        assert_eq!(
            export(path).unwrap_err(),
            format!(
                "r.yaml:3:14: `export_path` must be a path that ends in `.jsonl`, `.json`, `.csv` or `.tsv`, each also with `.gz` or `.zst`, in `.parquet`, `.arrow`, `.feather` or `/`, unless `export_type` is given, found `{path}`"
            )
        );
    }
    assert_eq!(
        load_with("", &["--export_path", "out", "--export_type", "jsonl"])
            .export
            .path,
        "out"
    );
}

#[test]
fn an_export_without_an_ending_is_json_lines() {
    for (path, executor, expected, what) in [
        ("out", "default", "out", "a file with JSON lines"),
        ("a.json/b", "local", "a.json/b", "a file with JSON lines"),
        (
            "out",
            "ray",
            "out/",
            "a directory of shards with JSON lines",
        ),
        (
            "o/{job_id}",
            "ray_partitioned",
            "o/{job_id}/",
            "a directory of shards with JSON lines",
        ),
    ] {
        let text = format!(
            "dataset_path: a\nprocess: []\nexport_path: '{path}'\nexecutor_type: {executor}"
        );
        let recipe = Recipe::parse(&text, "r.yaml", &Overrides::default()).unwrap();
        assert_eq!(recipe.export.path, expected);
        assert_eq!(recipe.export.export_type.as_deref(), Some("jsonl"));
        let warnings: Vec<String> = recipe.warnings.iter().map(ToString::to_string).collect();
        let warning = format!(
            "r.yaml:3:14: `export_path: {path}` has no ending: it becomes {what}; name the form with"
        );
        assert!(recipe.export_lacks_ending());
        assert!(
            warnings.iter().any(|one| one.starts_with(&warning)),
            "{warnings:?}"
        );
        // The written recipe has it.
        let again = Recipe::parse(&recipe.to_yaml(), "r.yaml", &Overrides::default()).unwrap();
        assert_eq!(again, recipe);
    }
}

#[test]
fn secrets_are_written_nowhere() {
    let text = "dataset_path: a\nexport_path: b.jsonl\nprocess: []\nexport_aws_credentials:\n  \
                aws_access_key_id: AKIA1\n  aws_secret_access_key: hunter2\nnp: 2\n";
    let recipe = Recipe::parse(text, "r.yaml", &Overrides::default()).unwrap();
    let shown = format!("{}{}{recipe:?}", recipe.source_text(), recipe.to_yaml());
    assert!(
        !shown.contains("hunter2") && !shown.contains("AKIA1"),
        "{shown}"
    );
    // Other lines keep their numbers.
    assert_eq!(recipe.source_text().lines().count(), text.lines().count());
    assert!(recipe.source_text().ends_with("\nnp: 2\n"));
    let flow = "{dataset_path: a, export_path: b.jsonl, process: [], export_aws_credentials: {k: hunter2}}";
    let recipe = Recipe::parse(flow, "r.yaml", &Overrides::default()).unwrap();
    assert!(!recipe.source_text().contains("hunter2"));
    let refused = format!("{text}export_extra_args: {{secret: hunter2}}\n");
    let error = Recipe::parse(&refused, "r.yaml", &Overrides::default()).unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn what_only_changes_how_it_runs_is_a_warning() {
    for (more, expected) in [
        (
            "use_cache: false",
            "r.yaml:4:1: `use_cache` is a key of Data-Juicer and has no effect here",
        ),
        (
            "partition: {gpu_preflight_enabled: true}",
            "r.yaml:4:13: `partition.gpu_preflight_enabled` is a key of Data-Juicer and has no effect here",
        ),
        (
            "checkpoint: {strategy: manual}",
            "r.yaml:4:14: `checkpoint.strategy` is `manual` and `checkpoint.op_names` is empty: no checkpoint will be written",
        ),
        (
            "checkpoint: {strategy: manual, op_names: [a_maper]}",
            "r.yaml:4:32: `checkpoint.op_names` names `a_maper`, which is not in `process`",
        ),
        (
            "open_tracer: true\nop_list_to_trace: [a_maper]",
            "r.yaml:5:1: `op_list_to_trace` names `a_maper`, which is not in `process`",
        ),
        (
            "checkpoint: {format: arrow, compression: snappy}",
            "r.yaml:4:29: `checkpoint.compression`: arrow files have no snappy, `lz4` is used",
        ),
        (
            "intermediate_storage: {format: jsonl, compression: lz4}",
            "r.yaml:4:39: `intermediate_storage.compression`: jsonl files have no lz4, `zstd` is used",
        ),
    ] {
        assert_eq!(warnings(&load(more)), [expected], "{more}");
    }
}

#[test]
fn defaults_and_empty_requests_pass_in_silence() {
    for more in [
        "checkpoint: {mode: delta, format: parquet, compression: snappy}",
        "checkpoint: {mode: full, compression: zstd}",
        "checkpoint: {format: arrow}",
        "executor_type: default\nray_address: 10.0.0.1:6379",
        "executor_type: partitioned",
        "custom_operator_paths: []\nvalidators:\n",
        "custom_operator_paths: [ops.py, own_ops]\ncompat: python",
        "compat: null\nkeep_hashes_in_res_ds: false\nalerts: []\nopen_tracer: no",
        "open_tracer: true\ntrace_num: 3\nop_list_to_trace: []\ntrace_keys: [id]",
        "limit: 10",
        "checkpoint: {max_checkpoints_per_partition: 2, cleanup_old_checkpoints: false}",
        "intermediate_storage: {cleanup_on_success: true, retention_policy: cleanup_all, max_retention_days: 0}",
        "preserve_intermediate_data: true",
        "executor_type: ray_partitioned",
        "executor_type: ray\nray_address: 10.0.0.1:6379",
        "executor_type: ray\nray_address: ray://[fe80::1]:10001",
    ] {
        assert_eq!(warnings(&load(more)), [""; 0], "{more}");
    }
}

#[test]
fn warnings_of_the_command_line_have_no_line() {
    let recipe = load_with("", &["--executor_type", "ray", "--use_cache", "false"]);
    assert_eq!(recipe.executor.kind, ExecutorKind::Ray);
    assert_eq!(
        (
            recipe.warnings[0].origin.as_str(),
            recipe.warnings[0].span.line
        ),
        ("command line", 0)
    );
}

#[test]
fn global_settings_of_data_juicer_are_accepted() {
    let recipe = Recipe::parse(
        "project_name: 'all'
dataset_path: '/path/to/dataset'
export_path: '/path/to/dataset.jsonl'
export_shard_size: 0
export_in_parallel: false
np: 4
text_keys: 'content'
suffixes: []
use_cache: true
ds_cache_dir: null
use_checkpoint: false
temp_dir: null
open_tracer: false
op_list_to_trace: []
trace_num: 10
op_fusion: false
cache_compress: null
executor_type: default
ray_address: auto
save_stats_in_one_file: false
generated_dataset_config: null
validators: []
process: []
",
        "all.yaml",
        &Overrides::default(),
    )
    .unwrap();
    assert_eq!(recipe.fields.text_keys, ["content"]);
    assert_eq!(recipe.executor.workers, Some(4));
    let warned: Vec<&str> = recipe
        .warnings
        .iter()
        .filter_map(|warning| warning.message.split('`').nth(1))
        .collect();
    let expected = [
        "use_cache",
        "ds_cache_dir",
        "temp_dir",
        "op_fusion",
        "cache_compress",
        "save_stats_in_one_file",
    ];
    assert_eq!(warned, expected);
}

/// If a file of such a name exists, the file is meant.
#[test]
fn a_path_that_exists_has_no_weight() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let load = |dataset_path: &str| {
        let text = format!("dataset_path: {dataset_path}\nexport_path: b.jsonl\nprocess: []\n");
        let recipe = Recipe::parse(&text, "r.yaml", &Overrides::default()).unwrap();
        let inputs = recipe.dataset.inputs.into_iter();
        inputs
            .map(|input| (input.path, input.weight))
            .collect::<Vec<_>>()
    };
    let spaced = format!("0.5 {}", path("a.jsonl"));
    assert_eq!(load(&spaced), [(path("a.jsonl"), 0.5)]);
    std::fs::write(path("2 a.jsonl"), "").unwrap();
    assert_eq!(load(&path("2 a.jsonl")), [(path("2 a.jsonl"), 1.0)]);
    let url = format!("file://{}", path("2 a.jsonl"));
    assert_eq!(load(&url), [(url.clone(), 1.0)]);
    let both = format!("3 '{}' 0 {}", path("2 a.jsonl"), path("b"));
    assert_eq!(load(&both), [(path("2 a.jsonl"), 3.0), (path("b"), 0.0)]);
}
