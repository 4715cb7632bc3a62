//! Two jobs side by side.

use serde_json::{Value, json};

use crate::bench::Bench;

/// Runs the recipe of the bench as jobs with different operators and exports.
fn bench() -> Bench {
    let bench = Bench::new();
    let recipe = bench.read("recipe.yaml");
    bench
        .run("process --config recipe.yaml --job_id a")
        .expect(0);
    let other = recipe
        .replace("out/clean.jsonl", "out/other.jsonl")
        .replace("min_len: 8", "min_len: 6")
        .replace("  size: 10", "  size: 7")
        .replace(
            "  - text_length_filter",
            "  - replace_content_mapper:\n      pattern: 'text  (29|28)'\n      repl: other\n  - text_length_filter",
        );
    bench.write("other.yaml", &other);
    bench
        .run("process --config other.yaml --job_id b")
        .expect(0);
    bench
}

#[test]
fn jobs_are_compared() {
    let bench = bench();
    let line = "report a --base-dir jobs --compare b";
    let text = bench.run(line).expect(0).stdout;
    for part in [
        "First   a\nSecond  b\n",
        "kept                      20         28            +8\n",
        "- partition.size: 10\n+ partition.size: 7\n",
        "+ replace_content_mapper\n",
        "~ text_length_filter\n    - min_len: 8\n    + min_len: 6\n",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let found = bench.run(&format!("{line} --json")).expect(0).json();
    let changes = found["operators"].as_array().unwrap().iter();
    let changes: Vec<&str> = changes.map(|one| one["change"].as_str().unwrap()).collect();
    assert_eq!(changes, ["same", "added", "changed"]);
    assert_eq!(found["operators"][2]["first"]["dropped"], 10);
    assert_eq!(found["operators"][2]["second"]["dropped"], 2);
    assert_eq!(
        found["inputs"],
        json!({"both": 1, "only_first": [], "only_second": []})
    );
    bench
        .run("report a --base-dir jobs --compare none")
        .expect(5);
}

/// Drops and quarantined records are counted separately, for each operator and for the reader.
#[test]
fn drops_and_quarantine_are_compared_apart() {
    let bench = Bench::new();
    let lines = "{\"text\":\"one two\"}\n{\"text\":null}\n{}\n{\"text\":7}\n{\"text\":\"x\"}\n[\n";
    bench.write("u.jsonl", lines);
    let recipe = "dataset_path: u.jsonl\nexport_path: out/u.jsonl\nwork_dir: jobs\ncompat: data_juicer\nprocess:\n  - text_length_filter:\n      min_len: 2\n";
    bench.write("u.yaml", recipe);
    bench.write(
        "v.yaml",
        recipe
            .replace("u.jsonl\nwork", "v.jsonl\nwork")
            .replace("min_len: 2", "min_len: 1"),
    );
    for job in ["u", "v"] {
        bench
            .run(&format!(
                "process --config {job}.yaml --job_id {job} --max_error_ratio 1"
            ))
            .expect(0);
    }
    let line = "report u --base-dir jobs --compare v";
    let text = bench.run(line).expect(0).stdout;
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    for row in [
        ["(reading)", "2", "2", "50.0", "%", "50.0", "%"].as_slice(),
        &[
            "~",
            "text_length_filter",
            "1",
            "0",
            "33.3",
            "%",
            "66.7",
            "%",
        ],
        &["QUARANTINED", "AT", "FIRST", "SECOND"],
        &["(reading)", "1", "1"],
        &["~", "text_length_filter", "1", "1"],
    ] {
        assert!(
            rows.iter().any(|found| found == row),
            "no {row:?} in:\n{text}"
        );
    }
    assert!(
        text.lines().all(|line| line.chars().count() <= 80),
        "{text}"
    );
    let found = bench.run(&format!("{line} --json")).expect(0).json();
    let reading = &found["jobs"][0]["reading"];
    assert_eq!(reading["dropped"], 2);
    assert_eq!(reading["quarantined"], 1);
}

fn counts(diff: &Value) -> [u64; 4] {
    ["same", "changed", "lost", "gained"].map(|name| diff[name].as_u64().unwrap())
}

#[test]
fn exports_are_compared_by_the_places_of_records() {
    let bench = bench();
    let line = "jobs diff a b --base-dir jobs";
    let diff = bench
        .run(&format!("{line} --json --limit 3"))
        .expect(0)
        .json();
    assert_eq!(diff["matched_by"], "origin");
    // Of the first ten, which the first recipe drops, all are long enough; two others were shortened, and dropped.
    assert_eq!(counts(&diff), [18, 0, 2, 10]);
    assert_eq!(diff["gained_samples"].as_array().unwrap().len(), 3);
    assert_eq!(diff["gained_samples"][0]["row"], 1);
    let text = bench.run(line).expect(0).stdout;
    for part in [
        "- a: 20 records in ",
        "out/clean.jsonl\n+ b: 28 records in ",
        "18 the same, 0 changed, 2 lost, 10 gained; records are matched by their\n  places in the input",
        "Lost\n- record 19: {\"id\": 28.0, ",
        "Gained (5 of 10)\n+ record 1: {\"id\": 0.0, ",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    bench.run(&format!("{line} --output diff")).expect(0);
    assert_eq!(bench.read("diff/lost.jsonl").lines().count(), 2);
    let gained = bench.read("diff/gained.jsonl");
    let export = bench.read("out/other.jsonl");
    let expected: Vec<&str> = export.lines().take(10).collect();
    assert_eq!(gained.lines().collect::<Vec<_>>(), expected);
    bench.run(&format!("{line} --output diff")).expect(4);
    let same = bench
        .run("jobs diff a a --base-dir jobs --json")
        .expect(0)
        .json();
    assert_eq!(counts(&same), [20, 0, 0, 0]);
}

/// Changed records are matched by their places and by a field, in exports of every form.
#[test]
fn records_that_changed_are_found_in_every_form() {
    let bench = Bench::new();
    let recipe = bench.read("recipe.yaml");
    let changing = recipe.replace(
        "  - text_length_filter",
        "  - replace_content_mapper:\n      pattern: 'text  29'\n      repl: 'another text'\n  - text_length_filter",
    );
    bench.write("changing.yaml", &changing);
    let forms = [
        "a.jsonl",
        "b.jsonl.gz",
        "c.jsonl.zst",
        "d.parquet",
        "e.arrow",
        "f.csv",
        "g/",
        "h.json",
    ];
    bench
        .run("process --config recipe.yaml --job_id first --export_path out/first.jsonl")
        .expect(0);
    let keys = "--base-dir jobs --json";
    for (at, form) in forms.iter().enumerate() {
        bench
            .run(&format!(
                "process --config changing.yaml --job_id j{at} --export_path out/{form} --export_shard_size 100"
            ))
            .expect(0);
        let diff = bench
            .run(&format!("jobs diff first j{at} {keys}"))
            .expect(0)
            .json();
        assert_eq!(counts(&diff), [19, 1, 0, 0], "{form}");
        let changed = &diff["changed_samples"][0];
        assert_eq!(changed["fields"][0]["field"], "text", "{form}");
        assert_eq!(changed["rows"], json!([20, 20]), "{form}");
    }
    // Without results the exports are read.
    std::fs::remove_dir_all(bench.path("jobs/first/results")).unwrap();
    bench
        .run("jobs diff first j0 --base-dir jobs")
        .expect(1)
        .says("cannot be read");
    bench
        .run("process --config recipe.yaml --job_id clean --export_path out/clean.jsonl --intermediate_storage.retention_policy cleanup_all")
        .expect(0);
    for (at, form) in forms.iter().enumerate() {
        let diff = bench
            .run(&format!("jobs diff clean j{at} {keys} --key id"))
            .expect(0)
            .json();
        assert_eq!(diff["matched_by"], "key");
        assert_eq!(counts(&diff), [19, 1, 0, 0], "{form}");
        let diff = bench
            .run(&format!("jobs diff clean j{at} {keys}"))
            .expect(0)
            .json();
        assert_eq!(diff["matched_by"], "content");
        assert_eq!(counts(&diff), [19, 0, 1, 1], "{form}");
    }
    bench.write("out/clean.jsonl", "{}\n");
    bench
        .run("jobs diff clean j0 --base-dir jobs")
        .expect(4)
        .says("is not what the job `clean` exported");
}

/// A recipe that exports a dataset as it is, and keeps nothing else.
fn export(bench: &Bench, name: &str, data: &str, export: &str) {
    bench.write(&format!("{name}.jsonl"), data);
    let recipe = format!(
        "dataset_path: {name}.jsonl\nexport_path: out/{export}\nwork_dir: jobs\nprocess:\n  - text_length_filter:\n      min_len: 1\n"
    );
    bench.write(&format!("{name}.yaml"), recipe);
    bench
        .run(&format!(
            "process --config {name}.yaml --job_id {name} --intermediate_storage.retention_policy cleanup_all"
        ))
        .expect(0);
}

#[test]
fn integers_beyond_64_bits_are_told_apart() {
    let bench = Bench::new();
    let line = |id: &str| format!("{{\"id\":{id},\"text\":\"a\"}}\n");
    export(&bench, "ba", &line("18446744073709551616"), "ba.jsonl");
    export(&bench, "bb", &line("18446744073709551617"), "bb.jsonl");
    for key in ["", "--key id"] {
        let diff = bench.run(&format!("jobs diff ba bb --base-dir jobs --json {key}"));
        assert_eq!(counts(&diff.expect(0).json()), [0, 0, 1, 1], "{key}");
    }
    let diff = bench.run("jobs diff ba bb --base-dir jobs --json --key text");
    let diff = diff.expect(0).json();
    assert_eq!(diff["changed_samples"][0]["fields"][0]["field"], "id");
}

#[test]
fn a_field_that_is_null_is_as_one_that_is_missing() {
    let bench = Bench::new();
    let rows =
        "{\"id\":0,\"text\":\"a\",\"o\":{\"x\":1}}\n{\"id\":1,\"text\":\"b\",\"o\":{\"y\":2}}\n";
    export(&bench, "lines", rows, "a.jsonl");
    export(&bench, "table", rows, "b.parquet");
    let other = rows.replace("\"b\"", "\"c\"");
    export(&bench, "other", &other, "c.parquet");
    let diff = |words: &str| {
        let ran = bench.run(&format!("jobs diff {words} --base-dir jobs --json"));
        ran.expect(0).json()
    };
    assert_eq!(counts(&diff("lines table")), [2, 0, 0, 0]);
    let diff = diff("lines other --key id");
    assert_eq!(counts(&diff), [1, 1, 0, 0]);
    let fields = diff["changed_samples"][0]["fields"].as_array().unwrap();
    let fields: Vec<&str> = fields
        .iter()
        .map(|one| one["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["text"]);
}

#[test]
fn what_has_no_export_is_refused() {
    let bench = bench();
    bench.run("jobs diff a none --base-dir jobs").expect(5);
    bench.run("jobs diff a --base-dir jobs").expect(2);
    bench.crash_at(
        "export.intent",
        "process --config recipe.yaml --job_id c --export_path out/c.jsonl",
    );
    bench
        .run("jobs diff a c --base-dir jobs")
        .expect(1)
        .says("has no export yet");
}
