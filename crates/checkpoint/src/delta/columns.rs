//! The columns of a delta file.

use std::sync::Arc;

use arrow::array::{ArrayRef, LargeBinaryArray, RecordBatch, UInt32Array};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use coldpress_storage::Hasher;

pub(crate) fn schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::UInt32, false);
    Arc::new(Schema::new(vec![
        number("section"),
        number("part"),
        number("rows_before"),
        number("rows_after"),
        Field::new("bytes", DataType::LargeBinary, false),
    ]))
}

/// One part, as stored.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'p> {
    pub(super) section: u32,
    pub(super) number: u32,
    pub(super) rows_before: u32,
    pub(super) rows_after: u32,
    pub(super) bytes: &'p [u8],
}

impl Part<'_> {
    /// Adds the part to the digest of its section.
    pub(super) fn hash(&self, hasher: &mut Hasher) {
        let mut head = [0; 16];
        head[..4].copy_from_slice(&self.rows_before.to_le_bytes());
        head[4..8].copy_from_slice(&self.rows_after.to_le_bytes());
        head[8..].copy_from_slice(&(self.bytes.len() as u64).to_le_bytes());
        hasher.update(&head);
        hasher.update(self.bytes);
    }
}

/// Parts of one section that are collected before they are written.
#[derive(Debug)]
pub(super) struct Gathered {
    rows_before: Vec<u32>,
    rows_after: Vec<u32>,
    bytes: Vec<u8>,
    /// The places of the parts: the start of the first, and the end of each.
    ends: Vec<i64>,
}

impl Default for Gathered {
    fn default() -> Self {
        Self {
            rows_before: Vec::new(),
            rows_after: Vec::new(),
            bytes: Vec::new(),
            ends: vec![0],
        }
    }
}

impl Gathered {
    pub(super) fn push(&mut self, part: &Part<'_>) {
        self.rows_before.push(part.rows_before);
        self.rows_after.push(part.rows_after);
        self.bytes.extend_from_slice(part.bytes);
        self.ends.push(self.bytes.len() as i64);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows_before.is_empty()
    }

    /// Returns the parts as arrays. The first of them has this number in its section.
    pub(super) fn into_rows(self, section: u32, first: u32) -> Result<RecordBatch, ArrowError> {
        let count = self.rows_before.len();
        let bytes = LargeBinaryArray::try_new(
            OffsetBuffer::new(ScalarBuffer::from(self.ends)),
            Buffer::from_vec(self.bytes),
            None,
        )?;
        let numbers = (first..).take(count).collect::<Vec<u32>>();
        let columns: Vec<ArrayRef> = vec![
            Arc::new(UInt32Array::from(vec![section; count])),
            Arc::new(UInt32Array::from(numbers)),
            Arc::new(UInt32Array::from(self.rows_before)),
            Arc::new(UInt32Array::from(self.rows_after)),
            Arc::new(bytes),
        ];
        RecordBatch::try_new(schema(), columns)
    }
}

/// Parts that were read.
#[derive(Debug)]
pub(super) struct Decoded {
    numbers: [UInt32Array; 4],
    bytes: LargeBinaryArray,
}

impl Decoded {
    /// Decodes the columns; `None` if they have other types.
    pub(super) fn new(rows: &RecordBatch) -> Option<Self> {
        let [section, part, before, after, bytes] = rows.columns() else {
            return None;
        };
        let number = |array: &ArrayRef| array.as_any().downcast_ref::<UInt32Array>().cloned();
        Some(Self {
            numbers: [
                number(section)?,
                number(part)?,
                number(before)?,
                number(after)?,
            ],
            bytes: bytes.as_any().downcast_ref::<LargeBinaryArray>().cloned()?,
        })
    }

    pub(super) fn part(&self, row: usize) -> Option<Part<'_>> {
        use arrow::array::Array;
        if row >= self.bytes.len() {
            return None;
        }
        let [section, part, before, after] = &self.numbers;
        Some(Part {
            section: section.value(row),
            number: part.value(row),
            rows_before: before.value(row),
            rows_after: after.value(row),
            bytes: self.bytes.value(row),
        })
    }
}
