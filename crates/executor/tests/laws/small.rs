//! Small partitions, whose results are packed: nothing of that shows in what comes out.

use std::fs;

use coldpress_config::OperatorCall;
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::{Bench, files_in};
use crate::control;
use crate::damage::{any_harms, harm};
use crate::dataset::Dataset;
use crate::plan::{Plan, any_plan, cases, with_watch};
use crate::reference::Expected;

fn many_texts(count: usize) -> Dataset {
    let texts = (0..count).map(|number| match number % 17 {
        3 => "err".to_owned(),
        5 => String::new(),
        _ => format!("text {} {number}", "word ".repeat(number % 5)),
    });
    Dataset::of_texts(texts)
}

fn plan(records: u64) -> Plan {
    let call = OperatorCall::new;
    let process = vec![
        call("stamp_mapper"),
        call("length_filter").with("min", 1).with("max", 40),
        call("fragile_mapper"),
        call("words_mapper"),
    ];
    Plan::new(process, records).workers(2)
}

/// How many files are in the folder of results.
fn results(bench: &Bench) -> usize {
    files_in(&bench.layout().results_dir()).len()
}

#[test]
fn many_results_are_in_few_files() {
    let dataset = many_texts(600);
    let bench = Bench::new(&dataset);
    let plan = plan(1);
    let expected = Expected::of(&dataset, &plan);
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &expected);
    let files = results(&bench);
    assert!((1..200).contains(&files), "{files} files of 600 results");
    // What is appended to the recipe goes on from them.
    let longer = Plan {
        process: [plan.process.clone(), vec![OperatorCall::new("mark_mapper")]].concat(),
        ..plan
    };
    let report = bench.run(&longer).unwrap();
    assert_eq!(report.partitions_resumed, 600);
    bench.check(&longer, &report, &Expected::of(&dataset, &longer));
}

/// A barrier decides about each partition, and very many decisions share files and syncs too.
#[test]
fn many_decisions_are_in_few_files() {
    let dataset = many_texts(600);
    let bench = Bench::new(&dataset);
    let process = vec![
        OperatorCall::new("document_deduplicator"),
        OperatorCall::new("mark_mapper"),
    ];
    let plan = Plan::new(process, 1).workers(2);
    let report = bench.run(&plan).unwrap();
    assert_eq!((report.status, report.partitions), (Status::Completed, 600));
    let files = files_in(&bench.layout().job_dir().join("signatures"));
    assert!(
        (1..200).contains(&files.len()),
        "{} files of 600 decisions",
        files.len()
    );
}

#[test]
fn packs_go_where_nothing_is_kept() {
    let dataset = many_texts(200);
    let bench = Bench::new(&dataset);
    let plan = plan(1).with("intermediate_storage.retention_policy", "cleanup_all");
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
    assert_eq!(results(&bench), 0);
}

/// A pack that is lost costs its results once, and the merge is not begun for each of them anew.
#[test]
fn a_lost_pack_is_made_again_at_once() {
    let dataset = many_texts(300);
    let bench = Bench::new(&dataset);
    let plan = plan(1);
    let expected = Expected::of(&dataset, &plan);
    bench.run(&plan).unwrap();
    fs::remove_file(bench.path(plan.form.file_name())).unwrap();
    let folder = bench.layout().results_dir();
    for (number, path) in files_in(&folder).iter().enumerate() {
        match number % 3 {
            0 => fs::remove_file(path).unwrap(),
            1 => fs::write(path, b"lost").unwrap(),
            _ => {}
        }
    }
    let report = bench.run(&plan).unwrap();
    assert_eq!(report.status, Status::Completed);
    bench.check(&plan, &report, &expected);
    let files = files_in(&folder).len();
    let warnings = report.warnings.len();
    assert!(
        warnings <= files + 2,
        "{warnings} warnings about {files} files"
    );
}

proptest! {
    #![proptest_config(cases(12))]

    /// Stopped anywhere, with packs damaged or gone before the resume.
    #[test]
    fn damaged_packs_are_made_again(
        count in 40usize..120, plan in any_plan(), at in 0usize..6, stop in 1u64..150, harms in any_harms(),
    ) {
        let dataset = many_texts(count);
        let id = control::new_id();
        let mut plan = Plan { process: with_watch(plan.process.clone(), at, id), ..plan };
        plan.how.records = 1;
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        control::stop_after(id, stop, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let export = bench.path(plan.form.file_name());
        if export.is_dir() {
            fs::remove_dir_all(&export).unwrap();
        } else if export.exists() {
            fs::remove_file(&export).unwrap();
        }
        harm(&files_in(&bench.layout().results_dir()), &harms);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
    }
}
