//! Every type through a Parquet file.

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::*;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use std::sync::Arc;
use super::random::{Random, array};

fn through_parquet(batch: &RecordBatch) -> parquet::errors::Result<RecordBatch> {
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None)?;
    writer.write(batch)?;
    writer.close()?;
    let reader = ParquetRecordBatchReaderBuilder::try_new(bytes::Bytes::from(file))?.build()?;
    let batches = reader.collect::<Result<Vec<_>, _>>()?;
    Ok(concat_batches(&batch.schema(), &batches)?)
}

#[test]
fn probe() {
    use DataType as T;
    let simple = vec![
        T::Null, T::Boolean, T::Int8, T::Int16, T::Int32, T::Int64, T::UInt8, T::UInt16, T::UInt32, T::UInt64, T::Float16, T::Float32, T::Float64,
        T::Utf8, T::LargeUtf8, T::Utf8View, T::Binary, T::LargeBinary, T::BinaryView, T::FixedSizeBinary(3), T::Date32, T::Date64,
        T::Time32(TimeUnit::Second), T::Time32(TimeUnit::Millisecond), T::Time64(TimeUnit::Microsecond), T::Time64(TimeUnit::Nanosecond),
        T::Interval(IntervalUnit::YearMonth), T::Interval(IntervalUnit::DayTime), T::Interval(IntervalUnit::MonthDayNano),
        T::Decimal32(9, 2), T::Decimal64(18, 2), T::Decimal128(38, 2), T::Decimal256(76, 40), T::Decimal32(4,-1),
        T::Duration(TimeUnit::Second), T::Duration(TimeUnit::Nanosecond), T::Timestamp(TimeUnit::Second, None), T::Timestamp(TimeUnit::Millisecond, Some("+02:00".into())), T::Timestamp(TimeUnit::Nanosecond, None),
    ];
    let f = |t: &T| Arc::new(Field::new("element", t.clone(), true));
    for t in &simple {
        let wraps: Vec<(&str, T)> = vec![
            ("plain", t.clone()),
            ("dict", T::Dictionary(Box::new(T::Int32), Box::new(t.clone()))),
            ("list<dict>", T::List(f(&T::Dictionary(Box::new(T::Int32), Box::new(t.clone()))))),
            ("ree", T::RunEndEncoded(Arc::new(Field::new("run_ends", T::Int32, false)), f(t))),
            ("list<ree>", T::List(f(&T::RunEndEncoded(Arc::new(Field::new("run_ends", T::Int32, false)), f(t))))),
            ("list", T::List(f(t))), ("listview", T::ListView(f(t))), ("fixed", T::FixedSizeList(f(t), 2)), ("fixed0", T::FixedSizeList(f(t), 0)),
        ];
        for (label, w) in wraps {
            let field = Field::new("v", w.clone(), true);
            for seed in 0..20 {
                let a = array(&field, 6, &mut Random(seed));
                let one = RecordBatch::try_new(Arc::new(Schema::new(vec![field.clone()])), vec![a]).unwrap();
                let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| through_parquet(&one)));
                let what = match r {
                    Err(_) => "panic".to_string(),
                    Ok(Err(e)) => format!("error {e}").chars().take(100).collect(),
                    Ok(Ok(x)) => if x == one { continue } else { "differs".into() },
                };
                println!("PROBE {label} {t}: {what}");
                break;
            }
        }
    }
}
