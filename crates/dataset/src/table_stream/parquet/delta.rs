//! Checks of texts in delta encodings, whose decoders allocate for the counts that the data claims.

use parquet::basic::Encoding;
use parquet::column::page::Page;

use super::thrift::Thrift;
use crate::table_stream::flaw::{Checked, ensure};
use crate::table_stream::limits::MAX_UNPACKED_BYTES;

/// The most lengths in a block. Writers use 128 or somewhat more.
const MAX_BLOCK: u64 = 1 << 20;

/// The levels of a column: how deep lists and nulls go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Levels {
    pub(super) repetition: i16,
    pub(super) definition: i16,
}

/// The number of texts with shared prefixes that are decoded at once.
pub(super) const PREFIXED_ROWS: u64 = 256;

/// Fails if a page has more text lengths than values, or if [`PREFIXED_ROWS`] of its texts are too long.
pub(super) fn check_delta(page: &Page, levels: Levels) -> Checked<()> {
    let encoding = page.encoding();
    let has_lengths = matches!(
        encoding,
        Encoding::DELTA_LENGTH_BYTE_ARRAY | Encoding::DELTA_BYTE_ARRAY
    );
    if !has_lengths || page.is_dictionary_page() {
        return Ok(());
    }
    let values = u64::from(page.num_values());
    let data = values_of(page, levels).ok_or("its levels are longer than it is")?;
    let prefixes = Lengths::read(data, values)?;
    if encoding == Encoding::DELTA_BYTE_ARRAY {
        let rest = data.get(prefixes.bytes..);
        let suffixes = Lengths::read(rest.ok_or("its lengths are cut short")?, values)?;
        let most = prefixes.most.saturating_add(suffixes.most);
        ensure(most <= MAX_UNPACKED_BYTES / 2, || {
            format!("{PREFIXED_ROWS} of its texts are {most} bytes long")
        })?;
    }
    Ok(())
}

/// Returns the encoded values, which come after the levels.
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
    /// The number of bytes that encode them.
    bytes: usize,
    /// The largest sum of [`PREFIXED_ROWS`] consecutive lengths.
    most: u64,
    /// The sum of the most recent lengths, and how many there are.
    recent: (u64, u64),
}

impl Lengths {
    fn read(data: &[u8], most_values: u64) -> Checked<Self> {
        let mut cursor = Thrift::new(data);
        let [block_values, blocks, values] = [cursor.varint()?, cursor.varint()?, cursor.varint()?];
        ensure(values <= most_values, || {
            format!("it claims {values} lengths for {most_values} values")
        })?;
        let irregular = || "its lengths are not delta-encoded".to_owned();
        let is_regular = (1..=MAX_BLOCK).contains(&block_values)
            && (1..=MAX_BLOCK).contains(&blocks)
            && block_values.is_multiple_of(blocks)
            && (block_values / blocks).is_multiple_of(8);
        ensure(is_regular, irregular)?;
        let mut lengths = Self {
            bytes: 0,
            most: 0,
            recent: (0, 0),
        };
        let (mut length, per_block) = (cursor.int()?, block_values / blocks);
        let mut left = values.saturating_sub(1);
        if values > 0 {
            lengths.count(length);
        }
        while left > 0 {
            let least = cursor.int()?;
            for width in cursor.take(blocks as usize)? {
                if left == 0 {
                    break;
                }
                ensure(*width <= 64, irregular)?;
                let width = usize::from(*width);
                let packed = cursor.take(width * (per_block / 8) as usize)?;
                for at in 0..per_block.min(left) {
                    let delta = unpack(packed, at as usize, width);
                    // The decoder's lengths are 32 bits wide and wrap around.
                    length = i64::from(length.wrapping_add(least).wrapping_add(delta) as i32);
                    lengths.count(length);
                }
                left = left.saturating_sub(per_block);
            }
        }
        lengths.bytes = cursor.position();
        Ok(lengths)
    }

    fn count(&mut self, length: i64) {
        let (sum, count) = match self.recent {
            (_, PREFIXED_ROWS) => (0, 0),
            recent => recent,
        };
        let sum = sum.saturating_add(u64::try_from(length).unwrap_or(0));
        self.recent = (sum, count + 1);
        self.most = self.most.max(sum);
    }
}

/// Returns the value at `index` of values that are `width` bits wide, least significant bits first.
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes lengths like a writer: one block of four times 32, all of `width` bits.
    fn encoded(values: u64, first: i64, least: i64, width: u8, packed: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80, 0x01, 4];
        for number in [values, zigzag(first)] {
            push(&mut bytes, number);
        }
        push(&mut bytes, zigzag(least));
        bytes.extend([width; 4]);
        bytes.extend_from_slice(packed);
        bytes
    }

    fn zigzag(number: i64) -> u64 {
        ((number << 1) ^ (number >> 63)) as u64
    }

    fn push(bytes: &mut Vec<u8>, mut number: u64) {
        while number >= 0x80 {
            bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        bytes.push(number as u8);
    }

    #[test]
    fn lengths_are_added_up() {
        // 5, then each one longer by 3 + (1, 2, 3, ...).
        let mut packed: Vec<u8> = (1..=32).collect();
        packed.resize(128, 0);
        let data = encoded(4, 5, 3, 8, &packed);
        let lengths = Lengths::read(&data, 4).unwrap();
        assert_eq!(lengths.most, 5 + 9 + 14 + 20);
        // The blocks after the last length are absent.
        assert_eq!(lengths.bytes, data.len() - 96);
        // Bits across bytes: 3 bits each, 0..=7 in turn.
        let packed = [0x88, 0xc6, 0xfa];
        let values: Vec<i64> = (0..8).map(|at| unpack(&packed, at, 3)).collect();
        assert_eq!(values, [0, 1, 2, 3, 4, 5, 6, 7]);
    }

    #[test]
    fn claims_beyond_the_values_are_refused() {
        let data = encoded(1 << 40, 0, 0, 0, &[]);
        assert!(Lengths::read(&data, 1000).is_err());
        assert!(Lengths::read(&[0xff; 30], 1000).is_err());
        assert!(Lengths::read(&encoded(200, 0, 0, 255, &[0; 64]), 1000).is_err());
    }
}
