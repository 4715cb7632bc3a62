//! Casts that lose nothing.

use arrow::array::{Array, ArrayRef};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, TimeUnit};

use super::misfit;
use crate::Result;
use crate::join::is_one_zone;

/// Converts values without children to the type of `to`, if it holds all values of their type.
pub(super) fn convert(array: &ArrayRef, to: &Field) -> Result<ArrayRef> {
    if array.data_type() == to.data_type() {
        return Ok(ArrayRef::clone(array));
    }
    if !is_exact(array.data_type(), to.data_type()) {
        return Err(misfit(format!("a column of {}", array.data_type()), to));
    }
    cast(array, to.data_type(), to)
}

/// Casts, and fails if a value does not fit, rather than making it null.
pub(super) fn cast(array: &dyn Array, data_type: &DataType, to: &Field) -> Result<ArrayRef> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, data_type, &options)
        .map_err(|error| misfit(format!("a column that cannot be cast ({error})"), to))
}

/// Returns whether each value of a type is also one of the other, or the cast detects those that are not.
fn is_exact(from: &DataType, to: &DataType) -> bool {
    use DataType::{
        Binary, BinaryView, Date64, FixedSizeBinary, Float16, Float32, Float64, LargeBinary,
        LargeUtf8, Time32, Timestamp, Utf8, Utf8View,
    };
    match (from, to) {
        (Utf8 | LargeUtf8 | Utf8View, Utf8 | LargeUtf8 | Utf8View) => true,
        (
            Binary | LargeBinary | BinaryView | FixedSizeBinary(_),
            Binary | LargeBinary | BinaryView,
        ) => true,
        (Float16, Float32 | Float64) | (Float32, Float64) => true,
        (Timestamp(unit, zone), Timestamp(to_unit, to_zone)) => {
            unit <= to_unit && is_one_zone(zone.as_deref(), to_zone.as_deref())
        }
        (Time32(TimeUnit::Second), Time32(TimeUnit::Millisecond)) => true,
        // Both count milliseconds.
        (Date64, Timestamp(TimeUnit::Millisecond, None)) => true,
        (from, Float64) if from.is_integer() => bits(from) <= 32,
        (from, to) if from.is_integer() && to.is_integer() => is_wider_integer(from, to),
        (from, to) if from.is_decimal() && to.is_decimal() => is_wider_decimal(from, to),
        _ => false,
    }
}

fn is_wider_integer(from: &DataType, to: &DataType) -> bool {
    match (from.is_signed_integer(), to.is_signed_integer()) {
        (true, false) => false,
        (false, true) => bits(from) < bits(to),
        _ => bits(from) <= bits(to),
    }
}

fn bits(data_type: &DataType) -> usize {
    data_type.primitive_width().unwrap_or_default() * 8
}

fn is_wider_decimal(from: &DataType, to: &DataType) -> bool {
    let digits = |data_type: &DataType| match *data_type {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            Some((i16::from(precision) - i16::from(scale), scale))
        }
        _ => None,
    };
    match (digits(from), digits(to)) {
        (Some((whole, scale)), Some((to_whole, to_scale))) => {
            whole <= to_whole && scale <= to_scale
        }
        _ => false,
    }
}
