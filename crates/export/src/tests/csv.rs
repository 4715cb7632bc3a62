//! CSV and TSV, read back by a reader of RFC 4180.

use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

/// Parses rows of cells. A cell without quotes and without text is none.
fn read_cells(text: &str, separator: char) -> Vec<Vec<Option<String>>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (cell, after) = read_cell(rest, separator);
        row.push(cell);
        rest = match after.strip_prefix(separator) {
            Some(after) => after,
            None => {
                rows.push(std::mem::take(&mut row));
                after.strip_prefix('\n').expect("a row ends in a line end")
            }
        };
    }
    assert!(row.is_empty());
    rows
}

fn read_cell(text: &str, separator: char) -> (Option<String>, &str) {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([separator, '\n']).unwrap();
        let (bare, after) = text.split_at(end);
        assert!(!bare.contains(['"', '\r']));
        return ((!bare.is_empty()).then(|| bare.to_owned()), after);
    };
    let mut cell = String::new();
    loop {
        let (inside, after) = rest.split_once('"').expect("quotes are closed");
        cell.push_str(inside);
        match after.strip_prefix('"') {
            Some(after) => {
                cell.push('"');
                rest = after;
            }
            None => return (Some(cell), after),
        }
    }
}

fn expected(records: &[Map<String, Value>]) -> Vec<Vec<Option<String>>> {
    let mut names: Vec<&String> = Vec::new();
    for name in records.iter().flat_map(|record| record.keys()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let header = names.iter().map(|name| Some((*name).clone())).collect();
    let cell = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    };
    let row = |record: &Map<String, Value>| {
        let mut cells: Vec<_> = names
            .iter()
            .map(|name| record.get(*name).and_then(cell))
            .collect();
        if let [cell @ None] = cells.as_mut_slice() {
            *cell = Some(String::new());
        }
        cells
    };
    std::iter::once(header)
        .chain(records.iter().map(row))
        .collect()
}

fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just(","),
        Just("\t"),
        Just("\""),
        Just("\"\""),
        Just("\n"),
        Just("\r\n"),
        Just(" "),
        Just("a"),
        Just("é"),
        Just("😀"),
        Just("\u{0}"),
        Just("\\"),
        Just(""),
    ];
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn records() -> impl Strategy<Value = Vec<Map<String, Value>>> {
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        texts().prop_map(Value::from),
        prop::collection::vec(texts(), 0..3).prop_map(Value::from),
        texts().prop_map(|text| serde_json::json!({ "k": text })),
    ];
    let field = (prop::sample::select(vec!["a", "b", "c,\"", "d\n"]), value);
    let record = prop::collection::vec(field, 1..5)
        .prop_map(|fields| fields.into_iter().map(|(k, v)| (k.to_owned(), v)).collect());
    prop::collection::vec(record, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn what_is_written_is_read(records in records(), cut in 0usize..20, form in 0usize..4) {
        let name = ["a.csv", "a.tsv", "a.csv.gz", "a.tsv.zst"][form];
        let mut bench = Bench::new();
        let (one, two) = records.split_at(cut.min(records.len()));
        for part in [one, two] {
            let lines: String = part
                .iter()
                .map(|record| Value::Object(record.clone()).to_string() + "\n")
                .collect();
            bench.plain(&lines);
        }
        let text = text_of(&bench.exported(&bench.target(name, 0)));
        let separator = if name.contains("tsv") { '\t' } else { ',' };
        prop_assert_eq!(read_cells(&text, separator), expected(&records));
    }
}

#[test]
fn no_rows_are_a_header_or_nothing() {
    let mut bench = Bench::new();
    let target = bench.target("a.csv", 0);
    assert_eq!(text_of(&bench.exported(&target)), "");
    bench.plain("");
    bench.partitions[0].schema = Some(std::sync::Arc::new(arrow::datatypes::Schema::new(vec![
        arrow::datatypes::Field::new("a", arrow::datatypes::DataType::Int8, true),
        arrow::datatypes::Field::new("b", arrow::datatypes::DataType::Int8, true),
    ])));
    assert_eq!(text_of(&bench.exported(&target)), "a,b\n");
    let packed = bench.typed("packed/", "csv.gz", 0);
    assert_eq!(text_of(&bench.exported(&packed)), "a,b\n");
}

#[test]
fn shards_depend_on_the_lines_alone_and_have_headers() {
    let rows: String = (0..2000)
        .map(|n| format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", "x".repeat(n % 90)))
        .collect();
    let shards = |cuts: &[usize], form: &str| {
        let mut bench = Bench::new();
        let mut lines: Vec<&str> = rows.lines().collect();
        for cut in cuts {
            let rest = lines.split_off(*cut);
            bench.plain(&(lines.join("\n") + "\n"));
            lines = rest;
        }
        bench.plain(&(lines.join("\n") + "\n"));
        bench.exported(&bench.typed("s/", form, 20_000))
    };
    let whole = shards(&[], "csv");
    assert!((4..8).contains(&whole.len()), "{}", whole.len());
    assert!(
        whole
            .iter()
            .all(|(_, shard)| shard.starts_with(b"n,text\n"))
    );
    assert!(
        whole[..whole.len() - 1]
            .iter()
            .all(|(_, shard)| (20_000..24_000).contains(&shard.len()))
    );
    let numbers = whole.iter().flat_map(|(_, shard)| {
        let rows = read_cells(str::from_utf8(shard).unwrap(), ',')
            .into_iter()
            .skip(1);
        rows.map(|row| row[0].clone().unwrap().parse::<usize>().unwrap())
    });
    assert!(numbers.eq(0..2000));
    assert_eq!(shards(&[1, 400, 700], "csv"), whole);
    let packed = shards(&[900], "csv.zst");
    assert_eq!(text_of(&packed), text_of(&whole));
}

#[test]
fn long_pieces_make_many_units() {
    let row = |n: usize| format!("{{\"n\": {n}, \"text\": \"{}\"}}\n", "y".repeat(n % 3000));
    let mut bench = Bench::new();
    bench.plain(&(0..6000).map(row).collect::<String>());
    bench.plain(&(6000..9000).map(row).collect::<String>());
    let text = text_of(&bench.exported(&bench.target("a.csv", 0)));
    let rows = read_cells(&text, ',');
    assert_eq!(rows.len(), 9001);
    for (n, row) in rows.iter().skip(1).enumerate() {
        assert_eq!(row[0].as_deref(), Some(n.to_string().as_str()));
        assert_eq!(row[1].as_ref().map_or(0, String::len), n % 3000);
    }
}
