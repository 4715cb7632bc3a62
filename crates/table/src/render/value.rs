//! One value of an array as JSON.

use arrow::array::{Array, ArrowPrimitiveType, AsArray};
use arrow::datatypes::*;

use super::{nested, number, text, time};

/// Appends the value of `array` at `row`.
pub(super) fn write(array: &dyn Array, field: &Field, row: usize, out: &mut Vec<u8>) {
    if array.is_null(row) {
        return out.extend_from_slice(b"null");
    }
    match array.data_type() {
        DataType::Null => out.extend_from_slice(b"null"),
        DataType::Boolean if array.as_boolean().value(row) => out.extend_from_slice(b"true"),
        DataType::Boolean => out.extend_from_slice(b"false"),
        DataType::Utf8 => text::write(array.as_string::<i32>().value(row), field, out),
        DataType::LargeUtf8 => text::write(array.as_string::<i64>().value(row), field, out),
        DataType::Utf8View => text::write(array.as_string_view().value(row), field, out),
        DataType::Binary => text::write_bytes(array.as_binary::<i32>().value(row), out),
        DataType::LargeBinary => text::write_bytes(array.as_binary::<i64>().value(row), out),
        DataType::BinaryView => text::write_bytes(array.as_binary_view().value(row), out),
        DataType::FixedSizeBinary(_) => {
            text::write_bytes(array.as_fixed_size_binary().value(row), out);
        }
        DataType::List(_)
        | DataType::LargeList(_)
        | DataType::ListView(_)
        | DataType::LargeListView(_)
        | DataType::FixedSizeList(..)
        | DataType::Struct(_)
        | DataType::Map(..)
        | DataType::Union(..)
        | DataType::Dictionary(..)
        | DataType::RunEndEncoded(..) => nested::write(array, field, row, out),
        _ => write_scalar(array, row, out),
    }
}

/// Appends a number, a date or a time.
fn write_scalar(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    match array.data_type() {
        DataType::Int8 => number::write(&of::<Int8Type>(array, row), out),
        DataType::Int16 => number::write(&of::<Int16Type>(array, row), out),
        DataType::Int32 => number::write(&of::<Int32Type>(array, row), out),
        DataType::Int64 => number::write(&of::<Int64Type>(array, row), out),
        DataType::UInt8 => number::write(&of::<UInt8Type>(array, row), out),
        DataType::UInt16 => number::write(&of::<UInt16Type>(array, row), out),
        DataType::UInt32 => number::write(&of::<UInt32Type>(array, row), out),
        DataType::UInt64 => number::write(&of::<UInt64Type>(array, row), out),
        DataType::Float16 => number::write_f16(of::<Float16Type>(array, row), out),
        DataType::Float32 => number::write_f32(of::<Float32Type>(array, row), out),
        DataType::Float64 => number::write_f64(of::<Float64Type>(array, row), out),
        DataType::Decimal32(_, scale) => {
            number::write_decimal(of::<Decimal32Type>(array, row), *scale, out);
        }
        DataType::Decimal64(_, scale) => {
            number::write_decimal(of::<Decimal64Type>(array, row), *scale, out);
        }
        DataType::Decimal128(_, scale) => {
            number::write_decimal(of::<Decimal128Type>(array, row), *scale, out);
        }
        DataType::Decimal256(_, scale) => {
            number::write_decimal(of::<Decimal256Type>(array, row), *scale, out);
        }
        _ => write_temporal(array, row, out),
    }
}

fn write_temporal(array: &dyn Array, row: usize, out: &mut Vec<u8>) {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match array.data_type() {
        DataType::Date32 => time::write_days(of::<Date32Type>(array, row), out),
        DataType::Date64 => time::write_date64(of::<Date64Type>(array, row), out),
        DataType::Time32(Second) => {
            time::write_time(of::<Time32SecondType>(array, row).into(), Second, out);
        }
        DataType::Time32(_) => {
            let value = of::<Time32MillisecondType>(array, row).into();
            time::write_time(value, Millisecond, out);
        }
        DataType::Time64(Microsecond) => {
            time::write_time(of::<Time64MicrosecondType>(array, row), Microsecond, out);
        }
        DataType::Time64(_) => {
            time::write_time(of::<Time64NanosecondType>(array, row), Nanosecond, out);
        }
        DataType::Timestamp(unit, zone) => {
            let value = match unit {
                Second => of::<TimestampSecondType>(array, row),
                Millisecond => of::<TimestampMillisecondType>(array, row),
                Microsecond => of::<TimestampMicrosecondType>(array, row),
                Nanosecond => of::<TimestampNanosecondType>(array, row),
            };
            time::write_timestamp(value, *unit, zone.is_some(), out);
        }
        DataType::Duration(unit) => {
            let value = match unit {
                Second => of::<DurationSecondType>(array, row),
                Millisecond => of::<DurationMillisecondType>(array, row),
                Microsecond => of::<DurationMicrosecondType>(array, row),
                Nanosecond => of::<DurationNanosecondType>(array, row),
            };
            number::write(&value, out);
        }
        DataType::Interval(unit) => write_interval(array, *unit, row, out),
        // Every other type is written by `write` or `write_scalar`.
        _ => out.extend_from_slice(b"null"),
    }
}

fn write_interval(array: &dyn Array, unit: IntervalUnit, row: usize, out: &mut Vec<u8>) {
    match unit {
        IntervalUnit::YearMonth => {
            let months = of::<IntervalYearMonthType>(array, row);
            time::write_parts(&[("months", months.into())], out);
        }
        IntervalUnit::DayTime => {
            let value = of::<IntervalDayTimeType>(array, row);
            let parts = [
                ("days", value.days.into()),
                ("milliseconds", value.milliseconds.into()),
            ];
            time::write_parts(&parts, out);
        }
        IntervalUnit::MonthDayNano => {
            let value = of::<IntervalMonthDayNanoType>(array, row);
            let parts = [
                ("months", value.months.into()),
                ("days", value.days.into()),
                ("nanoseconds", value.nanoseconds),
            ];
            time::write_parts(&parts, out);
        }
    }
}

fn of<T: ArrowPrimitiveType>(array: &dyn Array, row: usize) -> T::Native {
    array.as_primitive::<T>().value(row)
}
