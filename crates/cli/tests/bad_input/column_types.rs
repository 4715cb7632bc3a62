use serde_json::{Value, json};

use crate::bench::{Bench, EXPORT};
use crate::columnar::peer;

fn found(name: &str) -> Vec<u8> {
    peer(&format!("found/{name}"))
}

/// The records of an export as JSON.
fn records(bench: &Bench, export: &str) -> Vec<Value> {
    let lines = String::from_utf8(bench.bytes(export)).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Carries a file through without an operator, into lines.
fn as_lines(bench: &Bench, from: &str) -> Vec<Value> {
    let line = format!(
        "process --config recipe.yaml --process [] --dataset_path {from} --export_path back.jsonl --work_dir back --json"
    );
    bench.run(&line).expect(0);
    records(bench, "back.jsonl")
}

const CLEANING: &str = "process:\n  - clean_email_mapper:\n  - clean_links_mapper:\n  - text_length_filter: {min_len: 8}\n";

#[test]
fn bytes_that_the_recipe_calls_text_are_text() {
    let expected = [
        json!({"id": 0, "text": "Write to  about it "}),
        json!({"id": 1, "text": "see  for more"}),
        json!({"id": 3, "text": "a much longer plain sentence about rivers and lakes"}),
    ];
    for export in ["out/o.jsonl", "out/o.parquet", "out/o.arrow"] {
        let bench = Bench::new();
        bench.write("in.parquet", found("text_without_utf8.parquet"));
        let recipe = String::from_utf8(bench.bytes("recipe.yaml")).unwrap();
        let (head, _) = recipe.split_once("process:").unwrap();
        bench.write("recipe.yaml", format!("{head}{CLEANING}"));
        bench
            .process(&format!("--dataset_path in.parquet --export_path {export}"))
            .expect(0);
        assert_eq!(as_lines(&bench, export), expected, "{export}");
    }
}

#[test]
fn a_column_that_is_no_text_is_refused_however_it_would_look() {
    for (name, what) in [
        ("date", "a date"),
        ("timestamp", "a timestamp"),
        ("time", "a time"),
        ("uuid", "binary"),
        ("number", "a number"),
    ] {
        let bench = Bench::new();
        bench.write("in.parquet", found(&format!("text_is_{name}.parquet")));
        for command in ["process --job_id j", "check", "plan"] {
            let line = format!("{command} --config recipe.yaml --dataset_path in.parquet");
            bench.run(&line).expect(2).begins_with_error(&format!(
                "the field `text` is {what}, not text, in all records that were looked at; `text_keys` says which field \
                 is the text"
            ));
        }
        assert!(!bench.has_exported());
    }
}

/// The same on an existing job, whose earlier recipe worked on a text.
#[test]
fn a_column_that_is_no_text_is_refused_on_a_resume_too() {
    let bench = Bench::new();
    bench.write("in.parquet", found("text_without_utf8.parquet"));
    bench.process("--dataset_path in.parquet").expect(0);
    let export = bench.bytes(EXPORT);
    let ran = bench.process("--dataset_path in.parquet --text_keys id --max_error_ratio 1");
    ran.expect(2)
        .tells(&["the field `id` is a number, not text"]);
    assert_eq!(bench.bytes(EXPORT), export);
}

#[test]
fn a_column_that_is_no_text_in_one_of_many_files_gives_no_text() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("data")).unwrap();
    bench.write("data/a.jsonl", "{\"text\": \"good\", \"id\": 9}\n");
    bench.write("data/b.parquet", found("text_is_date.parquet"));
    let report = bench.process("--dataset_path data").expect(0).json();
    assert_eq!(report["ledger"]["records"], 4);
    assert_eq!(records(&bench, EXPORT).len(), 1);
    for entry in bench.quarantine() {
        assert_eq!(entry["error"], "field `text` is a date, not text");
    }
}

#[test]
fn a_text_that_is_not_utf8_costs_its_row_alone() {
    for name in ["not_utf8.parquet", "not_utf8.arrow"] {
        for size in [100, 7] {
            let bench = Bench::new();
            bench.write(name, found(name));
            let line = format!("--dataset_path {name} --partition.size {size}");
            let report = bench.process(&line).expect(0).json();
            assert_eq!(report["ledger"]["records"], 30, "{name}");
            assert_eq!(report["ledger"]["rejected"], 2, "{name}");
            let ids: Vec<_> = records(&bench, EXPORT)
                .iter()
                .map(|record| record["id"].as_u64().unwrap())
                .collect();
            // The text of row 3 is null.
            let kept = (0..30).filter(|id| ![3, 17, 22].contains(id));
            assert!(ids.iter().copied().eq(kept), "{name}: {ids:?}");
            let entries = bench.quarantine();
            let told: Vec<_> = entries
                .iter()
                .map(|entry| {
                    (
                        entry["position"].as_u64().unwrap(),
                        entry["error"].as_str().unwrap(),
                    )
                })
                .collect();
            let shown = "; the invalid bytes are shown as replacement characters";
            assert_eq!(
                told[1],
                (
                    17,
                    &*format!("column `text` is not UTF-8 (byte 0xff at 7){shown}")
                )
            );
            assert_eq!(
                told[2],
                (
                    22,
                    &*format!("column `tags` is not UTF-8 (byte 0xc3 at 1){shown}")
                )
            );
            assert!(
                entries[1]["record"]
                    .as_str()
                    .unwrap()
                    .contains("\"id\": 17"),
                "{:?}",
                entries[1]
            );
        }
    }
}

#[test]
fn page_headers_that_count_values_as_rows_are_not_believed() {
    for size in [1_000, 33] {
        let bench = Bench::new();
        bench.write("in.parquet", found("rows_are_values.parquet"));
        let line = format!("--dataset_path in.parquet --partition.size {size}");
        bench.process(&line).expect(0);
        let records = records(&bench, EXPORT);
        assert_eq!(records.len(), 500);
        for (id, record) in records.iter().enumerate() {
            assert_eq!(record["id"], id);
            assert_eq!(record["messages"][1]["content"], format!("answer {id}"));
        }
    }
}

#[test]
fn columns_of_one_name_get_names_of_their_own() {
    for name in ["two_of_one_name.parquet", "two_of_one_name.arrow"] {
        for export in ["out/o.csv", "out/o.jsonl", "out/o.parquet"] {
            let bench = Bench::new();
            bench.write(name, found(name));
            let ran = bench
                .process(&format!("--dataset_path {name} --export_path {export}"))
                .expect(0);
            ran.tells(&[&format!(
                "warning: `{name}`: column 2 has the same name as an earlier column, `text`; it is read as `text_2`"
            )]);
            let expected: Vec<_> = (0..3)
                .map(|row| json!({"text": format!("a{row}"), "text_2": format!("b{row}"), "n": row + 1}))
                .collect();
            assert_eq!(as_lines(&bench, export), expected, "{export}");
        }
    }
}
