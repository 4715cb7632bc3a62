//! Inputs that users of such tools reported trouble with: out of step by one byte, and shapes of text files.

use std::fmt::Write;

use crate::bench::{Bench, EXPORT, Ran};

/// Runs over a file of these bytes.
pub(crate) fn run(name: &str, bytes: impl AsRef<[u8]>, more: &str) -> (Bench, Ran) {
    let bench = Bench::new();
    bench.write(name, bytes);
    let ran = bench.process(&format!("--dataset_path {name} {more}"));
    (bench, ran)
}

pub(crate) fn export(bench: &Bench) -> String {
    String::from_utf8(bench.bytes(EXPORT)).unwrap()
}

pub(crate) fn ids(bench: &Bench) -> Vec<u64> {
    let lines = export(bench);
    let id = |line| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["id"]
            .as_u64()
            .unwrap()
    };
    lines.lines().map(id).collect()
}

pub(crate) fn lines(ids: std::ops::Range<u64>) -> String {
    ids.fold(String::new(), |mut text, id| {
        writeln!(text, "{{\"id\": {id}, \"text\": \"text number {id}\"}}").unwrap();
        text
    })
}

/// Cells that begin with a quote, in a table without quoting: at most their own rows are lost.
#[test]
fn quotes_in_a_table_with_tabs() {
    let mut table = "id\ttext\n".to_owned();
    for id in 0..200 {
        match id {
            3 => table.push_str("3\t\"Ordinary World\n"),
            7 => table.push_str("7\t\"Quoted\" words\n"),
            _ => writeln!(table, "{id}\tsentence number {id}").unwrap(),
        }
    }
    let (bench, ran) = run("in.tsv", &table, "--max_error_ratio 0.05");
    ran.expect(0)
        .tells(&["warning: quotes in `in.tsv` are read as ordinary characters; set `load_dataset_kwargs.quoting` to say \
         otherwise\n"]);
    assert_eq!(ids(&bench), (0..200).collect::<Vec<_>>());
    assert!(export(&bench).contains("\"\\\"Quoted\\\" words\""));
    // Told to quote, it goes on with the next row all the same.
    for size in [1, 7, 10_000] {
        let more = format!(
            "--max_error_ratio 0.05 --load_dataset_kwargs.quoting minimal --partition.size {size}"
        );
        let (bench, ran) = run("in.tsv", &table, &more);
        assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 1);
        assert_eq!(
            ids(&bench),
            (0..200).filter(|id| *id != 3).collect::<Vec<_>>()
        );
        let entry = &bench.quarantine()[0];
        assert_eq!(entry["record"], "3\t\"Ordinary World");
        let error = entry["error"].as_str().unwrap();
        assert!(error.contains("bytes 68 to 86 are left out"), "{error}");
    }
}

/// The same far behind what is looked at first, and more than a record may be before the end of the file.
#[test]
fn a_quote_that_is_never_closed_in_a_long_file() {
    let rows = |separator: char| {
        let mut table = format!("id{separator}text\n");
        for id in 0..40_000 {
            match id {
                10_000 => writeln!(table, "{id}{separator}\"Ordinary World").unwrap(),
                _ => writeln!(table, "{id}{separator}sentence number {id} about rivers").unwrap(),
            }
        }
        table
    };
    for (name, separator) in [("in.tsv", '\t'), ("in.csv", ',')] {
        for more in [
            "--max_record_mb 1",
            "",
            "--max_record_mb 1 --partition.size 100000",
        ] {
            let (bench, ran) = run(
                name,
                rows(separator),
                &format!("{more} --max_error_ratio 0.0001"),
            );
            assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 1);
            let expected: Vec<u64> = (0..40_000).filter(|id| *id != 10_000).collect();
            assert_eq!(ids(&bench), expected);
        }
    }
}

/// If no further row can be found, the loss is judged by its bytes; losing more than a record is never a success.
#[test]
fn a_loss_is_judged_by_its_bytes() {
    let mut table = "text\n".to_owned();
    (0..1000).for_each(|id| writeln!(table, "text number {id}").unwrap());
    table.push_str("\"never closed\n");
    (0..3000).for_each(|id| writeln!(table, "text number {id}").unwrap());
    let (bench, ran) = run("in.csv", &table, "--max_error_ratio 0.05");
    ran.expect(1)
        .tells(&["bytes of the input are in quarantine, more than `max_error_ratio: 0.05` allows"]);
    assert!(!bench.has_exported());

    let long = "x".repeat(3 << 20);
    let text = format!(
        "{}{{\"id\": 7, \"text\": \"{long}\"}}\n{}",
        lines(0..7),
        lines(8..9)
    );
    let (bench, ran) = run("in.jsonl", &text, "--max_record_mb 1");
    assert_eq!(ran.expect(3).json()["ledger"]["too_long"], 1);
    assert_eq!(ids(&bench), [0, 1, 2, 3, 4, 5, 6, 8]);
    let (_, ran) = run("in.jsonl", &text, "--max_record_mb 1 --max_error_ratio 0.5");
    ran.expect(1)
        .tells(&["bytes of the input are in quarantine"]);
}

/// Stray quotes in two elements of an array cost these two.
#[test]
fn stray_quotes_in_a_json_array() {
    let elements: Vec<String> = (0..3000)
        .map(|id| match id {
            1000 | 2900 => format!("{{\"id\": {id}, \"text\": \"a 6\" pipe and more\"}}"),
            _ => format!("{{\"id\": {id}, \"text\": \"sentence number {id}\"}}"),
        })
        .collect();
    for (comma, size) in [(",\n", 10_000), (",\n", 1), (", ", 500)] {
        let text = format!("[\n{}\n]\n", elements.join(comma));
        let more = format!("--max_error_ratio 0.05 --partition.size {size}");
        let (bench, ran) = run("in.json", &text, &more);
        let report = ran.expect(0).json();
        let lost = report["ledger"]["rejected"].as_u64().unwrap();
        assert_eq!(
            (lost, report["ledger"]["records"].as_u64().unwrap()),
            (2, 3000)
        );
        assert_eq!(
            ids(&bench),
            (0..3000)
                .filter(|id| *id != 1000 && *id != 2900)
                .collect::<Vec<_>>()
        );
        let entry = &bench.quarantine()[0];
        assert_eq!(entry["record"], elements[1000].as_str());
    }
}

/// An array whose records share one line is an array, whatever it begins with and wherever it is damaged.
#[test]
fn an_array_on_one_line_that_begins_oddly_or_is_damaged_early() {
    let element = |id: usize| format!("{{\"id\":{id},\"text\":\"sentence number {id}\"}}");
    let elements: Vec<String> = (0..3000).map(element).collect();
    let all = elements.join(",");
    let at = all.find(":\"sentence number 700\"").unwrap();
    for (text, lost) in [
        (format!("[null,{all}]"), 1),
        (format!("[[1,2],{all}]"), 1),
        (format!("[null,\n{}]", elements.join(",\n")), 1),
        (format!("[{}}}{}]", &all[..at], &all[at..]), 1),
        (format!("[{}]{}]", &all[..at], &all[at..]), 1),
    ] {
        let (bench, ran) = run("in.json", &text, "--max_error_ratio 0.05");
        let report = ran.expect(0).json();
        assert_eq!(report["ledger"]["rejected"], lost, "{}", &text[..20]);
        let kept = ids(&bench).len() as u64;
        assert!(kept >= 2999, "{kept} of 3000: {}", &text[..20]);
    }
}

#[test]
fn backslashes_before_quotes_in_csv() {
    let mut table = "id,text,label\n".to_owned();
    (0..50)
        .for_each(|id| writeln!(table, "{id},\"she said \\\"go\\\", and left {id}\",pos").unwrap());
    let (bench, ran) = run("in.csv", &table, "");
    ran.expect(0)
        .tells(&["warning: `in.csv`: a backslash before a quote is read as an escape; set `load_dataset_kwargs.escape` to say \
         otherwise\n"]);
    let exported = export(&bench);
    assert_eq!(exported.lines().count(), 50);
    let first = "{\"id\": 0, \"text\": \"she said \\\"go\\\", and left 0\", \"label\": \"pos\"}";
    assert_eq!(exported.lines().next().unwrap(), first);
    // If the first rows don't show the escape, a row that has it is reported and not altered.
    let mut late = "id,text\n".to_owned();
    (0..5000).for_each(|id| writeln!(late, "{id},\"plain text {id}\"").unwrap());
    late.push_str("5000,\"she said \\\"go\\\" and left\"\n");
    let (bench, ran) = run("in.csv", &late, "");
    assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 1);
    let error = bench.quarantine()[0]["error"].to_string();
    assert!(
        error.contains("set `load_dataset_kwargs.escape`"),
        "{error}"
    );
    let (bench, ran) = run("in.csv", &late, "--load_dataset_kwargs.escape \\");
    ran.expect(0);
    assert!(
        export(&bench).ends_with("{\"id\": 5000, \"text\": \"she said \\\"go\\\" and left\"}\n")
    );
}

#[test]
fn a_table_without_a_header() {
    let mut table = String::new();
    (0..20).for_each(|id| writeln!(table, "{id}\tThe passage {id} about rivers.").unwrap());
    let (_, ran) = run("in.tsv", &table, "--text_keys column_2");
    ran.tells(&["its first row is read as the header, and column 1 is called `0`"]);
    let (bench, ran) = run(
        "in.tsv",
        &table,
        "--text_keys column_2 --load_dataset_kwargs.header false",
    );
    ran.expect(0);
    let first = "{\"column_1\": 0, \"column_2\": \"The passage 0 about rivers.\"}";
    assert_eq!(export(&bench).lines().next().unwrap(), first);
    assert_eq!(export(&bench).lines().count(), 20);
    let (bench, ran) = run("in.tsv", &table, "--load_dataset_kwargs.header [id,text]");
    ran.expect(0);
    assert_eq!(ids(&bench), (0..20).collect::<Vec<_>>());
}

#[test]
fn objects_without_line_breaks_between_them() {
    let glued = lines(0..300).replace('\n', "");
    for name in ["in.json", "in.jsonl"] {
        let (bench, ran) = run(name, &glued, "--partition.size 7");
        ran.expect(0);
        assert_eq!(ids(&bench), (0..300).collect::<Vec<_>>());
    }
}

#[test]
fn records_in_a_field_of_one_object() {
    let records: Vec<String> = lines(0..30).lines().map(str::to_owned).collect();
    let text = format!(
        "{{\n \"version\": \"1.1\",\n \"data\": [\n{}\n ]\n}}\n",
        records.join(",\n")
    );
    let (_, ran) = run("in.json", &text, "--max_error_ratio 0.05");
    ran.expect(1).tells(&[
        "`in.json` is one JSON object whose field `data` holds a list of objects; if these are the records, set \
         `load_dataset_kwargs.field: data`",
    ]);
    for size in [10_000, 1] {
        let more = format!("--load_dataset_kwargs.field data --partition.size {size}");
        let (bench, ran) = run("in.json", &text, &more);
        ran.expect(0);
        assert_eq!(export(&bench), lines(0..30));
    }
    let (_, ran) = run("in.json", &text, "--load_dataset_kwargs.field rows");
    ran.expect(1)
        .tells(&["has no field `rows`, which `load_dataset_kwargs.field` names"]);
}

#[test]
fn numbers_that_json_does_not_have() {
    for (number, column) in [("NaN", 29), ("Infinity", 29), ("-Infinity", 29)] {
        let text = format!(
            "{{\"id\": 0, \"text\": \"a\", \"p\": {number}}}\n{}",
            lines(1..2)
        );
        let (bench, ran) = run("in.jsonl", &text, "");
        assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 1);
        let error = bench.quarantine()[0]["error"].as_str().unwrap().to_owned();
        let expected = format!(
            "{number} at column {column} is not valid JSON, although Python's json writes it; write null instead"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn commas_too_many_in_an_array() {
    let (bench, ran) = run("in.json", "[{\"text\": \"a\"},, {\"text\": \"b\"},]", "");
    assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 2);
    assert_eq!(export(&bench), "{\"text\": \"a\"}\n{\"text\": \"b\"}\n");
    let errors: Vec<String> = bench
        .quarantine()
        .iter()
        .map(|entry| entry["error"].to_string())
        .collect();
    assert!(
        errors[0].contains("another comma in the JSON array (byte 15)"),
        "{errors:?}"
    );
    assert!(
        errors[1].contains("the closing bracket follows a comma"),
        "{errors:?}"
    );
    let (_, ran) = run(
        "in.json",
        "[{\"text\": \"a\"},]",
        "--load_jsonl_lenient false",
    );
    ran.expect(1);
}

/// Many small files are cut as one; each is told by its name.
#[test]
fn many_files_of_one_record_make_few_partitions() {
    let bench = Bench::new();
    std::fs::create_dir(bench.path("d")).unwrap();
    for id in 0..300 {
        let text = match id {
            299 => "{\n\"id\": 299,\n\"text\": \"torn".to_owned(),
            77 => "{\n\"id\": 77,\n\"text\": \"a\" \"b\"\n}\n".to_owned(),
            _ => format!("{{\n\"id\": {id},\n\"text\": \"text {id}\"\n}}\n"),
        };
        bench.write(&format!("d/{id:03}.json"), text);
    }
    let mut exports = Vec::new();
    for size in [10_000, 7] {
        let more = format!("--dataset_path d --partition.size {size} --fresh");
        let report = bench.process(&more).expect(3).json();
        let partitions = report["partitions"].as_u64().unwrap();
        assert!(partitions <= 3 + 300 / size, "{partitions}");
        assert_eq!(report["ledger"]["rejected"], 1);
        assert!(
            bench.quarantine()[0]["error"]
                .as_str()
                .unwrap()
                .starts_with("`077.json`: ")
        );
        exports.push(ids(&bench));
    }
    let expected: Vec<u64> = (0..300).filter(|id| *id != 299 && *id != 77).collect();
    assert_eq!(exports, [expected.clone(), expected]);
}
