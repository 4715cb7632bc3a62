//! Random schemas and batches.

use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::*;
use proptest::prelude::*;

use super::random::{Random, array};
use super::{decoded, rendered};

/// Generates every type that holds no other.
pub(crate) fn scalar() -> impl Strategy<Value = DataType> {
    use DataType as T;
    let units = [
        TimeUnit::Second,
        TimeUnit::Millisecond,
        TimeUnit::Microsecond,
        TimeUnit::Nanosecond,
    ];
    let unit = prop::sample::select(units.to_vec());
    let zone = prop::option::of(Just(Arc::<str>::from("+02:00")));
    let simple = [
        T::Null,
        T::Boolean,
        T::Int8,
        T::Int16,
        T::Int32,
        T::Int64,
        T::UInt8,
        T::UInt16,
        T::UInt32,
        T::UInt64,
        T::Float16,
        T::Float32,
        T::Float64,
        T::Utf8,
        T::LargeUtf8,
        T::Utf8View,
        T::Binary,
        T::LargeBinary,
        T::BinaryView,
        T::FixedSizeBinary(0),
        T::FixedSizeBinary(3),
        T::Date32,
        T::Date64,
        T::Time32(TimeUnit::Second),
        T::Time32(TimeUnit::Millisecond),
        T::Time64(TimeUnit::Microsecond),
        T::Time64(TimeUnit::Nanosecond),
        T::Interval(IntervalUnit::YearMonth),
        T::Interval(IntervalUnit::DayTime),
        T::Interval(IntervalUnit::MonthDayNano),
        T::Decimal256(76, -3),
        T::Decimal256(76, 40),
    ];
    prop_oneof![
        12 => prop::sample::select(simple.to_vec()),
        1 => unit.clone().prop_map(T::Duration),
        2 => (unit, zone).prop_map(|(unit, zone)| T::Timestamp(unit, zone)),
        1 => (1_u8..=9, -3_i8..=1).prop_map(|(precision, scale)| T::Decimal32(precision, scale)),
        1 => (2_u8..=18, -3_i8..=2).prop_map(|(precision, scale)| T::Decimal64(precision, scale)),
        1 => (5_u8..=38, -9_i8..=5).prop_map(|(precision, scale)| T::Decimal128(precision, scale)),
    ]
}

fn data_type() -> impl Strategy<Value = DataType> {
    scalar().prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            child(inner.clone()).prop_map(DataType::List),
            child(inner.clone()).prop_map(DataType::LargeList),
            child(inner.clone()).prop_map(DataType::ListView),
            child(inner.clone()).prop_map(DataType::LargeListView),
            (child(inner.clone()), 0..3)
                .prop_map(|(child, size)| DataType::FixedSizeList(child, size)),
            fields(inner.clone()).prop_map(DataType::Struct),
            fields(inner.clone()).prop_map(DataType::Struct),
            (scalar(), child(inner.clone()), any::<bool>()).prop_map(map),
            (key(), scalar()).prop_map(|(key, value)| {
                DataType::Dictionary(Box::new(key), Box::new(never_null(value)))
            }),
            (end(), child(inner.clone())).prop_map(|(end, values)| {
                DataType::RunEndEncoded(Arc::new(Field::new("run_ends", end, false)), values)
            }),
            (
                fields(inner).prop_filter("a union has members", |fields| !fields.is_empty()),
                mode()
            )
                .prop_map(union),
        ]
    })
}

fn child(inner: impl Strategy<Value = DataType>) -> impl Strategy<Value = FieldRef> {
    (inner, any::<bool>())
        .prop_map(|(data_type, is_nullable)| field("element", data_type, is_nullable))
}

fn field(name: &str, data_type: DataType, is_nullable: bool) -> FieldRef {
    // Values of these types may be null although the array has no mask that says so.
    let hides_nulls = matches!(
        data_type,
        DataType::Null | DataType::Union(..) | DataType::RunEndEncoded(..)
    );
    Arc::new(Field::new(name, data_type, is_nullable || hides_nulls))
}

/// Returns a type for a dictionary's values or a map's keys, where nulls are not possible.
fn never_null(data_type: DataType) -> DataType {
    if data_type == DataType::Null {
        DataType::Utf8
    } else {
        data_type
    }
}

fn fields(inner: impl Strategy<Value = DataType>) -> impl Strategy<Value = Fields> {
    prop::collection::vec((inner, any::<bool>()), 0..4).prop_map(|types| {
        let names = ["a", "b \"\\", "c.d", "é"];
        let fields = names.iter().zip(types);
        fields
            .map(|(name, (data_type, is_nullable))| field(name, data_type, is_nullable))
            .collect()
    })
}

fn map((key, value, is_sorted): (DataType, FieldRef, bool)) -> DataType {
    let pair = Fields::from(vec![field("k", never_null(key), false), value]);
    let entries = Field::new("entries", DataType::Struct(pair), false);
    DataType::Map(Arc::new(entries), is_sorted)
}

fn key() -> impl Strategy<Value = DataType> {
    prop::sample::select(vec![DataType::Int8, DataType::UInt16, DataType::Int64])
}

fn end() -> impl Strategy<Value = DataType> {
    prop::sample::select(vec![DataType::Int16, DataType::Int32, DataType::Int64])
}

fn mode() -> impl Strategy<Value = UnionMode> {
    prop::sample::select(vec![UnionMode::Sparse, UnionMode::Dense])
}

fn union((fields, mode): (Fields, UnionMode)) -> DataType {
    let ids = (0..fields.len() as i8).map(|id| 7 * id + 1);
    let members = fields.iter().map(Arc::clone);
    DataType::Union(UnionFields::try_new(ids, members).unwrap(), mode)
}

/// Generates a batch of random types with up to 12 rows.
pub(crate) fn batch() -> impl Strategy<Value = RecordBatch> {
    (fields(data_type()), 0_usize..12, any::<u64>()).prop_map(|(fields, rows, seed)| {
        let mut random = Random(seed);
        let columns = fields.iter().map(|field| array(field, rows, &mut random));
        let columns = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let schema = Arc::new(Schema::new(fields));
        RecordBatch::try_new_with_options(schema, columns, &options).unwrap()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_rendered_and_decoded_is_the_same(batch in batch()) {
        let records = rendered(&batch);
        let back = decoded(&batch.schema(), &records);
        prop_assert_eq!(&back, &batch);
        for column in back.columns() {
            column.to_data().validate_full().unwrap();
        }
        prop_assert_eq!(rendered(&back), records);
    }
}
