//! Every type through a Parquet file.



use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use proptest::strategy::ValueTree;

use super::generated::batch;


/// The batch after it was written to a Parquet file and read again.
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
    let mut failed = std::collections::BTreeMap::new();
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    for _ in 0..20000 {
        let b = batch().new_tree(&mut runner).unwrap().current();
        for (i, f) in b.schema().fields().iter().enumerate() {
            let one = b.project(&[i]).unwrap();
            let r = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| through_parquet(&one)));
            let what = match r {
                Err(_) => "panic".to_string(),
                Ok(Err(e)) => format!("error {e}"),
                Ok(Ok(x)) => {
                    if x == one {
                        continue;
                    } else {
                        "differs".into()
                    }
                }
            };
            let t = f.data_type().to_string();
            let w = what.chars().take(75).collect::<String>();
            let e = failed.entry(w).or_insert((usize::MAX, String::new(), 0));
            e.2 += 1;
            if t.len() < e.0 {
                *e = (t.len(), t, e.2)
            }
        }
    }
    for (k, v) in failed {
        println!("{k}: {v:?}");
    }
}
