//! Checks of texts in delta encodings, whose decoders allocate for the counts that the data claims.

use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::thrift::Thrift;
use crate::table_stream::flaw::{Checked, ensure};
use crate::table_stream::limits::MAX_UNPACKED_BYTES;

/// The levels of a column: how deep lists and nulls go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub(super) repetition: i16,
    pub(super) definition: i16,
}

/// Fails when the lengths of a page's texts are more than it has values, or add up to too much.
pub(super) fn check_delta(page: &Page, levels: Levels) -> Checked<()> {
    let encoding = page.encoding();
    if !matches!(
        encoding,
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
    ) || page.is_dictionary_page()
    {
        return Ok(());
    }
    let values = page.num_values() as u64;
    let data = values_of(page, levels).ok_or("its levels are longer than it is")?;
    let first = Lengths::read(data, values)?;
    if encoding == Encoding::DELTA_BYTE_ARRAY {
        let rest = data.get(first.bytes..).ok_or("its lengths are cut short")?;
        let second = Lengths::read(rest, values)?;
        let total = first.total.saturating_add(second.total);
        ensure(total <= MAX_UNPACKED_BYTES, || {
            format!("its texts are {total} bytes, the limit is {MAX_UNPACKED_BYTES}")
        })?;
    }
    Ok(())
}

/// The encoded values, which stand behind the levels.
fn values_of(page: &Page, levels: Levels) -> Option<&[u8]> {
    match page {
        Page::DataPageV2 {
            buf,
            def_levels_byte_len,
            rep_levels_byte_len,
            ..
        } => buf.get(def_levels_byte_len.checked_add(*rep_levels_byte_len)? as usize..),
        Page::DataPage {
            buf,
            num_values,
            def_level_encoding,
            rep_level_encoding,
            ..
        } => {
            let rest = skip_levels(buf, *rep_level_encoding, levels.repetition, *num_values)?;
            skip_levels(rest, *def_level_encoding, levels.definition, *num_values)
        }
        Page::DictionaryPage { buf, .. } => Some(buf),
    }
}

#[expect(deprecated, reason = "old files have levels that are packed so")]
fn skip_levels(bytes: &[u8], encoding: Encoding, most: i16, values: u32) -> Option<&[u8]> {
    if most == 0 {
        return Some(bytes);
    }
    if encoding == Encoding::BIT_PACKED {
        let bits = u64::from(16 - most.leading_zeros());
        return bytes.get((u64::from(values) * bits).div_ceil(8) as usize..);
    }
    let length = u32::from_le_bytes(bytes.get(..4)?.try_into().ok()?);
    bytes.get(4_usize.checked_add(length as usize)?..)
}

/// Delta-encoded lengths.
struct Lengths {
    /// How many bytes they are encoded in.
    bytes: usize,
    total: u64,
}

impl Lengths {
    fn read(data: &[u8], most_values: u64) -> Checked<Self> {
        let mut cursor = Thrift::new(data);
        let block_values = cursor.varint()?;
        let blocks = cursor.varint()?;
        let values = cursor.varint()?;
        ensure(values <= most_values, || {
            format!("it claims {values} lengths of {most_values} values")
        })?;
        let is_regular = (1..=1 << 20).contains(&block_values)
            && (1..=1 << 20).contains(&blocks)
            && block_values.is_multiple_of(blocks)
            && (block_values / blocks).is_multiple_of(8);
        ensure(is_regular, || {
            "its lengths are no delta encoding".to_owned()
        })?;
        let mut length = cursor.int()?;
        let mut lengths = Self { bytes: 0, total: 0 };
        let mut left = values;
        lengths.count(length, &mut left);
        while left > 0 {
            let least = cursor.int()?;
            let widths = cursor.take(blocks as usize)?;
            for width in widths {
                if left == 0 {
                    break;
                }
                let per_block = block_values / blocks;
                let packed = cursor.take(usize::from(*width) * (per_block / 8) as usize)?;
                ensure(*width <= 64, || {
                    "its lengths are no delta encoding".to_owned()
                })?;
                for at in 0..per_block.min(left) {
                    let delta = unpack(packed, at as usize, usize::from(*width));
                    // The decoder's lengths are 32 bits wide and wrap around.
                    length = i64::from((length.wrapping_add(least).wrapping_add(delta)) as i32);
                    lengths.count(length, &mut left);
                }
            }
        }
        lengths.bytes = cursor.position();
        Ok(lengths)
    }

    fn count(&mut self, length: i64, left: &mut u64) {
        if *left > 0 {
            *left -= 1;
            self.total = self
                .total
                .saturating_add(u64::try_from(length).unwrap_or(0));
        }
    }
}

/// The value at `index` of values that are `width` bits wide, least significant bits first.
fn unpack(packed: &[u8], index: usize, width: usize) -> i64 {
    let (first, shift) = (index * width / 8, index * width % 8);
    let bytes = &packed[first.min(packed.len())..];
    let mut wide = [0; 16];
    let length = bytes.len().min(wide.len());
    wide[..length].copy_from_slice(&bytes[..length]);
    let mask = if width == 64 {
        u64::MAX
    } else {
        (1 << width) - 1
    };
    ((u128::from_le_bytes(wide) >> shift) as u64 & mask) as i64
}
