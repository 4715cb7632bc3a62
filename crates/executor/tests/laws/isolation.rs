//! What fails takes down its record, or its partition.

use coldpress_config::OperatorCall;
use coldpress_executor::ErrorKind;
use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators::{self, BANG, ERR, FRAIL};
use crate::plan::{Keep, Plan, any_how, any_plan, any_strategy, cases, with_frail};
use crate::reference::Expected;

proptest! {
    #![proptest_config(cases(14))]

    /// Some records err or panic: the export is that of the dataset without them.
    #[test]
    fn a_bad_record_leaves_alone(bad in prop::collection::vec(0u8..4, 3..30), how in any_how()) {
        let text = |(at, bad): (usize, &u8)| match bad {
            0 => format!("{ERR} {at}"),
            1 => format!("{BANG} {at}"),
            _ => format!("good {at}"),
        };
        let texts: Vec<String> = bad.iter().enumerate().map(text).collect();
        let dataset = Dataset::of_texts(&texts);
        for name in ["fragile_mapper", "fragile_filter"] {
            let plan = Plan { how: how.clone(), ..Plan::new(vec![OperatorCall::new(name)], 1) };
            let bench = Bench::new(&dataset);
            let report = bench.run(&plan).unwrap();
            let text = String::from_utf8(dataset.files[0].text.clone()).unwrap();
            let good: String = text.split_inclusive('\n').filter(|line| line.contains("good")).collect();
            prop_assert_eq!(bench.export(plan.form).unwrap(), vec![good.into_bytes()]);
            bench.check(&plan, &report, &Expected::of(&dataset, &plan));
        }
    }

    /// A partition out of retries is left out, whole, and no other; healed, it comes back in its place.
    #[test]
    fn a_failed_partition_is_left_out_and_comes_back(
        texts in prop::collection::vec(prop::sample::select(&["a", "b c", "err", "frail", "bang it"][..]), 3..20),
        size in 1u64..5, workers in 1u32..5, retries in 0u64..2, strategies in (any_strategy(), any_strategy()),
    ) {
        let id = control::new_id();
        let call = OperatorCall::new;
        let process = vec![call("stamp_mapper"), call("fragile_mapper"), operators::frail(id), call("words_mapper")];
        let plan = Plan::new(process, size).workers(workers).strategy(strategies.0).with("retry.max_retries", retries);
        let dataset = Dataset::of_texts(&texts);
        let expected = Expected::of(&dataset, &plan);
        prop_assume!(texts.iter().any(|text| text.contains(FRAIL)));
        let chunks = texts.chunks(size as usize);
        let frail = |texts: &&[&str]| texts.iter().any(|text| text.contains(FRAIL));
        let failing: Vec<u32> = (0..).zip(chunks.clone()).filter(|(_, texts)| frail(texts)).map(|(at, _)| at).collect();

        control::fail_times(id, u32::MAX);
        let bench = Bench::new(&dataset);
        let report = bench.run(&plan).unwrap();
        prop_assert_eq!(report.status, Status::CompletedWithFailures);
        let failed: Vec<u32> = report.failed_partitions.iter().map(|failed| failed.partition).collect();
        prop_assert_eq!(&failed, &failing);
        for failed in &report.failed_partitions {
            prop_assert_eq!(u64::from(failed.attempts), retries + 1);
        }
        // A record's number is in its `n`, so that what is left of the whole export is what is due.
        let partition = |line: &str| {
            let n: f64 = line.strip_prefix("{\"n\": ").unwrap().split(',').next().unwrap().parse().unwrap();
            (n as u64 / size) as u32
        };
        let whole = String::from_utf8(expected.rows.clone()).unwrap();
        let due: String = whole.split_inclusive('\n').filter(|line| !failing.contains(&partition(line))).collect();
        prop_assert_eq!(bench.export(plan.form).unwrap(), vec![due.into_bytes()]);
        let failed: u64 = report.failed_partitions.iter().map(|failed| failed.records).sum();
        prop_assert_eq!(report.ledger.records + failed, texts.len() as u64);

        control::disarm(id);
        let healed = plan.strategy(strategies.1);
        let report = bench.run(&healed).unwrap();
        bench.check(&healed, &report, &expected);
        prop_assert_eq!(report.partitions_reused as usize, chunks.count() - failing.len());
        prop_assert!(report.failed_partitions.is_empty());
    }

    /// With `fail` the same job ends with an error and exports nothing; what it published is reused all the same.
    #[test]
    fn a_fatal_partition_exports_nothing(dataset in long_dataset(), plan in any_plan(), at in 0usize..6) {
        let id = control::new_id();
        let plan = Plan { process: with_frail(plan.process.clone(), at, id), ..plan };
        let plan = plan.with("retry.max_retries", 1).with("on_partition_failure", "fail");
        let expected = Expected::of(&dataset, &plan);
        control::fail_times(id, u32::MAX);
        let bench = Bench::new(&dataset);
        match bench.run(&plan) {
            // No frail record reached the operator.
            Ok(report) => bench.check(&plan, &report, &expected),
            Err(error) => {
                prop_assert_eq!(error.kind(), ErrorKind::Failed);
                prop_assert_eq!(bench.export(plan.form), None);
                prop_assert_eq!(bench.state(&plan).finished().map(|finish| finish.status), Some(Status::Failed));
            }
        }
        control::disarm(id);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
    }
}

/// The error is the partition's, and is told.
#[test]
fn a_fatal_partition_is_named() {
    let id = control::new_id();
    let plan = Plan::new(vec![operators::frail(id)], 2).with("on_partition_failure", "fail");
    control::fail_times(id, u32::MAX);
    let bench = Bench::new(&Dataset::of_texts(["a", "b", "c", FRAIL]));
    let error = bench.run(&plan).unwrap_err();
    control::disarm(id);
    let message = error.full_message();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        message.starts_with("partition 1 failed after 4 attempts: `frail_mapper`"),
        "{message}"
    );
    assert_eq!(bench.export(plan.form), None);
}

/// Retries that heal leave one publication, and as many attempts as it took.
#[test]
fn attempts_are_counted() {
    let id = control::new_id();
    let plan = Plan::new(vec![operators::frail(id)], 2).strategy(Keep::EveryOp);
    control::fail_times(id, 2);
    let bench = Bench::new(&Dataset::of_texts(["a", "b", "c", FRAIL, "d"]));
    bench.run(&plan).unwrap();
    control::disarm(id);
    let state = bench.state(&plan);
    assert_eq!(
        [0, 1, 2].map(|partition| state.attempts(partition)),
        [1, 3, 1]
    );
    assert_eq!(state.publications().count(), 3);
}

/// A line that is no record fails the job where the recipe is not lenient.
#[test]
fn a_strict_reader_fails_the_job() {
    let lines = [
        "{\"text\": \"a\"}",
        "nonsense",
        "{\"text\": \"b\"}",
        "{\"text\": \"c\"}",
    ];
    let bench = Bench::new(&Dataset::of_lines(lines.map(str::to_owned)));
    let plan = Plan::new(Vec::new(), 2).with("load_jsonl_lenient", false);
    let error = bench.run(&plan).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Failed);
    assert!(
        error.to_string().contains("at byte 14: not valid JSON"),
        "{error}"
    );
    assert!(bench.export(plan.form).is_none());
}

/// A file that holds nothing but the beginning of a record takes no other file with it, wherever it breaks off.
#[test]
fn a_torn_only_line_does_not_refuse_the_job() {
    for torn in ["{\"n\": 1", "{\"n\": 1, ", "{", "{\"text\": \"a"] {
        let mut dataset = Dataset::of_texts(["a", "b"]);
        dataset.add_plain(torn);
        let bench = Bench::new(&dataset);
        let plan = Plan::new(Vec::new(), 1);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &Expected::of(&dataset, &plan));
        assert_eq!(report.unreadable.len(), 1);
    }
}
