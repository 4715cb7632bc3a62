//! What holds whatever the cluster does.

use std::collections::HashSet;
use std::io::Read;
use std::process::Child;
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress_executor::Backend;
use coldpress_partition::Task;
use coldpress_storage::{AttemptName, StoreSchemes, Stores};
use coldpress_worker::{FailureKind, LeaseKeeper, LeaseTerms, ToWorker, WorkerContext};

use crate::bench::Bench;
use crate::fake_bridge;

pub(crate) const ALL: &[(&str, fn())] = &[
    ("a_job_over_a_bridge_gives_the_same_bytes", the_same_bytes),
    ("late_answers_of_earlier_attempts_are_dropped", late_answers),
    (
        "an_attempt_of_which_nothing_is_heard_is_given_up",
        a_silent_attempt,
    ),
    (
        "the_last_attempt_is_begun_a_second_time_if_it_is_slow",
        a_slow_attempt,
    ),
    (
        "a_worker_that_sees_nothing_of_its_driver_ends_itself",
        a_worker_without_a_driver,
    ),
    (
        "a_worker_whose_attempt_is_given_up_ends_itself",
        a_worker_that_is_given_up,
    ),
    ("a_bridge_that_dies_costs_attempts", a_dead_bridge),
    (
        "a_cluster_that_comes_back_is_waited_for",
        a_cluster_that_comes_back,
    ),
    (
        "a_cluster_that_does_not_come_back_ends_the_job",
        a_cluster_that_is_gone,
    ),
    ("where_memory_runs_out_fewer_workers_go_on", out_of_memory),
    (
        "an_attempt_that_no_node_can_run_ends_the_job",
        an_infeasible_attempt,
    ),
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
    let events = bench.events("fake");
    assert!(events.contains(r#""worker_node":"10.0.0.1""#), "{events}");
}

fn late_answers() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("late", "late").run().unwrap();
    assert_eq!(bench.exported("late"), expected);
}

fn a_silent_attempt() {
    let bench = Bench::new();
    let expected = bench.expected();
    let builder = bench.builder("silent", "ray");
    let backend = Bench::fake("silent").lease_seconds(2.0);
    builder
        .backend(Arc::new(backend))
        .build()
        .unwrap()
        .run()
        .unwrap();
    assert_eq!(bench.exported("silent"), expected);
    let events = bench.events("silent");
    assert!(
        events.contains("fell silent: no sign of it for 2 s"),
        "{events}"
    );
    // Nothing tells workers anything any more.
    assert!(!bench.path("jobs/silent/results/lease.json").exists());
}

/// The worker that waits is never released, so the job ends only if another one does its work.
fn a_slow_attempt() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.hold_once();
    bench.on_fake("slow", "works").run().unwrap();
    assert!(bench.path("hold.taken").exists());
    assert_eq!(bench.exported("slow"), expected);
    let events = bench.events("slow");
    for message in [
        "a second attempt begins beside the first",
        "attempt 2 was faster, so attempt 1 is cancelled",
    ] {
        assert!(events.contains(message), "{message}: {events}");
    }
}

fn a_worker_without_a_driver() {
    let bench = Bench::new();
    let (begin, _) = bench.told_to_workers();
    let mut worker = leased_worker(begin, &LeaseTerms::new(0.1));
    let words = words_at_its_end(&mut worker);
    assert!(words.contains("nothing was seen of its driver"), "{words}");
}

fn a_worker_that_is_given_up() {
    let bench = Bench::new();
    let (begin, run) = bench.told_to_workers();
    let (ToWorker::Begin { spec, .. }, ToWorker::Run { attempts }) = (&begin, &run) else {
        panic!("a worker is told the job first, and then an attempt");
    };
    let stores = Stores::open(spec.stores.clone(), &StoreSchemes::default()).unwrap();
    // It looks every two seconds.
    let keeper = LeaseKeeper::start(LeaseTerms::new(12.0), &stores).unwrap();
    bench.hold();
    let mut worker = leased_worker(begin, keeper.terms());
    fake_bridge::tell(&mut worker, &serde_json::to_string(&run).unwrap()).unwrap();
    bench.held_worker(&|| false);
    let mut another = attempts[0].name();
    another = AttemptName::new(another.partition(), another.epoch(), 99);
    keeper.give_up(&another);
    keeper.give_up(&attempts[0].name());
    let words = words_at_its_end(&mut worker);
    assert!(words.contains("has given its attempt up"), "{words}");
}

/// Starts a worker process that has its lease on these terms.
fn leased_worker(mut begin: ToWorker, terms: &LeaseTerms) -> Child {
    if let ToWorker::Begin { lease, .. } = &mut begin {
        *lease = Some(terms.clone());
    }
    let mut worker = fake_bridge::start_worker();
    fake_bridge::tell(&mut worker, &serde_json::to_string(&begin).unwrap()).unwrap();
    worker
}

/// Waits for the end of a worker process, which is told nothing more, and gives what it wrote to its standard error.
fn words_at_its_end(worker: &mut Child) -> String {
    let mut words = String::new();
    let mut errors = worker.stderr.take().unwrap();
    errors.read_to_string(&mut words).unwrap();
    worker.wait().unwrap();
    words
}

fn a_dead_bridge() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("dead", "dies").run().unwrap();
    assert!(bench.path("died").exists());
    assert_eq!(bench.exported("dead"), expected);
}

fn a_cluster_that_comes_back() {
    let bench = Bench::new();
    let expected = bench.expected();
    bench.on_fake("back", "comes_back").run().unwrap();
    assert!(bench.path("came_back").exists());
    assert_eq!(bench.exported("back"), expected);
}

fn a_cluster_that_is_gone() {
    let bench = Bench::new();
    let expected = bench.expected();
    let backend = Bench::fake("gone").reconnects_for(Duration::ZERO);
    let builder = bench.builder("gone", "ray").backend(Arc::new(backend));
    let error = builder.build().unwrap().run().unwrap_err();
    let error = coldpress_failure::full_message(&error);
    let message = "the Ray cluster is gone, and did not come back within 0 s: nothing answers";
    assert!(error.contains(message), "{error}");
    // It goes on elsewhere.
    let resumed = bench.builder("gone", "process").build().unwrap();
    resumed.run().unwrap();
    assert_eq!(bench.exported("gone"), expected);
}

fn out_of_memory() {
    let bench = Bench::new();
    let expected = bench.expected();
    let executor = bench.on_fake("oom", "oom");
    executor.run().unwrap();
    assert_eq!(bench.exported("oom"), expected);
    let events = bench.events("oom");
    let message = "Ray ended the worker because memory ran out there";
    assert!(events.contains(message), "{events}");
    let warnings = executor.warnings().join("\n");
    assert!(
        warnings.contains("fewer") || warnings.contains("1 worker"),
        "{warnings}"
    );
}

fn an_infeasible_attempt() {
    let bench = Bench::new();
    let error = bench.on_fake("infeasible", "infeasible").run().unwrap_err();
    let error = coldpress_failure::full_message(&error);
    assert!(
        error.contains("an attempt cannot be run: of its kind"),
        "{error}"
    );
    assert!(!bench.path("infeasible.jsonl").exists());
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
    let (ToWorker::Begin { spec, .. }, ToWorker::Run { attempts }) = bench.told_to_workers() else {
        panic!("a worker is told the job first, and then an attempt");
    };
    let context = WorkerContext {
        registry: crate::operators::registry(),
        stores: Stores::open(spec.stores.clone(), &StoreSchemes::default()).unwrap(),
        shared: Default::default(),
        waits: Default::default(),
    };
    let (sender, finished) = crossbeam_channel::unbounded();
    let backend = Bench::fake("nodes_die");
    let mut running = backend.start(2, Arc::from(spec), context, sender).unwrap();
    let submit = |running: &mut Box<dyn coldpress_executor::Running>, partition| {
        let mut attempt = attempts[0].clone();
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
