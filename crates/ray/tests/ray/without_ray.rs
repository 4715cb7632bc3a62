//! What holds whatever the cluster does.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Instant;

use coldpress_executor::Backend;
use coldpress_partition::Task;
use coldpress_storage::{StoreSchemes, Stores};
use coldpress_worker::{FailureKind, ToWorker, WorkerContext};

use crate::bench::Bench;

pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_job_over_a_bridge_gives_the_same_bytes", the_same_bytes),
    ("late_answers_of_earlier_attempts_are_dropped", late_answers),
    ("a_bridge_that_dies_costs_attempts", a_dead_bridge),
    ("without_a_cluster_processes_do_the_work", without_a_cluster),
    ("what_is_wrong_is_said_before_work_starts", refusals),
    ("many_attempts_are_each_answered_once", many_attempts),
    ("an_address_that_cannot_be_reached_is_an_error", unreachable),
];

fn the_same_bytes() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("fake", "works").run().unwrap();
    assert_eq!(bench.exported("fake"), expected);
}

fn late_answers() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("late", "late").run().unwrap();
    assert_eq!(bench.exported("late"), expected);
}

fn a_dead_bridge() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("dead", "dies").run().unwrap();
    assert!(bench.path("died").exists());
    assert_eq!(bench.exported("dead"), expected);
}

fn without_a_cluster() {
    let bench = Bench::new();
    let expected = bench.expected();
    for class in ["no_ray", "no_cluster"] {
        let executor = bench.on_fake(class, class);
        executor.run().unwrap();
        assert_eq!(bench.exported(class), expected, "{class}");
        let warnings = executor.warnings();
        let found: Vec<_> = warnings
            .iter()
            .filter(|warning| warning.starts_with("no Ray cluster was found, so worker processes"))
            .collect();
        assert_eq!(found.len(), 1, "{warnings:?}");
    }
}

fn refusals() {
    let bench = Bench::new();
    for (class, advice) in [
        ("storage", "in an object store"),
        ("version", "the versions of Ray and Python"),
        ("auth", "RAY_AUTH_TOKEN"),
        ("unschedulable", "as the test wants it"),
    ] {
        let error = bench.on_fake(class, class).run().unwrap_err().to_string();
        assert!(!bench.path(&format!("{class}.jsonl")).exists());
        let error = format!("{error:?} {error}");
        assert!(error.contains("cannot start workers on Ray"), "{error}");
        let cause = source_of(&bench, class);
        assert!(cause.contains(advice), "{class}: {cause}");
    }
}

/// The whole message of the error that a job ends with.
fn source_of(bench: &Bench, class: &str) -> String {
    let error = bench.on_fake(class, class).run().unwrap_err();
    coldpress_failure::full_message(&error)
}

/// An address was named, so nothing else is used in its place. There is no Python either, which is said first.
fn unreachable() {
    let bench = Bench::new();
    let backend = coldpress_ray::RayBackend::new("127.0.0.1:1".into()).python("/nowhere/python");
    let builder = bench.builder("far", "ray");
    let executor = builder
        .backend(std::sync::Arc::new(backend))
        .build()
        .unwrap();
    let error = coldpress_failure::full_message(&executor.run().unwrap_err());
    assert!(
        error.contains("Python cannot be started as `/nowhere/python`"),
        "{error}"
    );
    assert!(error.contains("pip install"), "{error}");
}

/// Also those that wait while others are with the bridge, and those that are submitted after a stop.
#[allow(
    clippy::print_stderr,
    reason = "the figure is what a person runs this test for"
)]
fn many_attempts() {
    const MANY: u32 = 50_000;
    let bench = Bench::new();
    bench.on_fake("kept", "nodes_die").run().unwrap_err();
    let kept = std::fs::read(bench.path("kept")).unwrap();
    let [begin, run]: [String; 2] = serde_json::from_slice(&kept).unwrap();
    let ToWorker::Begin { spec, .. } = serde_json::from_str(&begin).unwrap() else {
        panic!("a worker is told the job first");
    };
    let ToWorker::Run { attempt } = serde_json::from_str(&run).unwrap() else {
        panic!("then it is told an attempt");
    };
    let context = WorkerContext {
        registry: crate::operators::registry(),
        stores: Stores::open(spec.stores.clone(), &StoreSchemes::default()).unwrap(),
        shared: Default::default(),
    };
    let (sender, finished) = crossbeam_channel::unbounded();
    let backend = Bench::fake("nodes_die");
    let mut running = backend.start(2, Arc::from(spec), context, sender).unwrap();
    let submit = |running: &mut Box<dyn coldpress_executor::Running>, partition| {
        let mut attempt = (*attempt).clone();
        attempt.task = Task::new(0, partition);
        running.submit(attempt);
    };
    let begun = Instant::now();
    (0..MANY).for_each(|partition| submit(&mut running, partition));
    let mut seen = HashSet::new();
    for _ in 0..MANY {
        let finished = finished.recv().unwrap();
        let error = finished.result.unwrap_err();
        assert_eq!(error.kind, FailureKind::Outside, "{error}");
        assert!(seen.insert(finished.task.partition));
    }
    let rate = f64::from(MANY) / begun.elapsed().as_secs_f64();
    eprintln!("{rate:.0} attempts a second through a bridge");
    running.stop();
    (0..10).for_each(|partition| submit(&mut running, partition));
    drop(running);
    let stopped: Vec<_> = finished.try_iter().collect();
    assert_eq!(stopped.len(), 10);
    let is_stopped = |finished: &coldpress_executor::Finished| {
        let result = finished.result.as_ref();
        result.is_err_and(|error| error.kind == FailureKind::Stopped)
    };
    assert!(stopped.iter().all(is_stopped));
}
