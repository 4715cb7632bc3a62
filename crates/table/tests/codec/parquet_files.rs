//! Every type through a Parquet file.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::random::{Random, array};
use super::{decoded, rendered};

/// Returns the batch after it was written to a Parquet file and read again.
fn through_parquet(batch: &RecordBatch) -> parquet::errors::Result<RecordBatch> {
    let file = tempfile::tempfile()?;
    let mut writer = ArrowWriter::try_new(file.try_clone()?, batch.schema(), None)?;
    writer.write(batch)?;
    writer.close()?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(file)?.build()?;
    let schema = arrow::array::RecordBatchReader::schema(&reader);
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&schema, &batches)?)
}

fn random(data_type: &DataType, seed: u64) -> RecordBatch {
    let nullable = seed.is_multiple_of(2) || *data_type == DataType::Null;
    let field = Field::new("v", data_type.clone(), nullable);
    let column = array(&field, 6, &mut Random(seed));
    RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap()
}

fn element(data_type: &DataType) -> FieldRef {
    Arc::new(Field::new("element", data_type.clone(), true))
}

fn dictionary(value: &DataType) -> DataType {
    DataType::Dictionary(DataType::Int32.into(), value.clone().into())
}

/// Returns the types that Parquet supports.
fn scalars() -> Vec<DataType> {
    use DataType as T;
    use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
    let mut all = vec![
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
        T::FixedSizeBinary(3),
        T::Date32,
        T::Date64,
        T::Time32(Second),
        T::Time32(Millisecond),
        T::Time64(Microsecond),
        T::Time64(Nanosecond),
        T::Interval(IntervalUnit::YearMonth),
        T::Interval(IntervalUnit::DayTime),
        T::Decimal32(9, 2),
        T::Decimal64(18, 2),
        T::Decimal128(38, 2),
        T::Decimal256(76, 40),
    ];
    for unit in [Second, Millisecond, Microsecond, Nanosecond] {
        all.push(T::Duration(unit));
        all.push(T::Timestamp(unit, None));
        all.push(T::Timestamp(unit, Some("+02:00".into())));
    }
    all
}

/// Checks that everything that JSON keeps of the batch comes back from a Parquet file, including types.
#[track_caller]
fn check(data_type: &DataType) {
    for seed in 0..16 {
        let batch = random(data_type, seed);
        let back = decoded(&batch.schema(), &rendered(&batch));
        assert_eq!(through_parquet(&back).unwrap(), batch, "{data_type}");
    }
}

#[test]
fn values_in_all_kinds_of_lists_and_structs() {
    check(&DataType::Null);
    for scalar in scalars() {
        check(&scalar);
        check(&DataType::List(element(&scalar)));
        check(&DataType::LargeList(element(&scalar)));
        check(&DataType::ListView(element(&scalar)));
        check(&DataType::LargeListView(element(&scalar)));
        check(&DataType::FixedSizeList(element(&scalar), 2));
        check(&DataType::Struct(vec![element(&scalar)].into()));
        check(&DataType::List(element(&DataType::Struct(
            vec![element(&DataType::List(element(&scalar)))].into(),
        ))));
    }
}

#[test]
fn maps() {
    for scalar in scalars() {
        for (key, value) in [(&scalar, &DataType::Utf8), (&DataType::Utf8, &scalar)] {
            let key = Field::new("key", key.clone(), false);
            let value = Field::new("value", value.clone(), true);
            let pair = DataType::Struct(vec![key, value].into());
            let entries = Arc::new(Field::new("entries", pair, false));
            check(&DataType::Map(entries, false));
        }
    }
}

#[test]
fn dictionaries() {
    for scalar in scalars() {
        // The reader of Parquet files does not support dictionaries of the others.
        let is_read = !matches!(
            scalar,
            DataType::Boolean
                | DataType::Float16
                | DataType::Interval(_)
                | DataType::Decimal128(..)
                | DataType::Decimal256(..)
        );
        if is_read {
            check(&dictionary(&scalar));
            check(&DataType::List(element(&dictionary(&scalar))));
        }
    }
}

#[test]
fn runs_come_back_as_plain_values() {
    for scalar in scalars() {
        let ends = Arc::new(Field::new("run_ends", DataType::Int32, false));
        let batch = random(&DataType::RunEndEncoded(ends, element(&scalar)), 0);
        let back = through_parquet(&batch).unwrap();
        assert_eq!(back.schema().field(0).data_type(), &scalar);
        assert_eq!(rendered(&back), rendered(&batch));
    }
}

#[test]
fn json_text_stays_json_text() {
    let json = ("ARROW:extension:name", "arrow.json");
    let field = Field::new("v", DataType::Utf8, true).with_metadata([json]);
    let schema = Arc::new(Schema::new(vec![field]));
    let records = [r#"{"v": {"a":  1.50}}"#, r#"{"v": null}"#, r#"{"v": "x"}"#];
    let back = through_parquet(&decoded(&schema, &records)).unwrap();
    assert_eq!(rendered(&back), records);
}

#[test]
fn types_without_a_place_in_parquet() {
    let nothing = DataType::Struct(Fields::empty());
    let interval = DataType::Interval(IntervalUnit::MonthDayNano);
    for data_type in [nothing, interval, DataType::Decimal32(4, -1)] {
        let batch = random(&data_type, 0);
        assert!(through_parquet(&batch).is_err(), "{data_type}");
        // Their JSON is written instead.
        let json = ("ARROW:extension:name", "arrow.json");
        let field = Field::new("v", DataType::Utf8, true).with_metadata([json]);
        let schema = Arc::new(Schema::new(vec![field]));
        let text = decoded(&schema, &rendered(&batch));
        assert_eq!(rendered(&through_parquet(&text).unwrap()), rendered(&batch));
    }
}
