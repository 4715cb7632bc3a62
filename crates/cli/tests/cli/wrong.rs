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
