//! An operator in Python between native ones: the same bytes however the work is cut, stopped and gone on with, and each record
//! is seen once.

use std::fs;
use std::path::Path;

use coldpress_config::OperatorCall;

use crate::bench::Bench;
use crate::control;
use crate::dataset::Dataset;
use crate::operators;
use crate::plan::{Keep, Plan};
use crate::reference::Expected;

/// A call that adds fields and a word, raises on some records, and appends a line to `log` for each that it sees.
fn asked(log: Option<&Path>) -> OperatorCall {
    let noted = match log {
        Some(log) => format!(
            "open({:?}, 'a').write('seen\\n')",
            log.display().to_string()
        ),
        None => "None".to_owned(),
    };
    let source = format!(
        "lambda d: ({noted}, {{**d, 'text': d['text'] + ' answer', 'words': len(d['text'].split()), 'inverse': 1 / (len(d['text']) - 20)}})[1]"
    );
    OperatorCall::new("python_lambda_mapper").with("lambda_str", source)
}

fn process(log: Option<&Path>, id: control::ControlId) -> Vec<OperatorCall> {
    let call = OperatorCall::new;
    vec![
        call("edit_mapper"),
        call("length_filter"),
        asked(log),
        operators::watch(id),
        call("stamp_mapper"),
        call("words_mapper"),
    ]
}

/// The place of the operator in Python.
const PLACE: usize = 2;

fn dataset() -> Dataset {
    Dataset::of_texts((0..40).map(|n| format!("some text {}{n}", "x".repeat(n % 11))))
}

/// Checks that each record that arrived was seen once, and that some were failed on and others not.
#[track_caller]
fn check_seen_once(log: &Path, expected: &Expected) {
    let seen = fs::read_to_string(log).unwrap_or_default().lines().count() as u64;
    let ledger = &expected.ledger.operators[PLACE];
    assert_eq!(seen, ledger.records_in);
    assert!(ledger.quarantined > 0 && ledger.out > 0, "{ledger:?}");
}

#[test]
fn however_the_work_is_cut_the_same_comes_out() {
    let id = control::new_id();
    let expected = Expected::of(&dataset(), &Plan::new(process(None, id), 40));
    for (records, workers, strategy) in [
        (40, 1, Keep::Disabled),
        (7, 3, Keep::EveryOp),
        (9, 2, Keep::EveryPartition),
    ] {
        let bench = Bench::new(&dataset());
        let log = bench.path("seen.log");
        let plan = Plan::new(process(Some(&log), id), records).workers(workers);
        let plan = plan.strategy(strategy);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        check_seen_once(&log, &expected);
    }
}

#[test]
fn however_often_it_is_stopped_each_record_is_seen_once() {
    for stops in [[1, 5], [9, 2], [3, 12]] {
        let id = control::new_id();
        let expected = Expected::of(&dataset(), &Plan::new(process(None, id), 40));
        let bench = Bench::new(&dataset());
        let log = bench.path("seen.log");
        // One partition at a time, so that none is on its way to a gate when the job stops.
        let plan = Plan::new(process(Some(&log), id), 6).workers(1);
        for after in stops {
            let executor = bench.executor(&plan);
            control::stop_after(id, after, executor.stop_handle());
            executor.run().unwrap();
        }
        control::disarm(id);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        check_seen_once(&log, &expected);
    }
}
