//! What a table keeps through a job.

use arrow::array::{AsArray, Int64Array, RecordBatch, UInt64Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::Int64Type;
use coldpress_config::OperatorCall;
use proptest::prelude::*;

use super::any::any_file;
use super::expected::Expected;
use super::files::{DataFile, Files, Shape};
use super::output::{Form, Output};
use super::{Work, any_plan, completed};
use crate::plan::{Plan, cases};

fn any_parquet() -> impl Strategy<Value = DataFile> {
    let shape =
        (prop_oneof![1usize..6, Just(1000)], any::<bool>()).prop_map(|(group_rows, dictionary)| {
            Shape::Parquet {
                group_rows,
                dictionary,
            }
        });
    any_file(shape, 1..20)
}

/// The rows of `file` that came out, by their numbers.
fn kept(file: &DataFile, exported: &RecordBatch) -> RecordBatch {
    let numbers = exported.column(0).as_primitive::<Int64Type>();
    let numbers: UInt64Array = numbers
        .values()
        .iter()
        .map(|number| *number as u64)
        .collect();
    let table = file.table();
    let columns = table
        .columns()
        .iter()
        .map(|column| take(column, &numbers, None).unwrap());
    RecordBatch::try_new(table.schema(), columns.collect()).unwrap()
}

#[track_caller]
fn check_untouched(file: &DataFile, exported: &RecordBatch) {
    let kept = kept(file, exported);
    assert_eq!(exported.schema(), kept.schema());
    for (at, (name, _)) in file.columns.iter().enumerate().filter(|(at, _)| *at != 1) {
        assert_eq!(exported.column(at), kept.column(at), "column {name}");
    }
}

proptest! {
    #![proptest_config(cases(20))]

    /// Parquet to Parquet: the schema is kept, and so is every value of columns that no operator works on.
    #[test]
    fn a_table_keeps_its_schema_and_its_untouched_columns(
        file in any_parquet(), plan in any_plan(), cut in 0usize..3,
    ) {
        let process: Vec<OperatorCall> =
            plan.process.iter().filter(|call| !call.params_json().to_string().contains("meta.text")).cloned().collect();
        let plan = Plan { process, keep_stats: false, ..plan };
        // The file as it is, or its rows in several files of one schema.
        let rows = file.rows.len().div_ceil(cut + 1).max(1);
        let files = file.rows.chunks(rows).map(|rows| DataFile { rows: rows.to_vec(), ..file.clone() });
        let files = Files(files.collect());
        let work = Work { plan, output: Output::file(Form::Parquet), stats: false, dropped: false };
        let expected = Expected::of(&files, &work.plan);
        let Some((_, exported)) = completed(&files, &work, &expected) else { return Ok(()) };
        let schema = exported.schema.clone().unwrap();
        let table = concat_batches(&schema, exported.table.as_ref().unwrap()).unwrap();
        check_untouched(&file, &table);
        if work.plan.process.is_empty() {
            let before = file.table();
            prop_assert_eq!(table.column(1), before.column(1));
            let all: Int64Array = (0..file.rows.len() as i64).collect();
            prop_assert_eq!(table.column(0).as_primitive::<Int64Type>(), &all);
        }
    }
}
