//! Selectors and groupers: rows that come to lie in other partitions, or become others.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Int64Type, TimestampMicrosecondType};

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::bench::{Bench, files_in};
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators;
use crate::plan::{
    Keep, Plan, any_deduplicator, any_how, any_process, any_selector, cases, with_watch,
};
use crate::reference::Expected;

const VECTORS: [&str; 7] = [
    include_str!("../../../ops/src/selector/frequency_specified_field.vectors.jsonl"),
    include_str!("../../../ops/src/selector/random.vectors.jsonl"),
    include_str!("../../../ops/src/selector/range_specified_field.vectors.jsonl"),
    include_str!("../../../ops/src/selector/tags_specified_field.vectors.jsonl"),
    include_str!("../../../ops/src/selector/topk_specified_field.vectors.jsonl"),
    include_str!("../../../ops/src/grouper/key_value.vectors.jsonl"),
    include_str!("../../../ops/src/grouper/naive.vectors.jsonl"),
];

fn top(count: u64) -> OperatorCall {
    OperatorCall::new("topk_specified_field_selector")
        .with("field_key", "n")
        .with("topk", count)
}

fn grouped() -> OperatorCall {
    OperatorCall::new("key_value_grouper")
}

/// Records whose numbers come in no order, and whose texts are there three times each.
fn records() -> Dataset {
    Dataset::of_lines(
        (0..24).map(|n| format!(r#"{{"n": {}, "text": "text {}"}}"#, (n * 7) % 24, n % 8)),
    )
}

fn lines(bench: &Bench, plan: &Plan) -> Vec<Value> {
    let parts = bench.export(plan.form).unwrap().concat();
    let text = String::from_utf8(parts).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn numbers(bench: &Bench, plan: &Plan) -> Vec<u64> {
    let lines = lines(bench, plan).into_iter();
    lines.map(|line| line["n"].as_u64().unwrap()).collect()
}

fn placed_files(bench: &Bench) -> Vec<PathBuf> {
    let mut files = files_in(&bench.path("jobs/job/results"));
    files.retain(|path| path.to_string_lossy().contains("_placed"));
    files
}

/// Attempts at a stage that published something.
fn published(bench: &Bench, plan: &Plan, stage: u32) -> usize {
    let state = bench.state(plan);
    let made = state.publications().filter(|one| !one.placed);
    made.filter(|one| one.stage == stage).count()
}

proptest! {
    #![proptest_config(cases(24))]

    /// One or two of them among deduplicators and operators of records, stopped anywhere: as if nothing had happened.
    #[test]
    fn moved_records_do_not_show_how_they_were_moved(
        dataset in long_dataset(),
        parts in (any_process(0..2), any_process(0..2), any_process(0..2)),
        barriers in (any_selector(), prop_oneof![any_selector(), any_deduplicator()]),
        has_length in any::<bool>(), hows in (any_how(), any_how()),
        at in 0usize..8, after in 1u64..20, keep_stats in any::<bool>(),
    ) {
        let (before, between, behind) = parts;
        let length = OperatorCall::new("length_filter").with("max", 60);
        let process = [
            before,
            has_length.then_some(length).into_iter().collect(),
            vec![barriers.0],
            between,
            vec![barriers.1],
            behind,
        ];
        let id = control::new_id();
        let process = with_watch(process.concat(), at, id);
        let first = Plan { how: hows.0, keep_stats, ..Plan::new(process, 1) };
        let second = Plan { how: hows.1, ..first.clone() };
        let expected = Expected::of(&dataset, &first);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&first);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected);
        prop_assert_eq!(bench.quarantined(&second), expected.quarantined);
    }
}

/// The vectors, from a file to a file.
#[test]
fn what_data_juicer_gives_comes_out_of_a_job() {
    let lines = VECTORS.iter().flat_map(|file| file.lines());
    // The tests of the operators have all cases in partitions of each size.
    for (line, records) in lines.zip([1, 3, 1000].into_iter().cycle()) {
        let case: Value = serde_json::from_str(line).unwrap();
        let rows: Vec<Map<String, Value>> = serde_json::from_value(case["input"].clone()).unwrap();
        let dataset = Dataset::of_lines(
            rows.iter()
                .map(|row| Value::Object(row.clone()).to_string()),
        );
        let mut call = OperatorCall::new(case["op"].as_str().unwrap());
        for (name, value) in case["params"].as_object().unwrap() {
            call = call.with(name, coldpress_operator::Node::from_json(value));
        }
        // Of the call alone: records without text, as some of these are, do not come into a recipe under `compat`.
        let plan = Plan::new(vec![call.with("compat", "data_juicer")], records)
            .with("skip_op_error", false)
            .with("retry.max_retries", 0);
        check_vector(&case, &dataset, &plan);
    }
}

#[track_caller]
fn check_vector(case: &Value, dataset: &Dataset, plan: &Plan) {
    let id = &case["id"];
    let bench = Bench::new(dataset);
    if !case["error"].is_null() {
        // Wrong parameters are refused before there is an executor; the tests of the operators have them.
        if case["error"].as_str().unwrap().starts_with("run") {
            assert!(bench.run(plan).is_err(), "{id} should fail");
        }
        return;
    }
    bench
        .run(plan)
        .unwrap_or_else(|error| panic!("{id}: {}", error.full_message()));
    let found = lines(&bench, plan);
    match case["output"].as_array() {
        None => assert_eq!(case["properties"]["count"], found.len(), "{id}"),
        Some(expected) => {
            let text = |rows: &[Value]| {
                json!(rows)
                    .to_string()
                    .replace(".0,", ",")
                    .replace(".0]", "]")
            };
            assert_eq!(text(&found), text(expected), "{id}, {:?}", plan.how.records);
        }
    }
}

#[test]
fn a_selector_at_the_end_causes_no_further_pass() {
    for process in [
        vec![top(9)],
        vec![OperatorCall::new("edit_mapper"), grouped()],
    ] {
        let plan = Plan::new(process, 5);
        let bench = Bench::new(&records());
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&records(), &plan));
        assert_eq!(published(&bench, &plan, 0), 5);
        assert_eq!(published(&bench, &plan, 1), 0);
        assert!(bench.run(&plan).unwrap().already_complete);
    }
}

#[test]
fn another_amount_uses_the_signatures_again() {
    let tail = OperatorCall::new("stamp_mapper");
    let plan = |count| Plan::new(vec![top(count), tail.clone()], 5);
    let bench = Bench::new(&records());
    for (count, passes) in [(5, 5), (9, 10), (5, 10)] {
        let report = bench.run(&plan(count)).unwrap();
        bench.check(
            &plan(count),
            &report,
            &Expected::of(&records(), &plan(count)),
        );
        assert_eq!(published(&bench, &plan(count), 0), 5);
        assert_eq!(published(&bench, &plan(count), 1), passes, "{count}");
    }
    // Appended operators go on from the rows that were placed.
    let longer = Plan::new(vec![top(5), tail, OperatorCall::new("lottery_filter")], 5);
    let report = bench.run(&longer).unwrap();
    bench.check(&longer, &report, &Expected::of(&records(), &longer));
    assert_eq!(bench.state(&longer).barriers().len(), 2);
}

/// Each placed file is harmed while the job is stopped, each in another way.
#[test]
fn damaged_placed_rows_are_placed_again() {
    for (nth, process) in [
        vec![top(20)],
        vec![grouped()],
        vec![top(20), OperatorCall::new("document_deduplicator")],
    ]
    .into_iter()
    .enumerate()
    {
        for file in 0..10 {
            let id = control::new_id();
            let process = [process.clone(), vec![operators::watch(id)]].concat();
            let plan = Plan::new(process, 5);
            let bench = Bench::new(&records());
            let executor = bench.executor(&plan);
            control::stop_after(id, 1, executor.stop_handle());
            assert_eq!(executor.run().unwrap().status, Status::Stopped);
            control::disarm(id);
            let files = placed_files(&bench);
            assert_eq!(files.len(), 10);
            crate::deduplicators::harm(&files[file], file + nth);
            let report = bench.run(&plan).unwrap();
            bench.check(&plan, &report, &Expected::of(&records(), &plan));
        }
    }
}

/// The merge, too, finds out.
#[test]
fn damaged_rows_that_are_exported_as_they_are_are_placed_again() {
    for how in 0..4 {
        let plan = Plan::new(vec![top(20)], 5);
        let bench = Bench::new(&records());
        bench.run(&plan).unwrap();
        fs::remove_file(bench.path("out.jsonl")).unwrap();
        let file = placed_files(&bench).into_iter().find(|path| {
            let name = path.to_string_lossy().into_owned();
            name.contains("partition_000002") && name.ends_with(".jsonl")
        });
        crate::deduplicators::harm(&file.unwrap(), how);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&records(), &plan));
        assert_eq!(published(&bench, &plan, 0), 5, "harm {how}");
        assert!(
            report
                .warnings
                .iter()
                .any(|text| text.contains("placed again")),
            "{:?}",
            report.warnings
        );
    }
}

/// The rows before the barrier are damaged when they are to be placed, and others were set aside already.
#[test]
fn damaged_rows_of_the_stage_before_are_made_again() {
    for how in 0..4 {
        let lines = (0..24).map(|n| format!(r#"{{"{}": {n}, "text": "a"}}"#, ["n", "no"][n % 2]));
        let dataset = Dataset::of_lines(lines);
        let bench = Bench::new(&dataset);
        let folder = bench.path("dropped").display().to_string();
        let plan = |count| {
            let process = vec![OperatorCall::new("edit_mapper"), top(count)];
            Plan::new(process, 5).with("export_dropped", folder.clone())
        };
        bench.run(&plan(3)).unwrap();
        let file = bench.path("jobs/job/results/partition_000001.e1.a1.jsonl");
        crate::deduplicators::harm(&file, how);
        let report = bench.run(&plan(7)).unwrap();
        bench.check(&plan(7), &report, &Expected::of(&dataset, &plan(7)));
        assert_eq!(published(&bench, &plan(7), 0), 6, "harm {how}");
    }
}

#[test]
fn statistics_go_with_their_records_and_end_at_a_group() {
    let length = OperatorCall::new("length_filter").with("max", 60);
    for selector in [
        top(9),
        grouped(),
        OperatorCall::new("random_selector").with("select_num", 7),
    ] {
        for tail in [None, Some(OperatorCall::new("lottery_filter"))] {
            let process = [length.clone(), selector.clone()].into_iter().chain(tail);
            let plan = Plan {
                keep_stats: true,
                ..Plan::new(process.collect(), 5)
            };
            let bench = Bench::new(&records());
            let report = bench.run(&plan).unwrap();
            bench.check(&plan, &report, &Expected::of(&records(), &plan));
        }
    }
}

/// A selector by a statistic that a filter before has computed.
#[test]
fn records_are_selected_by_their_statistics() {
    let lengths = |n: u64| {
        format!(
            r#"{{"n": {n}, "text": "{}"}}"#,
            "x".repeat((n * 5 % 12) as usize)
        )
    };
    let dataset = Dataset::of_lines((0..12).map(lengths));
    let by_length = OperatorCall::new("topk_specified_field_selector")
        .with("field_key", "__dj__stats__.length")
        .with("topk", 3);
    let plan = Plan::new(vec![OperatorCall::new("length_filter"), by_length], 5);
    let bench = Bench::new(&dataset);
    bench.run(&plan).unwrap();
    assert_eq!(numbers(&bench, &plan), [7, 2, 9]);
}

#[test]
fn records_that_are_not_selected_are_kept_if_that_is_wanted() {
    let folder = |bench: &Bench| bench.path("dropped").display().to_string();
    for process in [
        vec![top(4)],
        vec![
            OperatorCall::new("document_deduplicator"),
            top(4),
            OperatorCall::new("stamp_mapper"),
        ],
    ] {
        let bench = Bench::new(&records());
        let plan = Plan::new(process, 5).with("export_dropped", folder(&bench));
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&records(), &plan));
        let place = plan
            .process
            .iter()
            .position(|call| call.name.starts_with("topk"))
            .unwrap();
        let name = format!("dropped/op_{place:03}_topk_specified_field_selector.jsonl");
        let dropped = fs::read_to_string(bench.path(&name)).unwrap();
        assert_eq!(
            dropped.lines().count() as u64,
            report.ledger.operators[place].dropped
        );
        assert!(
            dropped.lines().next().unwrap().contains(r#""n": 0"#),
            "{dropped}"
        );
    }
}

#[test]
fn records_that_cannot_be_selected_by_go_to_quarantine() {
    let mut dataset = records();
    dataset.add_plain("{\"text\": \"no number\"}\n{\"n\": [1], \"text\": \"a list\"}\n{\"n\": 99, \"text\": \"last\"}\n");
    for tail in [None, Some(OperatorCall::new("stamp_mapper"))] {
        let plan = Plan::new([top(4)].into_iter().chain(tail).collect(), 5);
        let bench = Bench::new(&dataset);
        let report = bench.run(&plan).unwrap();
        let expected = Expected::of(&dataset, &plan);
        bench.check(&plan, &report, &expected);
        assert_eq!(bench.quarantined(&plan), expected.quarantined);
        assert_eq!(report.ledger.operators[0].quarantined, 2);
        assert_eq!(numbers(&bench, &plan)[0], 99);
    }
}

#[test]
fn values_that_cannot_be_ordered_name_their_records() {
    for (value, kind) in [(r#""a""#, "a text"), ("null", "null")] {
        let mut dataset = records();
        dataset.add_plain(&format!("{{\"n\": {value}, \"text\": \"another kind\"}}\n"));
        for compat in [false, true] {
            let plan = Plan::new(vec![top(4)], 5);
            let plan = match compat {
                true => plan.with("compat", "data_juicer"),
                false => plan,
            };
            let bench = Bench::new(&dataset);
            let message = bench.run(&plan).unwrap_err().full_message();
            for part in ["record 0 ", "record 24 ", "a number", kind] {
                assert!(message.contains(part), "{message}");
            }
            assert_eq!(bench.export(plan.form), None);
        }
    }
}

#[test]
fn a_group_that_is_too_large_is_named_with_its_setting() {
    let plan = Plan::new(vec![OperatorCall::new("naive_grouper")], 5).with("max_record_mb", 0.0005);
    let bench = Bench::new(&records());
    let error = bench.run(&plan).unwrap_err();
    let message = error.full_message();
    assert_eq!(error.kind(), ErrorKind::Failed);
    for part in [
        "naive_grouper",
        "byte 0 of",
        "data-0.jsonl",
        r#"{"n": 0"#,
        "`max_record_mb`",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert_eq!(bench.export(plan.form), None);
    // With a higher limit the same job goes on.
    let plan = Plan::new(plan.process, 5);
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&records(), &plan));
}

/// What is not kept of a job is not kept of what was placed, and without the export all is done again.
#[test]
fn placed_rows_are_retired_as_other_results_are() {
    for policy in ["keep_failed_only", "cleanup_all"] {
        let plan = Plan::new(vec![top(20), OperatorCall::new("stamp_mapper")], 5)
            .with("intermediate_storage.retention_policy", policy);
        let bench = Bench::new(&records());
        let expected = Expected::of(&records(), &plan);
        bench.run(&plan).unwrap();
        bench.check_export(&plan, &expected);
        for folder in ["signatures", "results"] {
            let left = files_in(&bench.path("jobs/job").join(folder));
            assert_eq!(left, Vec::<PathBuf>::new(), "{policy}");
        }
        fs::remove_file(bench.path("out.jsonl")).unwrap();
        bench.run(&plan).unwrap();
        bench.check_export(&plan, &expected);
    }
}

/// Duplicates after a selector: the first in the new order is kept.
#[test]
fn what_follows_sees_the_new_order() {
    let plan = Plan::new(vec![top(24), OperatorCall::new("document_deduplicator")], 7);
    let bench = Bench::new(&records());
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&records(), &plan));
    let found = numbers(&bench, &plan);
    assert_eq!(
        (found.len(), found.is_sorted_by(|a, b| a > b)),
        (8, true),
        "{found:?}"
    );
    assert_eq!(found[0], 23);
}

/// A Parquet file with a column of numbers and one of times, which JSON has no type for.
pub(crate) fn write_table(path: &std::path::Path, numbers: &[i64]) {
    let times = TimestampMicrosecondArray::from_iter_values(numbers.iter().map(|n| n * 1_000_000));
    let texts = numbers.iter().map(|n| Some(format!("text {}", n % 3)));
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("n", Arc::new(Int64Array::from(numbers.to_vec()))),
        ("at", Arc::new(times)),
        ("text", Arc::new(texts.collect::<StringArray>())),
    ];
    let rows = RecordBatch::try_from_iter(columns).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
}

/// Runs a plan over two tables and, if asked for, a file of lines; gives the rows of its Parquet export.
fn run_over_tables(plan: &Plan, has_lines: bool) -> RecordBatch {
    let bench = Bench::over(|folder| {
        fs::create_dir_all(folder).unwrap();
        let mut paths: Vec<PathBuf> = ["a.parquet", "b.parquet"]
            .map(|name| folder.join(name))
            .into();
        write_table(&paths[0], &[5, 1, 9, 3, 7]);
        write_table(&paths[1], &[2, 8, 4, 6]);
        if has_lines {
            paths.push(folder.join("c.jsonl"));
            fs::write(&paths[2], "{\"n\": 10, \"text\": \"text 1\"}\n").unwrap();
        }
        paths
    });
    let export = bench.path("out.parquet");
    let plan = plan
        .clone()
        .with("export_path", export.display().to_string());
    let report = bench.run(&plan).unwrap();
    report.ledger.check().unwrap();
    let reader =
        ParquetRecordBatchReaderBuilder::try_new(fs::File::open(&export).unwrap()).unwrap();
    let schema = reader.schema().clone();
    let batches: Vec<RecordBatch> = reader.build().unwrap().map(|rows| rows.unwrap()).collect();
    concat_batches(&schema, &batches).unwrap()
}

#[test]
fn a_selection_keeps_the_schema_that_all_sources_share() {
    for tail in [
        None,
        Some(OperatorCall::new("edit_mapper").with("kind", "upper")),
    ] {
        let plan = Plan::new([top(6)].into_iter().chain(tail).collect(), 2);
        let rows = run_over_tables(&plan, false);
        let numbers = rows.column(0).as_primitive::<Int64Type>();
        assert_eq!(numbers.values().to_vec(), [9, 8, 7, 6, 5, 4]);
        let times = rows.column(1).as_primitive::<TimestampMicrosecondType>();
        assert_eq!(times.value(0), 9_000_000);
        // With a source that has no schema, types are those of the rows: nothing fits a time but a text.
        let rows = run_over_tables(&plan, true);
        let numbers = rows.column(0).as_primitive::<Int64Type>();
        assert_eq!(numbers.values().to_vec(), [10, 9, 8, 7, 6, 5]);
        let times = rows.column_by_name("at").unwrap().as_string::<i32>();
        assert!(times.is_null(0) && times.value(1).starts_with("1970-01-01T00:00:09"));
    }
}

#[test]
fn groups_of_a_table_have_columns_of_lists() {
    for has_lines in [false, true] {
        let rows = run_over_tables(&Plan::new(vec![grouped()], 2), has_lines);
        assert_eq!(rows.num_rows(), 3);
        let numbers = rows.column_by_name("n").unwrap().as_list::<i32>().value(1);
        let numbers = numbers.as_primitive::<Int64Type>().values().to_vec();
        let expected = &[1, 7, 4, 10][..3 + usize::from(has_lines)];
        assert_eq!(numbers, expected);
        assert!(matches!(
            rows.column_by_name("at").unwrap().data_type(),
            DataType::List(_)
        ));
    }
}

/// What a grouper has put together is taken apart again, whatever lies between, stopped on the way.
#[test]
fn groups_are_taken_apart_again() {
    let reverse = OperatorCall::new("naive_reverse_grouper");
    for strategy in [Keep::EveryOp, Keep::Disabled] {
        for after in [2, 9, 30] {
            let id = control::new_id();
            let watch = operators::watch(id);
            let edit = OperatorCall::new("edit_mapper").with("kind", "upper");
            let process = vec![watch, grouped(), reverse.clone(), edit, top(20)];
            let plan = Plan::new(process, 5).strategy(strategy);
            let bench = Bench::new(&records());
            let executor = bench.executor(&plan);
            control::stop_after(id, after, executor.stop_handle());
            executor.run().unwrap();
            control::disarm(id);
            let report = bench.run(&plan).unwrap();
            bench.check(&plan, &report, &Expected::of(&records(), &plan));
            let found = numbers(&bench, &plan);
            assert_eq!(found, (4..24).rev().collect::<Vec<u64>>());
        }
    }
    let rows = run_over_tables(&Plan::new(vec![grouped(), reverse], 2), false);
    let numbers = rows.column_by_name("n").unwrap();
    let numbers = numbers.as_primitive::<Int64Type>().values().to_vec();
    assert_eq!(numbers, [5, 2, 8, 1, 7, 4, 9, 3, 6]);
}

/// Checkpoints of what changed know records that were made anew, also where the input has columns.
#[test]
fn records_that_were_taken_apart_are_in_checkpoints() {
    let lists = (0..6).map(|n| format!(r#"{{"n": [{n}, {}], "text": ["a", "err"]}}"#, n + 10));
    let mut dataset = Dataset::of_lines(lists);
    dataset.add_plain("{\"n\": [1], \"text\": []}\n{\"text\": \"no list\"}\n{\"text\": []}\n");
    let id = control::new_id();
    let process = vec![
        OperatorCall::new("naive_reverse_grouper"),
        OperatorCall::new("edit_mapper"),
        operators::watch(id),
        OperatorCall::new("fragile_mapper"),
    ];
    let plan = Plan::new(process, 2).strategy(Keep::EveryOp);
    let bench = Bench::new(&dataset);
    let executor = bench.executor(&plan);
    control::stop_after(id, 5, executor.stop_handle());
    executor.run().unwrap();
    control::disarm(id);
    let report = bench.run(&plan).unwrap();
    let expected = Expected::of(&dataset, &plan);
    bench.check(&plan, &report, &expected);
    assert_eq!(report.ledger.operators[0].quarantined, 2);
    assert_eq!(report.ledger.operators[0].made, 6);
}
