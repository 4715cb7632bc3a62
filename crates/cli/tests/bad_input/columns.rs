//! Parquet and Arrow files that lie about their kind, have other columns than the recipe works on, or differ in them.

use std::fs;

use crate::bench::{Bench, EXPORT, RECIPE, Ran};
use crate::columnar::{GOOD, parquet, peer};

/// Read as what it is, with one warning.
#[track_caller]
fn check_named(name: &str, bytes: &[u8], what: &str, expected: &str) {
    let bench = Bench::new();
    bench.write(name, bytes);
    let ran = bench.process(&format!("--dataset_path {name}")).expect(0);
    let warning = format!(
        "warning: `{name}` is {what}, not what its suffix says; it is read as what it is\n"
    );
    assert_eq!(ran.stderr, warning);
    assert_eq!(
        String::from_utf8(bench.bytes(EXPORT)).unwrap(),
        expected,
        "{name}"
    );
}

#[test]
fn a_suffix_is_told_and_not_believed() {
    let bench = Bench::new();
    bench.write("good.jsonl", GOOD);
    make(&bench, "good.jsonl", "made.parquet");
    make(&bench, "good.jsonl", "made.arrow");
    let (parquet, arrow) = (bench.bytes("made.parquet"), bench.bytes("made.arrow"));
    check_named("lines.parquet", GOOD.as_bytes(), "JSONL", GOOD);
    check_named("rows.jsonl", &parquet, "a Parquet file", GOOD);
    check_named("rows.csv", &parquet, "a Parquet file", GOOD);
    check_named("rows.parquet", &arrow, "an Arrow file", GOOD);
    check_named("rows.arrow", &parquet, "a Parquet file", GOOD);
}

#[test]
fn feather_of_version_2_is_an_arrow_file() {
    let bench = Bench::new();
    bench.write("records.feather", peer("records.feather"));
    bench
        .process("--dataset_path records.feather --process []")
        .expect(0);
    assert_eq!(bench.bytes(EXPORT), peer("records.expected.jsonl"));
}

/// Refused before work begins, by every command.
#[track_caller]
fn check_refused(name: &str, bytes: &[u8], more: &str, message: &str) {
    let bench = Bench::new();
    bench.write(name, bytes);
    for command in ["process --job_id j", "check", "plan"] {
        let line = format!("{command} --config recipe.yaml --dataset_path {name} {more}");
        bench.run(&line).expect(2).begins_with_error(message);
    }
    let results = fs::read_dir(bench.path("jobs/j/results"));
    assert!(results.into_iter().flatten().next().is_none());
    assert!(!bench.has_exported());
}

#[test]
fn a_column_that_is_asked_for_and_missing() {
    let columns = "--load_dataset_kwargs.columns [\"text\",\"nope\"]";
    check_refused(
        "in.parquet",
        &parquet(),
        columns,
        "load_dataset_kwargs.columns: `in.parquet` has no column `nope`; it has `id`, `text`, `score`",
    );
    check_refused(
        "in.csv",
        b"text,id\na,1\n",
        columns,
        "load_dataset_kwargs.columns: `in.csv` has no column `nope`; it has text, id",
    );
}

#[test]
fn a_text_key_that_the_columns_cannot_serve() {
    let advice = "`text_keys` says which field is the text";
    check_refused(
        "in.parquet",
        &parquet(),
        "--text_keys body",
        &format!(
            "no record that was looked at has the field `body` (they have `id`, `text`, `score`); {advice}"
        ),
    );
    check_refused(
        "in.parquet",
        &parquet(),
        "--text_keys score",
        &format!(
            "the field `score` is a number, not text, in all records that were looked at; {advice}"
        ),
    );
}

/// Carries a file through without an operator, into another form.
#[track_caller]
fn make(bench: &Bench, from: &str, to: &str) -> Ran {
    let line = format!(
        "process --config recipe.yaml --process [] --dataset_path {from} --export_path {to} --work_dir making --json"
    );
    bench.run(&line).expect(0)
}

#[test]
fn schemas_that_change_from_file_to_file_are_joined() {
    let first = "{\"text\": \"a\", \"v\": 1, \"n\": 1}\n";
    let second = "{\"text\": \"b\", \"v\": \"x\", \"u\": true}\n";
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).unwrap();
    for (name, line) in [("1", first), ("2", second)] {
        bench.write(&format!("{name}.jsonl"), line);
        make(
            &bench,
            &format!("{name}.jsonl"),
            &format!("data/{name}.parquet"),
        );
    }
    let ran = bench
        .process("--dataset_path data --export_path out/joined.parquet")
        .expect(0);
    let warning = "warning: the field `v` holds int64 and text: it is exported as JSON text";
    assert!(
        ran.stderr.starts_with(warning) && ran.stderr.lines().count() == 1,
        "{}",
        ran.stderr
    );
    make(&bench, "out/joined.parquet", "joined.jsonl");
    let joined = "{\"text\": \"a\", \"v\": 1, \"n\": 1, \"u\": null}\n{\"text\": \"b\", \"v\": \"x\", \"n\": null, \
                  \"u\": true}\n";
    assert_eq!(
        String::from_utf8(bench.bytes("joined.jsonl")).unwrap(),
        joined
    );
}

#[test]
fn a_mixed_field_is_told_with_the_place_of_the_first_odd_value() {
    let bench = Bench::new();
    bench.write("1.jsonl", "{\"text\": \"a\", \"v\": 1}\n");
    bench.write(
        "2.jsonl",
        "{\"text\": \"b\"}\n{\"text\": \"c\", \"v\": \"x\"}\n",
    );
    bench.write(
        "recipe.yaml",
        RECIPE.replace("in.jsonl", "[1.jsonl, 2.jsonl]"),
    );
    for size in [10_000, 1] {
        for suffix in ["parquet", "arrow"] {
            let line = format!("--export_path out/o.{suffix} --partition.size {size} --fresh");
            let ran = bench.process(&line).expect(0);
            assert_eq!(
                ran.stderr,
                "warning: the field `v` holds int64 and text: it is exported as JSON text; the first odd one is in \
                 the record at byte 14 of `2.jsonl`\n"
            );
        }
    }
}
