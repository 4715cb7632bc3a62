//! The sets of keys that records have, in their order.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::Columns;
use crate::Record;
use crate::keys::Keys;

/// Marks a key that has no column of its own.
pub(crate) const REST: u32 = u32::MAX;

/// The shapes of the records of a row group. A shape is the list of the columns of a record's keys, in their order.
#[derive(Debug, Default)]
pub(crate) struct Shapes {
    pub(crate) list: Vec<Arc<[u32]>>,
    /// The shape of each record.
    pub(crate) of_rows: Vec<u32>,
}

impl Shapes {
    /// Finds the shapes of records, and adds their keys and values to the columns.
    pub(crate) fn observe(records: &[Record], columns: &mut Columns) -> Self {
        let mut shapes = Self::default();
        let mut numbers: HashMap<Arc<[u32]>, u32> = HashMap::new();
        // Records of one file share their keys, so most of the time the same keys come again.
        let mut by_keys: HashMap<*const Keys, u32> = HashMap::new();
        let mut last: Option<(*const Keys, u32)> = None;
        for record in records {
            let keys = Arc::as_ptr(record.shared_keys());
            let number = match last {
                Some((known, number)) if known == keys => number,
                _ => *by_keys.entry(keys).or_insert_with(|| {
                    let places = record.keys().map(|key| columns.place(key).unwrap_or(REST));
                    let places: Arc<[u32]> = places.collect();
                    *numbers.entry(Arc::clone(&places)).or_insert_with(|| {
                        shapes.list.push(places);
                        shapes.list.len() as u32 - 1
                    })
                }),
            };
            last = Some((keys, number));
            shapes.of_rows.push(number);
            for (place, value) in shapes.list[number as usize].iter().zip(record.values()) {
                if *place != REST {
                    columns.seen(*place).add(value);
                }
            }
        }
        shapes
    }

    /// Returns whether each record has each column's key, in the order of the columns.
    pub(crate) fn are_plain(&self, columns: usize) -> bool {
        match &self.list[..] {
            [] => true,
            [only] => only.iter().copied().eq(0..columns as u32),
            _ => false,
        }
    }
}
