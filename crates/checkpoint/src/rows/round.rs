//! Collecting rows from batches into arrays.

use std::mem;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray, ListBuilder,
    RecordBatch, UInt32Array, UInt32Builder, UInt64Array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::error::ArrowError;
use coldpress_record::{Batch, DeclaredFields, StatValue};

use super::columns::{self, Columns};

/// Rows that are collected to be encoded together.
pub(super) struct Round {
    lines: Vec<u8>,
    /// The places of the lines: the start of the first, and the end of each.
    ends: Vec<i64>,
    sources: Vec<u32>,
    positions: Vec<u64>,
    pieces: ListBuilder<UInt32Builder>,
    stats: Vec<Vec<Option<StatValue>>>,
}

impl Round {
    pub(super) fn new(stats: usize) -> Self {
        Self {
            lines: Vec::new(),
            ends: vec![0],
            sources: Vec::new(),
            positions: Vec::new(),
            pieces: ListBuilder::new(UInt32Builder::new()).with_field(columns::piece_element()),
            stats: vec![Vec::new(); stats],
        }
    }

    pub(super) fn rows(&self) -> usize {
        self.sources.len()
    }

    /// Returns the bytes of the records.
    pub(super) fn line_bytes(&self) -> usize {
        self.lines.len()
    }

    /// Appends the record of a row without its line end. If it is longer than `limit`, appends nothing and returns its length in
    /// bytes.
    pub(super) fn push_record(
        &mut self,
        batch: &Batch,
        row: usize,
        fields: &DeclaredFields,
        limit: usize,
    ) -> Result<(), usize> {
        let start = self.lines.len();
        batch.write_record(row, fields, &mut self.lines);
        self.lines.pop();
        let length = self.lines.len() - start;
        if length > limit {
            self.lines.truncate(start);
            return Err(length);
        }
        self.ends.push(self.lines.len() as i64);
        Ok(())
    }

    /// Appends the origin of a row and its statistics, which are in these columns of the batch.
    pub(super) fn push_row(&mut self, batch: &Batch, row: usize, stat_columns: &[Option<usize>]) {
        let origin = batch.origin(row);
        self.sources.push(origin.source);
        self.positions.push(origin.position);
        let piece = origin.piece.indices();
        self.pieces.values().append_slice(piece);
        self.pieces.append(!piece.is_empty());
        for (values, column) in self.stats.iter_mut().zip(stat_columns) {
            values.push(column.and_then(|column| batch.stats().get(column, row).cloned()));
        }
    }

    /// Returns the rows as arrays and empties the round.
    pub(super) fn take(&mut self, columns: &Columns) -> Result<RecordBatch, ArrowError> {
        let mut arrays: Vec<ArrayRef> = Vec::new();
        if columns.with_records {
            arrays.push(Arc::new(self.take_records()?));
        }
        arrays.push(Arc::new(UInt32Array::from(mem::take(&mut self.sources))));
        arrays.push(Arc::new(UInt64Array::from(mem::take(&mut self.positions))));
        arrays.push(Arc::new(self.pieces.finish()));
        let stats = self.stats.iter_mut().map(mem::take);
        for (stat, values) in columns.stats.iter().zip(stats) {
            if stat.is_number {
                arrays.push(Arc::new(ints(&values)));
                arrays.push(Arc::new(floats(&values)));
            } else {
                arrays.push(Arc::new(encoded(&values)));
            }
        }
        RecordBatch::try_new(columns.schema(), arrays)
    }

    fn take_records(&mut self) -> Result<LargeStringArray, ArrowError> {
        let lines = Buffer::from_vec(mem::take(&mut self.lines));
        let ends = mem::replace(&mut self.ends, vec![0]);
        LargeStringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(ends)), lines, None)
    }
}

fn ints(values: &[Option<StatValue>]) -> Int64Array {
    let int = |value: &Option<StatValue>| match value {
        Some(StatValue::Int(int)) => Some(*int),
        _ => None,
    };
    values.iter().map(int).collect()
}

fn floats(values: &[Option<StatValue>]) -> Float64Array {
    let float = |value: &Option<StatValue>| match value {
        Some(StatValue::Float(float)) => Some(*float),
        _ => None,
    };
    values.iter().map(float).collect()
}

fn encoded(values: &[Option<StatValue>]) -> LargeBinaryArray {
    let bytes = |value: &StatValue| {
        let mut bytes = Vec::new();
        value.encode(&mut bytes);
        bytes
    };
    let values = values.iter().map(|value| value.as_ref().map(bytes));
    values.collect()
}
