//! Containers as JSON lines: a group is a codec frame of one line per row.

use std::cell::RefCell;
use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, AsArray, LargeStringArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use coldpress_storage::Digest;
use coldpress_table::{Decoder, Renderer};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::codec::Codec;
use super::out::{EncodeError, Out, arrow_error};
use super::source::{corrupt, guarded, read, read_group};
use super::{ContainerGroup, nan, record_line};
use crate::Result;
use coldpress_storage::StoreReader;

/// Writes frames of lines.
pub(super) struct JsonlSink {
    out: Out,
    codec: Codec,
    text: Vec<u8>,
}

impl JsonlSink {
    pub(super) fn new(out: Out, codec: Codec) -> Self {
        Self {
            out,
            codec,
            text: Vec::new(),
        }
    }

    pub(super) fn out(&mut self) -> &mut Out {
        &mut self.out
    }

    /// Writes the rows and returns the length of their lines.
    pub(super) fn put(&mut self, rows: &RecordBatch) -> Result<u64, EncodeError> {
        let rows = nan::with_bits(rows).map_err(arrow_error)?;
        self.text.clear();
        match records(&rows) {
            Some(records) => self.put_records(&rows, records)?,
            None => {
                let renderer = Renderer::new(&rows.schema());
                for row in 0..rows.num_rows() {
                    renderer.write_row(&rows, row, &[], &mut self.text);
                    self.text.push(b'\n');
                }
            }
        }
        if self.codec == Codec::Plain {
            self.out.write_all(&self.text)?;
        } else {
            self.out.write_all(&self.codec.pack(&self.text)?)?;
        }
        Ok(self.text.len() as u64)
    }

    /// Writes rows whose first column holds the records.
    fn put_records(
        &mut self,
        rows: &RecordBatch,
        records: &LargeStringArray,
    ) -> Result<(), EncodeError> {
        let columns: Vec<usize> = (1..rows.num_columns()).collect();
        let others = rows.project(&columns).map_err(arrow_error)?;
        let (renderer, whole) = (
            Renderer::new(&others.schema()),
            Renderer::new(&rows.schema()),
        );
        let mut object = Vec::new();
        for row in 0..rows.num_rows() {
            object.clear();
            renderer.write_row(&others, row, &[], &mut object);
            if !record_line::join(records.value(row), &object, &mut self.text) {
                whole.write_row(rows, row, &[], &mut self.text);
            }
            self.text.push(b'\n');
        }
        Ok(())
    }

    /// Writes the line with directory and manifest, and the line that gives its place.
    pub(super) fn close(mut self, directory: String, manifest: String) -> Result<Out, EncodeError> {
        if manifest.contains('\n') {
            return Err("its manifest is not on one line".into());
        }
        // Invalid JSON would make the file unreadable. This only validates, and copies nothing.
        serde_json::from_str::<IgnoredAny>(&manifest)?;
        let line = format!("{{\"{DIRECTORY}\":{directory},\"{MANIFEST}\":{manifest}}}\n");
        let frame = self.codec.pack(line.as_bytes())?;
        let trailer = Trailer {
            offset: self.out.position(),
            stored_bytes: frame.len() as u64,
            plain_bytes: line.len() as u64,
            digest: Digest::of(&frame),
        };
        self.out.write_all(&frame)?;
        self.out
            .write_all(&self.codec.verbatim(trailer.to_line().as_bytes()))?;
        Ok(self.out)
    }
}

/// The names in the line after the last group.
const DIRECTORY: &str = "coldpress.container";
const MANIFEST: &str = "coldpress.manifest";

/// The line after the last group.
#[derive(Deserialize)]
struct Last {
    #[serde(rename = "coldpress.container")]
    directory: Box<RawValue>,
    #[serde(rename = "coldpress.manifest")]
    manifest: Box<RawValue>,
}

/// The last line of the file, which gives the place of the one before it. Its length is always the same.
#[derive(Debug, PartialEq, Eq)]
struct Trailer {
    offset: u64,
    stored_bytes: u64,
    plain_bytes: u64,
    digest: Digest,
}

#[derive(Deserialize)]
struct TrailerLine {
    coldpress_trailer: TrailerFields,
}

/// Numbers as texts, because no number in JSON begins with zeros.
#[derive(Deserialize)]
struct TrailerFields {
    offset: String,
    stored_bytes: String,
    plain_bytes: String,
    digest: Digest,
}

impl Trailer {
    /// The length of the line. It is fixed, so that the line can be found from the end of the file.
    const LINE_BYTES: usize = 183;

    fn to_line(&self) -> String {
        let Self {
            offset,
            stored_bytes,
            plain_bytes,
            digest,
        } = self;
        format!(
            "{{\"coldpress_trailer\": {{\"offset\": \"{offset:020}\", \"stored_bytes\": \"{stored_bytes:020}\", \
             \"plain_bytes\": \"{plain_bytes:020}\", \"digest\": \"{digest}\"}}}}\n"
        )
    }

    fn from_line(line: &[u8]) -> Option<Self> {
        let fields = serde_json::from_slice::<TrailerLine>(line)
            .ok()?
            .coldpress_trailer;
        let trailer = Self {
            offset: fields.offset.parse().ok()?,
            stored_bytes: fields.stored_bytes.parse().ok()?,
            plain_bytes: fields.plain_bytes.parse().ok()?,
            digest: fields.digest,
        };
        (trailer.to_line().as_bytes() == line).then_some(trailer)
    }
}

/// The content after the groups of a file of JSON lines.
pub(super) struct JsonlBody {
    codec: Codec,
    pub(super) directory: String,
    pub(super) manifest: String,
}

impl JsonlBody {
    /// Reads the last two lines; `None` if the last one isn't that of JSON lines in any codec.
    pub(super) fn open(reader: &dyn StoreReader) -> Result<Option<Self>> {
        for codec in Codec::ALL {
            if let Some(trailer) = read_trailer(reader, codec)? {
                return Self::behind(reader, codec, &trailer).map(Some);
            }
        }
        Ok(None)
    }

    fn behind(reader: &dyn StoreReader, codec: Codec, trailer: &Trailer) -> Result<Self> {
        let last = ContainerGroup {
            rows: 1,
            offset: trailer.offset,
            stored_bytes: trailer.stored_bytes,
            plain_bytes: trailer.plain_bytes,
            digest: Some(trailer.digest),
        };
        let line = read_text(reader, codec, &last)?;
        let last: Last = guarded(reader, || serde_json::from_str(&line))?;
        Ok(Self {
            codec,
            directory: last.directory.get().to_owned(),
            manifest: last.manifest.get().to_owned(),
        })
    }

    pub(super) fn read_group(
        &self,
        reader: &dyn StoreReader,
        group: &ContainerGroup,
        schema: &SchemaRef,
        columns: Option<&[usize]>,
    ) -> Result<Vec<RecordBatch>> {
        let text = read_text(reader, self.codec, group)?;
        let rows = guarded(reader, || decode(&text, schema))?;
        if rows.num_rows() as u64 != group.rows {
            return Err(corrupt(reader, "a group has another number of lines"));
        }
        let rows = match columns {
            None => rows,
            Some(columns) => guarded(reader, || rows.project(columns))?,
        };
        Ok(vec![rows])
    }
}

fn read_trailer(reader: &dyn StoreReader, codec: Codec) -> Result<Option<Trailer>> {
    let length = (Trailer::LINE_BYTES + codec.verbatim_overhead()) as u64;
    let Some(start) = reader.len().checked_sub(length) else {
        return Ok(None);
    };
    let frame = read(reader, start, length)?;
    Ok(codec.of_verbatim(&frame).and_then(Trailer::from_line))
}

fn read_text(reader: &dyn StoreReader, codec: Codec, group: &ContainerGroup) -> Result<String> {
    let frame = read_group(reader, group)?;
    let text = usize::try_from(group.plain_bytes)
        .ok()
        .and_then(|length| codec.unpack(frame, length))
        .ok_or_else(|| corrupt(reader, "a frame does not hold what its directory says"))?;
    String::from_utf8(text).map_err(|_| corrupt(reader, "its lines are not UTF-8"))
}

/// Returns the column of records, if the rows have one.
fn records(rows: &RecordBatch) -> Option<&LargeStringArray> {
    if !has_records(&rows.schema()) {
        return None;
    }
    let records = rows.column(0).as_string_opt::<i64>()?;
    (records.null_count() == 0).then_some(records)
}

fn decode(text: &str, schema: &SchemaRef) -> Result<RecordBatch, EncodeError> {
    let mut decoder = Decoder::new(nan::schema_with_bits(schema))?;
    let has_records = has_records(schema);
    for line in text.split_terminator('\n') {
        match has_records.then(|| record_line::split(line)).flatten() {
            Some((record, others)) => decoder.push(&with_text(&record, others)?)?,
            None => decoder.push(line)?,
        }
    }
    Ok(nan::without_bits(&decoder.finish()?, schema)?)
}

/// Returns whether the first column of the rows holds records.
pub(super) fn has_records(schema: &Schema) -> bool {
    let first = schema.fields().first();
    first.is_some_and(|first| {
        first.name() == record_line::RECORD && *first.data_type() == DataType::LargeUtf8
    })
}

/// Returns the columns of a row as JSON, with the record as a string among them.
fn with_text(record: &str, others: &str) -> Result<String, EncodeError> {
    let (name, record) = (record_line::RECORD, serde_json::to_string(record)?);
    let others = others.trim_start().strip_prefix('{').unwrap_or_default();
    let comma = if others.trim_start() == "}" { "" } else { ", " };
    Ok(format!("{{\"{name}\": {record}{comma}{others}"))
}

thread_local! {
    static LAST_CHECKED: RefCell<Option<SchemaRef>> = const { RefCell::new(None) };
}

/// Checks that JSON lines can hold rows of this schema. If many files have the same schema, checking the first is enough.
pub(super) fn check(schema: &SchemaRef) -> Result<(), EncodeError> {
    LAST_CHECKED.with_borrow_mut(|last| {
        if !last.as_ref().is_some_and(|last| Arc::ptr_eq(last, schema)) {
            Decoder::new(nan::schema_with_bits(schema)).map(drop)?;
            *last = Some(Arc::clone(schema));
        }
        Ok(())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_always_has_the_same_length() {
        for number in [0, 1, u64::MAX] {
            let trailer = Trailer {
                offset: number,
                stored_bytes: number,
                plain_bytes: number,
                digest: Digest::of(&number.to_le_bytes()),
            };
            let line = trailer.to_line();
            assert_eq!(line.len(), Trailer::LINE_BYTES);
            assert_eq!(Trailer::from_line(line.as_bytes()), Some(trailer));
            assert_eq!(Trailer::from_line(line.trim_end().as_bytes()), None);
        }
    }
}
