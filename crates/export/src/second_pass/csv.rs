//! CSV and TSV outputs: RFC 4180 with lines that end in LF.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::io::Write;

use coldpress_dataset::{FileCompression, RowsEncoder};
use coldpress_record::unescape_into;
use memchr::{memchr, memchr3};
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::unit::{Part, Unit, UnitLimits};
use super::unit_form::{UnitFile, UnitForm};
use crate::error::{Error, Result};
use crate::form::FileForm;
use crate::output_file::{FinishedFile, OutputFile};

/// Rows of cells below a header.
///
/// A missing value or null is an empty cell, and empty text is `""`. Other text is written as it is, and numbers, objects and lists
/// as the JSON spells them. A text that isn't valid Unicode is written as its JSON too.
pub(super) struct Csv {
    separator: u8,
    packing: FileCompression,
    header: Vec<u8>,
    /// The number of cells in a row.
    width: usize,
    columns: HashMap<String, usize>,
    /// True if the last cell takes, as JSON, the fields that have no column.
    has_rest: bool,
}

/// Encoded rows, and their length before compression.
pub(super) struct Block {
    bytes: Vec<u8>,
    plain_bytes: u64,
}

/// A file of blocks.
pub(super) struct CsvFile {
    out: OutputFile,
    plain_bytes: u64,
}

impl Csv {
    /// Creates an output with these columns.
    pub(super) fn new<'a>(
        form: FileForm,
        names: impl Iterator<Item = &'a str>,
        has_rest: bool,
    ) -> Self {
        let names: Vec<&str> = names.collect();
        let mut header = Vec::new();
        for (index, name) in names.iter().enumerate() {
            if index > 0 {
                header.push(form.separator());
            }
            write_text(name, form.separator(), &mut header);
        }
        if !names.is_empty() {
            header.push(b'\n');
        }
        let width = names.len();
        let columns = names
            .into_iter()
            .enumerate()
            .map(|(index, name)| (name.to_owned(), index))
            // A record may have a field with the name of the last column.
            .take(width - usize::from(has_rest));
        Self {
            separator: form.separator(),
            packing: form.packing,
            header,
            width,
            columns: columns.collect(),
            has_rest,
        }
    }

    fn pack(&self, plain: Vec<u8>) -> std::io::Result<Block> {
        let plain_bytes = plain.len() as u64;
        let bytes = match self.packing {
            FileCompression::None => plain,
            packing => {
                let mut encoder = RowsEncoder::new(Vec::new(), packing)?;
                encoder.write_all(&plain)?;
                encoder.finish()?
            }
        };
        Ok(Block { bytes, plain_bytes })
    }

    fn write_row(
        &self,
        (cells, rest): (&[Option<&RawValue>], &str),
        text: &mut String,
        out: &mut Vec<u8>,
    ) {
        let start = out.len();
        for (index, cell) in cells.iter().enumerate() {
            if index > 0 {
                out.push(self.separator);
            }
            if let Some(json) = cell {
                write_cell(json.get(), self.separator, text, out);
            }
        }
        if !rest.is_empty() {
            write_text(rest, self.separator, out);
        }
        // Most readers would not see an empty line as a row.
        if out.len() == start {
            out.extend_from_slice(b"\"\"");
        }
        out.push(b'\n');
    }
}

impl UnitForm for Csv {
    type Encoded = Block;
    type File = CsvFile;

    const HAS_COLUMNS: bool = false;

    fn limits(&self, file_bytes: u64) -> UnitLimits {
        UnitLimits {
            bytes: (file_bytes / 8).clamp(1 << 10, 4 << 20),
            rows: u64::MAX,
        }
    }

    fn encode(&self, unit: Unit<'_>) -> Result<Block> {
        if self.columns.is_empty() {
            return Err(Error::without_fields("CSV"));
        }
        let mut plain = Vec::new();
        let (mut text, mut rest) = (String::new(), String::new());
        for part in unit.parts {
            let (partition, lines) = match part {
                Part::Lines(partition, lines) => (partition, lines),
                Part::Table(partition, _) => {
                    return Err(partition.damaged("its rows are not lines"));
                }
            };
            let lines =
                str::from_utf8(&lines).map_err(|error| partition.damaged(error.to_string()))?;
            let mut cells = vec![None; self.width];
            plain.reserve(lines.len());
            for line in lines.lines() {
                cells.fill(None);
                rest.clear();
                let row = Row {
                    columns: &self.columns,
                    cells: &mut cells,
                    rest: self.has_rest.then_some(&mut rest),
                };
                let mut json = serde_json::Deserializer::from_str(line);
                json.deserialize_map(row).map_err(|error| {
                    partition.damaged(format!("a row is not as noted: {error}"))
                })?;
                if !rest.is_empty() {
                    rest.push('}');
                }
                self.write_row((&cells, &rest), &mut text, &mut plain);
            }
        }
        self.pack(plain)
            .map_err(|error| Error::encode(format!("cannot pack rows: {error}")))
    }

    fn create(&self, file: OutputFile) -> Result<CsvFile> {
        let header = self.pack(self.header.clone());
        let header = header.map_err(Error::io("write", file.shown()))?;
        let mut file = CsvFile {
            out: file,
            plain_bytes: 0,
        };
        file.write(header)?;
        Ok(file)
    }
}

impl UnitFile<Block> for CsvFile {
    fn write(&mut self, block: Block) -> Result<()> {
        self.plain_bytes += block.plain_bytes;
        self.out.put(&block.bytes)
    }

    fn size_bytes(&self) -> u64 {
        self.plain_bytes
    }

    fn finish(self) -> Result<FinishedFile> {
        self.out.end()
    }
}

/// Writes a JSON value. `text` is a buffer for a string without its escapes.
fn write_cell(json: &str, separator: u8, text: &mut String, out: &mut Vec<u8>) {
    let string = json
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    match string {
        None if json == "null" => {}
        None => write_text(json, separator, out),
        Some(inner) if memchr(b'\\', inner.as_bytes()).is_none() => {
            write_text(inner, separator, out);
        }
        Some(inner) => {
            text.clear();
            match unescape_into(inner, text) {
                Ok(()) => write_text(text, separator, out),
                Err(_) => write_text(json, separator, out),
            }
        }
    }
}

/// Returns the name that a JSON key represents. One that isn't valid Unicode stays as it is written, as everywhere.
fn name_of(quoted: &str) -> Cow<'_, str> {
    let inner = &quoted[1..quoted.len() - 1];
    if memchr(b'\\', inner.as_bytes()).is_none() {
        return inner.into();
    }
    let mut name = String::new();
    match unescape_into(inner, &mut name) {
        Ok(()) => name.into(),
        Err(_) => quoted.into(),
    }
}

/// Writes a text, in quotes if necessary.
fn write_text(text: &str, separator: u8, out: &mut Vec<u8>) {
    let bytes = text.as_bytes();
    let is_bare = !bytes.is_empty()
        && memchr3(separator, b'"', b'\n', bytes).is_none()
        && memchr(b'\r', bytes).is_none();
    if is_bare {
        out.extend_from_slice(bytes);
        return;
    }
    out.push(b'"');
    let mut rest = bytes;
    while let Some(quote) = memchr(b'"', rest) {
        out.extend_from_slice(&rest[..=quote]);
        out.push(b'"');
        rest = &rest[quote + 1..];
    }
    out.extend_from_slice(rest);
    out.push(b'"');
}

/// Puts the values of an object into the cells of their columns.
struct Row<'c, 'de> {
    columns: &'c HashMap<String, usize>,
    cells: &'c mut [Option<&'de RawValue>],
    /// The buffer for the members that have no column, as an object without its end.
    rest: Option<&'c mut String>,
}

impl<'de> Visitor<'de> for Row<'_, 'de> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
        while let Some(quoted) = map.next_key::<&RawValue>()? {
            let key = name_of(quoted.get());
            let Some(index) = self.columns.get(key.as_ref()) else {
                if let Some(rest) = &mut self.rest {
                    let value: &RawValue = map.next_value()?;
                    let begin = if rest.is_empty() { '{' } else { ',' };
                    rest.push(begin);
                    rest.extend([quoted.get(), ":", value.get()]);
                    continue;
                }
                let reason = format!("the key `{key}` is not in the header");
                return Err(serde::de::Error::custom(reason));
            };
            // The last value of a repeated key counts.
            self.cells[*index] = Some(map.next_value()?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: &str) {
        let form = FileForm::parse("csv").unwrap();
        let csv = Csv::new(form, ["a", "b"].into_iter(), false);
        let mut cells = vec![None; 2];
        let row = Row {
            columns: &csv.columns,
            cells: &mut cells,
            rest: None,
        };
        let mut json = serde_json::Deserializer::from_str(line);
        json.deserialize_map(row).unwrap();
        let mut out = Vec::new();
        csv.write_row((&cells, ""), &mut String::new(), &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn values_become_cells() {
        check(r#"{"a": "x", "b": "y z"}"#, "x,y z\n");
        check(r#"{"b": null}"#, ",\n");
        check(r#"{"a": "", "b": true}"#, "\"\",true\n");
        check(r#"{"b": 1.50, "a": -0E1}"#, "-0E1,1.50\n");
        check(r#"{"a": "1,2", "b": "a\tb"}"#, "\"1,2\",a\tb\n");
        check(
            r#"{"a": "say \"hi\"", "b": "a\nb"}"#,
            "\"say \"\"hi\"\"\",\"a\nb\"\n",
        );
        check(r#"{"a": "\r", "b": " "}"#, "\"\r\", \n");
        check(
            r#"{"a": [1, 2], "b": {"k": "v"}}"#,
            "\"[1, 2]\",\"{\"\"k\"\": \"\"v\"\"}\"\n",
        );
        check(r#"{"a": 1, "a": 2}"#, "2,\n");
        check(r#"{"\u0061": "\u00e9\ud83d\ude00"}"#, "é😀,\n");
        check(r#"{"a": "x\ud800"}"#, "\"\"\"x\\ud800\"\"\",\n");
    }

    #[test]
    fn a_row_of_one_null_is_not_blank() {
        let csv = Csv::new(FileForm::parse("csv").unwrap(), ["a,b"].into_iter(), false);
        assert_eq!(csv.header, b"\"a,b\"\n");
        let mut out = Vec::new();
        csv.write_row((&[None], ""), &mut String::new(), &mut out);
        assert_eq!(out, b"\"\"\n");
    }
}
