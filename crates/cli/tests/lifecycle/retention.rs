//! How long the files of a job stay.

use std::fs;

use super::bench::*;

#[test]
fn only_the_newest_checkpoints_of_a_partition_stay() {
    let bench = Bench::new();
    bench.process(&format!(
        "{FULL} --checkpoint.max_checkpoints_per_partition 1"
    ));
    let files = bench.files("checkpoints");
    assert_eq!(files.len(), 3, "{files:?}");
    assert!(
        files
            .iter()
            .all(|name| name.contains("op_003_text_length_filter"))
    );
    let told = "2 files removed";
    let cleanups = bench.cleanups();
    assert_eq!(cleanups.len(), 3);
    assert!(
        cleanups.iter().all(|message| message.starts_with(told)),
        "{cleanups:?}"
    );
    // They are what a longer recipe goes on from, and the earlier ones are gone for good.
    let longer = RECIPE.to_owned() + "  - alphanumeric_filter: {min_ratio: 0.1}\n";
    fs::write(bench.path("recipe.yaml"), longer).unwrap();
    let report = bench.process(&format!("{FULL} --json")).json();
    assert_eq!(report["partitions_resumed"], 3);
}

#[test]
fn all_checkpoints_stay_where_the_recipe_says_so() {
    let bench = Bench::new();
    bench.process(&format!(
        "{FULL} --checkpoint.max_checkpoints_per_partition 1 --checkpoint.cleanup_old_checkpoints false"
    ));
    assert_eq!(bench.files("checkpoints").len(), 9);
    // And go when it says otherwise: by the command, or by the next run.
    let path = bench.path("jobs/a/recipe.resolved.yaml");
    let resolved = fs::read_to_string(&path).unwrap();
    let resolved = resolved
        .replace(
            "cleanup_old_checkpoints: false",
            "cleanup_old_checkpoints: true",
        )
        .replace(
            "max_checkpoints_per_partition: 1",
            "max_checkpoints_per_partition: 2",
        );
    fs::write(&path, resolved).unwrap();
    bench
        .run("checkpoint clean jobs/a --dry-run")
        .expect(0)
        .says("would remove 3 files");
    assert_eq!(bench.files("checkpoints").len(), 9);
    bench
        .run("checkpoint clean jobs/a")
        .expect(0)
        .says("removed 3 files");
    assert_eq!(bench.files("checkpoints").len(), 6);
    bench
        .run("checkpoint clean jobs/a")
        .expect(0)
        .says("nothing to remove");
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .says("completed");
    bench.process(&format!(
        "{FULL} --checkpoint.max_checkpoints_per_partition 1"
    ));
    assert_eq!(bench.files("checkpoints").len(), 3);
}

#[test]
fn bases_of_deltas_stay() {
    let bench = Bench::new();
    let gates = "--checkpoint.strategy every_op --checkpoint.gate_seconds 0";
    bench.process(&format!(
        "{gates} --checkpoint.max_checkpoints_per_partition 1"
    ));
    let list = bench
        .run("checkpoint list a --base-dir jobs --json")
        .expect(0)
        .json();
    let list = list.as_array().unwrap();
    assert!(
        list.iter()
            .any(|entry| entry["base"].as_array().unwrap().len() == 2),
        "{list:?}"
    );
    assert!(
        list.iter()
            .all(|entry| entry["usable"] == true && entry["kind"] == "delta")
    );
    bench
        .run("checkpoint verify jobs/a")
        .expect(0)
        .says("all good");
}

#[test]
fn success_leaves_results_alone() {
    let bench = Bench::new();
    bench.process(&format!(
        "{FULL} --intermediate_storage.cleanup_on_success true --preserve_intermediate_data true --partition.materialize always"
    ));
    for folder in ["checkpoints", "partitions", "intermediate"] {
        assert_eq!(bench.files(folder), [""; 0], "{folder}");
    }
    assert_eq!(bench.files("results").len(), 6);
    assert_eq!(bench.cleanups().len(), 1);
    let before = bench.export();
    bench.process("").says("is already complete");
    // A longer recipe goes on from the results.
    let longer = RECIPE.to_owned() + "  - alphanumeric_filter: {min_ratio: 0.1}\n";
    fs::write(bench.path("recipe.yaml"), longer).unwrap();
    let report = bench
        .process("--partition.materialize always --json")
        .json();
    assert_eq!(report["partitions_resumed"], 3);
    assert_eq!(bench.export(), before);
}

#[test]
fn what_is_gone_runs_again_and_says_so() {
    let bench = Bench::new();
    bench.process(&format!(
        "{FULL} --partition.materialize always --intermediate_storage.retention_policy cleanup_all"
    ));
    for folder in ["checkpoints", "results", "partitions"] {
        assert_eq!(bench.files(folder), [""; 0], "{folder}");
    }
    let before = bench.export();
    let report = bench.process("--json").json();
    assert_eq!(report["already_complete"], true);
    assert_eq!(report["ledger"]["records"], 30);
    let report = bench.process("--export_path out/again.jsonl --json").json();
    assert_eq!(
        (&report["partitions_reused"], &report["already_complete"]),
        (&0.into(), &false.into())
    );
    assert!(
        report["warnings"]
            .to_string()
            .contains("3 of 3 partitions run again"),
        "{report}"
    );
    assert_eq!(
        fs::read_to_string(bench.path("out/again.jsonl")).unwrap(),
        before
    );
}

#[test]
fn what_failed_partitions_need_stays() {
    let bench = Bench::new();
    let broken = fs::read_to_string(bench.path("in.jsonl")).unwrap();
    let broken = broken.replace(
        "{\"id\": 15.0, \"text\": \" text  15 of many\"}",
        "{\"id\": 15.0}",
    );
    fs::write(bench.path("in.jsonl"), broken).unwrap();
    let settings = "--skip_op_error false --partition.materialize always --retry.max_retries 0 \
                    --checkpoint.strategy every_op --checkpoint.gate_seconds 0 \
                    --intermediate_storage.retention_policy keep_failed_only";
    bench
        .run(&format!(
            "process --config recipe.yaml --job_id a --no-progress {settings}"
        ))
        .expect(3);
    let left = [bench.files("partitions"), bench.files("results")].concat();
    assert_eq!(left, ["partition_000001.e1.jsonl"]);
    // Nothing is too old yet; later, all goes.
    let clean = "checkpoint clean jobs";
    bench.run(clean).expect(0).says("a: nothing to remove");
    age(&bench, "a", 8);
    bench.run(clean).expect(0).says("a: removed 1 file");
    assert_eq!(bench.files("partitions"), [""; 0]);
    bench
        .run(&format!(
            "process --config recipe.yaml --job_id a --no-progress {settings}"
        ))
        .expect(3);
}

#[test]
fn old_jobs_are_cleaned_when_another_one_starts() {
    let bench = Bench::new();
    // One that keeps all, one that is not finished, and one whose time has come.
    for (job, settings) in [
        ("keeps", ""),
        (
            "killed",
            "--intermediate_storage.retention_policy keep_failed_only",
        ),
        (
            "old",
            "--intermediate_storage.retention_policy keep_failed_only",
        ),
    ] {
        let line = format!(
            "process --config recipe.yaml --job_id {job} --export_path out/{job}.jsonl {settings}"
        );
        let mut command = bench.command(&line);
        if job != "keeps" {
            // Killed before it could clean up: one before it was finished, one right after.
            let point = if job == "old" {
                "clean.forgotten"
            } else {
                "export.intent"
            };
            command.env("COLDPRESS_CRASH_POINT", point);
        }
        assert_eq!(
            command.output().unwrap().status.success(),
            job == "keeps",
            "{job}"
        );
        age(&bench, job, 8);
    }
    let results = |job: &str| {
        let folder = bench.path("jobs").join(job).join("results");
        fs::read_dir(folder).unwrap().count()
    };
    assert_eq!(
        (results("keeps"), results("killed"), results("old")),
        (6, 6, 6)
    );
    // The killed ones are finished first: a resume ends the deletion that was begun.
    bench
        .run("process --config recipe.yaml --job_id old --export_path out/old.jsonl")
        .expect(0)
        .says("is already complete");
    assert_eq!(results("old"), 0);
    bench.process("--intermediate_storage.retention_policy cleanup_all");
    assert_eq!((results("keeps"), results("killed")), (6, 6));
}

#[test]
fn a_job_that_kept_failed_partitions_for_long_enough_is_cleaned_by_the_next_one() {
    let bench = Bench::new();
    let broken = fs::read_to_string(bench.path("in.jsonl")).unwrap() + "{\"id\": 15.0}\n";
    fs::write(bench.path("broken.jsonl"), broken).unwrap();
    bench
        .run("process --config recipe.yaml --job_id old --dataset_path broken.jsonl --export_path out/old.jsonl \
              --skip_op_error false --partition.materialize always \
              --intermediate_storage.retention_policy keep_failed_only --intermediate_storage.max_retention_days 3")
        .expect(3);
    let copies = || {
        fs::read_dir(bench.path("jobs/old/partitions"))
            .unwrap()
            .count()
    };
    for (days, expected) in [(2, 1), (4, 0)] {
        age(&bench, "old", days);
        bench.process(&format!("--fresh --partition.size {}", days + 1));
        assert_eq!(copies(), expected, "after {days} days");
    }
    bench
        .run("events old --base-dir jobs --type checkpoint_cleanup")
        .expect(0)
        .says("retention_policy: keep_failed_only");
    bench
        .run("jobs --base-dir jobs")
        .expect(0)
        .says("completed_with_failures");
}

#[test]
fn deletions_that_a_kill_cut_off_are_finished() {
    let bench = Bench::new();
    let settings = format!("{FULL} --checkpoint.max_checkpoints_per_partition 1");
    let line = format!("process --config recipe.yaml --job_id a --no-progress {settings}");
    let killed = bench
        .command(&line)
        .env("COLDPRESS_CRASH_POINT", "clean.forgotten")
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None);
    assert!(
        bench.files("checkpoints").len() > 1,
        "nothing is deleted yet"
    );
    bench.process(&settings);
    assert_eq!(bench.files("checkpoints").len(), 3);
    let whole = Bench::new();
    whole.process("");
    assert_eq!(bench.export(), whole.export());
}
