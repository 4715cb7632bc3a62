//! Arrays of random values.

use std::sync::Arc;

use arrow::array::*;
use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::*;

type Half = <Float16Type as ArrowPrimitiveType>::Native;

/// A sequence of numbers that its seed determines.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    /// Returns small numbers, large ones and the ends of the range.
    fn integer(&mut self) -> i64 {
        match self.below(6) {
            0 => 0,
            1 => i64::MIN,
            2 => i64::MAX,
            3 => self.below(200) as i64 - 100,
            _ => self.next() as i64 >> self.below(64),
        }
    }

    fn nulls(&mut self, field: &Field, rows: usize) -> Option<NullBuffer> {
        let is_valid = |_| self.below(4) > 0;
        let valid = (0..rows).map(is_valid).collect::<Vec<_>>();
        field.is_nullable().then(|| valid.into())
    }

    fn text(&mut self) -> String {
        const PARTS: [&str; 12] = [
            "", "a", "\"", "\\", "\n", "\u{0}", "é", "中文", "😀", "\u{2028}", "/", "null",
        ];
        let length = self.below(5);
        (0..length).map(|_| PARTS[self.below(12)]).collect()
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }

    fn offsets(&mut self, rows: usize) -> Vec<usize> {
        let mut offsets = vec![0];
        for _ in 0..rows {
            offsets.push(offsets[offsets.len() - 1] + self.below(4));
        }
        offsets
    }
}

/// Returns an array of `rows` values of the field, cut out of a longer one.
pub(crate) fn array(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let lead = random.below(3);
    whole(field, rows + lead + 1, random).slice(lead, rows)
}

fn whole(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    match field.data_type() {
        DataType::Null => Arc::new(NullArray::new(rows)),
        DataType::Boolean => {
            let values = (0..rows).map(|_| random.below(2) == 1).collect::<Vec<_>>();
            Arc::new(BooleanArray::new(values.into(), random.nulls(field, rows)))
        }
        DataType::Utf8 => Arc::new(
            texts(field, rows, random)
                .into_iter()
                .collect::<StringArray>(),
        ),
        DataType::LargeUtf8 => Arc::new(
            texts(field, rows, random)
                .into_iter()
                .collect::<LargeStringArray>(),
        ),
        DataType::Utf8View => Arc::new(
            texts(field, rows, random)
                .into_iter()
                .collect::<StringViewArray>(),
        ),
        DataType::Binary => Arc::new(
            binaries(field, rows, random)
                .into_iter()
                .collect::<BinaryArray>(),
        ),
        DataType::LargeBinary => Arc::new(
            binaries(field, rows, random)
                .into_iter()
                .collect::<LargeBinaryArray>(),
        ),
        DataType::BinaryView => Arc::new(
            binaries(field, rows, random)
                .into_iter()
                .collect::<BinaryViewArray>(),
        ),
        DataType::FixedSizeBinary(width) => {
            let values = random.bytes(rows * *width as usize).into();
            let nulls = random.nulls(field, rows);
            Arc::new(FixedSizeBinaryArray::try_new_with_len(*width, values, nulls, rows).unwrap())
        }
        DataType::Dictionary(..) => dictionary(field, rows, random),
        DataType::RunEndEncoded(..) => runs(field, rows, random),
        DataType::Union(..) => union(field, rows, random),
        other if other.is_nested() => nested(field, rows, random),
        _ => scalars(field, rows, random),
    }
}

fn texts(field: &Field, rows: usize, random: &mut Random) -> Vec<Option<String>> {
    let is_null = |random: &mut Random| field.is_nullable() && random.below(4) == 0;
    (0..rows)
        .map(|_| (!is_null(random)).then(|| random.text()))
        .collect()
}

fn binaries(field: &Field, rows: usize, random: &mut Random) -> Vec<Option<Vec<u8>>> {
    let is_null = |random: &mut Random| field.is_nullable() && random.below(4) == 0;
    let value = |random: &mut Random| {
        let length = random.below(6);
        random.bytes(length)
    };
    (0..rows)
        .map(|_| (!is_null(random)).then(|| value(random)))
        .collect()
}

fn numbers<T: ArrowPrimitiveType>(
    field: &Field,
    rows: usize,
    random: &mut Random,
    value: impl Fn(&mut Random) -> T::Native,
) -> ArrayRef {
    let values = (0..rows).map(|_| value(random)).collect::<Vec<_>>();
    let array = PrimitiveArray::<T>::new(values.into(), random.nulls(field, rows));
    Arc::new(array.with_data_type(field.data_type().clone()))
}

fn scalars(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    macro_rules! integers {
        ($type:ty) => {
            numbers::<$type>(field, rows, random, |random| random.integer() as _)
        };
    }
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    match field.data_type() {
        DataType::Int8 => integers!(Int8Type),
        DataType::Int16 => integers!(Int16Type),
        DataType::Int32 => integers!(Int32Type),
        DataType::Int64 => integers!(Int64Type),
        DataType::UInt8 => integers!(UInt8Type),
        DataType::UInt16 => integers!(UInt16Type),
        DataType::UInt32 => integers!(UInt32Type),
        DataType::UInt64 => integers!(UInt64Type),
        DataType::Float16 => numbers::<Float16Type>(field, rows, random, |random| {
            let value = Half::from_bits(random.next() as u16);
            if value.is_nan() { Half::NAN } else { value }
        }),
        DataType::Float32 => numbers::<Float32Type>(field, rows, random, |random| {
            let value = f32::from_bits(random.next() as u32);
            if value.is_nan() { f32::NAN } else { value }
        }),
        DataType::Float64 => numbers::<Float64Type>(field, rows, random, |random| {
            let value = match random.below(2) {
                0 => f64::from_bits(random.next()),
                _ => random.integer() as f64,
            };
            if value.is_nan() { f64::NAN } else { value }
        }),
        DataType::Decimal32(precision, _) => {
            let one = 10_i32.pow((*precision).into());
            numbers::<Decimal32Type>(field, rows, random, |random| random.integer() as i32 % one)
        }
        DataType::Decimal64(precision, _) => {
            let one = 10_i64.pow((*precision).into());
            numbers::<Decimal64Type>(field, rows, random, |random| random.integer() % one)
        }
        DataType::Decimal128(precision, _) => {
            let one = 10_i128.pow((*precision).into());
            numbers::<Decimal128Type>(field, rows, random, |random| {
                i128::from(random.integer()).wrapping_mul(random.integer().into()) % one
            })
        }
        DataType::Decimal256(..) => numbers::<Decimal256Type>(field, rows, random, |random| {
            let (a, b) = (random.integer().into(), random.integer().into());
            i256::wrapping_mul(a, b)
        }),
        DataType::Date32 => integers!(Date32Type),
        DataType::Date64 => integers!(Date64Type),
        DataType::Time32(Second) => integers!(Time32SecondType),
        DataType::Time32(_) => integers!(Time32MillisecondType),
        DataType::Time64(Microsecond) => integers!(Time64MicrosecondType),
        DataType::Time64(_) => integers!(Time64NanosecondType),
        DataType::Timestamp(Second, _) => integers!(TimestampSecondType),
        DataType::Timestamp(Millisecond, _) => integers!(TimestampMillisecondType),
        DataType::Timestamp(Microsecond, _) => integers!(TimestampMicrosecondType),
        DataType::Timestamp(Nanosecond, _) => integers!(TimestampNanosecondType),
        DataType::Duration(Second) => integers!(DurationSecondType),
        DataType::Duration(Millisecond) => integers!(DurationMillisecondType),
        DataType::Duration(Microsecond) => integers!(DurationMicrosecondType),
        DataType::Duration(Nanosecond) => integers!(DurationNanosecondType),
        DataType::Interval(IntervalUnit::YearMonth) => integers!(IntervalYearMonthType),
        DataType::Interval(IntervalUnit::DayTime) => {
            numbers::<IntervalDayTimeType>(field, rows, random, |random| {
                IntervalDayTimeType::make_value(random.integer() as i32, random.integer() as i32)
            })
        }
        DataType::Interval(IntervalUnit::MonthDayNano) => {
            numbers::<IntervalMonthDayNanoType>(field, rows, random, |random| {
                let (months, days) = (random.integer() as i32, random.integer() as i32);
                IntervalMonthDayNanoType::make_value(months, days, random.integer())
            })
        }
        other => unreachable!("{other}"),
    }
}

fn nested(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let offsets = random.offsets(rows);
    let total = offsets[rows];
    let narrow = || OffsetBuffer::new(offsets.iter().map(|at| *at as i32).collect());
    let wide = || OffsetBuffer::new(offsets.iter().map(|at| *at as i64).collect());
    let nulls = random.nulls(field, rows);
    match field.data_type() {
        DataType::List(child) => {
            let values = array(child, total, random);
            Arc::new(ListArray::new(Arc::clone(child), narrow(), values, nulls))
        }
        DataType::LargeList(child) => {
            let values = array(child, total, random);
            Arc::new(LargeListArray::new(
                Arc::clone(child),
                wide(),
                values,
                nulls,
            ))
        }
        DataType::ListView(child) => {
            let values = array(child, total, random);
            let lists = ListArray::new(Arc::clone(child), narrow(), values, nulls);
            Arc::new(ListViewArray::from(lists))
        }
        DataType::LargeListView(child) => {
            let values = array(child, total, random);
            let lists = LargeListArray::new(Arc::clone(child), wide(), values, nulls);
            Arc::new(LargeListViewArray::from(lists))
        }
        DataType::FixedSizeList(child, size) => {
            let values = array(child, rows * *size as usize, random);
            let lists = FixedSizeListArray::try_new_with_length(
                Arc::clone(child),
                *size,
                values,
                nulls,
                rows,
            );
            Arc::new(lists.unwrap())
        }
        DataType::Struct(fields) => {
            let columns = fields.iter().map(|child| array(child, rows, random));
            let columns = columns.collect();
            let structs = StructArray::try_new_with_length(fields.clone(), columns, nulls, rows);
            Arc::new(structs.unwrap())
        }
        DataType::Map(entries, is_sorted) => {
            let DataType::Struct(pair) = entries.data_type() else {
                unreachable!("{entries}");
            };
            let columns = pair
                .iter()
                .map(|child| array(child, total, random))
                .collect();
            let structs = StructArray::new(pair.clone(), columns, None);
            let entries = Arc::clone(entries);
            Arc::new(MapArray::new(entries, narrow(), structs, nulls, *is_sorted))
        }
        other => unreachable!("{other}"),
    }
}

fn dictionary(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let DataType::Dictionary(key, value) = field.data_type() else {
        unreachable!("{field}");
    };
    let values = array(&Field::new("v", (**value).clone(), false), 5, random);
    macro_rules! keyed {
        ($type:ty) => {{
            let keys = (0..rows).map(|_| random.below(5) as _).collect::<Vec<_>>();
            let keys = PrimitiveArray::<$type>::new(keys.into(), random.nulls(field, rows));
            Arc::new(DictionaryArray::new(keys, values))
        }};
    }
    match **key {
        DataType::Int8 => keyed!(Int8Type),
        DataType::UInt16 => keyed!(UInt16Type),
        DataType::Int64 => keyed!(Int64Type),
        _ => keyed!(Int32Type),
    }
}

fn runs(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let DataType::RunEndEncoded(ends, values) = field.data_type() else {
        unreachable!("{field}");
    };
    let mut at = vec![0];
    while at[at.len() - 1] < rows {
        at.push(rows.min(at[at.len() - 1] + 1 + random.below(3)));
    }
    let values = array(values, at.len() - 1, random);
    let at = at[1..].iter();
    let ends = match ends.data_type() {
        DataType::Int16 => at
            .map(|end| *end as i16)
            .collect::<Int16Array>()
            .into_data(),
        DataType::Int32 => at
            .map(|end| *end as i32)
            .collect::<Int32Array>()
            .into_data(),
        _ => at
            .map(|end| *end as i64)
            .collect::<Int64Array>()
            .into_data(),
    };
    let data = ArrayData::builder(field.data_type().clone())
        .len(rows)
        .add_child_data(ends)
        .add_child_data(values.into_data());
    make_array(data.build().unwrap())
}

fn union(field: &Field, rows: usize, random: &mut Random) -> ArrayRef {
    let DataType::Union(fields, mode) = field.data_type() else {
        unreachable!("{field}");
    };
    let members = fields.iter().collect::<Vec<_>>();
    let places = (0..rows)
        .map(|_| random.below(members.len()))
        .collect::<Vec<_>>();
    let ids = places.iter().map(|place| members[*place].0);
    let ids = ids.collect::<ScalarBuffer<i8>>();
    let mut counts = vec![0; members.len()];
    let offsets = places.iter().map(|place| {
        counts[*place] += 1;
        counts[*place] - 1
    });
    let offsets = offsets.collect::<ScalarBuffer<i32>>();
    let is_dense = *mode == UnionMode::Dense;
    let children = members.iter().zip(counts).map(|((_, member), count)| {
        let rows = if is_dense { count as usize } else { rows };
        array(member, rows, random)
    });
    let children = children.collect();
    let offsets = is_dense.then_some(offsets);
    Arc::new(UnionArray::try_new(fields.clone(), ids, offsets, children).unwrap())
}
