//! Figures, paths and commands that the program shows are right.

use std::collections::BTreeMap;

use coldpress::report::quantity::bytes;

use crate::bench::Bench;

/// The commands that texts name with a job are commands: they look for the job.
#[test]
fn documented_commands_can_be_called() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let mut texts = vec![std::fs::read_to_string(format!("{root}/README.md")).unwrap()];
    for entry in std::fs::read_dir(format!("{root}/docs")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "md") {
            texts.push(std::fs::read_to_string(path).unwrap());
        }
    }
    let bench = Bench::new();
    let mut called = 0;
    for text in &texts {
        let spans = text.split('`').skip(1).step_by(2);
        let commands = spans.filter_map(|span| span.strip_prefix("coldpress "));
        for command in commands.filter_map(|command| command.strip_suffix(" JOB")) {
            bench.run(&format!("{command} no_such_job")).expect(5);
            called += 1;
        }
    }
    assert!(called > 2, "{called} commands were found");
}

#[test]
fn without_an_event_log_none_is_named() {
    let bench = Bench::new();
    let line = "process --config recipe.yaml --job_id a --event_logging.enabled false";
    let text = bench.run(line).expect(0).stdout;
    assert!(!text.contains("Events"), "{text}");
    let report = bench.run(&format!("{line} --json")).expect(0).json();
    assert!(report["event_log"].is_null(), "{report}");
    let summary: serde_json::Value =
        serde_json::from_str(&bench.read("jobs/a/job_summary.json")).unwrap();
    assert!(summary["event_log_file"].is_null(), "{summary}");
    let text = bench.process("b").stdout;
    assert!(text.contains("Events"), "{text}");
}

#[test]
fn the_folder_of_jobs_has_one_name_everywhere() {
    let bench = Bench::new();
    bench.process("a");
    for command in [
        "jobs",
        "jobs --json",
        "monitor a",
        "events a",
        "quarantine list a",
        "checkpoint list a",
        "stop --list --json",
    ] {
        let by_both = ["--base-dir", "--work_dir", "--work-dir"].map(|flag| {
            bench
                .run(&format!("{command} {flag} jobs"))
                .expect(0)
                .stdout
        });
        assert_eq!(by_both[0], by_both[1], "{command}");
        assert_eq!(by_both[0], by_both[2], "{command}");
    }
}

#[test]
fn an_empty_job_id_begins_no_job() {
    let bench = Bench::new();
    for flag in ["--resume=", "--job_id=", "--limit="] {
        let told = format!(
            "`{}` needs a value; to unset the recipe's value, give `null`",
            flag.trim_end_matches('=')
        );
        bench
            .run(&format!("process --config recipe.yaml {flag}"))
            .expect(2)
            .tells(&[&told]);
    }
    for line in ["events a --work_dir jobs --grep=", "jobs --base-dir="] {
        bench.run(line).expect(2);
    }
    assert!(!bench.path("jobs").exists());
}

#[test]
fn a_job_that_never_started_can_be_told_and_removed() {
    let bench = Bench::new();
    std::fs::create_dir_all(bench.path("jobs/a/journal")).unwrap();
    let listed = bench.run("jobs --base-dir jobs").expect(0).stdout;
    assert!(listed.ends_with("\na    never started\n"), "{listed}");
    bench
        .run("monitor a --base-dir jobs")
        .expect(1)
        .tells(&["error: job `a` never started; `coldpress jobs remove a` removes it\n"]);
    bench.run("jobs remove a --base-dir jobs").expect(0);
    assert!(!bench.path("jobs/a").exists());
}

#[test]
fn the_monitor_counts_the_size_of_a_file_once() {
    let bench = Bench::new();
    bench
        .run("process --config recipe.yaml --job_id a --checkpoint.strategy every_op --checkpoint.gate_seconds 100")
        .expect(0);
    let view = bench
        .run("monitor a --base-dir jobs --json")
        .expect(0)
        .json();
    let partitions = view["partition_status"].as_object().unwrap().values();
    let checkpoints: Vec<&serde_json::Value> = partitions
        .flat_map(|partition| partition["checkpoints"].as_array().unwrap())
        .collect();
    let files: BTreeMap<&str, u64> = checkpoints
        .iter()
        .map(|one| {
            (
                one["checkpoint_path"].as_str().unwrap(),
                one["bytes"].as_u64().unwrap(),
            )
        })
        .collect();
    assert!(
        files.len() < checkpoints.len(),
        "no file has several checkpoints"
    );
    let shown = bytes(files.values().sum());
    let text = bench.run("monitor a --base-dir jobs").expect(0).stdout;
    let expected = format!("Total Checkpoints: {} ({shown})", checkpoints.len());
    assert!(text.contains(&expected), "{expected} is not in\n{text}");
}
