//! Decoded rows on their way into blocks.

use arrow::array::{
    Array, Float64Array, Int64Array, LargeStringArray, ListArray, RecordBatch, UInt32Array,
    UInt64Array,
};
use coldpress_record::{Origin, Piece, StatValue};

use super::RowBlock;
use super::columns::Columns;

/// Rows that are decoded and partly handed out.
pub(super) struct Decoded {
    records: Option<LargeStringArray>,
    sources: UInt32Array,
    positions: UInt64Array,
    pieces: ListArray,
    stats: Vec<(Int64Array, Float64Array)>,
    next: usize,
}

impl Decoded {
    /// `None` when the columns are not of the types that they have to be.
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
        let stat = |_: &String| Some((typed(next())?, typed(next())?));
        let stats = columns.stat_names.iter().map(stat).collect::<Option<_>>()?;
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

    pub(super) fn append_row(&mut self, number: u64, block: &mut RowBlock) {
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
        for ((_, values), (ints, floats)) in block.stats.iter_mut().zip(&self.stats) {
            let int = ints.is_valid(row).then(|| StatValue::Int(ints.value(row)));
            let float = || {
                floats
                    .is_valid(row)
                    .then(|| StatValue::Float(floats.value(row)))
            };
            values.push(int.or_else(float));
        }
    }

    fn piece(&self, row: usize) -> Piece {
        if self.pieces.is_null(row) {
            return Piece::default();
        }
        let indices = self.pieces.value(row);
        let indices = indices.as_any().downcast_ref::<UInt32Array>();
        indices.map_or_else(Piece::default, |indices| {
            Piece::from_indices(indices.values())
        })
    }
}

fn typed<A: Array + Clone + 'static>(array: Option<&arrow::array::ArrayRef>) -> Option<A> {
    array?.as_any().downcast_ref::<A>().cloned()
}
