//! Integers and floats.

use arrow::datatypes::DataType;

use super::part::Part;
use crate::types::{Held, Kind};

/// The numbers that occur.
#[derive(Default)]
struct Numbers {
    /// The width of the widest column of signed integers.
    signed_bits: u8,
    unsigned_bits: u8,
    /// The width of the widest column of floats.
    float_bits: u8,
    json: bool,
    json_float: bool,
    json_negative: bool,
    /// True if there are integers in JSON that a float does not hold exactly.
    json_long: bool,
    json_unsigned: bool,
}

/// Returns the number type that holds all values without loss.
pub(super) fn join(values: &[Part<'_>]) -> Option<DataType> {
    let mut numbers = Numbers::default();
    for part in values {
        match part {
            Part::Json(held) => numbers.add_json(held),
            Part::Column(column) => numbers.add_column(column.data_type),
        }
    }
    numbers.join()
}

impl Numbers {
    fn add_json(&mut self, held: &Held) {
        let long = [Kind::LongPositive, Kind::LongNegative, Kind::Unsigned];
        self.json = true;
        self.json_float |= held.has(Kind::Float);
        self.json_negative |= held.has(Kind::Negative) || held.has(Kind::LongNegative);
        self.json_long |= long.into_iter().any(|kind| held.has(kind));
        self.json_unsigned |= held.has(Kind::Unsigned);
    }

    fn add_column(&mut self, data_type: &DataType) {
        let bits = data_type.primitive_width().unwrap_or_default() as u8 * 8;
        let widest = if data_type.is_floating() {
            &mut self.float_bits
        } else if data_type.is_signed_integer() {
            &mut self.signed_bits
        } else {
            &mut self.unsigned_bits
        };
        *widest = bits.max(*widest);
    }

    fn join(&self) -> Option<DataType> {
        if self.json_float || self.float_bits > 0 {
            self.join_floats()
        } else if self.json_unsigned || self.unsigned_bits == 64 {
            let signed = self.json_negative || self.signed_bits > 0;
            (!signed).then_some(DataType::UInt64)
        } else {
            Some(self.join_integers())
        }
    }

    fn join_floats(&self) -> Option<DataType> {
        let integer_bits = self.signed_bits.max(self.unsigned_bits);
        if integer_bits == 64 || self.json_long {
            return None;
        }
        let float_bits = if self.json || integer_bits > 0 {
            64
        } else {
            self.float_bits
        };
        Some(match float_bits {
            16 => DataType::Float16,
            32 => DataType::Float32,
            _ => DataType::Float64,
        })
    }

    /// Returns the integer type when no value needs `u64`.
    fn join_integers(&self) -> DataType {
        let is_unsigned = self.signed_bits == 0 && !self.json;
        let bits = match (self.json, self.signed_bits, self.unsigned_bits) {
            (true, _, _) => 64,
            (_, 0, unsigned) => unsigned,
            (_, signed, unsigned) => signed.max(unsigned * 2),
        };
        match (is_unsigned, bits) {
            (true, 8) => DataType::UInt8,
            (true, 16) => DataType::UInt16,
            (true, _) => DataType::UInt32,
            (false, 8) => DataType::Int8,
            (false, 16) => DataType::Int16,
            (false, 32) => DataType::Int32,
            (false, _) => DataType::Int64,
        }
    }
}
