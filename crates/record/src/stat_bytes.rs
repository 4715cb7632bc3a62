//! Encoding statistics exactly, bit for bit, for recordings of what operators did and for files that hold statistics.
//!
//! ```text
//! value = 1 signed | 2 8 bytes | 3 (0 false | 1 true) | 4 length:varint bytes | 5 count:varint value{count} | 6
//! ```

use crate::byte_reader::ByteReader;
use crate::stats::StatValue;
use crate::varint::{put, put_signed};

pub(crate) const INT: u8 = 1;
pub(crate) const FLOAT: u8 = 2;
const BOOL: u8 = 3;
const TEXT: u8 = 4;
const LIST: u8 = 5;
const NULL: u8 = 6;

/// The deepest nesting of lists that is read. No operator makes more than one level.
const MAX_DEPTH: u32 = 16;

impl StatValue {
    /// Appends the value with its tag.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Int(_) => INT,
            Self::Float(_) => FLOAT,
            Self::Bool(_) => BOOL,
            Self::Text(_) => TEXT,
            Self::List(_) => LIST,
            Self::Null => NULL,
        });
        self.encode_untagged(out);
    }

    /// Decodes bytes that [`encode`](Self::encode) made; `None` for any others, or if there are too many.
    pub fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader(bytes);
        let value = take(&mut reader, MAX_DEPTH)?;
        reader.0.is_empty().then_some(value)
    }

    pub(crate) fn encode_untagged(&self, out: &mut Vec<u8>) {
        match self {
            Self::Int(value) => put_signed(*value, out),
            Self::Float(value) => out.extend_from_slice(&value.to_bits().to_le_bytes()),
            Self::Bool(value) => out.push(u8::from(*value)),
            Self::Text(text) => {
                put(text.len() as u64, out);
                out.extend_from_slice(text.as_bytes());
            }
            Self::List(values) => {
                put(values.len() as u64, out);
                values.iter().for_each(|value| value.encode(out));
            }
            Self::Null => {}
        }
    }
}

fn take(reader: &mut ByteReader<'_>, depth: u32) -> Option<StatValue> {
    let tag = reader.byte()?;
    take_tagged(tag, reader, depth)
}

/// Reads the rest of a value with this tag; `None` if it isn't a value.
pub(crate) fn take_untagged(tag: u8, reader: &mut ByteReader<'_>) -> Option<StatValue> {
    take_tagged(tag, reader, MAX_DEPTH)
}

fn take_tagged(tag: u8, reader: &mut ByteReader<'_>, depth: u32) -> Option<StatValue> {
    Some(match tag {
        INT => StatValue::Int(reader.signed()?),
        FLOAT => {
            let bits = reader.bytes(8)?.try_into().ok()?;
            StatValue::Float(f64::from_bits(u64::from_le_bytes(bits)))
        }
        BOOL => match reader.byte()? {
            0 => StatValue::Bool(false),
            1 => StatValue::Bool(true),
            _ => return None,
        },
        TEXT => {
            let length = reader.count()?;
            StatValue::Text(reader.text(length)?.into())
        }
        LIST => {
            let (count, depth) = (reader.count()?, depth.checked_sub(1)?);
            let values = (0..count).map(|_| take(reader, depth));
            StatValue::List(values.collect::<Option<_>>()?)
        }
        NULL => StatValue::Null,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn any_value() -> impl Strategy<Value = StatValue> {
        let plain = prop_oneof![
            any::<i64>().prop_map(StatValue::Int),
            any::<u64>().prop_map(|bits| StatValue::Float(f64::from_bits(bits))),
            any::<bool>().prop_map(StatValue::Bool),
            Just(StatValue::Null),
            ".{0,5}".prop_map(|text| StatValue::Text(text.into())),
        ];
        plain.prop_recursive(3, 12, 4, |inner| {
            prop::collection::vec(inner, 0..4).prop_map(|values| StatValue::List(values.into()))
        })
    }

    proptest! {
        #[test]
        fn values_come_back_to_the_bit(value in any_value()) {
            let mut bytes = Vec::new();
            value.encode(&mut bytes);
            let back = StatValue::decode(&bytes).unwrap();
            prop_assert!(back.is_same(&value), "{value:?} came back as {back:?}");
            prop_assert!(StatValue::decode(&bytes[..bytes.len() - 1]).is_none());
        }

        #[test]
        fn arbitrary_bytes_are_a_value_or_none(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            let _ = StatValue::decode(&bytes);
        }
    }

    #[test]
    fn lists_in_lists_without_end_are_none() {
        assert!(StatValue::decode(&[LIST, 1].repeat(1000)).is_none());
        assert!(StatValue::decode(&[LIST, 0xFF, 0xFF, 0xFF, 0x7F]).is_none());
    }
}
