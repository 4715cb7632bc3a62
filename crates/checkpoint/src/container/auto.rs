//! Choosing the best compression by trying it on a sample.
//!
//! The rule depends only on bytes, so that equal rows give equal files: Zstandard if it saves more than 10 % over snappy, or else
//! snappy; nothing if the better of them saves less than 5 %. A dictionary is used if it saves 5 % more.

use arrow::array::RecordBatch;
use arrow::ipc::writer::StreamWriter;
use parquet::arrow::ArrowWriter;

use super::arrays;
use super::encoding::{Chosen, arrow_options, parquet_properties};
use super::out::{EncodeError, arrow_error, parquet_error};
use crate::Compression;

/// The size of the sample.
const SAMPLE_BYTES: u64 = 1 << 20;
/// The longest sample. If a single row is longer than this, six tries would take too long.
const MAX_SAMPLE_BYTES: u64 = 16 << 20;

/// Returns how each column of Parquet files with these first rows is written.
pub(super) fn parquet(first: &RecordBatch) -> Result<Vec<Chosen>, EncodeError> {
    let sample = arrays::head(first, SAMPLE_BYTES);
    let columns = 0..sample.num_columns();
    if sample.num_rows() == 0 || arrays::plain_bytes(&sample) > MAX_SAMPLE_BYTES {
        let zstd = Chosen {
            codec: Compression::Zstd,
            dictionary: false,
        };
        return Ok(vec![zstd; columns.len()]);
    }
    columns
        .map(|column| choose(&sample.project(&[column])?))
        .collect()
}

fn choose(column: &RecordBatch) -> Result<Chosen, EncodeError> {
    let size = |codec, dictionary| encoded_bytes(column, Chosen { codec, dictionary });
    let codec = cheapest(
        size(Compression::None, false)?,
        size(Compression::Snappy, false)?,
        size(Compression::Zstd, false)?,
    );
    // A dictionary of floats could confuse -0.0 with 0.0.
    let data_type = column.schema().field(0).data_type().clone();
    let dictionary = !data_type.is_floating() && saves(size(codec, true)?, size(codec, false)?);
    Ok(Chosen { codec, dictionary })
}

fn cheapest(none: u64, snappy: u64, zstd: u64) -> Compression {
    let (codec, bytes) = if zstd.saturating_mul(10) < snappy.saturating_mul(9) {
        (Compression::Zstd, zstd)
    } else {
        (Compression::Snappy, snappy)
    };
    if saves(bytes, none) {
        codec
    } else {
        Compression::None
    }
}

/// Returns whether `bytes` is less than `plain` by 5 % or more.
fn saves(bytes: u64, plain: u64) -> bool {
    bytes.saturating_mul(20) <= plain.saturating_mul(19)
}

fn encoded_bytes(column: &RecordBatch, chosen: Chosen) -> Result<u64, EncodeError> {
    let properties = parquet_properties(&column.schema(), &[chosen]);
    let writer = ArrowWriter::try_new(Vec::new(), column.schema(), Some(properties));
    let mut writer = writer.map_err(parquet_error)?;
    writer.write(column).map_err(parquet_error)?;
    let metadata = writer.close().map_err(parquet_error)?;
    let groups = metadata.row_groups().iter();
    let bytes = groups.map(|group| group.compressed_size()).sum::<i64>();
    Ok(u64::try_from(bytes).unwrap_or_default())
}

/// Returns how Arrow files with these first rows are written: with lz4 or uncompressed.
pub(super) fn arrow(first: &RecordBatch) -> Result<Compression, EncodeError> {
    let sample = arrays::head(first, SAMPLE_BYTES);
    let bytes = |codec| -> Result<u64, EncodeError> {
        let mut encoded = Vec::new();
        let options = arrow_options(codec)?;
        let writer = StreamWriter::try_new_with_options(&mut encoded, &sample.schema(), options);
        let mut writer = writer.map_err(arrow_error)?;
        writer.write(&sample).map_err(arrow_error)?;
        writer.finish().map_err(arrow_error)?;
        Ok(encoded.len() as u64)
    };
    let pays = saves(bytes(Compression::Lz4)?, bytes(Compression::None)?);
    Ok(if pays {
        Compression::Lz4
    } else {
        Compression::None
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, LargeBinaryArray, LargeStringArray};

    use super::*;

    #[test]
    fn the_rule_takes_what_pays() {
        let cases = [
            ((100, 100, 100), Compression::None),
            ((100, 96, 96), Compression::None),
            ((100, 95, 95), Compression::Snappy),
            ((100, 50, 45), Compression::Snappy),
            ((100, 50, 44), Compression::Zstd),
            ((100, 100, 80), Compression::Zstd),
            ((0, 0, 0), Compression::Snappy),
        ];
        for ((none, snappy, zstd), expected) in cases {
            assert_eq!(
                cheapest(none, snappy, zstd),
                expected,
                "{none} {snappy} {zstd}"
            );
        }
    }

    #[track_caller]
    fn check(values: ArrayRef, expected: Compression, dictionary: bool) {
        let rows = RecordBatch::try_from_iter([("a", values)]).unwrap();
        let codec = expected;
        assert_eq!(parquet(&rows).unwrap(), [Chosen { codec, dictionary }]);
    }

    #[test]
    fn each_column_gets_what_suits_it() {
        let digest = |at: u64| {
            coldpress_storage::Digest::of(&at.to_le_bytes())
                .0
                .to_le_bytes()
        };
        let noise: Vec<u8> = (0..5000).flat_map(digest).collect();
        let noise: LargeBinaryArray = noise.chunks(2000).map(Some).collect();
        check(Arc::new(noise.clone()), Compression::None, false);
        let text = (0..2000).map(|at| Some(format!("line {at} of a text like any other")));
        let text: LargeStringArray = text.collect();
        check(Arc::new(text), Compression::Zstd, false);
        let few = (0..2000).map(|at| format!("value {}", digest(at)[0] % 8).repeat(9));
        let few = LargeStringArray::from_iter_values(few);
        check(Arc::new(few), Compression::Zstd, true);
        let rows = RecordBatch::try_from_iter([("a", Arc::new(noise) as ArrayRef)]).unwrap();
        assert_eq!(arrow(&rows).unwrap(), Compression::None);
    }
}
