//! Building the columns for the fields of a schema.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::datatypes::*;

use super::child::{Child, Column};
use super::encoded::{Dictionary, Runs};
use super::list::{Form, List};
use super::map::Map;
use super::object::Object;
use super::scalar::{Bools, Nulls, Parse, Primitives};
use super::text::{Binaries, FixedBinaries, Reading, Texts};
use super::union::Union;
use super::{number, time};
use crate::error::{Error, Result};
use crate::json_text::is_json_text;

/// The deepest nesting of types. The JSON parser stops at 128 levels, one of which is the record.
const DEEPEST: usize = 100;

/// Builds the column of objects with these fields, as the rows of a batch are.
pub(super) fn record(fields: &Fields) -> Result<Object> {
    let mut top = Place {
        names: Vec::new(),
        depth: 0,
    };
    top.object(fields)
}

/// The place of a field in the schema.
struct Place {
    names: Vec<String>,
    /// The number of enclosing types.
    depth: usize,
}

impl Place {
    fn object(&mut self, fields: &Fields) -> Result<Object> {
        let mut names = HashSet::new();
        if let Some(field) = fields.iter().find(|field| !names.insert(field.name())) {
            self.names.push(field.name().clone());
            return Err(Error::RepeatedField { field: self.path() });
        }
        let children = fields.iter().map(|field| self.child(field));
        let children = children.collect::<Result<Vec<_>>>()?;
        Ok(Object::new(fields.clone(), children))
    }

    fn child(&mut self, field: &FieldRef) -> Result<Child> {
        self.names.push(field.name().clone());
        let column = self.column(field)?;
        self.names.pop();
        Ok(Child::new(Arc::clone(field), column))
    }

    fn column(&mut self, field: &Field) -> Result<Column> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.unsupported(field, "it is nested too deep"));
        }
        let column = self.column_within(field);
        self.depth -= 1;
        column
    }

    fn column_within(&mut self, field: &Field) -> Result<Column> {
        Ok(match field.data_type() {
            DataType::Struct(fields) => Column::Object(self.object(fields)?),
            DataType::List(child) => self.list(Form::List, child)?,
            DataType::LargeList(child) => self.list(Form::LargeList, child)?,
            DataType::ListView(child) => self.list(Form::View, child)?,
            DataType::LargeListView(child) => self.list(Form::LargeView, child)?,
            DataType::FixedSizeList(_, size) if *size < 0 => {
                return Err(self.unsupported(field, "its size is negative"));
            }
            DataType::FixedSizeList(child, size) => self.list(Form::Fixed(*size), child)?,
            DataType::Map(entries, is_sorted) => self.map(field, entries, *is_sorted)?,
            DataType::Union(fields, mode) => self.union(field, fields, *mode)?,
            DataType::Dictionary(key, value) => self.dictionary(field, key, value)?,
            DataType::RunEndEncoded(ends, values) => self.runs(field, ends, values)?,
            DataType::FixedSizeBinary(width) if *width < 0 => {
                return Err(self.unsupported(field, "its width is negative"));
            }
            _ => scalar(field),
        })
    }

    fn list(&mut self, form: Form, child: &FieldRef) -> Result<Column> {
        Ok(Column::List(List::new(form, self.child(child)?)))
    }

    fn map(&mut self, field: &Field, entries: &FieldRef, is_sorted: bool) -> Result<Column> {
        let pair = match entries.data_type() {
            DataType::Struct(pair) => pair.as_ref(),
            _ => &[],
        };
        let [key, value] = pair else {
            return Err(self.unsupported(field, "its entries are not keys and values"));
        };
        let (keys, values) = (self.child(key)?, self.child(value)?);
        Ok(leaf(Map::new(Arc::clone(entries), is_sorted, keys, values)))
    }

    fn union(&mut self, field: &Field, fields: &UnionFields, mode: UnionMode) -> Result<Column> {
        let mut names = HashSet::new();
        if fields.is_empty() {
            return Err(self.unsupported(field, "it has no members"));
        }
        if !fields.iter().all(|(_, member)| names.insert(member.name())) {
            return Err(self.unsupported(field, "two members have the same name"));
        }
        let children = fields.iter().map(|(_, member)| self.child(member));
        let children = children.collect::<Result<Vec<_>>>()?;
        Ok(leaf(Union::new(fields.clone(), mode, children)))
    }

    fn dictionary(&mut self, field: &Field, key: &DataType, value: &DataType) -> Result<Column> {
        let values = Field::new(field.name(), value.clone(), true);
        let values = values.with_metadata(field.metadata().clone());
        let column = self.column(&values)?;
        let values = Child::new(Arc::new(values), column);
        Ok(match key {
            DataType::Int8 => leaf(Dictionary::<Int8Type>::new(values)),
            DataType::Int16 => leaf(Dictionary::<Int16Type>::new(values)),
            DataType::Int32 => leaf(Dictionary::<Int32Type>::new(values)),
            DataType::Int64 => leaf(Dictionary::<Int64Type>::new(values)),
            DataType::UInt8 => leaf(Dictionary::<UInt8Type>::new(values)),
            DataType::UInt16 => leaf(Dictionary::<UInt16Type>::new(values)),
            DataType::UInt32 => leaf(Dictionary::<UInt32Type>::new(values)),
            DataType::UInt64 => leaf(Dictionary::<UInt64Type>::new(values)),
            _ => return Err(self.unsupported(field, "its keys are not integers")),
        })
    }

    fn runs(&mut self, field: &Field, ends: &Field, values: &FieldRef) -> Result<Column> {
        let data_type = field.data_type().clone();
        let values = self.child(values)?;
        Ok(match ends.data_type() {
            DataType::Int16 => leaf(Runs::<Int16Type>::new(data_type, values)),
            DataType::Int32 => leaf(Runs::<Int32Type>::new(data_type, values)),
            DataType::Int64 => leaf(Runs::<Int64Type>::new(data_type, values)),
            _ => return Err(self.unsupported(field, "its run ends are not signed integers")),
        })
    }

    fn unsupported(&self, field: &Field, reason: &'static str) -> Error {
        Error::Unsupported {
            field: self.path(),
            data_type: field.data_type().to_string(),
            reason,
        }
    }

    fn path(&self) -> String {
        self.names.join(".")
    }
}

fn leaf(leaf: impl super::child::Leaf + 'static) -> Column {
    Column::Leaf(Box::new(leaf))
}

fn scalar(field: &Field) -> Column {
    let reading = if is_json_text(field) {
        Reading::Json
    } else {
        Reading::Text
    };
    match field.data_type() {
        DataType::Boolean => leaf(Bools::new()),
        DataType::Utf8 => leaf(Texts::<i32>::new(reading)),
        DataType::LargeUtf8 => leaf(Texts::<i64>::new(reading)),
        DataType::Utf8View => leaf(Texts::new_view(reading)),
        DataType::Binary => leaf(Binaries::<i32>::new()),
        DataType::LargeBinary => leaf(Binaries::<i64>::new()),
        DataType::BinaryView => leaf(Binaries::new_view()),
        DataType::FixedSizeBinary(width) => leaf(FixedBinaries::new(*width)),
        other => number(other),
    }
}

fn number(data_type: &DataType) -> Column {
    match data_type {
        DataType::Int8 => of::<Int8Type>(data_type, number::integer),
        DataType::Int16 => of::<Int16Type>(data_type, number::integer),
        DataType::Int32 => of::<Int32Type>(data_type, number::integer),
        DataType::Int64 => of::<Int64Type>(data_type, number::integer),
        DataType::UInt8 => of::<UInt8Type>(data_type, number::integer),
        DataType::UInt16 => of::<UInt16Type>(data_type, number::integer),
        DataType::UInt32 => of::<UInt32Type>(data_type, number::integer),
        DataType::UInt64 => of::<UInt64Type>(data_type, number::integer),
        DataType::Float16 => of::<Float16Type>(data_type, number::float16),
        DataType::Float32 => of::<Float32Type>(data_type, number::float32),
        DataType::Float64 => of::<Float64Type>(data_type, number::float64),
        DataType::Decimal32(precision, scale) => decimal::<Decimal32Type>(*precision, *scale),
        DataType::Decimal64(precision, scale) => decimal::<Decimal64Type>(*precision, *scale),
        DataType::Decimal128(precision, scale) => decimal::<Decimal128Type>(*precision, *scale),
        DataType::Decimal256(precision, scale) => decimal::<Decimal256Type>(*precision, *scale),
        other => temporal(other),
    }
}

fn temporal(data_type: &DataType) -> Column {
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let of_day32 = |unit| move |json: &str| i32::try_from(time::time(json, unit)?).ok();
    let of_day64 = |unit| move |json: &str| time::time(json, unit);
    match data_type {
        DataType::Date32 => of::<Date32Type>(data_type, time::days),
        DataType::Date64 => of::<Date64Type>(data_type, time::date64),
        DataType::Time32(Second) => of::<Time32SecondType>(data_type, of_day32(Second)),
        DataType::Time32(_) => of::<Time32MillisecondType>(data_type, of_day32(Millisecond)),
        DataType::Time64(Microsecond) => {
            of::<Time64MicrosecondType>(data_type, of_day64(Microsecond))
        }
        DataType::Time64(_) => of::<Time64NanosecondType>(data_type, of_day64(Nanosecond)),
        DataType::Timestamp(unit, zone) => {
            let (unit, is_utc) = (*unit, zone.is_some());
            let parse = move |json: &str| time::timestamp(json, unit, is_utc);
            match unit {
                Second => of::<TimestampSecondType>(data_type, parse),
                Millisecond => of::<TimestampMillisecondType>(data_type, parse),
                Microsecond => of::<TimestampMicrosecondType>(data_type, parse),
                Nanosecond => of::<TimestampNanosecondType>(data_type, parse),
            }
        }
        DataType::Duration(Second) => of::<DurationSecondType>(data_type, number::integer),
        DataType::Duration(Millisecond) => {
            of::<DurationMillisecondType>(data_type, number::integer)
        }
        DataType::Duration(Microsecond) => {
            of::<DurationMicrosecondType>(data_type, number::integer)
        }
        DataType::Duration(Nanosecond) => of::<DurationNanosecondType>(data_type, number::integer),
        DataType::Interval(IntervalUnit::YearMonth) => {
            of::<IntervalYearMonthType>(data_type, time::months)
        }
        DataType::Interval(IntervalUnit::DayTime) => {
            of::<IntervalDayTimeType>(data_type, time::day_time)
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            of::<IntervalMonthDayNanoType>(data_type, time::month_day_nano)
        }
        // Only null is left; every other type has a column above or in `Place::column`.
        _ => leaf(Nulls::default()),
    }
}

fn decimal<T: DecimalType>(precision: u8, scale: i8) -> Column
where
    T::Native: std::str::FromStr,
{
    let data_type = T::TYPE_CONSTRUCTOR(precision, scale);
    of::<T>(&data_type, move |json| {
        number::decimal(json, precision, scale)
    })
}

fn of<T: ArrowPrimitiveType>(
    data_type: &DataType,
    parse: impl Fn(&str) -> Option<T::Native> + Send + 'static,
) -> Column {
    let parse: Parse<T::Native> = Box::new(parse);
    leaf(Primitives::<T>::new(data_type.clone(), parse))
}
