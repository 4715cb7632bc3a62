//! CSV files with rows that cannot be read, odd headers and other delimiters.

use serde_json::{Value, json};

use crate::bench::{Bench, EXPORT, Ran};

/// Runs over a CSV file of these bytes, in partitions of one record and in one, which must come to the same; gives the
/// errors and the bytes of what is in quarantine too.
#[track_caller]
fn check(bytes: &[u8], export: &str, quarantined: &[(&str, &str)]) -> Ran {
    let run = |size: u32| {
        let bench = Bench::new();
        bench.write("in.csv", bytes);
        let ran = bench.process(&format!("--dataset_path in.csv --partition.size {size}"));
        assert_eq!(String::from_utf8(bench.bytes(EXPORT)).unwrap(), export);
        let entries = bench.quarantine();
        let found: Vec<(&str, &str)> = entries
            .iter()
            .map(|entry| {
                let record = entry["record"].as_str().or(entry["record_hex"].as_str());
                (entry["error"].as_str().unwrap(), record.unwrap())
            })
            .collect();
        assert_eq!(found, quarantined);
        ran
    };
    let (one, many) = (run(10_000), run(1));
    assert_eq!(one.json()["ledger"], many.json()["ledger"]);
    assert_eq!(one.stderr, many.stderr);
    one
}

#[test]
fn a_row_with_too_many_or_too_few_cells() {
    let ran = check(
        b"text,id,n\na,1,2\nb,3\nc,2,3,4\nd,4,5\n",
        "{\"text\": \"a\", \"id\": 1, \"n\": 2}\n{\"text\": \"d\", \"id\": 4, \"n\": 5}\n",
        &[
            (
                "the row that begins at byte 16 has 2 cells, the header has 3",
                "b,3",
            ),
            (
                "the row that begins at byte 20 has 4 cells, the header has 3",
                "c,2,3,4",
            ),
        ],
    );
    assert_eq!(ran.expect(0).json()["ledger"]["rejected"], 2);
}

/// The row that is read from the next line on makes sense, so that the quote costs its own line alone.
#[test]
fn a_quote_that_is_left_open() {
    let ran = check(
        b"text,id\na,1\n\"b,2\nc,3\n",
        "{\"text\": \"a\", \"id\": 1}\n{\"text\": \"c\", \"id\": 3}\n",
        &[(
            "a quote is left open in the row that begins at byte 12; bytes 12 to 17 are left out, and reading goes on with \
             the row at byte 17 (`load_dataset_kwargs.quoting: none` reads quotes as characters)",
            "\"b,2",
        )],
    );
    ran.expect(0);
}

/// Any number of rows may follow it, so it counts as a part of the file that cannot be read.
#[test]
fn a_file_that_ends_in_a_quoted_cell() {
    let ran = check(
        b"text,id\na,1\n\"b and\nmore",
        "{\"text\": \"a\", \"id\": 1}\n",
        &[(
            "a quote is left open in the row that begins at byte 12; the file ends in it",
            "\"b and\nmore",
        )],
    );
    let report = ran.expect(3).json();
    assert_eq!(report["unreadable"].as_array().unwrap().len(), 1);
    let reason = "the file ends inside of a quoted cell of the row that begins at byte 12";
    assert_eq!(report["unreadable"][0]["reason"], reason);
}

#[test]
fn a_row_that_is_not_utf8() {
    let ran = check(
        b"text,id\na,1\ncaf\xE9,2\nc,3\n",
        "{\"text\": \"a\", \"id\": 1}\n{\"text\": \"c\", \"id\": 3}\n",
        &[(
            "the row that begins at byte 12 is not valid UTF-8",
            "636166e92c32",
        )],
    );
    ran.expect(0);
}

#[test]
fn two_columns_of_one_name() {
    let ran = check(
        b"text,id,text\na,1,b\n",
        "{\"text\": \"a\", \"id\": 1, \"text_2\": \"b\"}\n",
        &[],
    );
    assert_eq!(
        ran.expect(0).stderr,
        "warning: `in.csv`: column 3 has the same name as an earlier column, `text`; it is read as `text_2`\n"
    );
}

#[test]
fn nothing_but_a_header() {
    for bytes in [&b""[..], b"text,id\n", b"text,id", b"\n\n", b"\xEF\xBB\xBF"] {
        let bench = Bench::new();
        bench.write("in.csv", bytes);
        let ran = bench.process("--dataset_path in.csv").expect(1);
        ran.begins_with_error("the dataset `in.csv` has no records");
        assert!(!bench.has_exported());
    }
}

#[test]
fn the_delimiter_is_found_and_told() {
    let rows = "{\"text\": \"a, b\", \"id\": 1}\n{\"text\": \"c\", \"id\": 2}\n";
    for (delimiter, shown) in [('\t', "\\t"), (';', ";"), ('|', "|")] {
        let table = format!("text{delimiter}id\na, b{delimiter}1\nc{delimiter}2\n");
        let ran = check(table.as_bytes(), rows, &[]).expect(0);
        let warning =
            format!("warning: the cells of `in.csv` are read as delimited by `{shown}`\n");
        assert_eq!(ran.stderr, warning);
    }
}

#[test]
fn a_text_key_that_no_row_has() {
    let bench = Bench::new();
    bench.write("in.csv", "text,id\na,1\nb,2\n");
    let ran = bench.process("--dataset_path in.csv --text_keys body --max_error_ratio 0.05");
    ran.expect(1).tells(&[
        "error: 2 of 2 records are in quarantine",
        "the first: in.csv at byte 0 in text_length_filter: field `body` is missing (`text_keys` says which field is \
         the text)",
    ]);
    assert!(!bench.has_exported());
}

#[test]
fn a_table_without_the_suffix_of_one() {
    let bench = Bench::new();
    bench.write("in.csv", "{\"text\": \"a\"}\n");
    let ran = bench.process("--dataset_path in.csv").expect(0);
    assert_eq!(
        ran.stderr,
        "warning: `in.csv` is JSONL, not what its suffix says; it is read as what it is\n"
    );
    assert_eq!(ran.json()["unreadable"], json!([]));
    assert_eq!(ran.json()["status"], Value::from("completed"));
}
