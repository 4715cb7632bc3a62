//! What is asserted.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use coldpress_executor::{ErrorKind, lift_verdicts};
use coldpress_failure::ErrorClass;

use super::bench::Bench;
use super::one_worker::OneWorker;

type Test = (&'static str, fn());

pub(crate) const ALL: &[Test] = &[
    ("poison_is_quarantined", poison_is_quarantined),
    (
        "poison_of_a_signer_is_quarantined",
        poison_of_a_signer_is_quarantined,
    ),
    (
        "poison_of_a_selector_is_quarantined",
        poison_of_a_selector_is_quarantined,
    ),
    (
        "poison_behind_a_barrier_is_quarantined",
        poison_behind_a_barrier_is_quarantined,
    ),
    (
        "several_poisons_of_one_partition",
        several_poisons_of_one_partition,
    ),
    (
        "a_death_that_does_not_repeat_costs_an_attempt",
        a_death_that_does_not_repeat_costs_an_attempt,
    ),
    (
        "a_killed_worker_is_no_verdict",
        a_killed_worker_is_no_verdict,
    ),
    (
        "signals_from_outside_are_no_verdict",
        signals_from_outside_are_no_verdict,
    ),
    (
        "a_single_signal_from_outside_costs_nothing",
        a_single_signal_from_outside_costs_nothing,
    ),
    (
        "memory_that_cannot_be_had_is_no_verdict",
        memory_that_cannot_be_had_is_no_verdict,
    ),
    (
        "where_every_record_kills_none_is_quarantined",
        where_every_record_kills_none_is_quarantined,
    ),
    ("a_replayed_record_comes_back", a_replayed_record_comes_back),
    (
        "a_later_run_tries_records_of_unfinished_partitions_again",
        a_later_run_tries_records_of_unfinished_partitions_again,
    ),
    (
        "a_program_that_cannot_be_started_gives_up_nothing",
        a_program_that_cannot_be_started_gives_up_nothing,
    ),
    (
        "a_program_that_never_listens_is_found_out_however_long_the_job",
        a_program_that_never_listens_is_found_out_however_long_the_job,
    ),
    (
        "without_isolation_the_partition_fails",
        without_isolation_the_partition_fails,
    ),
    (
        "what_operators_print_is_harmless",
        what_operators_print_is_harmless,
    ),
    (
        "a_verdict_binds_local_threads",
        a_verdict_binds_local_threads,
    ),
    ("small_partitions_share_files", small_partitions_share_files),
    (
        "poison_among_small_partitions_is_quarantined",
        poison_among_small_partitions_is_quarantined,
    ),
    (
        "a_death_costs_the_others_no_try",
        a_death_costs_the_others_no_try,
    ),
    ("a_stop_reaches_the_workers", a_stop_reaches_the_workers),
    (
        "workers_go_when_their_driver_is_gone",
        workers_go_when_their_driver_is_gone,
    ),
];

/// The harmless texts of [`Bench::with`].
fn harmless() -> Vec<String> {
    (0..40)
        .filter(|n| *n != 17)
        .map(|n| format!("text {n}"))
        .collect()
}

fn poison_is_quarantined() {
    for (word, how) in [
        ("abort", "signal 6 (SIGABRT)"),
        ("ill", "signal 4 (SIGILL)"),
        ("overflow", "signal 6 (SIGABRT)"),
        ("exit", "by ending it"),
    ] {
        let bench = Bench::with(word);
        let report = bench.run("process");
        assert_eq!(bench.exported(), harmless(), "{word}");
        assert_eq!(report.failed_partitions.len(), 0, "{word}");
        let state = bench.state();
        let found = state.poison(1);
        assert_eq!(found.len(), 1, "{word}");
        assert_eq!(
            (found[0].operation, found[0].operator.as_str()),
            (0, "deadly_mapper")
        );
        assert!(found[0].reason.contains(how), "{word}: {}", found[0].reason);
        let quarantine = bench.quarantine();
        assert!(
            quarantine.contains("killed two worker processes"),
            "{quarantine}"
        );
        assert_eq!(quarantine.lines().count(), 1, "{quarantine}");
        if word == "overflow" {
            assert!(
                bench.log().contains("has overflowed its stack"),
                "{}",
                bench.log()
            );
        }
        // The ledger adds up.
        assert_eq!(report.ledger.records, 40);
        assert_eq!(report.ledger.quarantined(), 1);
    }
}

/// It has no signature, and the decision about the records behind it is theirs all the same.
fn poison_of_a_signer_is_quarantined() {
    for process in ["deadly_deduplicator", "deadly_deduplicator deadly_mapper"] {
        let bench = Bench::with("abort").process(process);
        let report = bench.run("process");
        // Of each length the first.
        assert_eq!(bench.exported(), ["text 0", "text 10"], "{process}");
        let ledger = &report.ledger;
        assert_eq!((ledger.quarantined(), ledger.dropped()), (1, 37));
        let state = bench.state();
        let found = state.poison(1);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].operation, found[0].operator.as_str()),
            (0, "deadly_deduplicator")
        );
        let quarantine = bench.quarantine();
        assert!(
            quarantine.contains("killed two worker processes"),
            "{quarantine}"
        );
        assert_eq!(quarantine.lines().count(), 1, "{quarantine}");
        // Threads, and a longer recipe, leave it alone too.
        let bench = bench.process("deadly_deduplicator deadly_mapper deadly_mapper");
        bench.run("local");
        assert_eq!(bench.exported(), ["text 0", "text 10"]);
    }
}

/// It goes to quarantine where the others are placed, and by the process that places them it is not tried again.
fn poison_of_a_selector_is_quarantined() {
    for process in ["deadly_selector", "deadly_selector deadly_mapper"] {
        let bench = Bench::with("abort").process(process);
        let report = bench.run("process");
        assert_eq!(bench.exported(), ["text 0", "text 1"], "{process}");
        let ledger = &report.ledger;
        assert_eq!((ledger.quarantined(), ledger.dropped()), (1, 37));
        let state = bench.state();
        assert_eq!(state.poison(1)[0].operator, "deadly_selector");
        let quarantine = bench.quarantine();
        assert!(
            quarantine.contains("killed two worker processes"),
            "{quarantine}"
        );
        assert_eq!(quarantine.lines().count(), 1, "{quarantine}");
        let bench = bench.process("deadly_selector deadly_mapper deadly_mapper");
        bench.run("local");
        assert_eq!(bench.exported(), ["text 0", "text 1"]);
    }
}

fn poison_behind_a_barrier_is_quarantined() {
    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended");
    let text = format!("until {}", mended.display());
    fs::write(&mended, "").unwrap();
    // It passes the barrier and kills behind it, once the file is gone.
    let bench = Bench::with(&text).process("deadly_deduplicator");
    bench.run("process");
    fs::remove_file(&mended).unwrap();
    let bench = bench.process("deadly_deduplicator deadly_mapper");
    let report = bench.run("process");
    assert_eq!(bench.exported(), ["text 0", "text 10"]);
    assert_eq!(report.ledger.quarantined(), 1);
    assert_eq!(bench.state().poison(1)[0].operation, 1);
    // Tried again, it comes back.
    fs::write(&mended, "").unwrap();
    lift_verdicts(bench.executor("process").layout()).unwrap();
    // The decision was made with it, and stands.
    let decided = bench.state().barriers().len();
    assert!(bench.state().barrier(0).is_some());
    let report = bench.run("process");
    assert_eq!(report.ledger.quarantined(), 0);
    assert_eq!(bench.exported().len(), 3);
    assert_eq!(bench.state().barriers().len(), decided);
}

fn several_poisons_of_one_partition() {
    let mut texts = vec!["calm"; 30];
    for at in [3, 4, 9, 25] {
        texts[at] = "abort";
    }
    let bench = Bench::new(&texts).keys("max_error_ratio: 0.5");
    let report = bench.run("process");
    assert_eq!(bench.exported(), vec!["calm"; 26]);
    assert_eq!(report.ledger.quarantined(), 4);
    let state = bench.state();
    assert_eq!(
        (
            state.poison(0).len(),
            state.poison(1).len(),
            state.poison(2).len()
        ),
        (3, 0, 1)
    );
}

fn a_death_that_does_not_repeat_costs_an_attempt() {
    for times in [1, 2] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("times {times} {}", folder.path().join("count").display());
        let bench = Bench::with(&text);
        let report = bench.run("process");
        assert_eq!(bench.exported().len(), 40);
        assert!(report.failed_partitions.is_empty() && bench.state().poison(1).is_empty());
        assert_eq!(report.ledger.quarantined(), 0);
        assert!(bench.log().contains("signal 6 (SIGABRT)"));
    }
}

fn a_killed_worker_is_no_verdict() {
    let bench = Bench::with("kill").keys("max_retries: 2");
    let report = bench.run("process");
    // The system kills for want of memory: that says nothing about the record.
    assert!(bench.state().poison(1).is_empty());
    assert_eq!(report.failed_partitions.len(), 1);
    let failed = bench.state();
    let failure = failed.failure(1).unwrap();
    assert_eq!(
        (failure.attempts, failure.class.as_str()),
        (3, ErrorClass::Memory.as_str())
    );
    assert!(failure.error.contains("memory"), "{}", failure.error);
    let left: Vec<String> = (0..40)
        .filter(|n| !(10..20).contains(n))
        .map(|n| format!("text {n}"))
        .collect();
    assert_eq!(bench.exported(), left);
}

/// Whether this process ignores a signal, and so do all that it starts: `nohup` has them ignore SIGHUP.
fn is_ignored(signal: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = u64::from_str_radix(ignored.unwrap().trim(), 16).unwrap();
    ignored >> (signal - 1) & 1 == 1
}

/// The job fails, gives up nothing, condemns nobody and goes on when the signals cease.
fn signals_from_outside_are_no_verdict() {
    for (signal, number) in [
        ("TERM", 15),
        ("HUP", 1),
        ("INT", 2),
        ("QUIT", 3),
        ("ALRM", 14),
        ("USR1", 10),
        ("XCPU", 24),
        ("ABRT", 6),
        ("SEGV", 11),
        ("ILL", 4),
    ] {
        if is_ignored(number) {
            continue;
        }
        let bench = Bench::with(&format!("sent {signal}")).keys("max_retries: 2");
        let error = bench.executor("process").run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed, "{signal}");
        let message = error.full_message();
        assert!(
            message.contains("partition 1 failed after 3 attempts")
                && message.contains("what is finished stays"),
            "{signal}: {message}"
        );
        let state = bench.state();
        assert!(state.poison(1).is_empty(), "{signal}");
        assert_eq!(state.failed().count(), 0, "{signal}");
        assert!(!bench.path("out.jsonl").exists());
    }
}

fn a_single_signal_from_outside_costs_nothing() {
    for signal in ["TERM", "SEGV"] {
        let folder = tempfile::tempdir().unwrap();
        let text = format!(
            "once {} sent {signal}",
            folder.path().join("count").display()
        );
        let bench = Bench::with(&text);
        let report = bench.run("process");
        assert_eq!(bench.exported().len(), 40, "{signal}");
        assert_eq!(report.status.to_string(), "completed");
        assert!(bench.log().contains("SIGTERM"), "{signal}");
    }
}

fn memory_that_cannot_be_had_is_no_verdict() {
    let bench = Bench::with("alloc").keys("max_retries: 2");
    let report = bench.run("process");
    assert!(bench.state().poison(1).is_empty());
    let state = bench.state();
    let failure = state.failure(1).unwrap();
    assert_eq!((failure.attempts, failure.class.as_str()), (3, "memory"));
    assert_eq!(report.ledger.quarantined(), 0);
}

fn where_every_record_kills_none_is_quarantined() {
    let mut texts = vec!["abort"; 20];
    texts.extend(["calm"; 20]);
    let bench = Bench::new(&texts).size(20).keys("max_error_ratio: 1.0");
    let report = bench.run("process");
    assert_eq!(report.failed_partitions.len(), 1);
    let state = bench.state();
    assert!(state.poison(0).is_empty() && state.poison(1).is_empty());
    let warned = report
        .warnings
        .iter()
        .any(|text| text.contains("not the records"));
    assert!(warned, "{:?}", report.warnings);
}

fn a_replayed_record_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended");
    let bench = Bench::with(&format!("until {}", mended.display()));
    let report = bench.run("process");
    assert_eq!(report.ledger.quarantined(), 1);
    assert!(
        bench
            .quarantine()
            .contains("`coldpress quarantine retry` has it tried again")
    );
    // A run alone changes nothing of what is finished.
    fs::write(&mended, "").unwrap();
    assert!(bench.run("process").already_complete);
    let lifted = lift_verdicts(bench.executor("process").layout()).unwrap();
    let records: Vec<_> = lifted.records.iter().map(|one| one.partition).collect();
    assert_eq!(records, [1]);
    assert!(bench.state().poison(1).is_empty());
    assert_eq!(
        bench.exported().len(),
        39,
        "the export stays until the next one"
    );
    let report = bench.run("process");
    assert_eq!(
        (report.ledger.quarantined(), report.ledger.exported()),
        (0, 40)
    );
    assert_eq!(bench.exported().len(), 40);
    assert_eq!(bench.exported()[17], format!("until {}", mended.display()));
    assert_eq!(
        lift_verdicts(bench.executor("process").layout())
            .unwrap()
            .records,
        []
    );
    // One that kills still is found once more.
    fs::remove_file(&mended).unwrap();
    let bench = Bench::with("abort");
    bench.run("process");
    lift_verdicts(bench.executor("process").layout()).unwrap();
    assert_eq!(bench.run("process").ledger.quarantined(), 1);
    assert_eq!(bench.exported(), harmless());
}

fn a_later_run_tries_records_of_unfinished_partitions_again() {
    let folder = tempfile::tempdir().unwrap();
    let mended = folder.path().join("mended");
    let bench = Bench::with(&format!("until {}", mended.display()));
    bench.run("process");
    fs::write(&mended, "").unwrap();
    // An export with columns needs results of another kind: all partitions run again.
    let report = bench.exporting("out.parquet").run().unwrap();
    assert_eq!(
        (report.ledger.quarantined(), report.ledger.exported()),
        (0, 40)
    );
    assert!(bench.state().poison(1).is_empty());
}

fn a_program_that_cannot_be_started_gives_up_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let plain = folder.path().join("plain");
    fs::write(&plain, "no program").unwrap();
    let no_worker = PathBuf::from("/bin/true");
    let gone = folder.path().join("gone");
    for program in [plain, no_worker, gone] {
        let bench = Bench::with("calm");
        let error = bench.executor_of(&program).run().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Failed);
        let message = error.full_message();
        assert!(message.contains("worker process"), "{message}");
        assert_eq!(bench.state().failed().count(), 0, "{message}");
        assert!(!bench.log().contains("\"retry\""), "{message}");
        bench.run("process");
        assert_eq!(bench.exported().len(), 40);
    }
}

fn a_program_that_never_listens_is_found_out_however_long_the_job() {
    let bench = Bench::with("calm");
    // What a worker is told of so many files is more than a pipe holds.
    let dataset = bench.path("in.jsonl");
    fs::remove_file(&dataset).unwrap();
    fs::create_dir(&dataset).unwrap();
    for number in 0..600 {
        let name = format!("{}{number}.jsonl", "x".repeat(200));
        fs::write(dataset.join(name), "{\"text\": \"calm\"}\n").unwrap();
    }
    let program = bench.path("never_listens");
    fs::write(&program, "#!/bin/sh\nexec cat /dev/zero\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let error = bench.executor_of(&program).run().unwrap_err();
    let message = error.full_message();
    assert!(
        message.contains("does not answer as a worker process"),
        "{message}"
    );
    bench.run("process");
    assert_eq!(bench.exported().len(), 600);
}

fn without_isolation_the_partition_fails() {
    for keys in ["isolate_poison: false", "skip_op_error: false"] {
        let bench = Bench::with("abort").keys(keys);
        let report = bench.run("process");
        assert_eq!(report.failed_partitions.len(), 1, "{keys}");
        assert!(bench.state().poison(1).is_empty());
        assert_eq!(bench.exported().len(), 30);
    }
}

fn what_operators_print_is_harmless() {
    let bench = Bench::with("print");
    bench.run("process");
    assert_eq!(bench.exported().len(), 40);
}

fn a_verdict_binds_local_threads() {
    let bench = Bench::with("abort");
    bench.run("process");
    let first = fs::read(bench.path("out.jsonl")).unwrap();
    let quarantine = bench.quarantine();
    for file in ["out.jsonl", ".out.jsonl.coldpress.json"] {
        fs::remove_file(bench.path(file)).unwrap();
    }
    // Without its results the partition is run again, on threads of this process, which lives on.
    for file in fs::read_dir(bench.path("jobs/j/results")).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    bench.run("local");
    assert_eq!(fs::read(bench.path("out.jsonl")).unwrap(), first);
    assert!(bench.quarantine().starts_with(&quarantine) && bench.quarantine().lines().count() == 2);
}

fn small_partitions_share_files() {
    let texts: Vec<String> = (0..600).map(|n| format!("text {n}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bench = Bench::new(&texts).size(1);
    let report = bench.run("process");
    assert_eq!(report.partitions, 600);
    assert_eq!(bench.exported(), texts);
    let files = fs::read_dir(bench.path("jobs/j/results")).unwrap().count();
    assert!((1..200).contains(&files), "{files} files of 600 results");
}

fn poison_among_small_partitions_is_quarantined() {
    let mut texts = vec!["calm"; 200];
    texts[30] = "abort";
    texts[150] = "abort";
    let bench = Bench::new(&texts).size(1);
    let report = bench.run("process");
    assert_eq!(bench.exported(), ["calm"; 198]);
    assert_eq!(report.failed_partitions.len(), 0);
    assert_eq!(report.ledger.quarantined(), 2);
    let state = bench.state();
    let poisoned: Vec<u32> = (0..200).filter(|n| !state.poison(*n).is_empty()).collect();
    assert_eq!(poisoned, [30, 150]);
}

/// A worker process dies that has many small partitions: each is worked on alone, and none has used up a try by that.
fn a_death_costs_the_others_no_try() {
    let folder = tempfile::tempdir().unwrap();
    let (go, died) = (folder.path().join("go"), folder.path().join("died"));
    let (waits, dies) = (
        format!("wait {}", go.display()),
        format!("times 1 {}", died.display()),
    );
    let mut texts = vec!["calm"; 100];
    (texts[0], texts[20]) = (&waits, &dies);
    for file in [&go, &died] {
        fs::write(file, ".").unwrap();
    }
    let bench = Bench::new(&texts).size(1).keys("max_retries: 0");
    bench.run("process");
    assert!(!bench.log().contains("by itself"));
    for file in [&go, &died] {
        fs::remove_file(file).unwrap();
    }
    // All is planned. The one worker waits in the first partition until it has all of them.
    let bench = bench.process("deadly_mapper deadly_mapper");
    let backend = OneWorker {
        waits_for: texts.len(),
        go,
    };
    let report = bench.executor_on(backend).run().unwrap();
    assert_eq!(report.failed_partitions.len(), 0);
    assert_eq!(bench.exported(), texts);
    let log = bench.log();
    assert!(
        log.contains("small partitions, and each is worked on again by itself"),
        "{log}"
    );
}

fn a_stop_reaches_the_workers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("go");
    let mut texts = vec!["calm".to_owned(); 4000];
    texts[0] = format!("wait {}", file.display());
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let bench = Bench::new(&texts);
    let executor = bench.executor("process");
    let stop = executor.stop_handle();
    let reached = file.with_extension("reached");
    let report = std::thread::scope(|scope| {
        let run = scope.spawn(|| executor.run());
        wait_until("the worker waits", || reached.exists());
        stop.stop();
        fs::write(&file, "").unwrap();
        run.join().unwrap()
    });
    assert_eq!(report.unwrap().status.to_string(), "stopped");
    bench.run("process");
    assert_eq!(bench.exported().len(), 4000);
}

fn workers_go_when_their_driver_is_gone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("never");
    let bench = Bench::with(&format!("wait {}", file.display()));
    let executor = bench.executor("process");
    let reached = file.with_extension("reached");
    // A driver that is killed closes its pipes, as this one does by its end.
    let worker: u32 = std::thread::scope(|scope| {
        let stop = executor.stop_handle();
        let run = scope.spawn(|| executor.run());
        wait_until("the worker waits", || {
            fs::read_to_string(&reached).is_ok_and(|text| !text.is_empty())
        });
        let worker = fs::read_to_string(&reached).unwrap().parse().unwrap();
        stop.stop();
        fs::write(&file, "").unwrap();
        run.join().unwrap().unwrap();
        worker
    });
    wait_until("the worker is gone", || {
        !fs::exists(format!("/proc/{worker}")).unwrap()
    });
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(30), "not so: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
