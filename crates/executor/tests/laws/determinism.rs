//! Same bytes, whatever the cut, the workers, the checkpoints and the retries.

use coldpress_executor::ErrorKind;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, any_dataset};
use crate::operators;
use crate::plan::{Form, How, Keep, Plan, any_how, any_plan, cases, with_frail};
use crate::reference::Expected;

/// Runs a plan on a dataset of its own and checks all that comes out.
#[track_caller]
fn check(dataset: &Dataset, plan: &Plan, expected: &Expected) {
    let bench = Bench::new(dataset);
    match bench.run(plan) {
        Ok(report) => {
            bench.check(plan, &report, expected);
            assert_eq!(bench.quarantined(plan), expected.quarantined);
        }
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Input, "{}", error.full_message());
            assert_eq!(expected.ledger.records, 0, "{}", error.full_message());
            assert_eq!(bench.export(plan.form), None);
        }
    }
}

proptest! {
    #![proptest_config(cases(30))]

    #[test]
    fn no_plan_shows_in_the_export(dataset in any_dataset(), plan in any_plan(), other in any_how()) {
        let expected = Expected::of(&dataset, &plan);
        check(&dataset, &plan, &expected);
        check(&dataset, &Plan { how: other, ..plan }, &expected);
    }

    #[test]
    fn retries_that_heal_do_not_show(dataset in any_dataset(), plan in any_plan(), at in 0usize..6, failures in 1u32..3) {
        let id = control::new_id();
        let plan = Plan { process: with_frail(plan.process, at, id), ..plan };
        // A last line without its end is a batch of its own, whose records begin to fail when the others are healed.
        let plan = plan.with("retry.max_retries", 8);
        let expected = Expected::of(&dataset, &plan);
        control::fail_times(id, failures);
        check(&dataset, &plan, &expected);
        control::disarm(id);
    }
}

/// Records of very different lengths, so that blocks end in the middle of partitions.
#[test]
fn batches_do_not_show() {
    let texts = (0..400)
        .map(|n: usize| "some words, not few ".repeat(if n % 50 == 7 { 3000 } else { n % 90 }));
    let dataset = Dataset::of_texts(texts);
    let call = coldpress_config::OperatorCall::new;
    let process = vec![
        call("stamp_mapper"),
        call("lottery_filter"),
        call("edit_mapper").with("kind", "vowels"),
        call("length_filter"),
    ];
    let plan = Plan {
        keep_stats: true,
        ..Plan::new(process, 10_000)
    };
    let expected = Expected::of(&dataset, &plan);
    let hows = [
        How {
            records: 10_000,
            bytes: 1 << 30,
            workers: 1,
            strategy: Keep::EveryOp,
            copies: false,
        },
        How {
            records: 37,
            bytes: 1 << 30,
            workers: 3,
            strategy: Keep::Disabled,
            copies: false,
        },
        How {
            records: 10_000,
            bytes: 300_000,
            workers: 2,
            strategy: Keep::EveryTwoOps,
            copies: true,
        },
    ];
    for how in hows {
        check(
            &dataset,
            &Plan {
                how,
                ..plan.clone()
            },
            &expected,
        );
    }
}

/// Packed exports hold the same rows as plain ones, and the same plan gives the same packed bytes.
#[test]
fn a_packed_export_is_the_same_for_the_same_plan() {
    let dataset = Dataset::of_texts((0..40).map(|n| format!("text {n}")));
    for form in [Form::Gzip, Form::Zstd] {
        let plan = Plan {
            form,
            ..Plan::new(vec![coldpress_config::OperatorCall::new("stamp_mapper")], 7)
        };
        let packed = |workers| {
            let bench = Bench::new(&dataset);
            bench.run(&plan.clone().workers(workers)).unwrap();
            std::fs::read(bench.path(form.file_name())).unwrap()
        };
        assert_eq!(packed(1), packed(4));
    }
}

/// The operators of these tests themselves: what they are to show can be seen.
#[test]
fn the_reference_drops_changes_splits_and_fails() {
    let dataset = Dataset::of_texts(["one two", "err", "bang", "three", ""]);
    let call = coldpress_config::OperatorCall::new;
    let plan = Plan::new(
        vec![
            call("fragile_mapper"),
            call("words_mapper"),
            call("edit_mapper"),
            operators::watch(0),
        ],
        2,
    );
    let expected = Expected::of(&dataset, &plan);
    let rows = "{\"n\": 0.50, \"text\": \"ONE\"}\n{\"n\": 0.50, \"text\": \"TWO\"}\n{\"n\": 3.50, \"text\": \"THREE\"}\n";
    assert_eq!(String::from_utf8(expected.rows.clone()).unwrap(), rows);
    let ledger = &expected.ledger;
    assert_eq!(
        (
            ledger.records,
            ledger.quarantined(),
            ledger.dropped(),
            ledger.made()
        ),
        (5, 2, 1, 1)
    );
    check(&dataset, &plan, &expected);
}
