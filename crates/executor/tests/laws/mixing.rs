//! Mixed datasets: as many records as the recipe asks for, and the same ones whatever the cut, the workers and the resumes.

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use coldpress_partition::Mixing;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, any_dataset, long_dataset};
use crate::plan::{Plan, any_how, any_plan, cases, with_watch};
use crate::reference::Expected;

/// What a mixture asks for: a weight for each file, and maybe a number of records.
#[derive(Clone, Debug)]
struct Asked {
    weights: Vec<f64>,
    total: Option<u64>,
}

fn any_asked() -> impl Strategy<Value = Asked> {
    let weight = prop_oneof![
        1 => Just(0.0),
        2 => Just(1.0),
        1 => Just(2.0),
        3 => 0.01..1.0,
        2 => 1.0..3.5,
    ];
    let total = prop::option::of(1_u64..80);
    (prop::collection::vec(weight, 8), total).prop_map(|(weights, total)| Asked { weights, total })
}

impl Asked {
    /// A bench over a dataset that is mixed so, and the plan with the number of records; the first file always counts.
    fn over(&self, dataset: &Dataset, plan: &Plan) -> (Bench, Plan) {
        let mut bench = Bench::new(dataset);
        bench.weights = self.weights[..dataset.files.len()].to_vec();
        if bench.weights.iter().all(|weight| *weight == 0.0) {
            bench.weights[0] = 1.0;
        }
        let plan = match self.total {
            Some(total) => plan.clone().with("dataset.max_sample_num", total),
            None => plan.clone(),
        };
        (bench, plan)
    }
}

/// The mixture that the recipe asks for over these files, as the job's own code computes it; none where it is refused.
fn mixing_of(bench: &Bench, dataset: &Dataset, plan: &Plan) -> Option<Mixing> {
    let executor = bench.executor(plan);
    let records: Vec<u64> = dataset.files.iter().map(|file| file.records()).collect();
    let mixing = executor
        .prepared()
        .mixing(&vec![1; records.len()], &records);
    match mixing {
        Ok(mixing) => Some(mixing.unwrap_or_else(|| Mixing::whole(&records))),
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Input, "{}", error.full_message());
            None
        }
    }
}

/// Runs a plan and checks all that comes out.
#[track_caller]
fn check(bench: &Bench, plan: &Plan, expected: Option<&Expected>) {
    let result = bench.run(plan);
    match (result, expected) {
        (Ok(report), Some(expected)) => {
            bench.check(plan, &report, expected);
            assert_eq!(bench.quarantined(plan), expected.quarantined);
        }
        (Err(error), expected) => {
            assert_eq!(error.kind(), ErrorKind::Input, "{}", error.full_message());
            assert_eq!(expected.map_or(0, |expected| expected.ledger.records), 0);
            assert_eq!(bench.export(plan.form), None);
        }
        (Ok(_), None) => panic!("a share of a file without records was not refused"),
    }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn no_plan_shows_in_a_mixture(
        dataset in any_dataset(),
        asked in any_asked(),
        plan in any_plan(),
        other in any_how(),
    ) {
        let (bench, first) = asked.over(&dataset, &plan);
        let mixing = mixing_of(&bench, &dataset, &first);
        let expected = mixing.map(|mixing| Expected::of_mixed(&dataset, &first, &mixing));
        check(&bench, &first, expected.as_ref());
        let (bench, second) = asked.over(&dataset, &Plan { how: other, ..plan });
        check(&bench, &second, expected.as_ref());
    }

    /// Stopped at any places and resumed under other cuts: the same records.
    #[test]
    fn a_mixture_survives_resumes(
        dataset in long_dataset(),
        asked in any_asked(),
        plan in any_plan(),
        at in 0usize..6,
        stops in prop::collection::vec(1u64..14, 1..3),
        hows in prop::collection::vec(any_how(), 3),
    ) {
        let id = control::new_id();
        let plan = Plan { process: with_watch(plan.process.clone(), at, id), ..plan };
        let (bench, plan) = asked.over(&dataset, &plan);
        let Some(mixing) = mixing_of(&bench, &dataset, &plan) else {
            return Ok(());
        };
        let expected = Expected::of_mixed(&dataset, &plan, &mixing);
        for (after, how) in stops.iter().zip(hows) {
            let executor = bench.executor(&Plan { how, ..plan.clone() });
            control::stop_after(id, *after, executor.stop_handle());
            match executor.run() {
                Ok(_) => {}
                Err(error) => prop_assert_eq!(error.kind(), ErrorKind::Input),
            }
        }
        control::disarm(id);
        check(&bench, &plan, Some(&expected));
    }
}

/// A dataset of numbered texts in two files.
fn two_files(first: usize, second: usize) -> Dataset {
    let texts = |name: &'static str, count: usize| (0..count).map(move |n| format!("{name} {n}"));
    let mut dataset = Dataset::of_texts(texts("one", first));
    let mut other = Dataset::of_texts(texts("two", second));
    dataset.files.append(&mut other.files);
    dataset
}

fn run(dataset: &Dataset, weights: &[f64], plan: &Plan) -> (coldpress_executor::Report, String) {
    let mut bench = Bench::new(dataset);
    bench.weights = weights.to_vec();
    let report = bench.run(plan).unwrap();
    let export = bench.export(plan.form).unwrap().concat();
    (report, String::from_utf8(export).unwrap())
}

#[test]
fn the_counts_are_exact() {
    let dataset = two_files(700, 90);
    let plan = || Plan::new(Vec::new(), 37).workers(3);
    for (weights, total, expected) in [
        ([0.5, 1.0], None, [350, 90]),
        ([0.1, 2.5], None, [70, 225]),
        ([0.0, 1.0], None, [0, 90]),
        ([1.0, 1.0], Some(100), [50, 50]),
        ([0.9, 0.1], Some(101), [91, 10]),
        // The second has fewer than its share.
        ([1.0, 1.0], Some(400), [200, 200]),
    ] {
        let plan = match total {
            Some(total) => plan().with("dataset.max_sample_num", total),
            None => plan(),
        };
        let (report, export) = run(&dataset, &weights, &plan);
        assert_eq!(report.status, Status::Completed);
        let count = |name: &str| export.lines().filter(|line| line.contains(name)).count();
        assert_eq!(
            [count("one "), count("two ")],
            expected,
            "{weights:?} {total:?}"
        );
        assert_eq!(report.ledger.sampled(), (expected[0] + expected[1]) as u64);
        let mut lines: Vec<&str> = export
            .lines()
            .filter(|line| line.contains("two "))
            .collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(
            lines.len(),
            expected[1].min(90),
            "no record twice before all were once"
        );
    }
}

#[test]
fn another_seed_draws_other_records_and_as_many() {
    let dataset = two_files(300, 100);
    let plan = |seed: u64| {
        Plan::new(Vec::new(), 50)
            .with("dataset.max_sample_num", 80)
            .with("seed", seed)
    };
    let exports: Vec<String> = (1..4)
        .map(|seed| run(&dataset, &[1.0, 1.0], &plan(seed)).1)
        .collect();
    assert!(exports.iter().all(|export| export.lines().count() == 80));
    assert!(exports[0] != exports[1] && exports[1] != exports[2]);
}

#[test]
fn a_single_path_is_never_repeated() {
    let dataset = Dataset::of_texts((0..20).map(|n| format!("text {n}")));
    let plan = || Plan::new(Vec::new(), 7).with("dataset.max_sample_num", 50);
    assert_eq!(run(&dataset, &[1.0], &plan()).1.lines().count(), 20);
    // Data-Juicer repeats it.
    let plan = plan().with("compat", "data_juicer");
    assert_eq!(run(&dataset, &[1.0], &plan).1.lines().count(), 50);
}

#[test]
fn under_compat_weights_alone_have_no_effect() {
    let dataset = two_files(30, 10);
    let plan = Plan::new(Vec::new(), 7).with("compat", "data_juicer");
    let (report, export) = run(&dataset, &[0.5, 3.0], &plan);
    assert_eq!(export.lines().count(), 40);
    assert!(
        report
            .warnings
            .iter()
            .any(|warning| warning.contains("weights have no effect"))
    );
}

/// Data-Juicer drops them first, so that it draws as many as it was asked for.
#[test]
fn records_without_text_are_drawn_before_they_are_dropped() {
    let line = |n: usize| match n % 2 {
        0 => format!(r#"{{"n": {n}, "text": "text {n}"}}"#),
        _ => format!(r#"{{"n": {n}, "text": null}}"#),
    };
    let dataset = Dataset::of_lines((0..200).map(line));
    let plan = || {
        let process = vec![OperatorCall::new("length_filter").with("max", 50)];
        Plan::new(process, 7).with("dataset.max_sample_num", 60)
    };
    let (report, export) = run(&dataset, &[1.0], &plan().with("compat", "data_juicer"));
    let (kept, without_text) = (export.lines().count() as u64, report.ledger.without_text);
    assert_eq!(kept + without_text, 60);
    assert!(kept > 0 && without_text > 0);
    // The same ones are drawn without it, and go to quarantine.
    let (report, same) = run(&dataset, &[1.0], &plan());
    assert_eq!(same, export);
    assert_eq!(report.ledger.operators[0].quarantined, without_text);
}

/// Which records come in is decided once: a resume with another mixture is refused, and the job stays as it was.
#[test]
fn another_mixture_needs_a_fresh_start() {
    let dataset = two_files(30, 10);
    let mut bench = Bench::new(&dataset);
    bench.weights = vec![0.5, 1.0];
    let plan = Plan::new(Vec::new(), 7);
    bench.run(&plan).unwrap();
    let before = bench.export(plan.form);
    let mut refused = |weights: &[f64], plan: &Plan| {
        bench.weights = weights.to_vec();
        let error = bench.run(plan).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(
            error.full_message().contains("weights"),
            "{}",
            error.full_message()
        );
    };
    refused(&[0.4, 1.0], &plan);
    refused(&[1.0, 1.0], &plan);
    refused(
        &[0.5, 1.0],
        &plan.clone().with("dataset.max_sample_num", 20),
    );
    bench.weights = vec![0.5, 1.0];
    assert!(bench.run(&plan).unwrap().already_complete);
    assert_eq!(bench.export(plan.form), before);
    // Another seed is another result over the same plan, and the run names what changed.
    let other = plan.clone().with("seed", 7);
    let report = bench.run(&other).unwrap();
    assert!(!report.already_complete);
    let expected = "`seed` changed from 42 to 7, so no result of an earlier run is used and all records are processed again";
    assert!(
        report.warnings.iter().any(|warning| warning == expected),
        "{:?}",
        report.warnings
    );
    assert_ne!(bench.export(plan.form), before);
    assert_eq!(bench.run(&other).unwrap().warnings, [""; 0]);
}

/// Errors are judged by the records that were drawn, not by those that were passed over.
#[test]
fn records_that_are_not_drawn_do_not_hide_errors() {
    let lines = (0..1000).map(|n| match n % 5 {
        0 => "no record".to_owned(),
        _ => format!(r#"{{"text": "{n}"}}"#),
    });
    let mut bench = Bench::new(&Dataset::of_lines(lines));
    bench.weights = vec![0.05];
    let plan = Plan::new(Vec::new(), 100).with("max_error_ratio", 0.05);
    let error = bench.run(&plan).unwrap_err();
    assert!(
        error.full_message().contains("of 50 records"),
        "{}",
        error.full_message()
    );
}

#[test]
fn a_path_cannot_be_repeated_without_end() {
    let dataset = two_files(1, 10);
    let mut bench = Bench::new(&dataset);
    bench.weights = vec![1.0, 1.0];
    let plan = Plan::new(Vec::new(), 7).with("dataset.max_sample_num", 1_000_000_000_000_u64);
    let error = bench.run(&plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Recipe);
    assert!(
        error.full_message().contains("500000000000 times"),
        "{}",
        error.full_message()
    );
}
