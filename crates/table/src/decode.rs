//! Decoding JSON objects to record batches of a known schema.

mod build;
mod child;
mod encoded;
mod entries;
mod fault;
mod list;
mod map;
mod number;
mod object;
mod scalar;
mod text;
mod time;
mod union;

use std::fmt;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use coldpress_record::JsonKind;
use serde::de::{Deserializer as _, IgnoredAny, MapAccess, Visitor};

use crate::{Error, Result};
use child::Storage;
use fault::{Fault, Trouble};
use object::Object;

/// Builds record batches of a known schema from JSON objects, one object for each row.
///
/// It reads the output of [`Renderer`](crate::Renderer) back to the same values. A missing key is a null, and the last value of a
/// repeated key counts. Nothing is left out or rounded to make it fit: a key that the schema does not have, or a value that its
/// type cannot hold, is an error. Only a decimal fraction becomes the nearest float of its column's width.
pub struct Decoder {
    schema: SchemaRef,
    rows: Object,
}

impl Decoder {
    /// Creates a decoder to batches of this schema.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a type that cannot be read from JSON, for instance a union of members with equal names, and
    /// [`Error::RepeatedField`] when a record or struct has two fields of one name.
    pub fn new(schema: SchemaRef) -> Result<Self> {
        let rows = build::record(schema.fields())?;
        Ok(Self { schema, rows })
    }

    /// Like [`new`](Self::new), but the last field of the schema, which must be JSON text, takes the members of records that have
    /// no field in the schema, as one object.
    ///
    /// # Errors
    /// Those of [`new`](Self::new).
    pub fn with_rest(schema: SchemaRef) -> Result<Self> {
        let rows = build::record(schema.fields())?.with_rest();
        Ok(Self { schema, rows })
    }

    /// Adds a row: a JSON object.
    ///
    /// # Errors
    /// [`Error::NotAnObject`], [`Error::UnknownField`] and [`Error::Value`] say what is wrong with the record. [`Error::Full`]
    /// means that a column has no room for the row; if there are rows, [`finish`](Self::finish) the batch and push the record
    /// again. After an error the decoder is in its previous state.
    pub fn push(&mut self, record: &str) -> Result<()> {
        let rows = self.rows.len();
        let mut fault = None;
        let mut json = serde_json::Deserializer::from_str(record);
        let visitor = Row {
            object: &mut self.rows,
            fault: &mut fault,
        };
        let taken = json.deserialize_map(visitor).and_then(|()| json.end());
        if taken.is_ok() {
            return Ok(());
        }
        self.rows.truncate(rows);
        match fault {
            Some(fault) if fault.is_full() => Err(Error::from(*fault)),
            _ => self.push_apart(record),
        }
    }

    /// Adds a row that could not be read in one pass; see [`Object::push_apart`].
    fn push_apart(&mut self, record: &str) -> Result<()> {
        serde_json::from_str::<IgnoredAny>(record).map_err(|error| broken(&error))?;
        let rows = self.rows.len();
        self.rows.push_apart(record).map_err(|trouble| {
            self.rows.truncate(rows);
            match trouble {
                Trouble::Within(fault) => Error::from(*fault),
                _ => Error::NotAnObject {
                    message: format!("this is {}", kind_of(record.trim_start())),
                },
            }
        })
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.rows.len()
    }

    /// Returns about how many bytes the rows take in memory.
    pub fn bytes(&self) -> usize {
        self.rows.bytes()
    }

    /// Returns the rows so far as a batch. The decoder is then empty and can be filled again.
    ///
    /// # Errors
    /// [`Error::Arrow`] when Arrow rejects the columns. Their rows are then lost.
    pub fn finish(&mut self) -> Result<RecordBatch> {
        let options = RecordBatchOptions::new().with_row_count(Some(self.rows.len()));
        let columns = self.rows.finish_columns()?;
        let schema = SchemaRef::clone(&self.schema);
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Decoder")
            .field("schema", &self.schema)
            .field("rows", &self.rows.len())
            .finish_non_exhaustive()
    }
}

fn broken(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text
        .rsplit_once(" at line ")
        .map_or(text.as_str(), |(reason, _)| reason);
    Error::NotAnObject {
        message: format!("{reason} at column {}", error.column()),
    }
}

/// Returns the kind of this JSON value.
fn kind_of(json: &str) -> JsonKind {
    match json.as_bytes().first() {
        Some(b'"') => JsonKind::Text,
        Some(b'n') => JsonKind::Null,
        Some(b't' | b'f') => JsonKind::Bool,
        Some(b'[') => JsonKind::List,
        Some(b'{') => JsonKind::Object,
        Some(_) => JsonKind::Number,
        None => JsonKind::Absent,
    }
}

struct Row<'a> {
    object: &'a mut Object,
    fault: &'a mut Option<Box<Fault>>,
}

impl<'de> Visitor<'de> for Row<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.object.take(map, self.fault)
    }
}
