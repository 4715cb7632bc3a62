//! Operators that run in Data-Juicer's Python package. A stand-in of a few lines takes its place.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use crate::bench::Bench;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../ops/testdata/package");

/// A Python in the bench that has the stand-in.
fn python(bench: &Bench) {
    bench.write(
        "python",
        format!(
            "#!/bin/sh\nPYTHONDONTWRITEBYTECODE=1 PYTHONPATH='{PACKAGE}' exec python3 \"$@\"\n"
        ),
    );
    let executable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(bench.path("python"), executable).unwrap();
}

#[test]
fn a_job_with_operators_of_the_package_is_the_same_on_all_backends() {
    let bench = Bench::new();
    python(&bench);
    let line = |id: u32| format!("{{\"id\": {id}, \"text\": \"word{id}  and  more\"}}\n");
    bench.write("in.jsonl", (0..20).map(line).collect::<String>());
    bench.write(
        "recipe.yaml",
        format!(
            "\
dataset_path: in.jsonl
export_path: out.jsonl
work_dir: jobs
python: ./python
custom_operator_paths: ['{PACKAGE}/own.py']
np: 2
partition: {{size: 6}}
process:
  - whitespace_normalization_mapper:
  - own_mapper:
  - halves_mapper:
  - width_filter: {{least: 4}}
  - text_length_filter: {{min_len: 1, max_len: 5}}
"
        ),
    );
    bench.process("threads").expect(0);
    let out = bench.read("out.jsonl");
    // Of three words, `and` is too narrow, and from 10 on the first is too long.
    assert_eq!(out.lines().count(), 30);
    assert!(
        out.starts_with("{\"id\": 0, \"text\": \"word0\", \"own\": true}\n"),
        "{out}"
    );
    bench
        .run("process --config recipe.yaml --job_id processes --executor_type process --export_path other.jsonl")
        .expect(0);
    assert_eq!(out, bench.read("other.jsonl"));
}

#[test]
fn what_differs_from_the_package_is_shown_with_the_shortest_record() {
    let bench = Bench::new();
    python(&bench);
    let texts = [
        "write to a@b.de now",
        "ééé",
        "éééééé and more of it",
        "plain",
    ];
    let lines = texts.map(|text| format!("{{\"text\": \"{text}\"}}\n"));
    bench.write("in.jsonl", lines.concat());
    bench.write(
        "recipe.yaml",
        "\
dataset_path: in.jsonl
export_path: out.jsonl
work_dir: jobs
python: ./python
process:
  - clean_email_mapper:
  - text_length_filter: {min_len: 5}
  - alphanumeric_filter:
  - shout_mapper:
  - document_deduplicator:
",
    );
    let ran = bench.run("compare --config recipe.yaml").expect(1);
    ran.prints(&[
        "clean_email_mapper     4 records the same",
        "text_length_filter     2 of 4 records differ",
        "record      {\"text\":\"ééé\"}",
        "Coldpress   dropped  (text_len = 3)",
        "Data-Juicer {\"text\":\"ééé\"}  (text_len = 6, text_length_filter = true)",
        "alphanumeric_filter    not compared: Data-Juicer has no such operator",
        "shout_mapper           not compared: Coldpress has no such operator",
        "document_deduplicator  not compared: it needs the whole dataset",
    ]);
    assert!(!bench.exists("out.jsonl") && !bench.exists("jobs"));
    bench
        .run("compare --config recipe.yaml --records 0")
        .expect(2);
    let limited = bench
        .run("compare --config recipe.yaml --limit 1")
        .expect(0);
    limited.prints(&["text_length_filter     1 record the same"]);
    // Spread over the dataset.
    let spread = bench
        .run("compare --config recipe.yaml --records 2")
        .expect(1);
    spread.prints(&["record      {\"text\":\"éééééé and more of it\"}"]);
    let help = bench.run("compare --help").expect(0);
    assert!(!help.stdout.contains("--resume") && !help.stdout.contains("--job_id"));
}

#[test]
fn an_operator_that_cannot_be_run_is_no_success_of_a_comparison() {
    let bench = Bench::new();
    python(&bench);
    bench.write("in.jsonl", "{\"text\": \"a\"}\n{\"text\": 1}\n");
    let recipe = "\
dataset_path: in.jsonl
export_path: out.jsonl
python: ./python
process:
  - text_length_filter: {min_len: 1}
";
    bench.write("recipe.yaml", recipe);
    bench
        .run("compare --config recipe.yaml")
        .expect(0)
        .prints(&["text_length_filter  1 record the same, 1 failed in both"]);
    bench.write(
        "recipe.yaml",
        format!("{recipe}  - fix_unicode_mapper:\n  - document_deduplicator:\n"),
    );
    let ran = bench.run("compare --config recipe.yaml").expect(1);
    ran.prints(&["fix_unicode_mapper     cannot run: ModuleNotFoundError: the package `no_such_package` is missing: install it for "]);
    let json = bench.run("compare --config recipe.yaml --json").expect(1);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert!(json[1]["failed"].is_string() && json[1]["skipped"].is_null());
    assert!(json[2]["skipped"].is_string() && json[2]["failed"].is_null());
    // No package at all: nothing is compared.
    bench.write("python", "#!/bin/sh\nexec python3 -I -S \"$@\"\n");
    let ran = bench.run("compare --config recipe.yaml").expect(2);
    ran.tells(&["error: python: Data-Juicer's Python package, which "]);
}

#[test]
fn operators_that_run_in_the_package_are_marked() {
    let bench = Bench::new();
    python(&bench);
    bench.write("in.jsonl", "{\"text\": \"a\"}\n");
    bench.write(
        "recipe.yaml",
        "\
dataset_path: in.jsonl
export_path: out.jsonl
python: ./python
process:
  - shout_mapper:
  - clean_email_mapper:
",
    );
    for command in ["check", "plan"] {
        let ran = bench.run(&format!("{command} --config recipe.yaml"));
        let ran = ran.expect(0);
        ran.prints(&[
            "1  shout_mapper  [Data-Juicer's package]  [checkpoint]",
            "2  clean_email_mapper\n",
        ]);
    }
    let known = bench.run("ops image_captioning_mapper").expect(0);
    known.prints(&["runs in Data-Juicer's own Python package"]);
    let near = bench.run("ops image_captioning_maper").expect(2);
    near.tells(&["did you mean `image_captioning_mapper`?"]);
}
