//! Records that get the suffix of their file, for an operator that asks for it.

use std::fs;

use serde_json::Value;

use crate::bench::Bench;

const RECIPE: &str = "\
dataset_path: data
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition:
  size: 7
process:
  - whitespace_normalization_mapper:
  - suffix_filter:
      suffixes: .json
";

const PROCESS: &str = "process --config recipe.yaml --job_id j";

/// A hundred small files of two suffixes, which are read as two sources, and a packed one.
fn bench() -> Bench {
    let bench = Bench::new();
    bench.write("recipe.yaml", RECIPE);
    fs::create_dir(bench.path("data")).unwrap();
    for id in 0..140 {
        let suffix = ["json", "JSONL"][id / 70];
        // The record's own field counts.
        let own = match id % 10 {
            3 => ", \"__dj__suffix__\": \".json\"",
            4 => ", \"__dj__suffix__\": \".txt\"",
            _ => "",
        };
        let record = format!("{{\"id\": {id}, \"text\": \" a\"{own}}}\n");
        bench.write(&format!("data/{id:03}.{suffix}"), record);
    }
    bench.write("packed.jsonl", "{\"id\": 1000, \"text\": \"p\"}\n");
    bench
        .run("process --config recipe.yaml --job_id p --process [] --dataset_path packed.jsonl --export_path data/p.jsonl.gz")
        .expect(0);
    bench
}

fn records(bench: &Bench, name: &str) -> Vec<(u64, String)> {
    let text = bench.read(name);
    let record = |line: &str| {
        let record: Value = serde_json::from_str(line).unwrap();
        let suffix = record["__dj__suffix__"].as_str().unwrap();
        (record["id"].as_u64().unwrap(), suffix.to_owned())
    };
    text.lines().map(record).collect()
}

#[test]
fn records_are_kept_by_the_suffix_of_their_file() {
    let bench = bench();
    bench.run(PROCESS).expect(0);
    let found = records(&bench, "out/clean.jsonl");
    let expected = (0..140).filter(|id| *id % 10 != 4 && (*id < 70 || id % 10 == 3));
    let expected: Vec<(u64, String)> = expected.map(|id| (id, ".json".to_owned())).collect();
    assert_eq!(found, expected);
    let whole = bench.read("out/clean.jsonl");
    for more in [
        "--partition.size 1000",
        "--np 1 --checkpoint.strategy every_op",
        "--executor_type process",
    ] {
        let bench = self::bench();
        bench.run(&format!("{PROCESS} {more}")).expect(0);
        assert_eq!(bench.read("out/clean.jsonl"), whole, "{more}");
    }
    // Killed after the first operator, whose work is stored as changes of what was read.
    let bench = self::bench();
    let process = format!("{PROCESS} --checkpoint.strategy every_op");
    bench.crash_at("driver.publish:4", &process);
    bench.run(&process).expect(0);
    assert_eq!(bench.read("out/clean.jsonl"), whole);
    // Packed files have the suffix before too.
    let bench = self::bench();
    bench.write(
        "recipe.yaml",
        RECIPE.replace(": .json", ": [.jsonl.gz, .jsonl]"),
    );
    bench.run(PROCESS).expect(0);
    let found = records(&bench, "out/clean.jsonl");
    assert!(found.contains(&(1000, ".jsonl.gz".into())), "{found:?}");
    assert!(found.contains(&(71, ".jsonl".into())), "{found:?}");
    assert_eq!(found.len(), 1 + 70 - 14);
}

#[test]
fn a_file_of_another_suffix_is_another_input() {
    let bench = Bench::new();
    bench.write(
        "recipe.yaml",
        RECIPE.replace("dataset_path: data", "dataset_path: [a.json]"),
    );
    bench.write("a.json", "{\"id\": 1, \"text\": \"a\"}\n");
    bench.run(PROCESS).expect(0);
    assert_eq!(records(&bench, "out/clean.jsonl").len(), 1);
    fs::rename(bench.path("a.json"), bench.path("a.jsonl")).unwrap();
    let line = format!("{PROCESS} --dataset_path a.jsonl");
    bench.run(&line).expect(0);
    assert_eq!(bench.read("out/clean.jsonl"), "");
    // Without the filter nothing is added.
    let line = format!("{PROCESS} --dataset_path a.jsonl --process []");
    bench.run(&line).expect(0);
    assert_eq!(
        bench.read("out/clean.jsonl"),
        "{\"id\": 1, \"text\": \"a\"}\n"
    );
}

/// The rows of a columnar file become lines where operators set fields; their columns keep their types all the same.
#[test]
fn fields_that_operators_set_become_columns() {
    let bench = Bench::new();
    let record =
        "{\"id\": 1, \"text\": \"<table><tr><td>x</td></tr></table>\", \"l\": [\"a\", \"b\"]}\n";
    bench.write("in.jsonl", record);
    let carry = "process --config recipe.yaml --job_id c --fresh --process []";
    bench.write("recipe.yaml", RECIPE);
    bench
        .run(&format!(
            "{carry} --dataset_path in.jsonl --export_path in.parquet"
        ))
        .expect(0);
    let calls = |calls: &str| {
        let begin = RECIPE.find("process:").unwrap();
        format!("{}process:\n{calls}", &RECIPE[..begin])
    };
    for (operator, expected) in [
        (
            "extract_tables_from_html_mapper",
            "{\"html_tables\": [[[\"x\"]]]}",
        ),
        ("usage_counter_mapper", "\"total_tokens\""),
    ] {
        for export in ["out/o.jsonl", "out/o.csv", "out/o.parquet"] {
            let bench = Bench::new();
            bench.write("in.jsonl", record);
            bench.write("recipe.yaml", RECIPE);
            bench
                .run(&format!(
                    "{carry} --dataset_path in.jsonl --export_path in.parquet"
                ))
                .expect(0);
            bench.write("recipe.yaml", calls(&format!("  - {operator}:\n")));
            bench
                .run(&format!(
                    "{PROCESS} --dataset_path in.parquet --export_path {export}"
                ))
                .expect(0);
            bench
                .run(&format!(
                    "{carry} --dataset_path {export} --export_path out/back.jsonl"
                ))
                .expect(0);
            let back = bench
                .read("out/back.jsonl")
                .replace("\\\"", "\"")
                .replace("\": ", "\":")
                .replace(' ', "");
            let expected = expected.replace("\": ", "\":");
            assert!(back.contains(&expected), "{operator} {export}: {back}");
        }
    }
    // The records made of the lists of a row follow from the rows alone.
    bench.write(
        "groups.jsonl",
        "{\"id\": [1, 2], \"text\": [\"a\", \"b\"]}\n",
    );
    bench
        .run(&format!(
            "{carry} --dataset_path groups.jsonl --export_path groups.parquet"
        ))
        .expect(0);
    bench.write("recipe.yaml", calls("  - naive_reverse_grouper:\n"));
    bench
        .run(&format!(
            "{PROCESS} --dataset_path groups.parquet --export_path out/o.parquet"
        ))
        .expect(0);
    bench
        .run(&format!(
            "{carry} --dataset_path out/o.parquet --export_path out/back.jsonl"
        ))
        .expect(0);
    let back = bench.read("out/back.jsonl");
    assert_eq!(back.lines().count(), 2, "{back}");
    assert!(
        back.contains("\"id\": 2") || back.contains("\"id\":2"),
        "{back}"
    );
}

#[test]
fn columnar_files_and_exports_have_the_suffix_too() {
    let bench = Bench::new();
    bench.write("recipe.yaml", RECIPE);
    bench.write(
        "in.jsonl",
        "{\"id\": 1, \"text\": \"a\"}\n{\"id\": 2, \"text\": \"b\"}\n",
    );
    bench
        .run("process --config recipe.yaml --job_id p --process [] --dataset_path in.jsonl --export_path in.parquet")
        .expect(0);
    bench.write("recipe.yaml", RECIPE.replace(": .json", ": .parquet"));
    for export in ["out/o.jsonl", "out/o.csv", "out/o.parquet"] {
        let line = format!("{PROCESS} --dataset_path in.parquet --export_path {export}");
        bench.run(&line).expect(0);
        let line = format!(
            "process --config recipe.yaml --job_id b --fresh --process [] --dataset_path {export} --export_path out/back.jsonl"
        );
        bench.run(&line).expect(0);
        let found = records(&bench, "out/back.jsonl");
        assert_eq!(
            found,
            [(1, ".parquet".into()), (2, ".parquet".into())],
            "{export}"
        );
    }
}
