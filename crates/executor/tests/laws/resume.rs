//! A stopped job goes on, a changed recipe reuses its prefix.

use std::collections::BTreeMap;

use coldpress_config::OperatorCall;
use coldpress_job::{JobState, Status};
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators;
use crate::plan::{
    Form, Keep, Plan, any_call, any_form, any_how, any_plan, any_process, cases, with_watch,
};
use crate::reference::Expected;

/// Per partition with a result under the recipe in force: how often it was attempted and published.
fn published(state: &JobState) -> BTreeMap<u32, (u32, usize)> {
    let Some(chain) = state.final_chain() else {
        return BTreeMap::new();
    };
    let results =
        (0..state.partition_count()).filter(|index| state.published(*index, chain).is_some());
    let times = |index| {
        state
            .publications()
            .filter(|result| result.partition == index && result.chain == chain)
            .count()
    };
    results
        .map(|index| (index, (state.attempts(index), times(index))))
        .collect()
}

/// A finished run of `plan` in a bench of its own.
fn completed(dataset: &Dataset, plan: &Plan) -> Bench {
    let bench = Bench::new(dataset);
    assert_ne!(bench.run(plan).unwrap().status, Status::Stopped);
    bench
}

proptest! {
    #![proptest_config(cases(20))]

    /// Stopped twice at any place, under any plan, and going on under another: as if nothing had happened.
    #[test]
    fn a_stopped_job_ends_as_an_undisturbed_one(
        dataset in long_dataset(),
        plan in any_plan(),
        at in 0usize..6,
        stops in prop::collection::vec(1u64..14, 1..3),
        hows in prop::collection::vec(any_how(), 3),
    ) {
        let id = control::new_id();
        let plan = Plan { process: with_watch(plan.process.clone(), at, id), ..plan };
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        for (after, how) in stops.iter().zip(hows) {
            let executor = bench.executor(&Plan { how, ..plan.clone() });
            control::stop_after(id, *after, executor.stop_handle());
            executor.run().unwrap();
        }
        control::disarm(id);
        let before = bench.state(&plan);
        let was_stopped = before.finished().map(|finish| finish.status) == Some(Status::Stopped);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        prop_assert_eq!(report.already_complete, !was_stopped);
        let after = bench.state(&plan);
        let (earlier, now) = (published(&before), published(&after));
        // Also where a decision that was still to be made is all that a partition lacked.
        let untouched = now.keys().filter(|index| before.attempts(**index) == after.attempts(**index));
        prop_assert_eq!(report.partitions_reused as usize, untouched.count());
        for (partition, times) in &earlier {
            prop_assert_eq!(&now[partition], times, "partition {} was worked on again", partition);
        }
        prop_assert!(now.values().all(|(_, published)| *published == 1));
        prop_assert_eq!(now.len() as u32, report.partitions);
    }

    /// Another tail: the export is that of the new recipe, and every partition goes on behind the common prefix.
    #[test]
    fn a_changed_tail_reuses_the_prefix(
        dataset in long_dataset(),
        prefix in any_process(1..4),
        tails in (any_process(0..3), any_process(0..3)),
        keep_stats in any::<bool>(),
        forms in (any_form(), any_form()),
        hows in (any_how(), any_how()),
    ) {
        // Shards of another size are a matter of their own.
        let forms = match forms {
            (Form::Shards(size), Form::Shards(_)) => (forms.0, Form::Shards(size)),
            forms => forms,
        };
        let plan = |tail: Vec<OperatorCall>, form, how| {
            let process = [prefix.clone(), tail].concat();
            Plan { process, keep_stats, form, how, settings: Vec::new() }
        };
        let mut first = plan(tails.0, forms.0, hows.0);
        first.how.strategy = Keep::EveryOp;
        let second = plan(tails.1, forms.1, hows.1);
        let expected = [Expected::of(&dataset, &first), Expected::of(&dataset, &second)];
        let bench = completed(&dataset, &first);
        let report = bench.run(&second).unwrap();
        bench.check(&second, &report, &expected[1]);
        // What a recipe had made before its barrier is the result of one that ends there.
        if first.process.starts_with(&second.process) {
            prop_assert_eq!(report.partitions_resumed + report.partitions_reused, report.partitions);
        } else {
            prop_assert_eq!((report.partitions_resumed, report.partitions_reused), (report.partitions, 0));
        }
        // And back: nothing is done again where the results still have the form of the export.
        let attempts = bench.state(&first).publications().count();
        let report = bench.run(&first).unwrap();
        bench.check(&first, &report, &expected[0]);
        // Where one recipe ends before a barrier of the other, the results of the one took the place of those that the other
        // signed there, or the other way round; with statistics in their rows they cannot stand for them.
        let is_global = |call: &OperatorCall| call.name.contains("_deduplicator");
        let ends_before_barrier = |short: &Plan, long: &Plan| {
            let next = long.process.get(short.process.len());
            long.process.starts_with(&short.process) && next.is_some_and(is_global)
        };
        let is_replaced =
            ends_before_barrier(&second, &first) || ends_before_barrier(&first, &second);
        // Where the recipes part at two operators that sign, the signatures of the one took the place of those of the other.
        let mut pairs = first.process.iter().zip(&second.process);
        let parting = pairs.find(|(one, other)| one != other);
        let both_sign = parting.is_some_and(|(one, other)| is_global(one) && is_global(other));
        if first.form == second.form && !(keep_stats && is_replaced) && !both_sign {
            prop_assert_eq!(report.partitions_reused, report.partitions);
            prop_assert_eq!(bench.state(&first).publications().count(), attempts);
        } else if first.form == second.form {
            // Even then the common beginning is not done again.
            prop_assert_eq!(report.partitions_reused + report.partitions_resumed, report.partitions);
        }
    }

    /// Another first operator: nothing before it is of use.
    #[test]
    fn a_changed_first_operator_reuses_nothing(
        dataset in long_dataset(), plan in any_plan(), first in any_call(), other in any_call(), how in any_how(),
    ) {
        prop_assume!(first != other);
        // Of two that need the whole dataset, the one may use the signatures that the other was given.
        let are_global = [&first, &other].map(|call| call.name.contains("_deduplicator"));
        prop_assume!(are_global != [true, true]);
        let begin = |call: OperatorCall, how| {
            Plan { process: [vec![call], plan.process.clone()].concat(), how, ..plan.clone() }
        };
        let before = Plan { how: crate::plan::How { strategy: Keep::EveryOp, ..plan.how.clone() }, ..begin(first, how.clone()) };
        let after = begin(other, how);
        let expected = [Expected::of(&dataset, &before), Expected::of(&dataset, &after)];
        let bench = completed(&dataset, &before);
        let report = bench.run(&after).unwrap();
        bench.check(&after, &report, &expected[1]);
        prop_assert_eq!((report.partitions_resumed, report.partitions_reused), (0, 0));
    }
}

fn texts() -> Dataset {
    Dataset::of_texts((0..20).map(|n| {
        if n % 7 == 3 {
            format!("err {n}")
        } else {
            format!("some text {n}")
        }
    }))
}

/// The checkpoint of `every_partition` is the result: an appended operator goes on from it.
#[test]
fn an_appended_operator_goes_on_from_the_results() {
    let call = OperatorCall::new;
    let process = vec![
        call("fragile_mapper"),
        call("words_mapper"),
        call("stamp_mapper"),
    ];
    for form in [Form::Plain, Form::Gzip, Form::Zstd, Form::Shards(40)] {
        let shorter = Plan {
            form,
            ..Plan::new(process.clone(), 3)
        };
        let longer = Plan {
            process: [process.clone(), vec![call("edit_mapper")]].concat(),
            ..shorter.clone()
        };
        let bench = completed(&texts(), &shorter);
        let report = bench.run(&longer).unwrap();
        bench.check(&longer, &report, &Expected::of(&texts(), &longer));
        assert_eq!(
            (
                report.partitions,
                report.partitions_resumed,
                report.partitions_reused
            ),
            (7, 7, 0)
        );
    }
}

/// What quarantine holds of a record does not tell whether an operator failed on it before or behind a checkpoint.
#[test]
fn a_record_in_quarantine_is_the_same_behind_a_checkpoint() {
    let call = OperatorCall::new;
    let dataset = Dataset::of_lines([r#"{"text": "an err", "n": 1}"#.to_owned()]);
    let edit = call("edit_mapper").with("kind", "front");
    let first = Plan::new(vec![edit.clone()], 1).strategy(Keep::EveryOp);
    let second = Plan {
        process: vec![edit, call("fragile_mapper")],
        ..first.clone()
    };
    let bench = completed(&dataset, &first);
    let report = bench.run(&second).unwrap();
    assert_eq!(report.partitions_resumed, 1);
    assert_eq!(
        bench.quarantined(&second),
        Expected::of(&dataset, &second).quarantined
    );
}

/// Splitters that would set fields which a record lacks: the same comes out, with a checkpoint in between or not.
#[test]
fn fields_that_a_record_lacks_have_no_order_to_depend_on() {
    let call = OperatorCall::new;
    let dataset = Dataset::of_lines([r#"{"n": 1}"#.to_owned()]);
    let unseen = |field| call("title_mapper").with("field", field);
    let first = Plan::new(
        vec![operators::watch(0).with("text_key", "a"), unseen("b")],
        1,
    )
    .strategy(Keep::EveryOp);
    let second = Plan {
        process: [first.process.clone(), vec![unseen("a")]].concat(),
        ..first.clone()
    };
    let bench = completed(&dataset, &first);
    let report = bench.run(&second).unwrap();
    assert_eq!(report.partitions_resumed, 1);
    bench.check_export(&second, &Expected::of(&dataset, &second));
}
