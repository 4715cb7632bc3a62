//! Chooses an encoding for each column from its first values.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float64Type, Int64Type, UInt64Type};
use parquet::basic::Encoding;
use xxhash_rust::xxh3::xxh3_64;

/// The number of values that are examined, taken from all over the batch.
const SAMPLE_VALUES: usize = 2_048;

/// Returns the encoding of a column whose values rarely repeat, so that a list of distinct values doesn't pay; `None` if such a
/// list is best. The first batch of its values decides.
///
/// A file depends only on its records. Nothing depends on how long anything takes.
pub(super) fn without_dictionary(array: &ArrayRef) -> Option<Encoding> {
    let step = (array.len() / SAMPLE_VALUES).max(1);
    let rows = (0..array.len())
        .step_by(step)
        .filter(|row| array.is_valid(*row));
    let mut sample = Sample::default();
    for row in rows {
        match array.data_type() {
            DataType::Int64 => {
                sample.add(&array.as_primitive::<Int64Type>().value(row).to_le_bytes())
            }
            DataType::UInt64 => {
                sample.add(&array.as_primitive::<UInt64Type>().value(row).to_le_bytes())
            }
            DataType::Float64 => {
                sample.add(&array.as_primitive::<Float64Type>().value(row).to_le_bytes())
            }
            DataType::LargeUtf8 => sample.add(array.as_string::<i64>().value(row).as_bytes()),
            _ => {}
        }
    }
    let plain = match array.data_type() {
        DataType::Int64 | DataType::UInt64 => Encoding::DELTA_BINARY_PACKED,
        DataType::Float64 => Encoding::BYTE_STREAM_SPLIT,
        _ => Encoding::PLAIN,
    };
    sample.is_mostly_unique().then_some(plain)
}

/// Some values of a column.
#[derive(Default)]
struct Sample {
    count: usize,
    different: HashSet<u64>,
}

impl Sample {
    fn add(&mut self, bytes: &[u8]) {
        self.count += 1;
        self.different.insert(xxh3_64(bytes));
    }

    /// Returns whether most values are distinct. A few values allow no conclusion, so then it is false.
    fn is_mostly_unique(&self) -> bool {
        self.count >= 64 && self.different.len() * 10 > self.count * 9
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, LargeStringArray};

    use super::*;

    #[track_caller]
    fn check(array: ArrayRef, expected: Option<Encoding>) {
        assert_eq!(without_dictionary(&array), expected);
    }

    #[test]
    fn columns_are_encoded_by_their_values() {
        let integers = |integer: fn(i64) -> i64| -> ArrayRef {
            Arc::new(Int64Array::from_iter_values((0..5_000).map(integer)))
        };
        let texts = |text: fn(u64) -> String| -> ArrayRef {
            Arc::new(LargeStringArray::from_iter_values((0..5_000).map(text)))
        };
        check(integers(|id| id), Some(Encoding::DELTA_BINARY_PACKED));
        check(integers(|id| id % 50), None);
        check(Arc::new(Int64Array::from(vec![None; 5_000])), None);
        check(Arc::new(Int64Array::from(vec![1, 2, 3])), None);
        check(texts(|id| format!("text {id}")), Some(Encoding::PLAIN));
        check(texts(|id| format!("text {}", id % 9)), None);
    }
}
