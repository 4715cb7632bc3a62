//! The inputs of the program: files of other programs, and some that are made here.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{read, write};
use crate::root;

/// Files of other programs, and their rows.
const TESTDATA: &str = "crates/dataset/testdata";

/// JSON lines whose fields distinguish the cases of the rules for types.
const LINES: &str = r#"{"id": 1, "text": "a \"quoted\" line\nand a second", "big": 18446744073709551615, "part": 1, "any": 1, "tags": [], "meta": {"a": 1}}
{"id": -9223372036854775808, "text": "", "big": 0, "part": 0.1, "any": "one", "tags": ["x", null], "meta": {"b": {"c": [1.5]}}, "late": true}
{"id": 3, "text": "日本語 \u00e9 \u0001", "part": -2.5e-3, "any": [1, {"k": 2.50}], "tags": null, "meta": null, "nothing": null}
{"text": "see https://example.org/page   now", "id": 9007199254740993, "any": null, "deep": [[{"a": []}], []], "wide": {"a": 1, "b": "x"}}
{"id": null, "text": "last", "empty": {}, "huge": 123456789012345678901234567890, "part": 9007199254740992, "wide": {"a": "text"}}
"#;

/// A CSV file, and its rows.
const TABLE: &str =
    "id,text,note\r\n1,\"a \"\"quoted\"\" cell\",x\r\n2,\"two\r\nlines\",\r\n3,plain,\"a,b\"\r\n";
const TABLE_ROWS: &str = r#"{"id": 1, "text": "a \"quoted\" cell", "note": "x"}
{"id": 2, "text": "two\r\nlines", "note": null}
{"id": 3, "text": "plain", "note": "a,b"}
"#;

/// A file to read, its rows, and whether it has the types of the columns.
pub(super) struct Input {
    pub(super) path: PathBuf,
    pub(super) rows: PathBuf,
    pub(super) is_typed: bool,
    pub(super) has_text: bool,
    pub(super) has_columns: bool,
}

impl Input {
    pub(super) fn name(&self) -> String {
        let name = self.path.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// Returns the part of the name before the first dot.
    pub(super) fn stem(&self) -> String {
        let name = self.name();
        name.split('.').next().unwrap_or_default().to_owned()
    }
}

/// Returns the files of other programs, and some that are made here.
pub(super) fn inputs(folder: &Path) -> Result<Vec<Input>> {
    let mut inputs = vec![
        made(folder, "lines.jsonl", LINES, LINES)?,
        made(folder, "array.json", &as_array(LINES), LINES)?,
        made(folder, "table.csv", TABLE, TABLE_ROWS)?,
        made(
            folder,
            "table.tsv",
            &TABLE.replace("a,b", "a;b").replace(',', "\t"),
            &TABLE_ROWS.replace("a,b", "a;b"),
        )?,
    ];
    let testdata = root().join(TESTDATA);
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(&testdata).with_context(|| format!("cannot read {TESTDATA}"))? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths {
        let suffix = path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if ["parquet", "arrow", "arrows", "feather"].contains(&suffix.as_str()) {
            let mut input = Input {
                path,
                rows: PathBuf::new(),
                is_typed: true,
                has_text: false,
                has_columns: true,
            };
            input.rows = testdata.join(format!("{}.expected.jsonl", input.stem()));
            let rows = read(&input.rows)?;
            input.has_text = has_text(&rows);
            input.has_columns = !rows.starts_with("{}");
            // A dataset without records is an error and has no export. Streams of the first versions are not Arrow.
            if !rows.is_empty() && !input.name().contains(".without_marker.") {
                inputs.push(input);
            }
        }
    }
    Ok(inputs)
}

fn made(folder: &Path, name: &str, content: &str, rows: &str) -> Result<Input> {
    let path = folder.join(name);
    write(&path, content)?;
    let expected = folder.join(format!("{name}.expected.jsonl"));
    write(&expected, rows)?;
    Ok(Input {
        path,
        rows: expected,
        is_typed: false,
        has_text: true,
        has_columns: true,
    })
}

fn as_array(lines: &str) -> String {
    let rows: Vec<&str> = lines.lines().collect();
    format!("[\n  {}\n]\n", rows.join(",\n  "))
}

fn has_text(rows: &str) -> bool {
    let first = rows
        .lines()
        .next()
        .and_then(|line| serde_json::from_str::<Value>(line).ok());
    first.is_some_and(|row| row.get("text").is_some())
}
