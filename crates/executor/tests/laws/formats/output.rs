//! Exports of every form: asking for them, reading them back, and what they must be.

use std::fs;
use std::path::{Path, PathBuf};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::ipc::reader::FileReader;
use coldpress_dataset::{FileCompression, decode_rows};
use coldpress_table::Renderer;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

use super::expected::{Expected, fields};
use crate::bench::files_in;

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Output {
    pub(crate) form: Form,
    pub(crate) packing: FileCompression,
    /// Bytes of a shard; none = one file.
    pub(crate) shard_bytes: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Jsonl,
    Json,
    Csv,
    Tsv,
    Parquet,
    Arrow,
}

/// What was exported.
pub(crate) struct Exported {
    /// The bytes of the file, or of each shard; unpacked.
    pub(crate) parts: Vec<Vec<u8>>,
    /// Of a table: its rows.
    pub(crate) table: Option<Vec<RecordBatch>>,
    pub(crate) schema: Option<SchemaRef>,
}

impl Output {
    pub(crate) const fn file(form: Form) -> Self {
        Self {
            form,
            packing: FileCompression::None,
            shard_bytes: None,
        }
    }

    pub(crate) fn is_table(self) -> bool {
        matches!(self.form, Form::Parquet | Form::Arrow)
    }

    fn kind(self) -> String {
        let form = match self.form {
            Form::Jsonl => "jsonl",
            Form::Json => "json",
            Form::Csv => "csv",
            Form::Tsv => "tsv",
            Form::Parquet => "parquet",
            Form::Arrow => "arrow",
        };
        let packing = match self.packing {
            FileCompression::Gzip => ".gz",
            FileCompression::Zstd => ".zst",
            _ => "",
        };
        format!("{form}{packing}")
    }

    /// The last part of the export's path.
    pub(crate) fn name(self) -> String {
        match self.shard_bytes {
            Some(_) => format!("shards-{}/", self.kind()),
            None => format!("out.{}", self.kind()),
        }
    }

    /// The settings that ask for it in `folder`.
    pub(crate) fn settings(self, folder: &Path) -> Vec<(&'static str, coldpress_config::Node)> {
        let path = format!("{}/{}", folder.display(), self.name());
        let mut settings = vec![("export_path", path.into())];
        if let Some(bytes) = self.shard_bytes {
            settings.push(("export_type", self.kind().into()));
            settings.push(("export_shard_size", bytes.into()));
        }
        settings
    }

    /// The file of the statistics beside it.
    pub(crate) fn stats_file(self, folder: &Path) -> PathBuf {
        folder.join(match self.shard_bytes {
            Some(_) => format!("shards-{}_stats.jsonl", self.kind()),
            None => "out_stats.jsonl".to_owned(),
        })
    }

    /// Reads the export back.
    pub(crate) fn read(self, folder: &Path) -> Exported {
        let path = folder.join(self.name());
        let files = match self.shard_bytes {
            Some(_) => files_in(&path),
            None => vec![path],
        };
        let mut exported = Exported {
            parts: Vec::new(),
            table: None,
            schema: None,
        };
        for file in &files {
            let mut bytes = Vec::new();
            let raw = fs::File::open(file).unwrap();
            decode_rows(raw, self.packing)
                .unwrap()
                .read_to_end(&mut bytes)
                .unwrap();
            exported.parts.push(bytes);
            if let Some((schema, batches)) = self.read_table(file) {
                assert_eq!(
                    exported.schema.get_or_insert(schema.clone()),
                    &schema,
                    "shards differ"
                );
                exported.table.get_or_insert_default().extend(batches);
            }
        }
        exported
    }

    fn read_table(self, path: &Path) -> Option<(SchemaRef, Vec<RecordBatch>)> {
        let file = fs::File::open(path).unwrap();
        match self.form {
            Form::Parquet => {
                let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
                let schema = builder.schema().clone();
                Some((
                    schema,
                    builder.build().unwrap().map(Result::unwrap).collect(),
                ))
            }
            Form::Arrow => {
                let reader = FileReader::try_new(file, None).unwrap();
                let schema = reader.schema();
                Some((schema, reader.map(Result::unwrap).collect()))
            }
            _ => None,
        }
    }

    /// Checks that an export is what the reference says.
    #[track_caller]
    pub(crate) fn check(self, exported: &Exported, expected: &Expected) {
        let lines: Vec<&str> = expected
            .rows
            .iter()
            .map(|(_, line)| line.as_str())
            .collect();
        let texts: Vec<_> = exported
            .parts
            .iter()
            .map(|part| String::from_utf8_lossy(part))
            .collect();
        match self.form {
            Form::Jsonl => {
                let parts = self.shards(&lines).into_iter();
                let parts: Vec<String> = parts
                    .map(|lines| lines.iter().map(|line| format!("{line}\n")).collect())
                    .collect();
                assert_eq!(texts, parts);
            }
            Form::Json => {
                let parts: Vec<String> = self
                    .shards(&lines)
                    .iter()
                    .map(|lines| array(lines))
                    .collect();
                assert_eq!(texts, parts);
                let records = |text: &str| {
                    serde_json::from_str::<Vec<Box<RawValue>>>(text)
                        .unwrap()
                        .len()
                };
                assert_eq!(
                    texts.iter().map(|text| records(text)).sum::<usize>(),
                    lines.len()
                );
            }
            Form::Csv | Form::Tsv => self.check_cells(&texts, &lines, &expected.header),
            Form::Parquet | Form::Arrow => check_table(exported, &lines, &expected.header),
        }
    }

    /// The lines of each shard: one ends with the line that reaches the limit.
    fn shards<'a>(self, lines: &[&'a str]) -> Vec<Vec<&'a str>> {
        let (mut shards, mut bytes) = (vec![Vec::new()], 0);
        for line in lines {
            if self.shard_bytes.is_some_and(|limit| bytes >= limit) {
                shards.push(Vec::new());
                bytes = 0;
            }
            bytes += line.len() as u64 + 1;
            let last = shards.len() - 1;
            shards[last].push(*line);
        }
        shards
    }

    #[track_caller]
    fn check_cells(self, texts: &[impl AsRef<str>], lines: &[&str], header: &[String]) {
        let delimiter = if self.form == Form::Tsv { '\t' } else { ',' };
        let mut found: Vec<Vec<Option<String>>> = Vec::new();
        for text in texts {
            let mut rows = read_cells(text.as_ref(), delimiter).into_iter();
            let names: Vec<String> = rows
                .next()
                .into_iter()
                .flatten()
                .map(Option::unwrap)
                .collect();
            check_names(&names, header, lines);
            found.extend(rows);
        }
        let row = |line: &&str| {
            let fields = fields(line);
            let cell = |name: &String| {
                fields
                    .iter()
                    .rfind(|(key, _)| key == name)
                    .and_then(|(_, json)| cell_of(json))
            };
            header.iter().map(cell).collect::<Vec<_>>()
        };
        assert_eq!(found, lines.iter().map(row).collect::<Vec<_>>());
    }
}

/// The columns are those that are expected. Without a record they are those of the input, which is not always known here.
#[track_caller]
fn check_names(names: &[String], header: &[String], lines: &[&str]) {
    if !lines.is_empty() || !header.is_empty() {
        assert_eq!(names, header);
    }
}

#[track_caller]
fn check_table(exported: &Exported, lines: &[&str], header: &[String]) {
    let (schema, batches) = (
        exported.schema.as_ref().unwrap(),
        exported.table.as_ref().unwrap(),
    );
    let names: Vec<String> = schema
        .fields()
        .iter()
        .map(|field| field.name().clone())
        .collect();
    check_names(&names, header, lines);
    let renderer = Renderer::new(schema);
    let mut found = Vec::new();
    for batch in batches {
        for row in 0..batch.num_rows() {
            let mut json = Vec::new();
            renderer.write_row(batch, row, &[], &mut json);
            found.push(parsed(str::from_utf8(&json).unwrap()));
        }
    }
    let expected: Vec<Value> = lines.iter().map(|line| parsed(line)).collect();
    for (at, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert_eq!(found, expected, "row {at}, schema {schema:?}");
    }
    assert_eq!(found.len(), expected.len());
}

/// The value of a record for comparison; what Rust cannot hold is made something that it can: half of a surrogate
/// pair, a number that is too large.
fn parsed(record: &str) -> Value {
    let record = record
        .replace(r"\ud800", "half")
        .replace("\\ud83d\"", "half\"");
    let record = record.replace("1e400", "1e300");
    plain(serde_json::from_str(&record).unwrap())
}

/// The value without what a table cannot tell: null from missing, and how a number is spelled.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields = fields.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(fields.map(|(key, value)| (key, plain(value))).collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(plain).collect()),
        Value::Number(number) => match (number.as_i64(), number.as_f64()) {
            (None, Some(float)) if float.fract() == 0.0 && float.abs() < 9e15 => {
                Value::String(format!("number {float}"))
            }
            _ => Value::String(format!("number {number}")),
        },
        other => other,
    }
}

fn array(lines: &[&str]) -> String {
    match lines {
        [] => "[]\n".to_owned(),
        lines => format!("[\n{}\n]\n", lines.join(",\n")),
    }
}

/// What the cell of a value says; none for an empty one.
fn cell_of(json: &str) -> Option<String> {
    match serde_json::from_str::<Value>(json) {
        Ok(Value::Null) => None,
        Ok(Value::String(text)) => Some(text),
        // No text can hold a lone surrogate: it stays as it is spelled.
        _ => Some(json.to_owned()),
    }
}

/// Rows of cells (RFC 4180); an empty cell without quotes is none.
fn read_cells(text: &str, delimiter: char) -> Vec<Vec<Option<String>>> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), None::<String>);
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if cell.is_none() => {
                let content = cell.get_or_insert_default();
                while let Some(character) = characters.next() {
                    match character {
                        '"' if characters.peek() == Some(&'"') => {
                            content.push(characters.next().unwrap())
                        }
                        '"' => break,
                        other => content.push(other),
                    }
                }
            }
            '\n' => {
                row.push(cell.take());
                rows.push(std::mem::take(&mut row));
            }
            other if other == delimiter => row.push(cell.take()),
            other => cell.get_or_insert_default().push(other),
        }
    }
    assert!(row.is_empty() && cell.is_none(), "the last row has no end");
    rows
}

pub(crate) fn any_output() -> impl Strategy<Value = Output> {
    use Form::{Arrow, Csv, Json, Jsonl, Parquet, Tsv};
    let form = prop::sample::select(vec![Jsonl, Json, Csv, Csv, Tsv, Parquet, Parquet, Arrow]);
    let packing = prop_oneof![3 => Just(FileCompression::None), 1 => Just(FileCompression::Gzip), 1 => Just(FileCompression::Zstd)];
    let shard_bytes = prop::option::weighted(0.3, prop_oneof![1u64..300, 300u64..20_000]);
    (form, packing, shard_bytes).prop_map(|(form, packing, shard_bytes)| {
        let output = Output {
            form,
            packing,
            shard_bytes,
        };
        match output.is_table() {
            true => Output {
                packing: FileCompression::None,
                ..output
            },
            false => output,
        }
    })
}

/// A form of table.
pub(crate) fn any_table_output() -> impl Strategy<Value = Output> {
    (any::<bool>(), prop::option::weighted(0.2, 300u64..20_000)).prop_map(
        |(parquet, shard_bytes)| {
            let form = if parquet { Form::Parquet } else { Form::Arrow };
            Output {
                shard_bytes,
                ..Output::file(form)
            }
        },
    )
}
