//! Too many errors are too many under every cut.

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::dataset::Dataset;
use crate::plan::{Plan, cases};
use crate::reference::Expected;

const RECORDS: usize = 2_500;
const RATIO: f64 = 0.05;

/// The verdict by the book: judged before each 1,000th record and at the end.
fn verdict(bad: &[bool]) -> Option<(usize, usize)> {
    let marks = [1_000, 2_000, bad.len()];
    let errors = |mark: usize| bad[..mark].iter().filter(|bad| **bad).count();
    let excess = |mark: &usize| errors(*mark) as f64 > RATIO * *mark as f64;
    marks
        .into_iter()
        .find(excess)
        .map(|mark| (errors(mark), mark))
}

/// `counts[n]` bad records among those of the n-th 500, from the place `shift` on.
fn bad_records(counts: &[usize], shift: usize) -> Vec<bool> {
    let mut bad = vec![false; RECORDS];
    for (block, count) in counts.iter().enumerate() {
        (0..*count).for_each(|at| bad[block * 500 + (shift + at * 3) % 500] = true);
    }
    bad
}

#[track_caller]
fn check(bad: &[bool], size: u64, workers: u32) {
    let line = |(at, bad): (usize, &bool)| match (bad, at % 2) {
        (false, _) => r#"{"text":"x"}"#.to_owned(),
        (true, 0) => "no record".to_owned(),
        (true, _) => r#"{"text":"err"}"#.to_owned(),
    };
    let dataset = Dataset::of_lines(bad.iter().enumerate().map(line));
    let plan = Plan::new(vec![OperatorCall::new("fragile_mapper")], size)
        .workers(workers)
        .with("max_error_ratio", RATIO);
    let bench = Bench::new(&dataset);
    match (bench.run(&plan), verdict(bad)) {
        (Ok(report), None) => bench.check(&plan, &report, &Expected::of(&dataset, &plan)),
        (Err(error), Some((errors, records))) => {
            assert_eq!(error.kind(), ErrorKind::Failed);
            let records = match records {
                1000.. => format!("{},{:03}", records / 1000, records % 1000),
                _ => records.to_string(),
            };
            let message = format!(
                "{errors} of {records} records are in quarantine, more than `max_error_ratio: {RATIO}` allows"
            );
            assert!(
                error.full_message().starts_with(&message),
                "{} instead of {message}",
                error.full_message()
            );
            assert_eq!(bench.export(plan.form), None);
        }
        (found, wanted) => panic!(
            "{:?} where {wanted:?} is due",
            found.map(|report| report.ledger)
        ),
    }
}

proptest! {
    #![proptest_config(cases(4))]

    #[test]
    fn the_verdict_is_the_same_under_every_cut(
        counts in prop::collection::vec(15usize..36, 5), shift in 0usize..500, size in 40u64..700, workers in 1u32..5,
    ) {
        let bad = bad_records(&counts, shift);
        for size in [size, 1_000, 10_000] {
            check(&bad, size, workers);
        }
    }
}

/// Exactly at the limit is allowed, one more is not, and what evens out later is too many all the same.
#[test]
fn the_limit_is_exact() {
    let at_first_mark = |errors: usize| bad_records(&[25, errors - 25, 0, 0, 0], 100);
    assert_eq!(
        (verdict(&at_first_mark(50)), verdict(&at_first_mark(51))),
        (None, Some((51, 1_000)))
    );
    let at_the_end = |errors: usize| bad_records(&[20, 20, 20, 20, errors - 80], 0);
    assert_eq!(
        (verdict(&at_the_end(125)), verdict(&at_the_end(126))),
        (None, Some((126, 2_500)))
    );
    for bad in [
        at_first_mark(50),
        at_first_mark(51),
        at_the_end(125),
        at_the_end(126),
    ] {
        for size in [333, 1_000, 10_000] {
            check(&bad, size, 2);
        }
    }
}

/// A ratio of 1 switches the limit off, also where a splitter makes more bad pieces than there are records.
#[test]
fn a_limit_of_one_lets_every_error_pass() {
    let dataset = Dataset::of_texts(["err err err"]);
    let plan = Plan::new(
        vec![
            OperatorCall::new("words_mapper"),
            OperatorCall::new("fragile_mapper"),
        ],
        1,
    );
    let bench = Bench::new(&dataset);
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &Expected::of(&dataset, &plan));
}
