//! A job that begins with the results of another makes nothing of them again, however they are stored.

use std::fs;

use coldpress_config::OperatorCall;
use coldpress_executor::Report;
use coldpress_job::Journal;

use crate::bench::Bench;
use crate::dataset::Dataset;
use crate::plan::Plan;
use crate::reference::Expected;

fn call(name: &str) -> OperatorCall {
    OperatorCall::new(name)
}

fn appended(plan: &Plan) -> Plan {
    Plan {
        process: [plan.process.clone(), vec![call("stamp_mapper")]].concat(),
        ..plan.clone()
    }
}

/// Runs a plan as the job of this id, which begins with the work of `job`, and checks its export.
#[track_caller]
fn adopt(bench: &Bench, dataset: &Dataset, id: &str, plan: &Plan) -> Report {
    let adopting = plan.clone().with("resume_from", "job");
    let export = bench.path(plan.form.file_name());
    fs::remove_file(&export).unwrap();
    let report = bench.executor_of(id, &adopting).run().unwrap();
    assert!(
        report
            .warnings
            .iter()
            .all(|warning| !warning.contains("damaged")),
        "{:?}",
        report.warnings
    );
    bench.check_export(plan, &Expected::of(dataset, plan));
    report
}

/// What is the same is not worked on, and what was appended works on what is there, wherever the input lies now.
#[track_caller]
fn check_nothing_is_made_again(dataset: &Dataset, plan: &Plan) {
    let mut bench = Bench::new(dataset);
    let partitions = bench.run(plan).unwrap().partitions;
    for (same, longer) in [("same", "longer"), ("same_moved", "longer_moved")] {
        let report = adopt(&bench, dataset, same, plan);
        assert_eq!(report.partitions_reused, partitions, "{same}");
        let state = Journal::read(bench.executor_of(same, plan).layout()).unwrap();
        assert!((0..state.partition_count()).all(|index| state.attempts(index) == 1));
        let report = adopt(&bench, dataset, longer, &appended(plan));
        assert_eq!(report.partitions_resumed, partitions, "{longer}");

        let elsewhere = bench.path("elsewhere.jsonl");
        if !elsewhere.exists() {
            fs::rename(&bench.sources[0], &elsewhere).unwrap();
        }
        bench.sources = vec![elsewhere];
    }
}

#[test]
fn cited_results_are_adopted() {
    let texts = (0..6000).map(|n| format!("{n} {}", "the rain in Spain ".repeat(1 + n % 40)));
    let filter = call("length_filter").with("min", 250u64);
    let mut plan = Plan::new(vec![filter], 3100);
    plan.how.bytes = 1 << 30;
    check_nothing_is_made_again(&Dataset::of_texts(texts), &plan);
}

#[test]
fn packed_results_are_adopted() {
    let texts = (0..300).map(|n| format!("text {n}"));
    let plan = Plan::new(vec![call("words_mapper")], 1).workers(2);
    check_nothing_is_made_again(&Dataset::of_texts(texts), &plan);
}
