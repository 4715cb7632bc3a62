//! JSON arrays, records over several lines, text files, and directories in which formats are mixed.

use std::fs;

use serde_json::json;

use crate::bench::{Bench, EXPORT, Ran};

/// Runs over `in.json` of this text, in partitions of one record and in one, which must come to the same.
#[track_caller]
fn check(text: &str, code: i32, export: &str) -> (Bench, Ran) {
    let run = |size: u32| {
        let bench = Bench::new();
        bench.write("in.json", text);
        let ran = bench
            .process(&format!("--dataset_path in.json --partition.size {size}"))
            .expect(code);
        assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
        (bench, ran)
    };
    let (one, many) = (run(10_000), run(1));
    for key in ["ledger", "unreadable"] {
        assert_eq!(one.1.json()[key], many.1.json()[key]);
    }
    assert_eq!(one.0.quarantine(), many.0.quarantine());
    one
}

/// The text ends before its JSON does, or goes on behind it: what is before counts, and exit code 3.
#[track_caller]
fn check_broken(text: &str, export: &str, reason: &str) {
    let (bench, ran) = check(text, 3, export);
    let part = json!([{"source": "in.json", "start": export.len(), "length": 0, "reason": reason}]);
    assert_eq!(ran.json()["unreadable"], part);
    assert!(bench.quarantine().is_empty());
    // The reason names the byte of the file.
    assert!(
        ran.stderr
            .starts_with("warning: `in.json` cannot be read from byte 14"),
        "{}",
        ran.stderr
    );
    let lines: Vec<&str> = ran.stderr.lines().collect();
    assert!(
        lines.len() == 2 && lines[0].ends_with(&format!(": {reason}")),
        "{}",
        ran.stderr
    );
    assert!(lines[1].starts_with("error: a part of the input is not in the output: "));
}

const A: &str = "{\"text\": \"a\"}\n";

#[test]
fn an_array_that_breaks_off() {
    check_broken(
        "[{\"text\": \"a\"}, {\"text\": \"b",
        A,
        "the JSON breaks off in the record that begins at byte 16; the file ends at byte 27",
    );
    check_broken(
        "[\n{\"text\": \"a\"},\n",
        A,
        "the JSON array breaks off: the file ends at byte 17 without its `]`",
    );
    check_broken(
        "{\n  \"text\": \"a\"\n}\n{\n  \"text\":",
        A,
        "the JSON breaks off in the record that begins at byte 18; the file ends at byte 29",
    );
}

#[test]
fn text_behind_an_array() {
    check_broken(
        "[\n{\"text\": \"a\"}\n]\nmore\n",
        A,
        "the JSON array has ended and other text follows (byte 18)",
    );
}

#[test]
fn elements_that_are_no_records() {
    let text = "[{\"text\": \"a\"}, 5, [1], null, \"x\", {\"text\" \"b\"}, {\"text\": \"c\"}]";
    let (bench, ran) = check(text, 0, &format!("{A}{{\"text\": \"c\"}}\n"));
    assert_eq!(ran.json()["ledger"]["rejected"], 5);
    let entries = bench.quarantine();
    let found: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["record"].as_str().unwrap(),
                entry["error"].as_str().unwrap(),
            )
        })
        .collect();
    let expected = [
        ("5", "a record must be a JSON object, this line is a number"),
        ("[1]", "a record must be a JSON object, this line is a list"),
        ("null", "a record must be a JSON object, this line is null"),
        ("\"x\"", "a record must be a JSON object, this line is text"),
        (
            "{\"text\" \"b\"}",
            "not valid JSON: expected `:` at column 9",
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn an_array_without_an_element_is_no_dataset() {
    for text in ["[]", "[\n]\n"] {
        let bench = Bench::new();
        bench.write("in.json", text);
        let ran = bench.process("--dataset_path in.json").expect(1);
        ran.begins_with_error("the dataset `in.json` has no records");
        assert!(!bench.has_exported());
    }
}

#[test]
fn a_readme_beside_data_is_no_record() {
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).unwrap();
    bench.write("data/README.md", "# What this is\n");
    bench.write("data/a.jsonl", A);
    bench.write("data/b.csv", "text,n\nb,2\n");
    bench.write("data/c.json", "[{\"text\": \"c\"}]");
    bench.write("data/table.xlsx", "no table\n");
    let export = format!("{A}{{\"text\": \"b\", \"n\": 2}}\n{{\"text\": \"c\"}}\n");
    let ran = bench.process("--dataset_path data").expect(0);
    ran.tells(&[
        "warning: the text file `README.md` of `data` is left out, because there are data files; name the suffix in \
         `suffixes` to read text files too",
        "the file `table.xlsx` of `data` is left out; to read one, name it in `dataset_path`",
    ]);
    assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
    let ran = bench.process("--dataset_path data --suffixes [\".md\",\".csv\"] --fresh");
    assert_eq!(ran.expect(0).json()["ledger"]["records"], 2);
    let export = "{\"text\": \"# What this is\\n\"}\n{\"text\": \"b\", \"n\": 2}\n";
    assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
}

#[test]
fn a_folder_of_text_files() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("data/deeper")).unwrap();
    bench.write("data/a.txt", "First.\n");
    bench.write("data/b.md", "Second\r\ntext");
    bench.write("data/d.txt", b"caf\xE9");
    bench.write("data/deeper/e.text", "\u{FEFF}Last \"quoted\"");
    for size in [10_000, 1] {
        let line = format!("--dataset_path data --partition.size {size} --fresh");
        let ran = bench.process(&line).expect(0);
        assert_eq!(ran.json()["ledger"]["rejected"], 1);
        let export = "{\"text\": \"First.\\n\"}\n{\"text\": \"Second\\r\\ntext\"}\n{\"text\": \"Last \\\"quoted\\\"\"}\n";
        assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
        let entries = bench.quarantine();
        assert_eq!(
            entries[0]["error"],
            "the text file `d.txt` is not valid UTF-8 (byte 3)"
        );
        assert_eq!(entries[0]["record_hex"], "636166e9");
    }
}
