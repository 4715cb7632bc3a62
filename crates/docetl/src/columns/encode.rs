//! Converts records to columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int64Builder, LargeStringBuilder, RecordBatch,
    UInt64Builder,
};
use arrow::error::ArrowError;

use super::kind::Kind;
use super::schema::Columns;
use super::shapes::Shapes;
use super::side::Side;
use crate::json::{Style, write_record, write_value};
use crate::{Record, Value};

/// The length of the longest text that a cell can have, because Parquet counts its bytes in 31 bits.
const MAX_TEXT_BYTES: usize = i32::MAX as usize - 64;

/// Records as columns.
pub(crate) struct Encoded {
    pub(crate) batch: RecordBatch,
    /// The bytes of the side; empty if the columns express everything.
    pub(crate) side: Vec<u8>,
}

/// The reason why records cannot be written as columns.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EncodeError {
    #[error("a value of `{0}` has more than 2 GB, which Parquet cannot hold; save it as JSON")]
    TooLong(String),
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// Makes columns of records. `Columns` must have seen their keys and values.
pub(crate) fn encode(
    records: &[Record],
    shapes: Shapes,
    columns: &Columns,
) -> Result<Encoded, EncodeError> {
    let mut builders: Vec<Builder> = columns
        .kinds()
        .map(|(_, kind)| Builder::new(kind, records.len()))
        .collect();
    let mut rest = columns
        .has_rest()
        .then(|| Builder::new(Kind::Json, records.len()));
    for (row, (record, shape)) in records.iter().zip(&shapes.of_rows).enumerate() {
        let places = &shapes.list[*shape as usize];
        let mut others: Vec<(&str, &Value)> = Vec::new();
        for (at, (place, value)) in places.iter().zip(record.values()).enumerate() {
            match builders.get_mut(*place as usize) {
                Some(builder) => builder.append(row, value),
                None => others.push((record.shared_keys().name(at).unwrap_or_default(), value)),
            }
        }
        if let (Some(rest), false) = (&mut rest, others.is_empty()) {
            let others: Record = others
                .into_iter()
                .map(|(key, value)| (key, value.clone()))
                .collect();
            rest.append_record(row, &others);
        }
    }
    let mut integers = HashMap::new();
    let mut arrays = Vec::new();
    let names = columns
        .kinds()
        .map(|(name, _)| name)
        .chain([super::REST_NAME]);
    for (at, (builder, name)) in builders.into_iter().chain(rest).zip(names).enumerate() {
        if builder.longest > MAX_TEXT_BYTES {
            return Err(EncodeError::TooLong(name.to_owned()));
        }
        let (array, bits) = builder.finish(records.len());
        arrays.push(array);
        if let Some(bits) = bits {
            integers.insert(at as u32, bits);
        }
    }
    if arrays.is_empty() {
        arrays.push(Builder::new(Kind::Bool, 0).finish(records.len()).0);
    }
    Ok(Encoded {
        batch: RecordBatch::try_new(columns.schema(), arrays)?,
        side: Side { shapes, integers }.to_bytes(columns.len())?,
    })
}

/// A column that is being made. Rows without a value are null.
struct Builder {
    rows: usize,
    cells: CellsBuilder,
    longest: usize,
    scratch: Vec<u8>,
}

enum CellsBuilder {
    Bool(BooleanBuilder),
    Int(Int64Builder),
    UInt(UInt64Builder),
    Number(Float64Builder, Integers),
    Text(LargeStringBuilder),
    Json(LargeStringBuilder),
}

/// A bit for each row of a column of numbers, set if the number is an integer.
#[derive(Default)]
struct Integers(Vec<u8>);

impl Integers {
    fn set(&mut self, row: usize) {
        if self.0.len() <= row / 8 {
            self.0.resize(row / 8 + 1, 0);
        }
        self.0[row / 8] |= 1 << (row % 8);
    }
}

impl Builder {
    fn new(kind: Kind, rows: usize) -> Self {
        let cells = match kind {
            Kind::Bool => CellsBuilder::Bool(BooleanBuilder::with_capacity(rows)),
            Kind::Int => CellsBuilder::Int(Int64Builder::with_capacity(rows)),
            Kind::UInt => CellsBuilder::UInt(UInt64Builder::with_capacity(rows)),
            Kind::Number => {
                CellsBuilder::Number(Float64Builder::with_capacity(rows), Integers::default())
            }
            Kind::Null | Kind::Text => CellsBuilder::Text(LargeStringBuilder::new()),
            Kind::Json => CellsBuilder::Json(LargeStringBuilder::new()),
        };
        Self {
            rows: 0,
            cells,
            longest: 0,
            scratch: Vec::new(),
        }
    }

    /// Makes the rows before this one null.
    fn skip_to(&mut self, row: usize) {
        let nulls = row - self.rows;
        if nulls == 0 {
            return;
        }
        match &mut self.cells {
            CellsBuilder::Bool(builder) => builder.append_nulls(nulls),
            CellsBuilder::Int(builder) => builder.append_nulls(nulls),
            CellsBuilder::UInt(builder) => builder.append_nulls(nulls),
            CellsBuilder::Number(builder, _) => builder.append_nulls(nulls),
            CellsBuilder::Text(builder) | CellsBuilder::Json(builder) => {
                (0..nulls).for_each(|_| builder.append_null());
            }
        }
        self.rows = row;
    }

    fn append(&mut self, row: usize, value: &Value) {
        if value.is_null() {
            return;
        }
        self.skip_to(row);
        self.rows += 1;
        match (&mut self.cells, value) {
            (CellsBuilder::Bool(builder), Value::Bool(value)) => builder.append_value(*value),
            (CellsBuilder::Int(builder), Value::Int(number)) => builder.append_value(*number),
            (CellsBuilder::UInt(builder), Value::Int(number)) => {
                builder.append_value(*number as u64)
            }
            (CellsBuilder::UInt(builder), Value::BigInt(digits)) => {
                builder.append_option(digits.parse().ok());
            }
            (CellsBuilder::Number(builder, _), Value::Float(number)) => {
                builder.append_value(*number)
            }
            (CellsBuilder::Number(builder, integers), Value::Int(number)) => {
                integers.set(row);
                builder.append_value(*number as f64);
            }
            (CellsBuilder::Text(builder), Value::Text(text)) => {
                self.longest = self.longest.max(text.len());
                builder.append_value(text);
            }
            (CellsBuilder::Json(builder), value) => {
                self.scratch.clear();
                write_value(value, Style::COMPACT, &mut self.scratch);
                self.longest = self.longest.max(self.scratch.len());
                builder.append_value(String::from_utf8_lossy(&self.scratch));
            }
            // The kind was found from the same values. A column that lacks a row is refused when the batch is made.
            _ => {}
        }
    }

    fn append_record(&mut self, row: usize, record: &Record) {
        self.skip_to(row);
        self.rows += 1;
        if let CellsBuilder::Json(builder) = &mut self.cells {
            self.scratch.clear();
            write_record(record, Style::COMPACT, &mut self.scratch);
            self.longest = self.longest.max(self.scratch.len());
            builder.append_value(String::from_utf8_lossy(&self.scratch));
        }
    }

    /// Returns the column with this number of rows, and the bits of its integers, if there are any.
    fn finish(mut self, rows: usize) -> (ArrayRef, Option<Vec<u8>>) {
        self.skip_to(rows);
        let array: ArrayRef = match self.cells {
            CellsBuilder::Bool(mut builder) => Arc::new(builder.finish()),
            CellsBuilder::Int(mut builder) => Arc::new(builder.finish()),
            CellsBuilder::UInt(mut builder) => Arc::new(builder.finish()),
            CellsBuilder::Text(mut builder) | CellsBuilder::Json(mut builder) => {
                Arc::new(builder.finish())
            }
            CellsBuilder::Number(mut builder, Integers(mut bits)) => {
                let array = Arc::new(builder.finish());
                bits.resize(if bits.is_empty() { 0 } else { rows.div_ceil(8) }, 0);
                return (array, Some(bits).filter(|bits| !bits.is_empty()));
            }
        };
        (array, None)
    }
}
