use coldpress_record::{escape_into, rejected_line};
use serde_json::Value;

use super::*;
use crate::convert::csv::{CsvRows, Syntax, survey};
use crate::format::{CsvColumn, CsvDialect, CsvHeader, CsvKind};

mod plain;

use plain::{plain_lines, plain_rows};

fn choppy(bytes: &[u8], sizes: &[usize]) -> Chunks<'static> {
    let raw = Choppy {
        bytes: bytes.to_vec(),
        at: 0,
        sizes: sizes.to_vec(),
        turn: 0,
    };
    Chunks::new(Box::new(raw), 0)
}

fn dialect_of(bytes: &[u8], delimiter: u8, sizes: &[usize]) -> Result<CsvDialect, String> {
    let syntax = Syntax::quoted(delimiter);
    let header = CsvHeader::FirstRow;
    let survey = survey(choppy(bytes, sizes), syntax, &header, |_| false).unwrap()?;
    let columns = survey.names.into_iter().zip(survey.kinds);
    Ok(CsvDialect {
        delimiter,
        columns: columns
            .map(|(name, kind)| CsvColumn {
                name,
                kind: kind.unwrap_or_default(),
            })
            .collect(),
        quoting: true,
        escape: None,
        header: true,
    })
}

fn convert(bytes: &[u8], dialect: &CsvDialect, max_row_bytes: u64, sizes: &[usize]) -> Made {
    let rows = || CsvRows::new(dialect, &[], max_row_bytes);
    let made = run(bytes, 0, rows(), 0, sizes);
    check_resumed(bytes, &made, || rows().resumed(), sizes);
    made
}

#[track_caller]
fn check(text: &str, lines: &[&str]) {
    for sizes in [&[1][..], &[2, 5], &[usize::MAX]] {
        let dialect = dialect_of(text.as_bytes(), b',', sizes).unwrap();
        let made = convert(text.as_bytes(), &dialect, u64::MAX, sizes);
        assert_eq!(made.lines(), lines, "{text:?}");
    }
}

#[test]
fn rows_become_objects() {
    check("", &[]);
    check("a,b\n", &[]);
    check(
        "a,b\r\n1,x\r\n\r\n  \n2.50,\"y\"\"z\n\"\n",
        &[r#"{"a": 1, "b": "x"}"#, r#"{"a": 2.50, "b": "y\"z\n"}"#],
    );
    check("\u{FEFF}a\n1\n\n 2", &["{\"a\": 1}", "{\"a\": 2}"]);
    check(
        "a,b,c\r,True,\"\"\r1e5,FALSE,\r",
        &[
            r#"{"a": null, "b": true, "c": ""}"#,
            r#"{"a": 1e5, "b": false, "c": null}"#,
        ],
    );
    check(
        "a,b\n1,true\ntrue,01\n",
        &[r#"{"a": "1", "b": "true"}"#, r#"{"a": "true", "b": "01"}"#],
    );
    check(
        "a,b\nx\"y\", \"z\"\n\"q\"r\"s\",\n",
        &[
            r#"{"a": "x\"y\"", "b": " \"z\""}"#,
            r#"{"a": "qr\"s\"", "b": null}"#,
        ],
    );
    check(
        "a,a,,a_2,\n1,2,3,4,5\n",
        &[r#"{"a": 1, "a_3": 2, "column_3": 3, "a_2": 4, "column_5": 5}"#],
    );
    check("a,b\n,\n", &[r#"{"a": null, "b": null}"#]);
}

#[test]
fn rows_that_are_none_are_rejected_and_told() {
    let text = b"a,b\n1\n1,2,3\n\xFF,x\n1,2\n3,\"open\nrow";
    let dialect = dialect_of(text, b',', &[4]).unwrap();
    let made = convert(text, &dialect, u64::MAX, &[4]);
    let mut expected = Vec::new();
    for (reason, bytes) in [
        (
            "the row that begins at byte 4 has 1 cells, the header has 2",
            &b"1"[..],
        ),
        (
            "the row that begins at byte 6 has 3 cells, the header has 2",
            b"1,2,3",
        ),
        (
            "the row that begins at byte 12 is not valid UTF-8",
            b"\xFF,x",
        ),
        ("", b"{\"a\": 1, \"b\": 2}"),
        (
            "a quote is left open in the row that begins at byte 20; the file ends in it",
            b"3,\"open\nrow",
        ),
    ] {
        if reason.is_empty() {
            expected.extend_from_slice(bytes);
        } else {
            rejected_line(reason, bytes, &mut expected);
        }
        expected.push(b'\n');
    }
    assert_eq!(
        String::from_utf8_lossy(&made.text),
        String::from_utf8_lossy(&expected)
    );
}

/// Returns the lines that come out. A rejected row gives its reason and its bytes.
fn told(made: &Made) -> Vec<String> {
    let told = |line: &&str| match line.strip_prefix('\u{1a}') {
        Some(rest) => {
            let mut parts = serde_json::Deserializer::from_str(rest).into_iter::<String>();
            let reason = parts.next().unwrap().unwrap();
            let bytes: String = parts.next().unwrap().unwrap();
            let short = reason.split(['(', ';']).next().unwrap().to_owned();
            format!("{short}: {bytes}")
        }
        None => (*line).to_owned(),
    };
    made.lines().iter().map(told).collect()
}

#[test]
fn a_quote_that_is_never_closed_costs_its_row_alone() {
    let rows: String = (0..100).map(|id| format!("{id},text {id}\n")).collect();
    let text = format!("id,text\n1,\"a\n{rows}x,\"b\n{rows}y,\"c\" d\n");
    for sizes in [&[7][..], &[usize::MAX]] {
        let dialect = dialect_of(text.as_bytes(), b',', sizes).unwrap();
        for limit in [u64::MAX, 1 << 20, 500] {
            let made = convert(text.as_bytes(), &dialect, limit, sizes);
            let told = told(&made);
            assert_eq!(told.len(), 203);
            let at = "a quote is left open in the row that begins at byte";
            assert_eq!(told[0], format!("{at} 8: 1,\"a"));
            assert_eq!(told[1], "{\"id\": \"0\", \"text\": \"text 0\"}");
            assert_eq!(told[101], format!("{at} {}: x,\"b", 13 + rows.len()));
            assert_eq!(told[202], "{\"id\": \"y\", \"text\": \"c d\"}");
            assert_eq!(made.error, None);
        }
    }
}

/// Each of these lines opens a quote that the next one closes and opens again, so none may be read to the end.
#[test]
fn quotes_that_go_on_and_on_take_linear_time() {
    let text = format!(
        "a,b,c\n{}",
        "x\",\",y\n1,2,3\n4,5,6\n7,8,9\n1,2,3\n4,5,6\n7,8,9\n".repeat(20_000)
    );
    let dialect = dialect_of(text.as_bytes(), b',', &[usize::MAX]).unwrap();
    let made = run(
        text.as_bytes(),
        0,
        CsvRows::new(&dialect, &[], 1 << 26),
        0,
        &[usize::MAX],
    );
    assert_eq!(made.error, None);
    let rejected = made
        .lines()
        .iter()
        .filter(|line| line.starts_with('\u{1a}'))
        .count();
    assert!((20_000..21_000).contains(&rejected), "{rejected}");
    assert_eq!(made.lines().len() - rejected, 120_000);
}

#[test]
fn a_cell_that_was_no_number_when_the_kinds_were_found_is_rejected() {
    let dialect = dialect_of(b"a,b\n1,true\n", b',', &[9]).unwrap();
    let made = convert(b"a,b\nx,true\n1,2\n", &dialect, u64::MAX, &[9]);
    let mut expected = Vec::new();
    for (reason, bytes) in [
        (
            "the cell of column `a` in the row that begins at byte 4 is no number",
            &b"x,true"[..],
        ),
        (
            "the cell of column `b` in the row that begins at byte 11 is no truth value",
            b"1,2",
        ),
    ] {
        rejected_line(reason, bytes, &mut expected);
        expected.push(b'\n');
    }
    assert_eq!(made.text, expected);
}

#[test]
fn a_long_row_becomes_a_line_of_its_length_and_is_not_held() {
    let text = b"a,b\n1,\"line\nbreak\"\r\n2,x\n";
    let dialect = dialect_of(text, b',', &[4]).unwrap();
    for sizes in [&[1][..], &[usize::MAX]] {
        let made = convert(text, &dialect, 10, sizes);
        assert_eq!(
            made.lines(),
            ["1,\"line break\"", "{\"a\": 2, \"b\": \"x\"}"]
        );
    }
    let open = [b"a,b\n1,\"", "x\n".repeat(1 << 20).as_bytes()].concat();
    let made = convert(&open, &dialect, 1 << 16, &[usize::MAX]);
    assert_eq!(made.text.len(), open.len() - 4 + 1);
    assert_eq!(made.seeks, [(0, 4)]);
}

#[test]
fn only_chosen_columns_are_written() {
    let text = b"a,b,c\n1,2,3\n";
    let dialect = dialect_of(text, b',', &[4]).unwrap();
    for (chosen, line) in [
        (&["c", "a"][..], "{\"a\": 1, \"c\": 3}\n"),
        (&["z"], "{}\n"),
    ] {
        let chosen: Vec<String> = chosen.iter().map(|name| (*name).to_owned()).collect();
        let made = run(text, 0, CsvRows::new(&dialect, &chosen, 100), 0, &[3]);
        assert_eq!(String::from_utf8_lossy(&made.text), line);
    }
}

#[test]
fn no_header_is_told() {
    for (bytes, reason) in [
        (&b"a,\xFF\n1,2\n"[..], "not valid UTF-8"),
        (b"a,\"b\n1,2\n", "left open"),
        (&vec![b'x'; 3 << 20], "longer than 1048576 bytes"),
    ] {
        let error = dialect_of(bytes, b',', &[usize::MAX]).unwrap_err();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn many_columns_cost_no_memory_without_end() {
    // The header's names are repeated for each row, so text must come out before more rows go in.
    let name = "n".repeat(100_000);
    let text = format!("{name},b\n{}", "1,\n".repeat(10_000));
    let dialect = dialect_of(text.as_bytes(), b',', &[usize::MAX]).unwrap();
    let raw = io::Cursor::new(text.into_bytes());
    let mut converter = Converter::over(Box::new(raw), 0, CsvRows::new(&dialect, &[], 1 << 20), 0);
    let (mut buffer, mut total) = (vec![0; 1 << 20], 0u64);
    loop {
        let length = converter.read(&mut buffer).unwrap();
        total += length as u64;
        assert!(converter.out.text.capacity() < 1 << 20);
        if length == 0 {
            break;
        }
    }
    assert!(total > 1_000_000_000);
}

fn csv() -> impl Strategy<Value = Vec<u8>> {
    let cell = prop_oneof![
        4 => "[0-9]{0,2}",
        2 => prop::sample::select(vec!["true", "False", "-1.5e3", " 7", "", " ", "01"]).prop_map(str::to_owned),
        3 => "[a,;\" é]{0,4}",
        3 => "\"([a1,\n\r é]|\"\"){0,5}\"",
    ];
    let row = prop::collection::vec(cell, 3).prop_map(|cells| cells.join(","));
    let end = prop::sample::select(vec!["\n", "\r\n", "\n\n", "\r"]);
    (prop::collection::vec((row, end), 0..8), any::<bool>()).prop_map(|(rows, mark)| {
        let mut text = if mark { "\u{FEFF}" } else { "" }.to_owned();
        text.push_str("id,text,c\n");
        for (row, end) in rows {
            text.push_str(&row);
            text.push_str(end);
        }
        text.into_bytes()
    })
}

#[track_caller]
fn check_like_plain(bytes: &[u8], sizes: &[usize]) {
    let mut rows = plain_rows(bytes, b',');
    let dialect = match dialect_of(bytes, b',', sizes) {
        Ok(dialect) => dialect,
        Err(_) => {
            let header = &rows[0];
            assert!(header.is_open || std::str::from_utf8(&header.bytes).is_err());
            return;
        }
    };
    let made = convert(bytes, &dialect, u64::MAX, sizes);
    let ends_open = rows.len() > 1 && rows[rows.len() - 1].is_open;
    assert_eq!(made.error.is_some(), ends_open, "{:?}", made.error);
    if rows.is_empty() {
        assert_eq!(made.text, b"");
        return;
    }
    rows.remove(0);
    let names: Vec<String> = dialect
        .columns
        .iter()
        .map(|column| column.name.clone())
        .collect();
    let starts: Vec<usize> = rows.iter().map(|row| row.start).collect();
    let mut expected = Vec::new();
    for line in plain_lines(&rows, &names) {
        expected.extend_from_slice(&line);
        expected.push(b'\n');
    }
    assert_eq!(
        String::from_utf8_lossy(&made.text),
        String::from_utf8_lossy(&expected)
    );
    let places: Vec<usize> = made
        .seeks
        .iter()
        .map(|(_, place)| *place as usize)
        .collect();
    assert_eq!(places, starts);
    for line in made.text.split(|byte| *byte == b'\n') {
        assert!(line.first() != Some(&b'{') || serde_json::from_slice::<Value>(line).is_ok());
    }
}

proptest! {
    #[test]
    fn rows_are_those_of_a_plain_parser(bytes in csv(), sizes in sizes()) {
        check_like_plain(&bytes, &sizes);
    }

    #[test]
    fn hostile_rows_are_those_of_a_plain_parser(bytes in csv().prop_flat_map(mutated), sizes in sizes()) {
        check_like_plain(&bytes, &sizes);
    }

    #[test]
    fn long_rows_are_told_the_same_in_all_pieces(bytes in csv().prop_flat_map(mutated), sizes in sizes(), limit in 0u64..30) {
        if let Ok(dialect) = dialect_of(&bytes, b',', &[usize::MAX]) {
            prop_assert_eq!(
                convert(&bytes, &dialect, limit, &sizes),
                convert(&bytes, &dialect, limit, &[usize::MAX])
            );
        }
    }

    #[test]
    fn names_are_unique(header in prop::collection::vec("(a|b|a_2|column_1|column_3|)", 1..8)) {
        let dialect = dialect_of(header.join(",").as_bytes(), b',', &[7]).unwrap();
        let mut names: Vec<&str> = dialect.columns.iter().map(|column| column.name.as_str()).collect();
        let first_of_each: Vec<&String> = header.iter().enumerate()
            .filter(|(at, name)| !name.is_empty() && !header[..*at].contains(name))
            .map(|(_, name)| name)
            .collect();
        for name in first_of_each {
            prop_assert!(names.contains(&name.as_str()));
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        prop_assert_eq!((names.len(), names.contains(&"")), (count, false));
    }
}

#[test]
fn kinds_join() {
    use CsvKind::{Bool, Number, Text};
    for (one, other, both) in [
        (None, None, None),
        (Some(Number), None, Some(Number)),
        (None, Some(Bool), Some(Bool)),
        (Some(Number), Some(Number), Some(Number)),
        (Some(Number), Some(Bool), Some(Text)),
        (Some(Text), Some(Bool), Some(Text)),
    ] {
        assert_eq!(CsvKind::join(one, other), both);
    }
    // The escapes of the writer are those that the plain parser is given.
    let mut escaped = Vec::new();
    escape_into("\"\\\n\u{1}é", &mut escaped);
    assert_eq!(escaped, serde_json::to_vec("\"\\\n\u{1}é").unwrap());
}
