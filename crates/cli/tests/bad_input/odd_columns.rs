use serde_json::{Value, json};

use crate::bench::Bench;
use crate::columnar::peer;

const FORMS: [&str; 4] = ["parquet", "arrow", "csv", "jsonl"];

/// Carries a file through without an operator, into lines.
fn as_lines(bench: &Bench, from: &str) -> Vec<Value> {
    let line = format!(
        "process --config recipe.yaml --process [] --dataset_path {from} --export_path back.jsonl --work_dir back --json \
         --fresh"
    );
    bench.run(&line).expect(0);
    let lines = String::from_utf8(bench.bytes("back.jsonl")).unwrap();
    let lines = lines.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// 2,400 records with two keys of their own each. The first has a number in `late`, the last but one a text.
fn many_keys() -> String {
    let record = |at: usize| {
        let late = match at {
            0 => ", \"late\": 1",
            2_398 => ", \"late\": \"x\"",
            _ => "",
        };
        format!(
            "{{\"id\": {at}, \"text\": \"t\", \"a{at}\": {at}, \"b{at}\": [1, \"two\"]{late}}}\n"
        )
    };
    (0..2_400).map(record).collect()
}

#[test]
fn fields_beyond_the_most_columns_become_one() {
    for form in ["csv", "parquet", "arrow"] {
        let mut exports = Vec::new();
        for size in [10_000, 1_200, 333] {
            let bench = Bench::new();
            bench.write("in.jsonl", many_keys());
            let export = format!("out/o.{form}");
            let line = format!("--partition.size {size} --export_path {export}");
            let ran = bench.process(&line).expect(0);
            let told = "warning: the records have more than 2000 fields: the first of them are columns, the values of all \
                        others are in the column `__rest__`, as JSON";
            ran.tells(&[told]);
            match form {
                "csv" => exports.push(String::from_utf8(bench.bytes(&export)).unwrap()),
                _ => {
                    let records = as_lines(&bench, &export);
                    assert_eq!(records[0].as_object().unwrap().len(), 2_001, "{form}");
                    assert_eq!(records[0]["__rest__"], Value::Null);
                    assert_eq!(records[0]["late"], 1);
                    assert_eq!(records[2_398]["late"], "x");
                    assert_eq!(records[997]["b997"], json!([1, "two"]));
                    let rest = &records[1_500]["__rest__"];
                    assert_eq!(rest, &json!({"a1500": 1500, "b1500": [1, "two"]}), "{form}");
                    let lines = records.iter().map(|record| format!("{record}\n"));
                    exports.push(lines.collect());
                }
            }
        }
        assert!(exports.windows(2).all(|two| two[0] == two[1]), "{form}");
    }
}

#[test]
fn an_export_without_records_has_the_columns_of_the_input() {
    let inputs = [
        (
            "in.jsonl",
            "{\"id\": 1, \"text\": \"a\", \"tags\": [\"x\"], \"score\": 1.5, \"none\": null}\n",
        ),
        ("in.csv", "id,text,tags,score,none\n1,a,x,1.5,\n"),
    ];
    for (name, content) in inputs {
        for form in ["csv", "tsv", "parquet", "arrow"] {
            let bench = Bench::new();
            bench.write(name, content);
            let recipe = String::from_utf8(bench.bytes("recipe.yaml")).unwrap();
            bench.write("recipe.yaml", recipe.replace("min_len: 0", "min_len: 100"));
            let export = format!("out/o.{form}");
            let line = format!("--dataset_path {name} --export_path {export}");
            let report = bench.process(&line).expect(0).json();
            assert_eq!(report["ledger"]["records"], 1);
            match form {
                "csv" => assert_eq!(bench.bytes(&export), b"id,text,tags,score,none\n"),
                "tsv" => assert_eq!(bench.bytes(&export), b"id\ttext\ttags\tscore\tnone\n"),
                // It has no record, so that no more than its columns can be asked for.
                _ => {
                    let line = format!(
                        "check --config recipe.yaml --dataset_path {export} --load_dataset_kwargs.columns [\"no\"]"
                    );
                    bench.run(&line).expect(2).tells(&[
                        "has no column `no`; it has `id`, `text`, `tags`, `score`, `none`",
                    ]);
                }
            }
        }
    }
}

#[test]
fn a_key_that_no_text_can_hold_is_exported() {
    let input =
        "{\"text\": \"a\", \"\\uD800x\": 1}\n{\"text\": \"b\", \"plain\": {\"\\udfff\": 2}}\n";
    for form in FORMS {
        let bench = Bench::new();
        bench.write("in.jsonl", input);
        let export = format!("out/o.{form}");
        bench.process(&format!("--export_path {export}")).expect(0);
        match form {
            "jsonl" => assert_eq!(bench.bytes(&export), input.as_bytes()),
            "csv" => assert_eq!(
                String::from_utf8(bench.bytes(&export)).unwrap(),
                "text,\"\"\"\\uD800x\"\"\",plain\na,1,\nb,,\"{\"\"\\udfff\"\": 2}\"\n"
            ),
            _ => {
                let line = format!("--dataset_path {export} --export_path back.jsonl --fresh");
                bench.process(&line).expect(0);
                let lines = String::from_utf8(bench.bytes("back.jsonl")).unwrap();
                let first = r#"{"text": "a", "\"\\uD800x\"": 1, "plain": null}"#;
                assert_eq!(lines.lines().next(), Some(first), "{form}");
                assert!(
                    lines.contains(r#""plain": {"\udfff": 2}"#),
                    "{form}: {lines}"
                );
            }
        }
    }
}

#[test]
fn an_instant_that_the_column_cannot_hold_makes_it_json_text() {
    let bench = Bench::new();
    bench.write("in.arrow", peer("found/far_timestamp.arrow"));
    let mut all = Vec::new();
    for form in FORMS {
        let export = format!("out/o.{form}");
        let line = format!("--dataset_path in.arrow --export_path {export} --fresh");
        let ran = bench.process(&line).expect(0);
        let is_told = ran
            .stderr
            .contains("warning: the field `at` is exported as JSON text: ");
        assert_eq!(is_told, form == "parquet", "{}", ran.stderr);
        // A CSV file knows no numbers among texts.
        if form != "csv" {
            all.push(as_lines(&bench, &export));
        }
    }
    assert!(all.windows(2).all(|two| two[0] == two[1]), "{all:?}");
    assert_eq!(all[0].len(), 2);
}
