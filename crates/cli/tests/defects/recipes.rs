//! The same job with another recipe, or on another machine.

use std::fs;

use coldpress::storage::{LogWriter, TornTail, read_log};

use crate::bench::{Bench, EXPORT, RECIPE, dataset};

/// Data-Juicer, given a changed recipe under the same job id, exported the old recipe's records, and each of
/// them twice; what comes out is what the new recipe asks for.
#[test]
fn d2_a_changed_recipe_exports_what_it_asks_for() {
    let bench = Bench::new();
    bench.process("").expect(0);
    let before = bench.read(EXPORT);
    for (old, new, resumed) in [
        // Work before the operator that changed is kept.
        ("min_len: 16", "min_len: 18", 6),
        ("  - whitespace_normalization_mapper:\n", "", 0),
    ] {
        let recipe = bench.read("recipe.yaml").replace(old, new);
        bench.write("recipe.yaml", &recipe);
        let report = bench.process("").expect(0).json();
        assert_eq!(
            (&report["partitions_reused"], &report["partitions_resumed"]),
            (&0.into(), &resumed.into()),
            "{recipe}"
        );
        let export = bench.read(EXPORT);
        assert_ne!(export, before, "{recipe}");
        assert_eq!(export, bench.undisturbed(), "{recipe}");
        // The folder of the job tells the recipe in force, not the first one.
        assert_eq!(bench.read("jobs/a/recipe.yaml"), recipe);
    }
}

/// Data-Juicer cut the input anew for each start, by the machine it found, and removed all checkpoints where
/// the cut was another; the plan of a job is made once.
#[test]
fn d14_another_machine_keeps_the_plan_and_the_checkpoints() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    bench.crash_midway("");
    let more = "--np 4 --partition.size 7";
    let report = bench
        .process(more)
        .expect(0)
        .says("the saved plan is kept")
        .json();
    assert_eq!(
        (
            &report["partitions"],
            &report["partitions_reused"],
            &report["partitions_resumed"]
        ),
        (&6.into(), &2.into(), &2.into())
    );
    assert_eq!(bench.read(EXPORT), undisturbed);
}

/// Data-Juicer compared recipes as texts, so that a comment or a default that was spelled out began the job
/// anew; what counts is what a recipe asks for.
#[test]
fn d14_a_recipe_that_is_only_written_otherwise_is_the_same() {
    let bench = Bench::new();
    bench.process("").expect(0);
    let (head, process) = RECIPE.split_once("process:\n").unwrap();
    let process = process.replace(
        "{min_len: 16}",
        "\n      max_len: 9223372036854775807\n      min_len: 16",
    );
    bench.write(
        "recipe.yaml",
        format!("# The same.\nprocess:\n{process}{head}"),
    );
    let report = bench.process("").expect(0).json();
    assert_eq!(report["already_complete"], true);
}

/// In Data-Juicer a refused resume had already replaced a part of what the next start was compared with; a
/// refusal changes nothing.
#[test]
fn d14_a_refused_resume_changes_nothing() {
    let bench = Bench::new();
    let undisturbed = bench.undisturbed();
    bench.crash_midway("");
    let other = RECIPE.replace("  - clean_links_mapper:\n", "");
    bench.write("recipe.yaml", other);
    bench.write("in.jsonl", dataset(200));
    bench.process("").expect(4).says("in.jsonl");
    bench.write("recipe.yaml", RECIPE);
    bench.process("").expect(4).says("in.jsonl");
    bench.write("in.jsonl", dataset(300));
    let report = bench.process("").expect(0).json();
    assert_eq!(
        (&report["partitions_reused"], &report["partitions_resumed"]),
        (&2.into(), &2.into())
    );
    assert_eq!(bench.read(EXPORT), undisturbed);
}

/// A plan whose settings are of an unknown form is not gone on with by the settings of the recipe, which would cut the
/// rest of the dataset in another way.
#[test]
fn a_plan_with_unknown_settings_is_refused() {
    let bench = Bench::new();
    bench.crash_midway("");
    let path = bench.path("jobs/a/journal/000001.jsonl");
    let journal = read_log(&path, None, TornTail::Allow).unwrap();
    fs::remove_file(&path).unwrap();
    let mut rewritten = LogWriter::create_new(&path, 1).unwrap();
    for frame in journal.frames {
        let record = frame.record.get();
        rewritten
            .append_json(record.replace("\"max_records\":", "\"most\":").as_bytes())
            .unwrap();
    }
    rewritten.sync().unwrap();
    bench
        .process("")
        .expect(4)
        .says("the settings of the job's plan cannot be read")
        .says("missing field `max_records`")
        .says("`--fresh`");
    bench
        .run("process --config recipe.yaml --job_id b --json --resume_from a --work_dir jobs")
        .expect(4)
        .says("the settings of the job's plan cannot be read");
    bench.run("monitor a --base-dir jobs").expect(0);
    bench.process("--fresh").expect(0);
}
