//! Inputs that are missing, unreadable or empty, and ids that are none.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::bench::{Bench, Ran};

#[track_caller]
fn check(bench: &Bench, dataset: &str, code: i32, message: &str) {
    for command in ["process --job_id j", "check"] {
        let ran = bench.run(&format!(
            "{command} --config recipe.yaml --dataset_path {dataset}"
        ));
        ran.expect(code).begins_with_error(message);
        assert!(!bench.has_exported());
    }
}

#[test]
fn an_input_that_is_missing() {
    let bench = Bench::new();
    check(
        &bench,
        "none.jsonl",
        1,
        "dataset path `none.jsonl` does not exist",
    );
    check(
        &bench,
        "none/*.jsonl",
        1,
        "dataset path `none/*.jsonl` does not exist",
    );
    symlink("nowhere", bench.path("dangling.jsonl")).unwrap();
    check(
        &bench,
        "dangling.jsonl",
        1,
        "dataset path `dangling.jsonl` does not exist",
    );
}

#[test]
fn an_input_that_cannot_be_read() {
    let bench = Bench::with_input();
    // Permissions do not bind the superuser; these bind everyone: a file whose reading fails, a path through a file,
    // a link to itself.
    check(
        &bench,
        "/proc/self/mem",
        1,
        "cannot read `/proc/self/mem`: Input/output error (os error 5)",
    );
    check(
        &bench,
        "in.jsonl/x",
        1,
        "cannot open `in.jsonl/x`: Not a directory (os error 20)",
    );
    symlink("loop.jsonl", bench.path("loop.jsonl")).unwrap();
    check(
        &bench,
        "loop.jsonl",
        1,
        "cannot open `loop.jsonl`: Too many levels of symbolic links (os error 40)",
    );
    fs::create_dir(bench.path("mixed")).unwrap();
    fs::copy(bench.path("in.jsonl"), bench.path("mixed/good.jsonl")).unwrap();
    symlink("nowhere", bench.path("mixed/gone.jsonl")).unwrap();
    check(
        &bench,
        "mixed",
        1,
        "cannot open `mixed/gone.jsonl`: No such file or directory (os error 2)",
    );
    fs::set_permissions(bench.path("in.jsonl"), Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(bench.path("in.jsonl")).is_err() {
        check(
            &bench,
            "in.jsonl",
            1,
            "cannot open `in.jsonl`: Permission denied (os error 13)",
        );
    }
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    // Opening a pipe waits for a writer, and there is none.
    let bench = Bench::new();
    fs::create_dir(bench.path("data")).unwrap();
    let made = Command::new("mkfifo")
        .arg(bench.path("data/pipe.jsonl"))
        .status()
        .unwrap();
    assert!(made.success());
    for path in ["data/pipe.jsonl", "data"] {
        let mut command = bench.command(&format!(
            "process --config recipe.yaml --dataset_path {path}"
        ));
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() && begun.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(5));
        }
        let is_over = child.try_wait().unwrap().is_some();
        let _ = child.kill();
        let ran = Ran::of(child.wait_with_output().unwrap());
        assert!(is_over, "it waits for a writer");
        ran.expect(1).tells(&["`data/pipe.jsonl`"]);
    }
}

#[test]
fn a_directory_with_nothing_in_it() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("empty/deeper")).unwrap();
    let message = |path: &str| {
        format!(
            "dataset path `{path}` holds no file with a known suffix (.jsonl, .ndjson, .jsonlines, .jl, .ldjson, .json, \
             .parquet, .pq, .arrow, .arrows, .feather, .csv, .tsv, .txt, .text, .md)"
        )
    };
    check(&bench, "empty", 1, &message("empty"));
    bench.write("empty/deeper/notes.docx", "no dataset\n");
    bench.write("empty/.hidden.jsonl", "{\"text\": \"hidden\"}\n");
    check(&bench, "empty", 1, &message("empty"));
    bench.write("empty/a.jsonl", "");
    bench.write("empty/b.jsonl", "");
    bench
        .process("--dataset_path empty")
        .expect(1)
        .begins_with_error("the dataset `empty/a.jsonl`, `empty/b.jsonl` has no records");
    // A directory under a file's name is a directory all the same.
    fs::create_dir(bench.path("named.jsonl")).unwrap();
    check(&bench, "named.jsonl", 1, &message("named.jsonl"));
}

#[test]
fn a_file_of_garbage_must_not_become_an_empty_dataset() {
    let bench = Bench::new();
    bench.write("in.jsonl", "garbage\n".repeat(50));
    for job in ["a", "b"] {
        let ran = bench.run(&format!(
            "process --config recipe.yaml --job_id {job} --max_error_ratio 0.05"
        ));
        let ran = ran.expect(1).begins_with_error(
            "50 of 50 records are in quarantine, more than `max_error_ratio: 0.05` allows; the first: in.jsonl at \
             byte 0: not valid JSON: expected value at column 1. The job exports nothing; mend the input or the \
             recipe, or raise the limit",
        );
        assert!(ran.stdout.is_empty() && !bench.has_exported());
    }
    // It is judged in dataset order: at the 1000th record 60 are bad, though in the end it would even out.
    let good = "{\"text\": \"good\"}\n";
    bench.write(
        "in.jsonl",
        ["garbage\n".repeat(60), good.repeat(9_940)].concat(),
    );
    for size in [10_000, 999, 100] {
        let line = format!(
            "process --config recipe.yaml --job_id s{size} --max_error_ratio 0.05 --partition.size {size}"
        );
        bench
            .run(&line)
            .expect(1)
            .tells(&["60 of 1,000 records are in quarantine"]);
        assert!(!bench.has_exported());
    }
    // The default is 5 %.
    let recipe = String::from_utf8(bench.bytes("recipe.yaml")).unwrap();
    bench.write("recipe.yaml", recipe.replace("max_error_ratio: 1\n", ""));
    bench
        .process("")
        .expect(1)
        .tells(&["`max_error_ratio: 0.05`"]);
}

#[test]
fn a_text_key_that_no_record_has() {
    let bench = Bench::with_input();
    let ran = bench
        .process("--max_error_ratio 0.05 --text_keys content")
        .expect(1);
    ran.tells(&[
        "30 of 30 records are in quarantine",
        "the first: in.jsonl at byte 0 in text_length_filter: field `content` is missing",
        // What names the field in the recipe.
        "`text_keys`",
    ]);
    assert!(!bench.has_exported());
}

#[test]
fn a_job_id_leads_nowhere_else() {
    let bench = Bench::with_input();
    let long = "a".repeat(129);
    for id in [
        "a/b", "../a", "..", ".", ".hidden", "/tmp/a", "a\\b", "ä", &long,
    ] {
        for flag in ["--job_id", "--resume"] {
            let ran = bench
                .run(&format!("process --config recipe.yaml {flag} {id}"))
                .expect(2);
            ran.tells(&["must be a job id (a letter or digit, then at most 127 letters, digits, `.`, `_` or `-`)"]);
        }
        for command in [
            "monitor",
            "events",
            "quarantine show",
            "jobs remove",
            "stop",
        ] {
            let ran = bench
                .run(&format!("{command} {id} --base-dir jobs"))
                .expect(2);
            ran.tells(&["is not a job id"]);
        }
        let recipe = format!("job_id: '{id}'\n{}", crate::bench::RECIPE);
        bench.write("with-id.yaml", recipe);
        let ran = bench.run("process --config with-id.yaml").expect(2);
        ran.tells(&[
            "error: with-id.yaml:1:9: `job_id` must be a job id",
            "1 | ",
            "^",
        ]);
    }
    assert!(!bench.path("jobs").exists() && !bench.has_exported());
}
