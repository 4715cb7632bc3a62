//! Recipes and command lines that are wrong.

use crate::bench::{Bench, RECIPE};

#[track_caller]
fn check_recipe(from: &str, to: &str, told: &[&str]) {
    let bench = Bench::new();
    assert!(RECIPE.contains(from));
    bench.write("recipe.yaml", RECIPE.replacen(from, to, 1));
    for command in ["process", "check", "plan"] {
        let ran = bench
            .run(&format!("{command} --config recipe.yaml"))
            .expect(2)
            .tells(told);
        assert!(ran.stdout.is_empty(), "{}", ran.stdout);
    }
    assert!(!bench.path("jobs").exists() && !bench.path("out").exists());
}

#[test]
fn the_place_is_shown_with_a_caret() {
    check_recipe(
        "np: 2",
        "npp: 2",
        &[
            "error: recipe.yaml:4:1: unknown key `npp`",
            "did you mean `np`?",
            "4 | npp: 2",
            "^^^",
        ],
    );
    check_recipe(
        "size: 10",
        "size: ten",
        &[
            "recipe.yaml:6:9",
            "partition.size",
            "6 |   size: ten",
            "^^^",
        ],
    );
    check_recipe(
        "min_len: 8",
        "min_lne: 8",
        &["did you mean `min_len`?", "10 |       min_lne: 8", "^"],
    );
    check_recipe(
        "text_length_filter",
        "text_lenght_filter",
        &[
            "did you mean `text_length_filter`?",
            "recipe.yaml:9:5",
            "^^^",
        ],
    );
    check_recipe("process:", "process: [", &["error: recipe.yaml:"]);
}

#[test]
fn a_wrong_flag_has_no_line_in_the_recipe() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --partiton.size 3")
        .expect(2)
        .tells(&["command line: unknown key", "`partition.size`"]);
    bench
        .run("process --config recipe.yaml --np")
        .expect(2)
        .tells(&["a value is missing"]);
    bench
        .run("process --config recipe.yaml --np many")
        .expect(2)
        .tells(&["`np` must be"]);
    bench.run("process --np 2").expect(2).tells(&["--config"]);
    bench
        .run("process --config recipe.yaml stray")
        .expect(2)
        .tells(&["stray"]);
    bench
        .run("process --config none.yaml")
        .expect(2)
        .tells(&["cannot read the recipe `none.yaml`", "No such file"]);
    bench.run("prozess").expect(2);
    bench.run("").expect(2);
    assert!(!bench.path("jobs").exists());
}

#[test]
fn a_job_that_is_none_and_a_job_that_is_not_there() {
    let bench = Bench::new();
    for command in [
        "monitor",
        "stop",
        "events",
        "quarantine list",
        "checkpoint list",
        "jobs remove",
    ] {
        bench
            .run(&format!("{command} nobody --base-dir jobs"))
            .expect(5)
            .tells(&["no job `nobody`"]);
        bench
            .run(&format!("{command} ../jobs --base-dir jobs"))
            .expect(2)
            .tells(&["is not a job id"]);
    }
    bench
        .run("process --config recipe.yaml --job_id a/b")
        .expect(2);
}

/// Keys whose values only the executor can judge are shown at their places too.
#[test]
fn a_key_that_the_executor_refuses_is_shown_at_its_place() {
    for (line, told) in [
        ("metrics_path: out/job.txt", "must end in `.prom`"),
        ("trace_num: 6000", "must be at most 5000"),
        ("max_record_mb: 2000", "must be at most 512"),
        ("duplicates_path: out/gone.csv", "must end in `.parquet`"),
        ("resume_from: a/b", "resume_from: "),
    ] {
        let bench = Bench::new();
        bench.write("recipe.yaml", RECIPE.replacen("np: 2", line, 1));
        let key = line.split(':').next().unwrap();
        let place = format!("--> recipe.yaml:4:{}", key.len() + 3);
        let shown = format!("4 | {line}");
        for command in ["process", "check"] {
            let ran = bench
                .run(&format!("{command} --config recipe.yaml"))
                .expect(2);
            ran.tells(&[told, &place, &shown, "^^"]);
        }
    }
    // The command line's value is not at the recipe's place.
    let bench = Bench::new();
    bench.write(
        "recipe.yaml",
        RECIPE.replacen("np: 2", "metrics_path: out/job.prom", 1),
    );
    let ran = bench
        .run("check --config recipe.yaml --metrics_path out/job.txt")
        .expect(2);
    assert!(!ran.stderr.contains("-->"), "{}", ran.stderr);
}

#[test]
fn traces_of_no_records_are_warned_of() {
    let bench = Bench::new();
    bench.write(
        "recipe.yaml",
        RECIPE.replacen("np: 2", "open_tracer: true", 1),
    );
    let line = "check --config recipe.yaml";
    let ran = bench.run(&format!("{line} --trace_num 0")).expect(0);
    ran.tells(&["`trace_num: 0`: no record is traced, although `open_tracer` is true"]);
    let ran = bench.run(line).expect(0);
    assert!(!ran.stderr.contains("trace_num"), "{}", ran.stderr);
}
