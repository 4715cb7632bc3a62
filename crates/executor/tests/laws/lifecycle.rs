//! How long files stay never shows in what comes out.

use coldpress_config::Node;
use coldpress_executor::{CleanOptions, clean_job};
use coldpress_job::{JobState, open_stores};
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::long_dataset;
use crate::plan::{Plan, any_call, any_how, any_plan, cases, with_watch};
use crate::reference::Expected;

/// Settings that say which files stay.
fn any_retention() -> impl Strategy<Value = Vec<(&'static str, Node)>> {
    let policies = ["keep_all", "keep_failed_only", "cleanup_all"];
    (
        1u64..4,
        prop::bool::weighted(0.8),
        prop::bool::weighted(0.3),
        prop::sample::select(policies.to_vec()),
        prop::bool::ANY,
        prop::sample::select(vec![0u64, 2]),
        prop::bool::weighted(0.2),
    )
        .prop_map(|(most, old, success, policy, full, gate, intermediate)| {
            vec![
                ("checkpoint.max_checkpoints_per_partition", most.into()),
                ("checkpoint.cleanup_old_checkpoints", old.into()),
                ("intermediate_storage.cleanup_on_success", success.into()),
                ("intermediate_storage.retention_policy", policy.into()),
                (
                    "checkpoint.mode",
                    if full { "full" } else { "delta" }.into(),
                ),
                ("checkpoint.gate_seconds", gate.into()),
                (
                    "intermediate_storage.preserve_intermediate_data",
                    intermediate.into(),
                ),
            ]
        })
}

/// Everything that the journal counts on is there as it was written, and nothing that it gave up.
#[track_caller]
fn check_files(bench: &Bench, plan: &Plan) -> JobState {
    let (executor, state) = (bench.executor(plan), bench.state(plan));
    let stores = open_stores(executor.layout(), &state, &crate::shelf::schemes()).unwrap();
    for file in state.cited_files() {
        if state.is_forgotten(&file.key) {
            let gone = stores.get(&file.key).unwrap_err();
            assert!(gone.is_not_found(), "{file} is still there");
        } else {
            stores.verify(file).unwrap();
        }
    }
    state
}

proptest! {
    #![proptest_config(cases(20))]

    /// Stopped, gone on with, cleaned, gone on with under a longer recipe: as if everything had been kept.
    #[test]
    fn whatever_goes_the_same_comes_out(
        dataset in long_dataset(),
        plan in any_plan(),
        retention in prop::collection::vec(any_retention(), 3),
        at in 0usize..6,
        after in 1u64..14,
        how in any_how(),
        more in any_call(),
    ) {
        let id = control::new_id();
        let settings = |place: usize| retention[place].clone();
        let plan = Plan { process: with_watch(plan.process.clone(), at, id), settings: settings(0), ..plan };
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        let executor = bench.executor(&plan);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        check_files(&bench, &plan);
        clean_job(executor.layout(), &CleanOptions::default(), &crate::shelf::schemes()).unwrap();
        let plan = Plan { settings: settings(1), how, ..plan };
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        check_files(&bench, &plan);
        let cleaned = clean_job(executor.layout(), &CleanOptions { dry_run: true }, &crate::shelf::schemes()).unwrap();
        prop_assert_eq!(cleaned.files, [], "the run has cleaned up itself");
        // Once more, with nothing to do.
        let report = bench.run(&plan).unwrap();
        prop_assert!(report.already_complete);
        prop_assert_eq!(&report.ledger, &expected.ledger);
        let longer = Plan {
            process: [plan.process.clone(), vec![more]].concat(),
            settings: settings(2),
            ..plan
        };
        let report = bench.run(&longer).unwrap();
        bench.check(&longer, &report, &Expected::of(&dataset, &longer));
        check_files(&bench, &longer);
    }

    /// However few checkpoints are kept, each partition keeps one that the next run goes on from.
    #[test]
    fn the_newest_checkpoint_is_never_the_one_that_goes(
        dataset in long_dataset(), plan in any_plan(), full in any::<bool>(), more in any_call(),
    ) {
        prop_assume!(!plan.process.is_empty());
        let plan = plan
            .strategy(crate::plan::Keep::EveryOp)
            .with("checkpoint.max_checkpoints_per_partition", 1)
            .with("checkpoint.gate_seconds", 0)
            .with("checkpoint.mode", if full { "full" } else { "delta" });
        let bench = Bench::new(&dataset);
        bench.run(&plan).unwrap();
        let state = check_files(&bench, &plan);
        let chain = state.final_chain().unwrap();
        let mut is_settled = false;
        for partition in 0..state.partition_count() {
            // What a decision settles is there already: the rows before it and the decision.
            let result = state.published(partition, chain);
            if result.is_some_and(|result| result.kept.is_some()) {
                is_settled = true;
                continue;
            }
            let newest = state.checkpoints(partition).next();
            prop_assert_eq!(newest.map(|entry| entry.chain), Some(chain));
        }
        let longer = Plan { process: [plan.process.clone(), vec![more]].concat(), ..plan };
        let report = bench.run(&longer).unwrap();
        // Rows to which no operator was applied before the barrier are no work to go on from.
        prop_assert!(is_settled || report.partitions_resumed == report.partitions);
        bench.check(&longer, &report, &Expected::of(&dataset, &longer));
    }
}
