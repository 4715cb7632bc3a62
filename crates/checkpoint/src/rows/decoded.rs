//! Decoded rows before they are put into blocks.

use arrow::array::{
    Array, Float64Array, Int64Array, LargeBinaryArray, LargeStringArray, ListArray, RecordBatch,
    UInt32Array, UInt64Array,
};
use coldpress_record::{ChildPath, Origin, StatValue};

use super::RowBlock;
use super::columns::{Columns, StatColumns};

/// Rows that are decoded and partly handed out.
pub(super) struct Decoded {
    records: Option<LargeStringArray>,
    sources: UInt32Array,
    positions: UInt64Array,
    pieces: ListArray,
    stats: Vec<StatArrays>,
    next: usize,
}

impl Decoded {
    /// Decodes the rows; `None` when the columns have other types than expected.
    pub(super) fn new(rows: &RecordBatch, columns: &Columns) -> Option<Self> {
        let mut arrays = rows.columns().iter();
        let mut next = || arrays.next();
        let records = match columns.with_records {
            true => Some(typed::<LargeStringArray>(next())?),
            false => None,
        };
        let sources = typed(next())?;
        let positions = typed(next())?;
        let pieces: ListArray = typed(next())?;
        pieces.values().as_any().downcast_ref::<UInt32Array>()?;
        let stat = |stat: &StatColumns| match stat.is_number {
            true => Some(StatArrays::Numbers(typed(next())?, typed(next())?)),
            false => Some(StatArrays::Encoded(typed(next())?)),
        };
        let stats = columns.stats.iter().map(stat).collect::<Option<_>>()?;
        Some(Self {
            records,
            sources,
            positions,
            pieces,
            stats,
            next: 0,
        })
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.next >= self.sources.len()
    }

    /// Appends the next row to the block; `None` when one of its statistics isn't a value.
    pub(super) fn append_row(&mut self, number: u64, block: &mut RowBlock) -> Option<()> {
        let row = self.next;
        self.next += 1;
        if let Some(records) = &self.records {
            block.lines.push(number, records.value(row).as_bytes());
        }
        block.origins.push(Origin {
            source: self.sources.value(row),
            position: self.positions.value(row),
            piece: self.piece(row),
        });
        for ((_, values), arrays) in block.stats.iter_mut().zip(&self.stats) {
            values.push(arrays.value(row)?);
        }
        Some(())
    }

    fn piece(&self, row: usize) -> ChildPath {
        if self.pieces.is_null(row) {
            return ChildPath::default();
        }
        let indices = self.pieces.value(row);
        let indices = indices.as_any().downcast_ref::<UInt32Array>();
        indices.map_or_else(ChildPath::default, |indices| {
            ChildPath::from_indices(indices.values())
        })
    }
}

/// The values of one statistic.
enum StatArrays {
    Numbers(Int64Array, Float64Array),
    Encoded(LargeBinaryArray),
}

impl StatArrays {
    /// Returns the value of a row, if it has one; `None` when its bytes aren't a value.
    fn value(&self, row: usize) -> Option<Option<StatValue>> {
        Some(match self {
            Self::Numbers(ints, _) if ints.is_valid(row) => Some(StatValue::Int(ints.value(row))),
            Self::Numbers(_, floats) if floats.is_valid(row) => {
                Some(StatValue::Float(floats.value(row)))
            }
            Self::Encoded(bytes) if bytes.is_valid(row) => {
                Some(StatValue::decode(bytes.value(row))?)
            }
            Self::Numbers(..) | Self::Encoded(_) => None,
        })
    }
}

fn typed<A: Array + Clone + 'static>(array: Option<&arrow::array::ArrayRef>) -> Option<A> {
    array?.as_any().downcast_ref::<A>().cloned()
}
