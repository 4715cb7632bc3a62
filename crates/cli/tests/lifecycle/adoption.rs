//! A job that begins with the work of another.

use std::fs;

use super::bench::{Bench, Ran};

/// Runs the recipe as the job `b`, from the work of `from`.
fn adopting(bench: &Bench, from: &str, settings: &str) -> Ran {
    bench.run(&format!(
        "process --config recipe.yaml --job_id b --no-progress --export_path out/b.jsonl --resume_from {from} {settings}"
    ))
}

fn export_of_b(bench: &Bench) -> String {
    fs::read_to_string(bench.path("out/b.jsonl")).unwrap()
}

fn attempts_of_b(bench: &Bench) -> usize {
    let journal = fs::read_dir(bench.path("jobs/b/journal")).unwrap();
    let mut files: Vec<_> = journal.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let newest = fs::read_to_string(files.last().unwrap()).unwrap();
    newest.matches("\"attempt_started\"").count()
}

/// Behind how many operators the attempts of `b` began, where they did not begin with the input.
fn resumed_behind(bench: &Bench) -> Vec<u64> {
    let events = bench.run("events b --base-dir jobs --type CHECKPOINT_LOAD --json");
    let events = events.expect(0).json();
    let events = events.as_array().unwrap().iter();
    let behind = events.map(|event| event["metadata"]["operations_applied"].as_u64());
    behind.map(Option::unwrap).collect()
}

#[test]
fn finished_work_is_not_done_again() {
    let bench = Bench::new();
    bench.process("");
    let ran = adopting(&bench, "a", "").expect(0);
    assert_eq!(export_of_b(&bench), bench.export());
    assert_eq!(attempts_of_b(&bench), 0, "{}", ran.stdout);
    // Neither depends on the other.
    fs::remove_dir_all(bench.path("jobs/a")).unwrap();
    fs::remove_file(bench.path("out/b.jsonl")).unwrap();
    fs::remove_file(bench.path("out/.b.jsonl.coldpress.json")).unwrap();
    adopting(&bench, "a", "").expect(0);
    assert_eq!(export_of_b(&bench), bench.export());
}

#[test]
fn what_the_recipes_have_in_common_is_reused() {
    for mode in ["delta", "full"] {
        let bench = Bench::new();
        let keys = format!("--checkpoint.strategy every_op --checkpoint.mode {mode}");
        bench.process(&keys);
        let recipe = fs::read_to_string(bench.path("recipe.yaml")).unwrap();
        fs::write(
            bench.path("recipe.yaml"),
            recipe.replace("min_len: 8", "min_len: 16"),
        )
        .unwrap();
        let ran = adopting(&bench, "a", &keys).expect(0);
        assert_eq!(attempts_of_b(&bench), 3, "{}", ran.stdout);
        assert_eq!(resumed_behind(&bench), [2; 3], "{mode}");
        // As a job that adopts nothing.
        let line =
            "process --config recipe.yaml --job_id c --no-progress --export_path out/c.jsonl";
        bench.run(line).expect(0);
        let c = fs::read_to_string(bench.path("out/c.jsonl")).unwrap();
        assert_eq!(export_of_b(&bench), c);
    }
}

#[test]
fn no_more_is_adopted_than_was_asked_for() {
    let bench = Bench::new();
    bench.process("--checkpoint.strategy every_op");
    for operations in 0..=3 {
        let _ = fs::remove_dir_all(bench.path("jobs/b"));
        let ran = adopting(&bench, &format!("a@{operations}"), "").expect(0);
        assert_eq!(export_of_b(&bench), bench.export());
        let expected = if operations == 3 { 0 } else { 3 };
        assert_eq!(
            attempts_of_b(&bench),
            expected,
            "{operations}: {}",
            ran.stdout
        );
        let behind = match operations {
            0 | 3 => vec![],
            behind => vec![behind; 3],
        };
        assert_eq!(resumed_behind(&bench), behind);
    }
}

#[test]
fn lost_files_are_told_and_made_again() {
    let bench = Bench::new();
    bench.process("");
    let results = bench.files("results");
    let rows = results
        .iter()
        .find(|name| name.contains("000001") && name.ends_with(".jsonl"));
    fs::write(bench.path("jobs/a/results").join(rows.unwrap()), "{}\n").unwrap();
    let ran = adopting(&bench, "a", "").expect(0);
    let told = format!("{}{}", ran.stdout, ran.stderr);
    assert!(
        told.contains("is gone or damaged; what it held is made again"),
        "{told}"
    );
    assert_eq!(export_of_b(&bench), bench.export());
}

#[test]
fn what_cannot_be_adopted_is_said() {
    let bench = Bench::new();
    bench.process("");
    let mut input = fs::read_to_string(bench.path("in.jsonl")).unwrap();
    let refused = |from: &str, settings: &str, code: i32, expected: &str| {
        let ran = adopting(&bench, from, settings).expect(code);
        assert!(ran.stderr.contains(expected), "{}", ran.stderr);
        assert!(!bench.path("jobs/b").exists() && !bench.path("out/b.jsonl").exists());
    };
    refused("../a", "", 2, "`../a` is not a job id");
    refused(
        "a@x",
        "",
        2,
        "what follows the `@` is not a number of operators",
    );
    refused("nobody", "", 5, "there is no job `nobody`");
    refused("b", "", 4, "is this job itself");
    refused(
        "a",
        "--text_keys id",
        4,
        "with other settings, so nothing of it can be adopted: `text_keys` changed from [\"text\"] to [\"id\"]",
    );
    // Moving the input doesn't make it another one, so its content has to differ.
    let other = input.replacen("text", "tixt", 1);
    fs::write(bench.path("other.jsonl"), other).unwrap();
    refused(
        "a",
        "--dataset_path other.jsonl",
        4,
        "is over another dataset",
    );
    input.push_str("{\"text\": \"one more of many\"}\n");
    fs::write(bench.path("in.jsonl"), input).unwrap();
    refused("a", "", 4, "read the dataset before it changed");
}

#[test]
fn a_kill_on_the_way_leaves_nothing_or_all() {
    for point in [
        "adopt_before_journal",
        "adopt_before_rename",
        "rename_before_folder_sync",
    ] {
        let bench = Bench::new();
        bench.process("");
        let line = "process --config recipe.yaml --job_id b --no-progress --export_path out/b.jsonl --resume_from a";
        let mut command = bench.command(line);
        let killed = command
            .env("COLDPRESS_CRASH_POINT", format!("{point}:1"))
            .output()
            .unwrap();
        assert!(!killed.status.success(), "{point} was not hit");
        adopting(&bench, "a", "").expect(0);
        assert_eq!(export_of_b(&bench), bench.export());
        assert_eq!(attempts_of_b(&bench), 0, "{point}");
    }
}
