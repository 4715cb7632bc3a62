//! Random datasets in a mix of formats: the files, and the records that they must be read as.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::ipc::writer::{FileWriter, StreamWriter};
use coldpress_dataset::{FileCompression, RowsEncoder};
use parquet::arrow::ArrowWriter;
use parquet::basic::Compression as ParquetCompression;
use parquet::file::properties::WriterProperties;

use super::cells::{Cell, CellKind};
use super::columns::{Kind, Seed, is_missing, text};

/// The files of a dataset, in plan order.
#[derive(Clone, Debug)]
pub(crate) struct Files(pub(crate) Vec<DataFile>);

/// One file: its form, its columns and its rows. The first column is a number that no other row of the file has, the
/// second the text.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub(crate) shape: Shape,
    pub(crate) columns: Vec<(String, Kind)>,
    pub(crate) rows: Vec<Vec<Seed>>,
}

/// The form of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    Lines(FileCompression),
    /// A JSON array, each record on one line or over several.
    Array {
        pretty: bool,
        packing: FileCompression,
    },
    /// Objects over several lines, one after another.
    Values(FileCompression),
    Csv {
        tab: bool,
        crlf: bool,
        packing: FileCompression,
    },
    /// A directory of text files.
    Texts,
    Parquet {
        group_rows: usize,
        dictionary: bool,
    },
    ArrowFile {
        batch_rows: usize,
    },
    ArrowStream {
        batch_rows: usize,
    },
}

/// A record as it must be read.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) source: u32,
    pub(crate) position: u64,
    pub(crate) line: String,
}

impl Shape {
    pub(crate) fn is_table(self) -> bool {
        matches!(
            self,
            Self::Parquet { .. } | Self::ArrowFile { .. } | Self::ArrowStream { .. }
        )
    }

    fn is_flat(self) -> bool {
        matches!(self, Self::Csv { .. })
    }

    fn file_name(self, number: usize) -> String {
        let packed = |packing| match packing {
            FileCompression::Gzip => ".gz",
            FileCompression::Zstd => ".zst",
            _ => "",
        };
        let suffix = match self {
            Self::Lines(packing) => format!(".jsonl{}", packed(packing)),
            Self::Array { packing, .. } | Self::Values(packing) => {
                format!(".json{}", packed(packing))
            }
            Self::Csv {
                tab: true, packing, ..
            } => format!(".tsv{}", packed(packing)),
            Self::Csv { packing, .. } => format!(".csv{}", packed(packing)),
            Self::Texts => "-texts".to_owned(),
            Self::Parquet { .. } => ".parquet".to_owned(),
            Self::ArrowFile { .. } | Self::ArrowStream { .. } => ".arrow".to_owned(),
        };
        format!("data-{number}{suffix}")
    }
}

impl Files {
    /// Writes the files into `folder`; the paths are in plan order.
    pub(crate) fn write(&self, folder: &Path) -> Vec<PathBuf> {
        fs::create_dir_all(folder).unwrap();
        let write = |(number, file): (usize, &DataFile)| {
            let path = folder.join(file.shape.file_name(number));
            file.write(&path);
            path
        };
        self.0.iter().enumerate().map(write).collect()
    }

    /// The records in dataset order.
    pub(crate) fn inputs(&self) -> Vec<Input> {
        let kinds = self.csv_kinds();
        let mut inputs = Vec::new();
        for (source, file) in self.0.iter().enumerate() {
            let mut position = 0;
            for (row, line) in file.lines(&kinds).into_iter().enumerate() {
                let source = source as u32;
                let at = if file.shape.is_table() {
                    row as u64
                } else {
                    position
                };
                position += line.len() as u64 + 1;
                inputs.push(Input {
                    source,
                    position: at,
                    line,
                });
            }
        }
        inputs
    }

    /// What the columns of all delimited files hold together: their names with `true` for text.
    fn csv_kinds(&self) -> BTreeMap<String, CellKind> {
        let mut kinds: BTreeMap<String, CellKind> = BTreeMap::new();
        for file in self.0.iter().filter(|file| file.shape.is_flat()) {
            for (column, (name, _)) in file.columns.iter().enumerate() {
                for row in &file.rows {
                    let found = CellKind::of(&file.cell(column, row).content);
                    let Some(found) = found else { continue };
                    let kind = kinds.entry(name.clone()).or_insert(found);
                    if *kind != found {
                        *kind = CellKind::Text;
                    }
                }
            }
        }
        kinds.insert("text".to_owned(), CellKind::Text);
        kinds
    }

    pub(crate) fn all_tables(&self) -> bool {
        self.0.iter().all(|file| file.shape.is_table())
    }

    pub(crate) fn records(&self) -> u64 {
        self.0
            .iter()
            .map(|file| file.lines(&BTreeMap::new()).len() as u64)
            .sum()
    }
}

impl DataFile {
    /// The records of the file, a line each.
    fn lines(&self, kinds: &BTreeMap<String, CellKind>) -> Vec<String> {
        let line = |row: &Vec<Seed>| self.line(row, kinds);
        self.rows.iter().filter_map(line).collect()
    }

    fn line(&self, row: &[Seed], kinds: &BTreeMap<String, CellKind>) -> Option<String> {
        let object = |values: Vec<(&String, String)>| {
            let fields: Vec<String> = values
                .into_iter()
                .map(|(name, json)| format!("{}: {json}", serde_json::to_string(name).unwrap()))
                .collect();
            Some(format!("{{{}}}", fields.join(", ")))
        };
        let columns = self.columns.iter().zip(row).enumerate();
        match self.shape {
            Shape::Texts => {
                let text = text(row[1]).filter(|text| !text.is_empty())?;
                Some(format!(
                    "{{\"text\": {}}}",
                    serde_json::to_string(text).unwrap()
                ))
            }
            Shape::Csv { .. } => object(
                columns
                    .map(|(at, ((name, _), _))| {
                        let kind = kinds.get(name).copied().unwrap_or(CellKind::Text);
                        (name, self.cell(at, row).json(kind))
                    })
                    .collect(),
            ),
            Shape::Parquet { .. } | Shape::ArrowFile { .. } | Shape::ArrowStream { .. } => object(
                columns
                    .map(|(at, ((name, kind), seed))| {
                        (name, number_or(at, *seed, kind.json(*seed)))
                    })
                    .collect(),
            ),
            Shape::Lines(_) | Shape::Array { .. } | Shape::Values(_) => object(
                columns
                    .filter(|(at, (_, seed))| *at == 0 || !is_missing(**seed))
                    .map(|(at, ((name, kind), seed))| {
                        (name, number_or(at, *seed, kind.spelled(*seed)))
                    })
                    .collect(),
            ),
        }
    }

    fn cell(&self, column: usize, row: &[Seed]) -> Cell {
        let (seed, kind) = (row[column], self.columns[column].1.flat());
        let json = number_or(column, seed, kind.spelled(seed));
        let content = if column == 0 || !kind.is_text() {
            if json == "null" { String::new() } else { json }
        } else {
            text(seed).unwrap_or_default().to_owned()
        };
        let is_text = column > 0 && kind.is_text() && text(seed).is_some();
        let must =
            content.contains([',', '\t', '"', '\n', '\r', ';']) || is_text && content.is_empty();
        Cell {
            is_quoted: must || !content.is_empty() && seed.is_multiple_of(5),
            content,
        }
    }

    pub(crate) fn write(&self, path: &Path) {
        let lines = self.lines(&BTreeMap::new());
        let pack =
            |text: String, packing| fs::write(path, packed(text.as_bytes(), packing)).unwrap();
        let pretty = |line: &String| pretty(line);
        match self.shape {
            Shape::Lines(packing) => {
                pack(
                    lines.iter().map(|line| format!("{line}\n")).collect(),
                    packing,
                );
            }
            Shape::Array {
                pretty: true,
                packing,
            } => {
                let elements: Vec<String> = lines.iter().map(pretty).collect();
                pack(format!("[\n{}\n]\n", elements.join(",\r\n")), packing);
            }
            Shape::Array { packing, .. } => pack(format!("[{}]", lines.join(", ")), packing),
            Shape::Values(packing) => {
                pack(
                    lines.iter().map(|line| pretty(line) + "\n").collect(),
                    packing,
                );
            }
            Shape::Csv { tab, crlf, packing } => pack(self.delimited(tab, crlf), packing),
            Shape::Texts => {
                fs::create_dir_all(path).unwrap();
                for (number, row) in self.rows.iter().enumerate() {
                    let name = format!("{number:04}.txt");
                    fs::write(path.join(name), text(row[1]).unwrap_or_default()).unwrap();
                }
            }
            Shape::Parquet {
                group_rows,
                dictionary,
            } => self.write_parquet(path, group_rows, dictionary),
            Shape::ArrowFile { batch_rows } => {
                let schema = self.schema();
                let mut writer =
                    FileWriter::try_new(fs::File::create(path).unwrap(), &schema).unwrap();
                self.batches(batch_rows)
                    .iter()
                    .for_each(|batch| writer.write(batch).unwrap());
                writer.finish().unwrap();
            }
            Shape::ArrowStream { batch_rows } => {
                let schema = self.schema();
                let mut writer =
                    StreamWriter::try_new(fs::File::create(path).unwrap(), &schema).unwrap();
                self.batches(batch_rows)
                    .iter()
                    .for_each(|batch| writer.write(batch).unwrap());
                writer.finish().unwrap();
            }
        }
    }

    fn delimited(&self, tab: bool, crlf: bool) -> String {
        let (delimiter, end) = (
            if tab { '\t' } else { ',' },
            if crlf { "\r\n" } else { "\n" },
        );
        let mut text = String::new();
        for (at, (name, _)) in self.columns.iter().enumerate() {
            if at > 0 {
                text.push(delimiter);
            }
            text.push_str(name);
        }
        text.push_str(end);
        for row in &self.rows {
            for column in 0..self.columns.len() {
                if column > 0 {
                    text.push(delimiter);
                }
                self.cell(column, row).write(&mut text);
            }
            text.push_str(end);
        }
        text
    }

    fn write_parquet(&self, path: &Path, group_rows: usize, dictionary: bool) {
        let properties = WriterProperties::builder()
            .set_max_row_group_row_count(Some(group_rows))
            .set_dictionary_enabled(dictionary)
            .set_data_page_row_count_limit(5)
            .set_write_batch_size(3)
            .set_compression(if dictionary {
                ParquetCompression::SNAPPY
            } else {
                ParquetCompression::UNCOMPRESSED
            })
            .build();
        let file = fs::File::create(path).unwrap();
        let mut writer =
            ArrowWriter::try_new(file, Arc::new(self.schema()), Some(properties)).unwrap();
        writer.write(&self.table()).unwrap();
        writer.close().unwrap();
    }

    pub(crate) fn schema(&self) -> Schema {
        let columns = self.columns.iter().enumerate();
        let fields: Vec<_> = columns
            .map(|(at, (name, kind))| {
                if at == 0 {
                    Kind::Int.field(name)
                } else {
                    kind.field(name)
                }
            })
            .collect();
        Schema::new(fields)
    }

    /// All rows as Arrow has them.
    pub(crate) fn table(&self) -> RecordBatch {
        let column = |at: usize| -> Vec<Seed> { self.rows.iter().map(|row| row[at]).collect() };
        let array = |(at, (_, kind)): (usize, &(String, Kind))| match at {
            0 => Arc::new(
                column(0)
                    .into_iter()
                    .map(i64::from)
                    .collect::<arrow::array::Int64Array>(),
            ),
            _ => kind.array(&column(at)),
        };
        let columns = self.columns.iter().enumerate().map(array).collect();
        RecordBatch::try_new(Arc::new(self.schema()), columns).unwrap()
    }

    fn batches(&self, batch_rows: usize) -> Vec<RecordBatch> {
        let table = self.table();
        let starts = (0..table.num_rows()).step_by(batch_rows);
        starts
            .map(|at| table.slice(at, batch_rows.min(table.num_rows() - at)))
            .collect()
    }
}

/// The first column is the row's number itself.
fn number_or(column: usize, seed: Seed, json: String) -> String {
    if column == 0 { seed.to_string() } else { json }
}

fn packed(text: &[u8], packing: FileCompression) -> Vec<u8> {
    let mut encoder = RowsEncoder::new(Vec::new(), packing).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// A record that is written as `{"a": [1, 2]}`, over several lines.
fn pretty(line: &str) -> String {
    let (mut out, mut depth, mut in_string, mut escaped) = (String::new(), 0, false, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        if in_string {
            out.push(character);
            in_string = escaped || character != '"';
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        let indent = || format!("\n{}", "  ".repeat(depth));
        match character {
            '{' | '[' => out.extend([character.to_string(), indent()]),
            '}' | ']' => out.extend([indent(), character.to_string()]),
            ',' => {
                out.extend([",".to_owned(), indent()]);
                characters.next();
            }
            other => {
                in_string = other == '"';
                out.push(other);
            }
        }
    }
    out
}
