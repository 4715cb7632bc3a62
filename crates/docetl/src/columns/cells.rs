//! Converts columns to records.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Float64Array, Int64Array, LargeStringArray, UInt64Array};

use super::kind::Kind;
use super::shapes::REST;
use super::side::Side;
use crate::json::Parser;
use crate::keys::Keys;
use crate::{Record, Value};

/// The cells of a column of a row group.
pub(crate) enum Cells {
    Null,
    Bool(BooleanArray),
    Int(Int64Array),
    UInt(UInt64Array),
    /// Numbers, with a bit for each row that is set if the number is an integer.
    Number(Float64Array, Option<Vec<u8>>),
    Text(LargeStringArray),
    Json(LargeStringArray, Box<Parser>),
    /// Values that were read in another way.
    Values(Vec<Value>),
}

impl Cells {
    /// Returns the cells of an array that was written for a column of this kind; `None` if it has another type.
    pub(crate) fn new(kind: Kind, array: &dyn Array, integers: Option<Vec<u8>>) -> Option<Self> {
        let array = array.as_any();
        Some(match kind {
            Kind::Null => Self::Null,
            Kind::Bool => Self::Bool(array.downcast_ref::<BooleanArray>()?.clone()),
            Kind::Int => Self::Int(array.downcast_ref::<Int64Array>()?.clone()),
            Kind::UInt => Self::UInt(array.downcast_ref::<UInt64Array>()?.clone()),
            Kind::Number => Self::Number(array.downcast_ref::<Float64Array>()?.clone(), integers),
            Kind::Text => Self::Text(array.downcast_ref::<LargeStringArray>()?.clone()),
            Kind::Json => {
                let texts = array.downcast_ref::<LargeStringArray>()?.clone();
                Self::Json(texts, Box::default())
            }
        })
    }

    /// Returns the value of a row; `None` if it is damaged.
    fn value(&mut self, row: usize) -> Option<Value> {
        Some(match self {
            Self::Bool(array) if array.is_valid(row) => Value::Bool(array.value(row)),
            Self::Int(array) if array.is_valid(row) => Value::Int(array.value(row)),
            Self::UInt(array) if array.is_valid(row) => unsigned(array.value(row)),
            Self::Number(array, integers) if array.is_valid(row) => {
                let bits = integers.as_ref().map_or(0, |bits| bits[row / 8]);
                match bits >> (row % 8) & 1 {
                    1 => Value::Int(array.value(row) as i64),
                    _ => Value::Float(array.value(row)),
                }
            }
            Self::Text(array) if array.is_valid(row) => Value::Text(array.value(row).into()),
            Self::Json(array, parser) if array.is_valid(row) => {
                return parser.parse_whole(array.value(row).as_bytes()).ok();
            }
            Self::Values(values) => std::mem::take(values.get_mut(row)?),
            _ => Value::Null,
        })
    }
}

pub(crate) fn unsigned(number: u64) -> Value {
    match i64::try_from(number) {
        Ok(number) => Value::Int(number),
        Err(_) => Value::BigInt(number.to_string().into()),
    }
}

/// Makes records of some rows of a row group.
///
/// `cells` has those of the columns that were read, each at its column's place, and `rest` those of keys without columns. Keys for
/// which `wants` is false are left out. Returns `None` if something is damaged.
pub(crate) fn decode(
    names: &[Box<str>],
    mut cells: Vec<Option<Cells>>,
    mut rest: Option<Cells>,
    side: &Side,
    rows: Range<usize>,
    wants: &dyn Fn(&str) -> bool,
    records: &mut Vec<Record>,
) -> Option<()> {
    let shapes = side
        .shapes
        .list
        .iter()
        .map(|shape| Decoded::new(shape, names, &cells));
    let shapes: Vec<Decoded> = shapes.collect();
    records.reserve(rows.len());
    for row in rows {
        let shape = &shapes[side.shapes.of_rows[row] as usize];
        let record = match &shape.keys {
            Some(keys) => {
                let mut values = Vec::with_capacity(shape.places.len());
                for place in &shape.places {
                    values.push(cells[*place as usize].as_mut()?.value(row)?);
                }
                Record::from_parts(Arc::clone(keys), values)
            }
            None => with_rest(shape, names, &mut cells, &mut rest, row, wants)?,
        };
        records.push(record);
    }
    Some(())
}

/// A shape as it is decoded.
struct Decoded {
    /// The columns of the wanted keys, and [`REST`] for each key without one.
    places: Vec<u32>,
    /// The keys; `None` if some have no columns.
    keys: Option<Arc<Keys>>,
}

impl Decoded {
    fn new(shape: &[u32], names: &[Box<str>], cells: &[Option<Cells>]) -> Self {
        let is_read = |place: &&u32| **place == REST || cells[**place as usize].is_some();
        let places: Vec<u32> = shape.iter().filter(is_read).copied().collect();
        let keys = match places.contains(&REST) {
            true => None,
            false => {
                let keys = places.iter().map(|place| &*names[*place as usize]);
                Some(Arc::new(keys.collect()))
            }
        };
        Self { places, keys }
    }
}

/// Makes a record some of whose keys have no columns of their own.
fn with_rest(
    shape: &Decoded,
    names: &[Box<str>],
    cells: &mut [Option<Cells>],
    rest: &mut Option<Cells>,
    row: usize,
    wants: &dyn Fn(&str) -> bool,
) -> Option<Record> {
    let others = match rest {
        Some(cells) => match cells.value(row)? {
            Value::Object(record) => record,
            _ => return None,
        },
        None => Record::new(),
    };
    let mut others = others.iter();
    let mut fields: Vec<(&str, Value)> = Vec::new();
    for place in &shape.places {
        if *place != REST {
            let value = cells[*place as usize].as_mut()?.value(row)?;
            fields.push((&names[*place as usize], value));
        } else if rest.is_some() {
            let (key, value) = others.next()?;
            if wants(key) {
                fields.push((key, value.clone()));
            }
        }
    }
    Some(fields.into_iter().collect())
}
