use coldpress_config::{Input, Materialize, Overrides, Recipe, Strategy};

use crate::{BASE, load, load_with, overrides};

#[test]
fn values_are_read_as_their_keys_want() {
    let recipe = load_with(
        "",
        &[
            "--checkpoint.strategy",
            "manual",
            "--checkpoint.op_names",
            "a_mapper, b_mapper",
            "--export-path",
            "{work_dir}/out.jsonl",
            "--dataset_path",
            "a,b.jsonl",
            "--text_keys",
            "[text, title]",
            "--skip_op_error",
            "--seed=7",
            "--partition.materialize",
            "Always",
            "--project_name",
            "null and void: yes",
            "--np",
            "auto",
        ],
    );
    let names = ["a_mapper", "b_mapper"].map(String::from).to_vec();
    assert_eq!(recipe.checkpoint.strategy, Strategy::Manual(names));
    assert_eq!(recipe.export.path, "{work_dir}/out.jsonl");
    assert_eq!(recipe.dataset.inputs, [Input::whole("a,b.jsonl")]);
    assert_eq!(recipe.fields.text_keys, ["text", "title"]);
    assert_eq!(recipe.partition.materialize, Materialize::Always);
    assert_eq!((recipe.seed, recipe.failure.skip_op_error), (7, true));
    assert_eq!(recipe.project_name, "null and void: yes");
    assert_eq!(recipe.executor.workers, None);
}

#[test]
fn sections_and_operators_can_be_given_whole() {
    let recipe = load_with(
        "",
        &[
            "--partition",
            "{size: 3, max_size_mb: 1}",
            "--process",
            "[x: {y: 1}, z]",
        ],
    );
    assert_eq!(
        (recipe.partition.size, recipe.partition.max_size_bytes),
        (3, 1 << 20)
    );
    assert_eq!(recipe.process.len(), 2);
    assert_eq!(recipe.process[0].span.line, 0);
}

#[test]
fn the_last_value_counts() {
    assert_eq!(
        load_with("", &["--np", "2", "--np", "3"]).executor.workers,
        Some(3)
    );
}

#[test]
fn a_path_from_the_command_line_completes_a_recipe() {
    let recipe = Recipe::parse(
        "process: []",
        "r.yaml",
        &overrides(&["--dataset_path", "a", "--export_path=b.jsonl"]),
    );
    assert_eq!(recipe.unwrap().dataset.inputs, [Input::whole("a")]);
}

#[test]
fn typed_overrides_need_no_text() {
    let overrides = Overrides::default()
        .with("limit", 5)
        .unwrap()
        .with("text_keys", vec!["body"])
        .unwrap();
    let recipe = Recipe::parse(BASE, "r.yaml", &overrides).unwrap();
    assert_eq!(
        (recipe.limit, recipe.fields.text_keys),
        (Some(5), vec!["body".to_string()])
    );
    assert!(Overrides::default().with("no_such", 1).is_err());
}

#[test]
fn bad_arguments_are_named() {
    for (args, expected) in [
        (
            &["--partition.sise", "5"][..],
            "command line: unknown key `partition.sise`, did you mean `partition.size`?",
        ),
        (&["--np"], "command line: a value is missing after: `--np`"),
        (
            &["--np", "--seed", "5"],
            "command line: a value is missing after: `--np`",
        ),
        (
            &["np", "5"],
            "command line: expected `--key value`, found: `np`",
        ),
        (
            &["--process", "[a"],
            "command line: not YAML: while parsing a flow sequence, expected ',' or ']'",
        ),
        (
            &["--process", "[a: {b: 1, b: 2}]"],
            "command line: duplicate key `b`, first given at line 1, column 6",
        ),
        (&["--"], "command line: expected `--key value`, found: `--`"),
    ] {
        let args: Vec<String> = args.iter().map(ToString::to_string).collect();
        assert_eq!(
            Overrides::from_args(&args).unwrap_err().to_string(),
            expected
        );
    }
    for (args, expected) in [
        (
            &["--np", "many"][..],
            "command line: `np` must be a whole number from 1 to 4294967295, found text `many`",
        ),
        (
            &["--np", "[1"],
            "command line: `np` must be a whole number from 1 to 4294967295, found text `[1`",
        ),
        (
            &["--seed", "-1"],
            "command line: `seed` must be a whole number of at least 0, found `-1`",
        ),
        (
            &["--keep_hashes_in_res_ds", "true"],
            "command line: `keep_hashes_in_res_ds: true` is not available yet: the output has no columns of hashes",
        ),
    ] {
        let error = Recipe::parse(BASE, "r.yaml", &overrides(args)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn no_overrides_change_nothing() {
    assert!(overrides(&[]).is_empty());
    assert_eq!(load_with("np: 2", &[]), load("np: 2"));
}
