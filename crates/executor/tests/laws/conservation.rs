//! Every record ends in exactly one place, also across resumes.

use std::collections::BTreeSet;

use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{any_dataset, long_dataset};
use crate::operators;
use crate::plan::{Plan, any_how, any_plan, cases, with_frail, with_watch};
use crate::reference::Expected;

proptest! {
    #![proptest_config(cases(20))]

    /// Fragile operators all the way, attempts that fail and are tried again: what is in quarantine is there once,
    /// and nothing else lies in the folder.
    #[test]
    fn the_quarantine_holds_each_failed_record_once(
        dataset in any_dataset(), plan in any_plan(), at in 0usize..6, failures in 0u32..3,
    ) {
        let id = control::new_id();
        let mut process = with_frail(plan.process.clone(), at, id);
        process.push(coldpress_config::OperatorCall::new("fragile_filter"));
        // A frail record fails its batch, and a partition may be read in several.
        let plan = Plan { process, ..plan }.with("retry.max_retries", 8);
        let expected = Expected::of(&dataset, &plan);
        prop_assume!(expected.ledger.records > 0);
        control::fail_times(id, failures);
        let bench = Bench::new(&dataset);
        let report = bench.run(&plan).unwrap();
        control::disarm(id);
        bench.check(&plan, &report, &expected);
        prop_assert_eq!(bench.quarantine_folder(), expected.quarantined);
    }

    /// A run that is stopped and goes on from checkpoints under a longer recipe: nothing is quarantined twice.
    #[test]
    fn a_resume_from_checkpoints_doubles_nothing(
        dataset in long_dataset(), plan in any_plan(), at in 0usize..6, after in 1u64..12, how in any_how(),
    ) {
        let id = control::new_id();
        let mut process = with_watch(plan.process.clone(), at, id);
        process.push(coldpress_config::OperatorCall::new("fragile_mapper"));
        let first = Plan { process, ..plan };
        let mut longer = first.process.clone();
        longer.push(coldpress_config::OperatorCall::new("edit_mapper"));
        let second = Plan { process: longer, how, ..first.clone() };
        let expected = Expected::of(&dataset, &second);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&first);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected);
        let found = bench.quarantined(&second);
        let different: BTreeSet<_> = found.iter().collect();
        prop_assert_eq!(different.len(), found.len());
    }
}

/// Failed partitions are the only other place.
#[test]
fn records_of_failed_partitions_are_accounted_for() {
    let dataset =
        crate::dataset::Dataset::of_texts(["a", "err", "frail", "b", "c d", "bang", "frail", "e"]);
    let id = control::new_id();
    let call = coldpress_config::OperatorCall::new;
    let process = vec![
        call("fragile_mapper"),
        call("words_mapper"),
        operators::frail(id),
    ];
    let plan = Plan::new(process, 2).with("retry.max_retries", 1);
    control::fail_times(id, 100);
    let bench = Bench::new(&dataset);
    let report = bench.run(&plan).unwrap();
    control::disarm(id);
    let failed: u64 = report
        .failed_partitions
        .iter()
        .map(|failed| failed.records)
        .sum();
    let ledger = &report.ledger;
    ledger.check().unwrap();
    assert_eq!(failed, 4);
    assert_eq!(
        ledger.exported() + ledger.dropped() + ledger.quarantined() + ledger.absorbed()
            - ledger.made()
            + failed,
        8
    );
    assert_eq!(
        (ledger.exported(), ledger.quarantined(), ledger.made()),
        (3, 2, 1)
    );
    assert_eq!(bench.quarantined(&plan).len(), 2);
    assert_eq!(bench.quarantine_folder().len(), 2);
}
