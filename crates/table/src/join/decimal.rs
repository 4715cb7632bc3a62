//! Decimals.

use arrow::datatypes::DataType;

use super::part::Part;

/// Returns the smallest decimal type that holds all values.
pub(super) fn join(values: &[Part<'_>]) -> Option<DataType> {
    let mut width = 0;
    let mut integer_digits = i16::MIN;
    let mut scale = i8::MIN;
    for part in values {
        let (its_width, its_precision, its_scale) = parts(part.data_type()?)?;
        width = width.max(its_width);
        integer_digits = integer_digits.max(i16::from(its_precision) - i16::from(its_scale));
        scale = scale.max(its_scale);
    }
    let precision = u8::try_from(integer_digits + i16::from(scale)).ok()?;
    let needed = match precision {
        0..=9 => 32,
        10..=18 => 64,
        19..=38 => 128,
        39..=76 => 256,
        _ => return None,
    };
    Some(match width.max(needed) {
        32 => DataType::Decimal32(precision, scale),
        64 => DataType::Decimal64(precision, scale),
        128 => DataType::Decimal128(precision, scale),
        _ => DataType::Decimal256(precision, scale),
    })
}

/// Returns width in bits, precision and scale.
fn parts(data_type: &DataType) -> Option<(u16, u8, i8)> {
    Some(match *data_type {
        DataType::Decimal32(precision, scale) => (32, precision, scale),
        DataType::Decimal64(precision, scale) => (64, precision, scale),
        DataType::Decimal128(precision, scale) => (128, precision, scale),
        DataType::Decimal256(precision, scale) => (256, precision, scale),
        _ => return None,
    })
}
