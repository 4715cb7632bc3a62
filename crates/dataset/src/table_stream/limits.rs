//! Limits on the memory that numbers in a file may claim, relative to the bytes that back them.

use arrow::datatypes::{DataType, Field};

use crate::table_stream::flaw::{Checked, Flaw, ensure};

/// The most bytes that a page or the arrays of a record batch may take, unless the caller sets a limit.
pub(super) const MAX_UNPACKED_BYTES: u64 = 1 << 30;
/// The longest footer, schema or head of a message. Decoded, they take several times as much.
pub(super) const MAX_METADATA_BYTES: u64 = 256 << 20;
/// The most rows of a row group or record batch.
pub(super) const MAX_GROUP_ROWS: u64 = 1 << 31;
/// The most values of one page of a nested column, which may all belong to one row.
pub(super) const MAX_NESTED_VALUES: u64 = 1 << 27;
/// The most bytes that the values of fixed length take in one row.
const MAX_FIXED_ROW_BYTES: u64 = 1 << 28;

/// Fails if something takes more memory than allowed.
pub(super) fn ensure_fits(bytes: u64, limit: u64, what: impl FnOnce() -> String) -> Checked<()> {
    if bytes <= limit {
        return Ok(());
    }
    let what = what();
    Err(Flaw::TooLarge(format!(
        "{what} takes {bytes} bytes, and a worker may take {limit} for it; raise `memory_limit_mb` or lower `np`"
    )))
}

/// The compression of bytes, which limits how much they can unpack to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    None,
    Snappy,
    Gzip,
    Lz4,
    Zstd,
    Brotli,
}

impl Packing {
    /// Returns the most bytes that `stored` bytes can unpack to.
    fn most_unpacked(self, stored: u64) -> u64 {
        let (ratio, slack) = match self {
            Self::None => return stored,
            // A copy of 64 bytes takes three.
            Self::Snappy => (22, 64),
            Self::Gzip => (1032, 64),
            Self::Lz4 => (255, 64),
            // A block of 128 KiB takes four bytes.
            Self::Zstd => (1 << 15, 1 << 18),
            // A copy of 16 MiB takes some bytes.
            Self::Brotli => (1 << 20, 1 << 24),
        };
        stored.saturating_mul(ratio).saturating_add(slack)
    }

    /// Fails if `stored` bytes cannot possibly unpack to `claimed`.
    pub(super) fn check(self, stored: u64, claimed: u64) -> Checked<()> {
        ensure(claimed <= self.most_unpacked(stored), || {
            format!("{stored} bytes claim to be {claimed} when unpacked")
        })
    }
}

/// Returns the bytes that every row takes in memory, even if its values are null.
pub(super) fn fixed_row_bytes<'a>(fields: impl IntoIterator<Item = &'a Field>) -> Checked<u64> {
    let total = fields
        .into_iter()
        .map(|field| fixed_bytes(field.data_type()))
        .fold(0_u64, u64::saturating_add);
    ensure(total <= MAX_FIXED_ROW_BYTES, || {
        format!("each row takes {total} bytes, the limit is {MAX_FIXED_ROW_BYTES}")
    })?;
    Ok(total)
}

fn fixed_bytes(data_type: &DataType) -> u64 {
    use DataType::{
        BinaryView, Boolean, Dictionary, FixedSizeBinary, FixedSizeList, LargeBinary, LargeList,
        LargeListView, LargeUtf8, List, ListView, Map, Null, RunEndEncoded, Struct, Union,
        Utf8View,
    };
    match data_type {
        Null | Boolean => 1,
        FixedSizeBinary(length) => u64::try_from(*length).unwrap_or(u64::MAX),
        FixedSizeList(child, length) => u64::try_from(*length)
            .unwrap_or(u64::MAX)
            .saturating_mul(fixed_bytes(child.data_type())),
        Struct(fields) => fields
            .iter()
            .map(|field| fixed_bytes(field.data_type()))
            .fold(0, u64::saturating_add),
        Union(fields, _) => fields
            .iter()
            .map(|(_, field)| fixed_bytes(field.data_type()))
            .fold(5, u64::saturating_add),
        Dictionary(key, _) => fixed_bytes(key),
        RunEndEncoded(..) => 1,
        Utf8View | BinaryView => 16,
        LargeUtf8 | LargeBinary | LargeList(_) | ListView(_) => 8,
        LargeListView(_) => 16,
        List(_) | Map(..) => 4,
        other => other.primitive_width().unwrap_or(4) as u64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_beyond_what_a_codec_can_do_are_refused() {
        assert!(Packing::None.check(100, 101).is_err());
        assert!(Packing::Snappy.check(100, 2200).is_ok());
        assert!(Packing::Snappy.check(100, 1 << 20).is_err());
        assert!(Packing::Zstd.check(10, 1 << 18).is_ok());
        assert!(Packing::Zstd.check(10, 1 << 30).is_err());
    }

    #[test]
    fn rows_of_absurd_width_are_refused() {
        let list = |length| {
            let child = Field::new("element", DataType::FixedSizeBinary(1024), true);
            Field::new("x", DataType::FixedSizeList(child.into(), length), true)
        };
        assert_eq!(fixed_row_bytes([&list(16)]).ok(), Some(16 * 1024));
        assert!(fixed_row_bytes([&list(i32::MAX)]).is_err());
        assert!(fixed_row_bytes([&list(-1)]).is_err());
    }
}
