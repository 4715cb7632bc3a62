//! Analyses: the statistics of all records, whatever was done to come by them.

use coldpress_config::OperatorCall;
use coldpress_job::Status;
use proptest::prelude::*;
use serde_json::{Map, Value};

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, any_dataset};
use crate::plan::{Form, Plan, any_how, any_process, cases, with_watch};
use crate::reference::Expected;

/// The statistics of a run, a line per record.
fn lines(bench: &Bench) -> Vec<String> {
    let export = bench.export(Form::Plain).expect("there is no export");
    let text = String::from_utf8(export.concat()).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn row(line: &str) -> Map<String, Value> {
    serde_json::from_str(line).unwrap()
}

/// Returns whether all filters would keep a record.
fn is_kept(row: &Map<String, Value>) -> bool {
    let mut verdicts = row.iter().filter(|(name, _)| name.starts_with("kept_by_"));
    verdicts.all(|(_, verdict)| *verdict == Value::Bool(true))
}

/// A dataset without any is refused.
fn has_records(dataset: &Dataset) -> bool {
    Expected::of(dataset, &Plan::new(Vec::new(), 1))
        .ledger
        .records
        > 0
}

fn analysis(process: Vec<OperatorCall>) -> Plan {
    Plan::new(process, 10_000).with("analyze", true)
}

proptest! {
    #![proptest_config(cases(24))]

    /// Cut anyhow, stopped and resumed, the statistics are those of one undisturbed partition.
    #[test]
    fn statistics_do_not_depend_on_how_they_are_computed(
        dataset in any_dataset(),
        process in any_process(1..6),
        (at, after) in (0usize..6, 1u64..20),
        how in any_how(),
    ) {
        let id = control::new_id();
        let process = with_watch(process, at, id);
        prop_assume!(has_records(&dataset));
        let plain = Bench::new(&dataset);
        let report = plain.run(&analysis(process.clone())).unwrap();
        let bench = Bench::new(&dataset);
        let plan = Plan { how, ..analysis(process) };
        let executor = bench.executor(&plan);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        bench.run(&plan).unwrap();
        prop_assert_eq!(lines(&bench), lines(&plain));
        // A splitter drops what it makes nothing of.
        let filters = report.ledger.operators.iter().filter(|operator| operator.name.ends_with("filter"));
        prop_assert!(filters.map(|operator| operator.dropped).all(|dropped| dropped == 0));
        prop_assert_eq!(report.ledger.exported(), lines(&plain).len() as u64);
    }

    /// The verdicts are what the filters do: as many records are exported as all of them would keep.
    #[test]
    fn as_many_records_are_kept_as_an_analysis_says(
        dataset in any_dataset(),
        process in any_process(1..6),
    ) {
        let process: Vec<OperatorCall> = process
            .into_iter()
            .filter(|call| !call.name.contains("deduplicator"))
            .collect();
        prop_assume!(has_records(&dataset));
        let bench = Bench::new(&dataset);
        let report = bench.run(&Plan::new(process.clone(), 10_000)).unwrap();
        let analyzed = Bench::new(&dataset);
        analyzed.run(&analysis(process)).unwrap();
        let kept = lines(&analyzed).iter().map(|line| row(line)).filter(is_kept).count();
        prop_assert_eq!(kept as u64, report.ledger.exported());
    }
}

/// Operators that need the whole dataset are passed over, and the records come out with their statistics if they are wanted.
#[test]
fn records_come_out_with_their_statistics() {
    let dataset = Dataset::of_texts(["some words", "a", "some words"]);
    let call = OperatorCall::new;
    let process = vec![
        call("document_deduplicator"),
        call("length_filter").with("min", 4_u64),
        call("length_filter").with("min", 2_u64),
    ];
    let plan = analysis(process).with("export_original_dataset", true);
    let bench = Bench::new(&dataset);
    let executor = bench.executor(&plan);
    let passed_over = &executor.prepared().passed_over;
    assert_eq!(passed_over.len(), 1);
    assert_eq!(passed_over[0].operator, "document_deduplicator");
    assert_eq!(executor.run().unwrap().status, Status::Completed);
    let rows: Vec<_> = lines(&bench).iter().map(|line| row(line)).collect();
    assert_eq!(rows.len(), 3);
    let verdicts = |at: usize| {
        let stats = &rows[at]["__dj__stats__"];
        [
            &stats["kept_by_length_filter"],
            &stats["kept_by_length_filter_2"],
        ]
        .map(Value::as_bool)
    };
    assert_eq!(rows[0]["text"], "some words");
    assert_eq!(verdicts(0), [Some(true); 2]);
    assert_eq!(verdicts(1), [Some(false); 2]);
}
