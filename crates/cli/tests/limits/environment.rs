//! Limits of the system, and folders that may not be written: the job stops, gives up nothing, and goes on later.

use crate::bench::{Bench, PROCESS, Ran};

const EXECUTORS: [&str; 2] = ["default", "process"];

/// The run stopped at an obstacle that its one error names, nothing was given up or tried again, and the same command ends
/// with the right bytes.
#[track_caller]
fn stops_and_goes_on(bench: &Bench, ran: Ran, parts: &[&str]) {
    let ran = ran.expect(1);
    for part in parts {
        assert!(ran.error().contains(part), "no {part} in {}", ran.stderr);
    }
    assert!(
        ran.error().ends_with("; what is finished stays"),
        "{}",
        ran.stderr
    );
    assert!(!bench.path("out/o.jsonl").exists());
    let spoilt = bench.events().into_iter().find(|event| {
        let kind = event["event_type"].as_str().unwrap();
        matches!(kind, "retry" | "partition_failed" | "record_quarantined")
    });
    assert_eq!(spoilt, None);
    bench.run(PROCESS).expect(0);
    assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
}

#[test]
fn a_limit_for_the_size_of_files_is_named() {
    let bench = Bench::new();
    for executor in EXECUTORS {
        // In blocks of 512 bytes: the journal, a result, the export are too long.
        for limit in [6, 20, 200] {
            bench.clear();
            let ran = bench.script(&format!(
                "ulimit -f {limit}; exec $COLDPRESS {PROCESS} --executor_type {executor} --event_logging.enabled false"
            ));
            let ran = ran.expect(1);
            assert!(
                ran.error().contains("`ulimit -f`"),
                "{limit}: {}",
                ran.stderr
            );
            bench.run(PROCESS).expect(0);
            assert_eq!(
                bench.bytes("out/o.jsonl"),
                bench.expected,
                "{executor} {limit}"
            );
        }
    }
}

#[test]
fn folders_that_cannot_be_written_give_up_nothing() {
    let bench = Bench::new();
    for executor in EXECUTORS {
        for folder in ["results", "checkpoints"] {
            bench.clear();
            let place = format!("jobs/j/{folder}");
            let ran = bench.without_rights(&format!(
                "mkdir -p {place}; chmod 555 {place}; exec $COLDPRESS {PROCESS} --executor_type {executor}"
            ));
            let Some(ran) = ran else { return };
            stops_and_goes_on(&bench, ran, &["Permission denied", &place]);
        }
    }
}

#[test]
fn an_earlier_export_stays_when_nothing_can_be_written() {
    let bench = Bench::new();
    bench.run(PROCESS).expect(0);
    let ran = bench.without_rights(&format!(
        "chmod 555 jobs/j/results; exec $COLDPRESS {PROCESS} --fresh"
    ));
    let Some(ran) = ran else { return };
    assert!(ran.expect(1).error().contains("Permission denied"));
    assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
}

#[test]
fn too_few_threads_and_processes_are_named() {
    let bench = Bench::new();
    for executor in EXECUTORS {
        let mut codes = Vec::new();
        // The threads of the program, one more at a time.
        for limit in [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 200] {
            bench.clear();
            let ran = bench.without_rights(&format!(
                "exec prlimit --nproc={limit} $COLDPRESS {PROCESS} --executor_type {executor} --export_path out/o.parquet"
            ));
            let Some(ran) = ran else { return };
            codes.push(ran.code);
            if ran.code == 0 {
                continue;
            }
            let ran = ran.expect(1);
            assert!(
                ran.error().contains("`ulimit -u`"),
                "{limit}: {}",
                ran.stderr
            );
            assert!(!bench.path("out/o.parquet").exists());
            bench.run(PROCESS).expect(0);
            assert_eq!(
                bench.bytes("out/o.jsonl"),
                bench.expected,
                "{executor} {limit}"
            );
        }
        assert_eq!(
            (codes[0], codes.last()),
            (1, Some(&0)),
            "{executor}: {codes:?}"
        );
    }
}

/// However little memory there may be: the program works, ends with a line that names the limit, or cannot even begin.
#[test]
fn a_limit_for_memory_is_named() {
    let bench = Bench::new();
    for limit in (44_000..150_000).step_by(6_000) {
        bench.clear();
        let ran = bench.script(&format!("ulimit -v {limit}; exec $COLDPRESS {PROCESS}"));
        if ran.code != 0 {
            let is_named = ran.stderr.contains("`ulimit -v`") || ran.stderr.contains("`ulimit -u`");
            let cannot_begin = ran.code < 0 || ran.stderr.contains("error while loading");
            assert!(
                is_named || cannot_begin,
                "{limit}: {} {}",
                ran.code,
                ran.stderr
            );
            assert!(!bench.path("out/o.jsonl").exists());
        }
    }
    bench.run(PROCESS).expect(0);
}

#[test]
fn far_too_many_workers_are_cut_down() {
    let bench = Bench::new();
    for np in [20_000, 1_000_000] {
        bench.clear();
        let ran = bench.run(&format!("{PROCESS} --np {np}")).expect(0);
        let warning =
            format!("`np: {np}` is more than this release supports; 1024 workers are started");
        assert!(ran.stderr.contains(&warning), "{}", ran.stderr);
        assert_eq!(bench.bytes("out/o.jsonl"), bench.expected);
    }
}

#[test]
fn an_export_that_lacks_something_says_so_on_standard_error() {
    let bench = Bench::new();
    let mut input = bench.bytes("in.jsonl");
    input.extend_from_slice(b"{\"text\": \"torn");
    std::fs::write(bench.path("in.jsonl"), input).unwrap();
    let ran = bench.run(PROCESS).expect(3);
    assert_eq!(
        ran.error(),
        "a part of the input is not in the output: 1 file or part of a file could not be read; the report names each"
    );
}
