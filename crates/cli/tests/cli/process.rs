//! Running recipes, and running them again.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use coldpress::job::JobSummary;

use crate::bench::{Bench, RECIPE, Ran};

#[test]
fn a_run_and_the_same_run_again() {
    let bench = Bench::new();
    bench.process("a").prints(&[
        "Job a: completed",
        "30 in, 20 kept, 10 dropped, 0 quarantined",
        "text_length_filter",
        "--job_id a",
    ]);
    let out = bench.read("out/clean.jsonl");
    assert_eq!(
        out.lines().next(),
        Some(r#"{"id": 10.0, "text": "text  10"}"#)
    );
    assert_eq!(out.lines().count(), 20);
    bench.process("a").prints(&["is already complete"]);
    bench.process("b").prints(&["Job b: completed"]);
    assert_eq!(bench.read("out/clean.jsonl"), out);
}

#[test]
fn the_report_is_one_json_document() {
    let bench = Bench::new();
    let report = bench
        .run("process --config recipe.yaml --job-id a --json --no_progress")
        .expect(0)
        .json();
    assert_eq!(report["status"], "completed");
    assert_eq!(report["ledger"]["records"], 30);
    assert_eq!(report["partitions"], 3);
}

#[test]
fn any_recipe_key_is_a_flag() {
    let bench = Bench::new();
    let line = "process --partition.size=7 --config recipe.yaml --np 1 --export-path other.jsonl --job_id a --json";
    let report = bench.run(line).expect(0).json();
    assert_eq!(report["partitions"], 5);
    assert_eq!(bench.read("other.jsonl").lines().count(), 20);
}

#[test]
fn an_id_is_resumed_and_a_wrong_id_is_not() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --resume a")
        .expect(5)
        .tells(&["no job `a`"]);
    bench.process("a");
    bench
        .run("process --config recipe.yaml --resume a")
        .expect(0)
        .prints(&["is already complete"]);
    bench
        .run("process --config recipe.yaml --resume ../a")
        .expect(2);
}

#[test]
fn a_limited_run_is_not_taken_for_the_whole() {
    let bench = Bench::new();
    let limited = bench
        .run("process --config recipe.yaml --job_id a --limit 15 --json")
        .expect(0)
        .json();
    assert_eq!(limited["ledger"]["records"], 15);
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 5);
    // Whether it goes on or is refused, it never passes the part for the whole.
    let again = bench.run("process --config recipe.yaml --job_id a");
    match again.code {
        0 => assert_eq!(bench.read("out/clean.jsonl").lines().count(), 20),
        _ => drop(again.expect(4).tells(&["--fresh"])),
    }
    bench
        .run("process --config recipe.yaml --job_id a --fresh")
        .expect(0);
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 20);
}

#[test]
fn a_changed_input_is_refused() {
    let bench = Bench::new();
    bench.process("a");
    bench.write("in.jsonl", "{\"text\": \"another text\"}\n");
    bench
        .run("process --config recipe.yaml --job_id a")
        .expect(4)
        .tells(&["in.jsonl", "--fresh"]);
}

#[test]
fn a_missing_input_is_a_failure() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --dataset_path none.jsonl")
        .expect(1)
        .tells(&["`none.jsonl` does not exist"]);
}

#[test]
fn bad_records_are_told_and_shown() {
    let bench = Bench::new();
    let mut lines = bench.read("in.jsonl");
    lines.push_str("{\"text\": 5}\nno json\n");
    bench.write("in.jsonl", &lines);
    let line = "process --config recipe.yaml --job_id a --max_error_ratio 1";
    bench
        .run(line)
        .expect(0)
        .prints(&["2 quarantined", "(reading)", "Quarantine"]);
    let list = bench
        .run("quarantine list a --base_dir jobs")
        .expect(0)
        .prints(&["in.jsonl, byte ", "(reading)", "field `text`"]);
    assert_eq!(list.stdout.lines().count(), 2);
    let of = |op: &str| bench.run(&format!("quarantine list a --base-dir jobs --op {op}"));
    assert_eq!(of("(reading)").expect(0).stdout.lines().count(), 1);
    let none = of("text_length_filter").expect(0);
    assert_eq!(none.stdout, "");
    none.tells(&["no record is in quarantine for text_length_filter"]);
    bench
        .run("quarantine show a --base-dir jobs")
        .expect(0)
        .prints(&[r#""record":"no json""#]);
    let op = "quarantine show a --base-dir jobs --op whitespace_normalization_mapper";
    assert_eq!(bench.run(op).expect(0).stdout.lines().count(), 1);
}

#[test]
fn a_reader_that_leaves_is_no_error() {
    let bench = Bench::new();
    bench.process("a");
    for (line, lines) in [
        ("process --config recipe.yaml --job_id b", 0),
        ("events a --base-dir jobs", 1),
        ("ops", 0),
    ] {
        let mut child = bench
            .command(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        for _ in 0..lines {
            stdout.read_line(&mut String::new()).unwrap();
        }
        drop(stdout);
        let ran = Ran::of(child.wait_with_output().unwrap()).expect(0);
        assert!(
            !ran.stderr.contains("panicked") && !ran.stderr.contains("error"),
            "{}",
            ran.stderr
        );
    }
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 20);
}

#[test]
fn a_stopped_job_is_resumed_to_the_same_bytes() {
    let bench = Bench::new();
    let lines: String = (0..20_000)
        .map(|id| format!("{{\"id\": {id}.0, \"text\": \" text  {id}\"}}\n"))
        .collect();
    bench.write("in.jsonl", &lines);
    let line = "process --config recipe.yaml --job_id a --partition.size 20";
    let child = bench
        .command(line)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // There is a result, and a thousand partitions are far from done.
    let results = bench.path("jobs/a/results");
    while !std::fs::read_dir(&results).is_ok_and(|mut files| files.next().is_some()) {
        std::thread::yield_now();
    }
    for refused in [line, "jobs remove a --base-dir jobs"] {
        bench
            .run(refused)
            .expect(4)
            .tells(&["the job is running: process"]);
    }
    bench
        .run("jobs --running --base-dir jobs")
        .expect(0)
        .prints(&["running"]);
    bench
        .run("stop a --base-dir jobs")
        .expect(0)
        .prints(&["is stopped"]);
    let ran = Ran::of(child.wait_with_output().unwrap()).expect(143);
    ran.tells(&["stopping"]).prints(&[
        "Job a: stopped",
        "Resume",
        "--partition.size 20 --job_id a\n",
    ]);
    assert!(!bench.path("out/clean.jsonl").exists());
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .prints(&["stopped"]);

    let summary =
        || -> JobSummary { serde_json::from_str(&bench.read("jobs/a/job_summary.json")).unwrap() };
    let stopped = summary();
    assert_eq!((stopped.runs, stopped.earlier_seconds), (1, 0.0));
    assert_eq!(stopped.duration, Some(stopped.seconds_at_work));
    // The time between the runs is no work.
    std::thread::sleep(std::time::Duration::from_millis(1500));
    let resumed = bench.run(&format!("{line} --json")).expect(0).json();
    let done = summary();
    assert_eq!(done.start_time, stopped.start_time);
    assert_eq!(
        (done.runs, done.earlier_seconds),
        (2, stopped.seconds_at_work)
    );
    assert!(done.run_start_time > stopped.end_time.unwrap() + 1.0);
    assert!(done.seconds_at_work > stopped.seconds_at_work);
    assert!(
        done.duration.unwrap() > done.seconds_at_work + 1.0,
        "{done:?}"
    );
    bench
        .run("monitor a --base-dir jobs")
        .expect(0)
        .prints(&[" of work in 2 runs, ", " from start to end"]);
    // A run that finds it complete changes nothing of this, and one that begins anew everything.
    bench.run(line).expect(0);
    assert_eq!(
        (
            summary().runs,
            summary().duration,
            summary().seconds_at_work
        ),
        (2, done.duration, done.seconds_at_work)
    );
    bench.run(&format!("{line} --fresh --limit 40")).expect(0);
    let fresh = summary();
    assert_eq!((fresh.runs, fresh.earlier_seconds), (1, 0.0));
    assert!(fresh.start_time > done.end_time.unwrap());
    bench.run(&format!("{line} --fresh")).expect(0);
    assert!(resumed["partitions_reused"].as_u64() > Some(0), "{resumed}");
    let out = bench.read("out/clean.jsonl");
    bench
        .run("process --config recipe.yaml --job_id b --partition.size 5000")
        .expect(0);
    assert!(bench.read("out/clean.jsonl") == out && !out.is_empty());
}

#[test]
fn a_failed_partition_is_named_and_the_rest_is_exported() {
    let bench = Bench::new();
    let lines = bench.read("in.jsonl").replace("\" text  15\"", "15");
    bench.write("in.jsonl", &lines);
    let line = "process --config recipe.yaml --job_id a --skip_op_error false --max_retries 0";
    bench.run(line).expect(3).prints(&[
        "completed, but without a part of its input",
        "Partition 1 failed after 1 attempt: 10 records of in.jsonl",
        "Try again",
    ]);
    assert_eq!(bench.read("out/clean.jsonl").lines().count(), 10);
    let text = bench.run("monitor a --base-dir jobs").expect(0);
    text.prints(&[
        "COMPLETED_WITH_FAILURES",
        "2 completed, 0 processing, 1 failed",
        "Partition  1: FAILED",
    ]);
    bench.run("report a --base-dir jobs").expect(0).prints(&[
        "Job a: completed, but without a part of its input\n",
        "1 partition failed; its 10 records are not in the output",
        "none of the partitions with a failed attempt recovered",
    ]);
    let strict = format!("{line} --on_partition_failure fail --fresh");
    bench
        .run(&strict)
        .expect(1)
        .tells(&["error: partition 1 failed", "Resume"]);
}

#[test]
fn an_operator_that_failed_is_told_from_its_namesake() {
    let bench = Bench::new();
    let lines = bench.read("in.jsonl").replace(
        "\"text\": \" text  15\"",
        "\"text\": \" text  15\", \"body\": 15",
    );
    bench.write("in.jsonl", &lines);
    let process = "  - whitespace_normalization_mapper:\n  - whitespace_normalization_mapper: {text_key: body}\n";
    let recipe = format!("{}{process}", RECIPE.split("  - ").next().unwrap());
    bench.write("recipe.yaml", &recipe);
    bench
        .run("process --config recipe.yaml --job_id a --skip_op_error false --max_retries 0 --on_partition_failure fail")
        .expect(1)
        .tells(&["`whitespace_normalization_mapper` (operator 1 of the recipe, counted from 0) failed on the record at byte "]);
    let failed = bench.run("events a --base-dir jobs --type OP_FAILED --json");
    let failed = failed.expect(0).json();
    assert_eq!(
        failed[0]["operation_name"],
        "whitespace_normalization_mapper"
    );
    assert_eq!(failed[0]["operation_idx"], 1);
}

/// A job in a folder whose name is not UTF-8 can be killed in the middle of its export and resumed, like any other.
#[test]
fn the_folder_of_a_job_need_not_have_a_name_that_is_text() {
    use std::os::unix::ffi::OsStrExt as _;
    let bench = Bench::new();
    let folder = bench.root().join(std::ffi::OsStr::from_bytes(b"n\xffx"));
    std::fs::create_dir(&folder).unwrap();
    for name in ["in.jsonl", "recipe.yaml"] {
        std::fs::copy(bench.path(name), folder.join(name)).unwrap();
    }
    let line = "process --config recipe.yaml --job_id web";
    let run = |point: &str| {
        let mut command = bench.command(line);
        command
            .current_dir(&folder)
            .env(coldpress::storage::crash_point::VARIABLE, point);
        Ran::of(command.output().unwrap())
    };
    let killed = run("rename_before_folder_sync");
    assert!(!killed.stdout.contains("completed"), "{}", killed.stdout);
    run("").expect(0);
    bench.process("web");
    let export = |folder: &std::path::Path| std::fs::read(folder.join("out/clean.jsonl")).unwrap();
    assert_eq!(export(&folder), export(bench.root()));
    // Made by Coldpress, so it may be replaced.
    let again = "process --config recipe.yaml --job_id other";
    Ran::of(bench.command(again).current_dir(&folder).output().unwrap()).expect(0);
}

/// A driver removes the temporary Prometheus files that a killed one left behind.
#[test]
fn leftovers_of_the_metrics_file_are_removed() {
    let bench = Bench::new();
    bench.write("metrics/.job.prom.a1B2c3.tmp", "half a fi");
    bench.write("metrics/.job.prom.fresh1.tmp", "of a driver at work");
    let old = std::fs::File::options()
        .write(true)
        .open(bench.path("metrics/.job.prom.a1B2c3.tmp"))
        .unwrap();
    let hour = std::time::Duration::from_secs(3600);
    old.set_modified(std::time::SystemTime::now() - hour)
        .unwrap();
    bench
        .run("process --config recipe.yaml --metrics_path metrics/job.prom")
        .expect(0);
    assert!(bench.exists("metrics/job.prom"));
    assert!(!bench.exists("metrics/.job.prom.a1B2c3.tmp"));
    assert!(bench.exists("metrics/.job.prom.fresh1.tmp"));
}
