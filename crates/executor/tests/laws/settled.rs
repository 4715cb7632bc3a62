//! What a last deduplicator decides about rows in columns, which the export takes as they are.

use std::fs;
use std::path::PathBuf;

use arrow::array::{AsArray, RecordBatch};
use arrow::compute::concat_batches;
use arrow::datatypes::Int64Type;
use coldpress_config::OperatorCall;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::bench::{Bench, files_in};
use crate::deduplicators::harm;
use crate::plan::Plan;
use crate::selectors::write_table;

/// Two tables in which a text is there for the first time in the rows 5, 1, 9 and, of the second, none.
fn tables() -> Bench {
    Bench::over(|folder| {
        fs::create_dir_all(folder).unwrap();
        let paths: Vec<PathBuf> = ["a.parquet", "b.parquet"]
            .map(|name| folder.join(name))
            .into();
        write_table(&paths[0], &[5, 1, 8, 9, 7, 3]);
        write_table(&paths[1], &[2, 4, 6]);
        paths
    })
}

fn plan(bench: &Bench, name: &str, process: &[&str]) -> Plan {
    let process = process.iter().map(|name| OperatorCall::new(*name));
    let export = bench.path(name).display().to_string();
    Plan::new(process.collect(), 4).with("export_path", export)
}

/// The export, and its column of numbers.
fn exported(bench: &Bench, plan: &Plan) -> (RecordBatch, Vec<i64>) {
    bench.run(plan).unwrap().ledger.check().unwrap();
    let file = fs::File::open(bench.path("out.parquet")).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(Result::unwrap).collect();
    let rows = concat_batches(&schema, &batches).unwrap();
    let numbers = rows.column(0).as_primitive::<Int64Type>().values().to_vec();
    (rows, numbers)
}

#[test]
fn a_last_deduplicator_causes_no_second_pass_over_columns() {
    let process = ["edit_mapper", "document_deduplicator"];
    for how in 0..4 {
        let bench = tables();
        let plan = plan(&bench, "out.parquet", &process);
        let (rows, numbers) = exported(&bench, &plan);
        assert_eq!(numbers, [5, 1, 9]);
        let results = files_in(&bench.path("jobs/job/results"));
        // Rows and their index: no attempt has written those that stay once more.
        assert_eq!(results.len(), 2 * 3, "{results:?}");
        let state = bench.state(&plan);
        let last: Vec<_> = state.publications().filter(|one| one.stage == 1).collect();
        assert!(last.len() == 3 && last.iter().all(|one| one.kept.is_some()));
        let is_decision = |path: &PathBuf| path.display().to_string().contains("_decisions.");
        let mut decisions = files_in(&bench.path("jobs/job/signatures"));
        decisions.retain(is_decision);
        for lost in [&decisions[0], &results[how]] {
            fs::remove_file(bench.path("out.parquet")).unwrap();
            harm(lost, how);
            assert_eq!(exported(&bench, &plan).0, rows);
        }
    }
}

/// A job that is done stays done when it is asked to keep more than it kept: its counts are what they were.
#[test]
fn what_was_settled_counts_whatever_is_to_be_kept_now() {
    let bench = tables();
    let done = plan(
        &bench,
        "out.parquet",
        &["edit_mapper", "document_deduplicator"],
    );
    let first = bench.run(&done).unwrap();
    let keeping = done.with("intermediate_storage.preserve_intermediate_data", true);
    let again = bench.run(&keeping).unwrap();
    assert!(again.already_complete);
    assert_eq!(again.ledger, first.ledger);
}

/// Rows that were left out for one form of the export are left out for the others, and before further operators.
#[test]
fn what_is_settled_holds_for_every_form_and_for_what_follows() {
    let process = ["edit_mapper", "document_deduplicator"];
    let bench = tables();
    exported(&bench, &plan(&bench, "out.parquet", &process));
    let lines = |plan: &Plan| {
        let report = bench.run(plan).unwrap();
        report.ledger.check().unwrap();
        let text = fs::read_to_string(report.export_path).unwrap();
        let rows = text.lines().map(|line| {
            let row: serde_json::Value = serde_json::from_str(line).unwrap();
            row["n"].as_i64().unwrap()
        });
        rows.collect::<Vec<_>>()
    };
    assert_eq!(lines(&plan(&bench, "out.jsonl", &process)), [5, 1, 9]);
    let longer = ["edit_mapper", "document_deduplicator", "stamp_mapper"];
    let (_, numbers) = exported(&bench, &plan(&bench, "out.parquet", &longer));
    assert_eq!(numbers, [5, 1, 9]);
    assert_eq!(lines(&plan(&bench, "other.jsonl", &longer)), [5, 1, 9]);
}

/// Columns of lines are known only from the rows that stay: a field of a row that goes is no column.
#[test]
fn columns_of_lines_are_those_of_the_rows_that_stay() {
    let bench = Bench::over(|folder| {
        fs::create_dir_all(folder).unwrap();
        let path = folder.join("a.jsonl");
        let lines = "{\"n\": 5, \"text\": \"a\"}\n{\"n\": 6, \"text\": \"a\", \"more\": 1}\n";
        fs::write(&path, lines).unwrap();
        vec![path]
    });
    let (rows, numbers) = exported(
        &bench,
        &plan(&bench, "out.parquet", &["document_deduplicator"]),
    );
    assert_eq!(numbers, [5]);
    assert_eq!(rows.column_by_name("more"), None);
}
