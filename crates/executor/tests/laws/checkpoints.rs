//! Checkpoints of every kind lead to the same export.

use coldpress_job::Status;
use proptest::prelude::*;

use crate::bench::Bench;
use crate::control;
use crate::dataset::{Dataset, long_dataset};
use crate::plan::{Keep, Plan, any_call, any_how, any_process, cases, with_watch};
use crate::reference::Expected;

/// How checkpoints are written, and how often a partition is published on its way.
#[derive(Clone, Debug)]
struct Kind {
    mode: &'static str,
    format: &'static str,
    compression: &'static str,
    gate_seconds: f64,
    mapped: bool,
}

fn any_kind() -> impl Strategy<Value = Kind> {
    let one_of = |words: &'static [&'static str]| prop::sample::select(words);
    (
        prop_oneof![3 => Just("delta"), 1 => Just("full")],
        one_of(&["parquet", "arrow", "jsonl"]),
        one_of(&["snappy", "gzip", "zstd", "lz4", "none", "auto"]),
        prop_oneof![Just(0.0), Just(2.0)],
        any::<bool>(),
    )
        .prop_map(|(mode, format, compression, gate_seconds, mapped)| Kind {
            mode,
            format,
            compression,
            gate_seconds,
            mapped,
        })
}

impl Plan {
    fn kind(self, kind: &Kind) -> Self {
        self.with("checkpoint.mode", kind.mode)
            .with("checkpoint.format", kind.format)
            .with("checkpoint.compression", kind.compression)
            .with("checkpoint.gate_seconds", kind.gate_seconds)
            .with("intermediate_storage.arrow_memory_mapping", kind.mapped)
    }
}

fn any_points() -> impl Strategy<Value = Keep> {
    prop_oneof![3 => Just(Keep::EveryOp), 1 => Just(Keep::EveryTwoOps), 1 => Just(Keep::Manual)]
}

proptest! {
    #![proptest_config(cases(24))]

    /// Run to the end, then with another last operator, each time under other kinds of checkpoints.
    #[test]
    fn no_kind_of_checkpoint_shows(
        dataset in long_dataset(),
        process in any_process(1..5),
        (first, second) in (any_call(), any_call()),
        kinds in (any_kind(), any_kind()),
        (how, points, keep_stats) in (any_how(), any_points(), any::<bool>()),
    ) {
        let with_last = |last| {
            let mut process = process.clone();
            process.push(last);
            let plan = Plan { how: how.clone(), keep_stats, ..Plan::new(process, 3) };
            plan.strategy(points)
        };
        let bench = Bench::new(&dataset);
        for (last, kind) in [(first, &kinds.0), (second, &kinds.1)] {
            let plan = with_last(last).kind(kind);
            let expected = Expected::of(&dataset, &plan);
            if expected.ledger.records > 0 {
                let report = bench.run(&plan).unwrap();
                bench.check(&plan, &report, &expected);
            }
        }
    }

    /// Stopped between gates and going on under another kind: as if nothing had happened.
    #[test]
    fn a_job_stopped_between_gates_ends_as_an_undisturbed_one(
        dataset in long_dataset(),
        process in any_process(2..5),
        at in 0usize..6,
        after in 1u64..20,
        kinds in (any_kind(), any_kind()),
        how in any_how(),
    ) {
        let id = control::new_id();
        let plan = Plan { how, ..Plan::new(with_watch(process, at, id), 3) };
        let plan = plan.strategy(Keep::EveryOp);
        let expected = Expected::of(&dataset, &plan);
        let bench = Bench::new(&dataset);
        let gated = plan.clone().kind(&Kind { gate_seconds: 0.0, ..kinds.0 });
        let executor = bench.executor(&gated);
        control::stop_after(id, after, executor.stop_handle());
        executor.run().unwrap();
        control::disarm(id);
        let plan = plan.kind(&kinds.1);
        let report = bench.run(&plan).unwrap();
        bench.check(&plan, &report, &expected);
    }
}

/// A damaged delta costs work, never data: the next older start is taken, and the reason told.
#[test]
fn a_damaged_delta_is_left() {
    let dataset = Dataset::of_texts((0..20).map(|n| format!("some text number {n}")));
    let call = coldpress_config::OperatorCall::new;
    let process = |last: &str| {
        let last = coldpress_config::OperatorCall::new(last);
        vec![call("edit_mapper"), call("stamp_mapper"), last]
    };
    let plan = |last: &str| Plan::new(process(last), 7).strategy(Keep::EveryOp);
    let bench = Bench::new(&dataset);
    let first = plan("lottery_filter");
    bench.run(&first).unwrap();
    let deltas = crate::bench::files_in(bench.layout().checkpoint_dir());
    let deltas: Vec<_> = deltas
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("_deltas."))
        .collect();
    assert_eq!(deltas.len(), 3);
    let mut bytes = std::fs::read(&deltas[1]).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&deltas[1], bytes).unwrap();
    let second = plan("stamp_mapper");
    let report = bench.run(&second).unwrap();
    bench.check(&second, &report, &Expected::of(&dataset, &second));
    assert_eq!(report.status, Status::Completed);
    assert_eq!(report.partitions_resumed, 2);
    let told = |warning: &String| warning.contains("a checkpoint cannot be used");
    assert!(report.warnings.iter().any(told), "{:?}", report.warnings);
}
