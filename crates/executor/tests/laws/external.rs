//! What an external operator gave is published before anything works on it, and is not computed again.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use coldpress_config::OperatorCall;
use coldpress_job::JobState;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::operators::{self, FRAIL};
use crate::plan::{Form, Keep, Plan, any_call, any_how, any_process, any_strategy, cases};
use crate::reference::Expected;
use crate::services::ask;

/// How often the operator with this log saw each record.
fn seen(log: &Path) -> BTreeMap<String, u32> {
    let mut seen = BTreeMap::new();
    for origin in fs::read_to_string(log).unwrap_or_default().lines() {
        *seen.entry(origin.to_owned()).or_default() += 1;
    }
    seen
}

/// Checks that the operator with this log, at this place of the recipe, saw each of its records once.
#[track_caller]
fn check_seen_once(log: &Path, expected: &Expected, operation: usize) {
    let seen = seen(log);
    let again: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(again.is_empty(), "seen again: {again:?}");
    let arrived = expected.ledger.operators[operation].records_in;
    assert_eq!(seen.len() as u64, arrived);
}

/// What must come out; the operators of the reference keep no log.
fn expected(dataset: &Dataset, plan: &Plan) -> Expected {
    let quiet = |call: &OperatorCall| match call.name.as_str() {
        "ask_mapper" => OperatorCall::new("ask_mapper"),
        _ => call.clone(),
    };
    let process = plan.process.iter().map(quiet).collect();
    Expected::of(
        dataset,
        &Plan {
            process,
            ..plan.clone()
        },
    )
}

/// The operators after which checkpoints of a partition are published.
fn points(state: &JobState, partition: u32) -> Vec<u32> {
    let mut points: Vec<u32> = state
        .checkpoints(partition)
        .map(|entry| entry.operation)
        .collect();
    points.sort_unstable();
    points.dedup();
    points
}

proptest! {
    #![proptest_config(cases(24))]

    /// Stopped again and again after an external operator, and going on under another plan each time, with another tail
    /// of operators at last: each record is seen once, and what comes out is the same.
    #[test]
    fn no_record_is_seen_twice(
        dataset in long_dataset(),
        (head, middle, tail) in (any_process(0..3), any_process(0..2), any_process(0..3)),
        stops in prop::collection::vec(1u64..14, 1..4),
        hows in prop::collection::vec(any_how(), 4),
        (recovers, mode) in (any::<bool>(), prop::sample::select(vec!["delta", "full"])),
        (keep_stats, last) in (any::<bool>(), any_call()),
        strategies in prop::collection::vec(any_strategy(), 4),
    ) {
        let id = control::new_id();
        let bench = Bench::new(&dataset);
        let logs = [bench.path("first.log"), bench.path("second.log")];
        let places = [head.len(), head.len() + middle.len() + 1];
        // The stop comes after the first external operator, and may come before or after the second.
        let process = [
            head, vec![ask(&logs[0])], middle, vec![ask(&logs[1]), operators::watch(id)], tail,
        ].concat();
        let plan = |at: usize| {
            let plan = Plan { how: hows[at].clone(), keep_stats, ..Plan::new(process.clone(), 3) };
            // One partition at a time, so that none is on its way to a gate when the job stops.
            let plan = plan.workers(1).strategy(strategies[at]).with("checkpoint.mode", mode);
            plan.with("recovery.use_checkpoints_for_recovery", recovers)
        };
        for (at, after) in stops.iter().enumerate() {
            let executor = bench.executor(&plan(at));
            control::stop_after(id, *after, executor.stop_handle());
            executor.run().unwrap();
        }
        control::disarm(id);
        let mut plan = plan(3);
        plan.process.push(last);
        let expected = expected(&dataset, &plan);
        prop_assume!(expected.ledger.records > 0);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        for (log, place) in logs.iter().zip(places) {
            check_seen_once(log, &expected, place);
        }
    }
}

fn twenty() -> Dataset {
    Dataset::of_texts((0..20).map(|n| format!("some text number {n}")))
}

/// Whatever the recipe says about checkpoints, there is one after each external operator, and an attempt ends there.
#[test]
fn an_attempt_ends_after_each_external_operator() {
    let call = OperatorCall::new;
    for (key, value) in [
        ("checkpoint.enabled", false),
        ("recovery.use_checkpoints_for_recovery", false),
        ("recovery.restart_from_beginning_if_no_checkpoint", false),
    ] {
        let bench = Bench::new(&twenty());
        let logs = ["1.log", "2.log", "3.log"].map(|name| bench.path(name));
        let process = vec![
            call("edit_mapper"),
            ask(&logs[0]),
            ask(&logs[1]),
            call("stamp_mapper"),
            ask(&logs[2]),
        ];
        let plan = Plan::new(process, 7)
            .strategy(Keep::Disabled)
            .with(key, value);
        let plan = plan.with("intermediate_storage.cleanup_on_success", false);
        let expected = expected(&twenty(), &plan);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        let state = bench.state(&plan);
        for partition in 0..3 {
            assert_eq!(points(&state, partition), [2, 3, 5], "{key}");
            assert_eq!(state.attempts(partition), 4, "{key}");
        }
        for (log, place) in logs.iter().zip([1, 2, 4]) {
            check_seen_once(log, &expected, place);
        }
    }
}

/// A result that cannot be gone on from, because it has statistics or another form, costs nothing either.
#[test]
fn another_form_of_the_export_asks_nobody() {
    let dataset = twenty();
    let bench = Bench::new(&dataset);
    let log = bench.path("asked.log");
    let process = vec![OperatorCall::new("length_filter"), ask(&log)];
    let plan = |form| Plan {
        form,
        keep_stats: true,
        ..Plan::new(process.clone(), 7)
    };
    for form in [Form::Plain, Form::Gzip, Form::Shards(100), Form::Plain] {
        let plan = plan(form).with("intermediate_storage.cleanup_on_success", false);
        let expected = expected(&dataset, &plan);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
        check_seen_once(&log, &expected, 1);
    }
}

/// Runs a job whose partitions all fail at the frail operator with this control, which heals then.
fn failed_at_the_frail_operator(bench: &Bench, plan: &Plan, id: control::ControlId) {
    control::fail_times(id, u32::MAX);
    let report = bench.run(plan).unwrap();
    assert_eq!(report.failed_partitions.len() as u32, report.partitions);
    control::disarm(id);
}

/// A damaged file costs another call, and that is told.
#[test]
fn a_second_call_is_told() {
    let dataset = Dataset::of_texts((0..20).map(|n| format!("{FRAIL} text {n}")));
    let (bench, id) = (Bench::new(&dataset), control::new_id());
    let log = bench.path("asked.log");
    let process = vec![
        OperatorCall::new("stamp_mapper"),
        ask(&log),
        operators::frail(id),
    ];
    let plan = Plan::new(process, 7).strategy(Keep::Disabled);
    failed_at_the_frail_operator(&bench, &plan, id);
    let state = bench.state(&plan);
    let gate = state.checkpoints(0).next().unwrap().file.name().as_str();
    let gate = bench.layout().checkpoint_dir().join(gate);
    let mut bytes = fs::read(&gate).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&gate, bytes).unwrap();
    let report = bench.run(&plan).unwrap();
    bench.check(&plan, &report, &expected(&dataset, &plan));
    let told =
        |warning: &&String| warning.contains("`ask_mapper` worked on its records a second time");
    assert_eq!(
        report.warnings.iter().filter(told).count(),
        1,
        "{:?}",
        report.warnings
    );
    let seen = seen(&log);
    assert_eq!(seen.values().filter(|times| **times == 2).count(), 7);
    assert_eq!(seen.values().filter(|times| **times == 1).count(), 13);
}

/// The file with what an external operator gave is kept beyond the most checkpoints that a recipe keeps: when all that came
/// later is damaged, its records are not seen again.
#[test]
fn old_checkpoints_go_but_for_those_after_external_operators() {
    for mode in ["delta", "full"] {
        let dataset = Dataset::of_texts(["a", FRAIL, "c", "d e"]);
        let (bench, id) = (Bench::new(&dataset), control::new_id());
        let log = bench.path("asked.log");
        let call = OperatorCall::new;
        let process = vec![
            call("stamp_mapper"),
            ask(&log),
            call("stamp_mapper"),
            call("stamp_mapper"),
            operators::frail(id),
        ];
        let plan = Plan::new(process, 9).strategy(Keep::EveryOp);
        let plan = plan
            .with("checkpoint.gate_seconds", 0.0)
            .with("checkpoint.mode", mode);
        let plan = plan.with("checkpoint.max_checkpoints_per_partition", 1);
        failed_at_the_frail_operator(&bench, &plan, id);
        let state = bench.state(&plan);
        assert!(
            points(&state, 0).contains(&2),
            "{mode}: {:?}",
            points(&state, 0)
        );
        let later: Vec<_> = state
            .checkpoints(0)
            .filter(|entry| entry.operation > 2)
            .collect();
        assert!(!later.is_empty());
        for entry in later {
            let folder = bench.layout().checkpoint_dir().to_owned();
            fs::write(folder.join(entry.file.name().as_str()), "x").unwrap();
        }
        let report = bench.run(&plan).unwrap();
        let expected = expected(&dataset, &plan);
        bench.check(&plan, &report, &expected);
        check_seen_once(&log, &expected, 1);
    }
}
