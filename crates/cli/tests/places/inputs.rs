//! Outputs where inputs are: an input is never replaced and never left out, and what the job made is no input.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, kept, records};

const ALWAYS: &str = "--export_overwrite always";

/// With a second input, and other names and places for both.
fn two_inputs() -> Bench {
    let bench = Bench::new();
    bench.write("ins/b.jsonl", records("b", 40));
    bench.write("ins/o_stats.jsonl", records("s", 40));
    bench.write(
        "ins/dropped/op_000_text_length_filter.jsonl",
        records("d", 40),
    );
    bench.write("ins/shards/part-00000.jsonl", records("p", 40));
    bench.link("ins", "link");
    bench.link("../ins/a.jsonl", "ins/linked.jsonl");
    bench
}

fn all_files(bench: &Bench) -> Vec<(String, String)> {
    let names = [
        "a.jsonl",
        "b.jsonl",
        "o_stats.jsonl",
        "dropped/op_000_text_length_filter.jsonl",
        "shards/part-00000.jsonl",
    ];
    let read = |name: &str| (name.to_owned(), bench.read(&format!("ins/{name}")));
    names.into_iter().map(read).collect()
}

#[test]
fn an_output_over_an_input_is_refused_whatever_may_be_replaced() {
    for (more, replaced) in [
        ("--export_path ins/b.jsonl", "ins/b.jsonl"),
        ("--export_path link/b.jsonl", "ins/b.jsonl"),
        ("--export_path ins/../ins/./b.jsonl", "ins/b.jsonl"),
        ("--export_path ins/linked.jsonl", "ins/a.jsonl"),
        (
            "--export_path link/b.jsonl --dataset_path ins/*.jsonl",
            "ins/b.jsonl",
        ),
        (
            "--export_path ins/b.jsonl --dataset_path link/**/*.jsonl",
            "link/b.jsonl",
        ),
        (
            "--export_path ins/b.jsonl --dataset_path link/b.jsonl",
            "link/b.jsonl",
        ),
        (
            "--export_path ins/o.jsonl --export_stats true",
            "ins/o_stats.jsonl",
        ),
        ("--export_dropped ins/dropped", "ins/dropped/op_000"),
        ("--export_dropped link/dropped", "ins/dropped/op_000"),
        ("--export_path ins/shards/", "ins/shards/part-00000.jsonl"),
        ("--export_path ins/", "ins/"),
    ] {
        let bench = two_inputs();
        let before = all_files(&bench);
        for command in ["process", "check", "plan"] {
            let line = format!("{command} --config recipe.yaml --job_id j {ALWAYS} {more}");
            let ran = bench.run(&line);
            assert_eq!(all_files(&bench), before, "{line}");
            let ran = ran.expect(4);
            let message = format!("would replace the input `{replaced}");
            assert!(ran.stderr.contains(&message), "{line}: {}", ran.stderr);
        }
        assert!(!bench.exists("jobs") && !bench.exists("out"), "{more}");
    }
}

#[test]
fn an_input_that_comes_to_lie_at_the_output_while_the_job_runs_stays() {
    let bench = Bench::new();
    bench.slow();
    let frozen = bench.freeze("j", ALWAYS);
    fs::hard_link(bench.path("ins/a.jsonl"), bench.path("out/o.jsonl")).unwrap();
    frozen
        .thaw()
        .expect(4)
        .says_all(&["would replace the input `ins/a.jsonl`"]);
    assert_eq!(bench.read("out/o.jsonl"), bench.read("ins/a.jsonl"));
}

#[test]
fn what_another_job_made_of_other_inputs_is_an_input() {
    let bench = Bench::new();
    bench.write("raw.jsonl", records("raw", 20));
    bench
        .job(
            "earlier",
            "--dataset_path raw.jsonl --export_path ins/b.jsonl",
        )
        .expect(0);
    let made = bench.read("ins/b.jsonl");
    bench
        .process("--export_path ins/b.jsonl")
        .expect(4)
        .says_all(&["would replace the input `ins/b.jsonl`"]);
    assert_eq!(bench.read("ins/b.jsonl"), made);
    bench.process("").expect(0);
    assert_eq!(
        bench.read("out/o.jsonl"),
        kept(&bench.read("ins/a.jsonl")) + &made
    );
}

const INSIDE: &str = "--export_path ins/o.jsonl --export_stats true --export_dropped ins/dropped";

#[test]
fn what_the_job_made_among_its_inputs_is_no_input() {
    for dataset in ["ins", "ins/*.jsonl", "ins/**/*.jsonl"] {
        let bench = Bench::new();
        let more = format!("{INSIDE} --dataset_path {dataset}");
        let expected = kept(&bench.read("ins/a.jsonl"));
        bench.process(&more).expect(0);
        // Again; with another recipe; without some outputs, whose files are still there; as another job.
        let again = bench.process(&more).expect(0);
        assert_eq!(again.json()["already_complete"], true);
        again.says_all(&["`ins/o.jsonl` is left out of the dataset: this job made it"]);
        for (id, change) in [
            ("j", "--text_keys id --skip_op_error true"),
            ("j", ""),
            ("other", ""),
            ("other", "--export_stats false"),
            ("third", ""),
        ] {
            let ran = bench.job(id, &format!("{more} {change}"));
            let ran = ran
                .expect(0)
                .says_all(&["`ins/o.jsonl` is left out of the dataset"]);
            assert_eq!(ran.json()["ledger"]["records"], 40, "{id} {change}");
        }
        assert_eq!(bench.read("ins/o.jsonl"), expected, "{dataset}");
        for command in ["check", "plan"] {
            let line = format!("{command} --config recipe.yaml --job_id j {more}");
            let ran = bench.run(&line).expect(0);
            ran.says_all(&["`ins/o.jsonl` is left out of the dataset: "]);
        }
    }
}

#[test]
fn a_crash_around_the_rename_leaves_no_input_behind() {
    for point in [
        "export.intent",
        "export.companion",
        "export.renamed",
        "export.owned",
    ] {
        for more in [INSIDE, "--export_path ins/shards/"] {
            for earlier in [false, true] {
                let bench = Bench::new();
                if earlier {
                    // Signed with another content.
                    bench
                        .job("j", &format!("{more} --text_keys id --skip_op_error true"))
                        .expect(0);
                }
                if point == "export.companion" && more != INSIDE {
                    continue;
                }
                bench.crash(point, more);
                let ran = bench.process(more).expect(0);
                assert_eq!(ran.json()["ledger"]["records"], 40, "{point} {more}");
                let export = match more {
                    INSIDE => "ins/o.jsonl",
                    _ => "ins/shards/part-00000.jsonl",
                };
                let expected = kept(&bench.read("ins/a.jsonl"));
                assert_eq!(bench.read(export), expected, "{point} {more} {earlier}");
            }
        }
    }
}

#[test]
fn an_output_that_was_changed_is_an_input() {
    let bench = Bench::new();
    bench.process("--export_path ins/o.jsonl").expect(0);
    bench.write("ins/o.jsonl", records("precious", 8));
    for id in ["j", "other"] {
        bench
            .job(id, &format!("--export_path ins/o.jsonl {ALWAYS}"))
            .expect(4)
            .says_all(&["would replace the input `ins/o.jsonl`"]);
    }
    assert_eq!(bench.read("ins/o.jsonl"), records("precious", 8));
}

/// Inputs in the folders that the recipe names for jobs are inputs; the jobs' own files are none.
#[test]
fn files_in_folders_of_jobs() {
    let folders = "--work_dir ins/w --checkpoint_dir ins/c --event_log_dir ins/e --partition_dir ins/p \
                   --checkpoint.strategy every_op --partition.materialize always \
                   --intermediate_storage.preserve_intermediate_data true \
                   --intermediate_storage.format jsonl --intermediate_storage.compression none";
    for dataset in ["ins", "ins/**/*.jsonl", "./ins/../ins"] {
        let bench = Bench::new();
        for name in [
            "w/b",
            "w/sub/b",
            "c/b",
            "e/b",
            "p/b",
            "w/j/b",
            "w/j/results/b",
            "c/j/b",
        ] {
            bench.write(&format!("ins/{name}.jsonl"), records(name, 4));
        }
        let more = format!("{folders} --dataset_path {dataset}");
        for (id, export) in [("j", "o"), ("j", "o"), ("other", "o2"), ("j", "o3")] {
            let ran = bench.job(id, &format!("{more} --export_path out/{export}.jsonl"));
            let ran = ran.expect(0);
            assert_eq!(
                ran.json()["ledger"]["records"],
                72,
                "{dataset} {id} {export}"
            );
        }
        bench.process(&more).expect(0).says_all(&[
            "files in `",
            "are left out of the dataset: the job `j` made them for itself",
        ]);
        assert_eq!(bench.read("out/o.jsonl"), bench.read("out/o2.jsonl"));
    }
}

/// What other jobs made for themselves can be read by name.
#[test]
fn a_folder_of_another_job_that_is_named_is_read() {
    let bench = Bench::new();
    bench.job("first", "").expect(0);
    // Rows and their index; rows alone.
    for (dataset, count) in [
        ("jobs/first/results", 60),
        ("jobs/first/results/*.jsonl", 30),
    ] {
        let ran = bench.job(
            "second",
            &format!(
                "--dataset_path {dataset} --export_path out/{}.jsonl --fresh",
                dataset.len()
            ),
        );
        assert_eq!(
            ran.expect(0).json()["ledger"]["records"],
            count,
            "{dataset}"
        );
    }
    // The job's own are not its input.
    bench
        .job("first", "--dataset_path jobs/first/results --fresh")
        .expect(1)
        .says_all(&["holds no input", "the job `first` made them for itself"]);
}

#[test]
fn an_input_where_a_new_job_would_put_its_files_is_refused() {
    let bench = Bench::new();
    let name = "ins/j/results/partition_000000.e1.a1.jsonl";
    bench.write(name, records("mine", 4));
    bench.write("ins/j/recipe.yaml", "mine");
    let ran = bench.process("--work_dir ins --dataset_path ins/**/*.jsonl");
    ran.expect(4)
        .says_all(&["lies where the job `j` would put its own files"]);
    assert_eq!(bench.read(name), records("mine", 4));
    assert_eq!(bench.read("ins/j/recipe.yaml"), "mine");
}

#[test]
fn devices_and_pipes_are_no_place_for_an_export() {
    let bench = Bench::new();
    let made = Command::new("mkfifo")
        .arg(bench.path("pipe.jsonl"))
        .status();
    assert!(made.unwrap().success());
    bench.link("/dev/null", "null.jsonl");
    bench.link("pipe.jsonl", "o_stats.jsonl");
    for (more, what) in [
        ("--export_path pipe.jsonl", "is a pipe"),
        ("--export_path null.jsonl", "is a device"),
        ("--export_path o.jsonl --export_stats true", "is a pipe"),
    ] {
        for command in ["process", "check", "plan"] {
            let ran = bench.run(&format!("{command} --config recipe.yaml {ALWAYS} {more}"));
            ran.expect(4).says_all(&[what, "export to a regular file"]);
        }
    }
    assert!(bench.path("null.jsonl").is_symlink() && bench.path("o_stats.jsonl").is_symlink());
    assert!(!bench.path("pipe.jsonl").is_file());
}

/// Jobs of one name in two folders of jobs are two jobs.
#[test]
fn what_a_namesake_made_is_an_input() {
    let bench = Bench::new();
    bench.process("--export_path ins/b.jsonl").expect(0);
    let ran = bench.process("--work_dir other --export_path out/o.jsonl");
    assert_eq!(ran.expect(0).json()["ledger"]["records"], 70);
    // Of its own outputs a job knows all, also those that it made under other names and before it began anew.
    for more in [
        "--export_path ins/c.jsonl",
        "--export_path out/p.jsonl --fresh",
    ] {
        let ran = bench.process(more).expect(0);
        assert_eq!(ran.json()["ledger"]["records"], 40, "{more}");
    }
}

#[test]
fn a_crash_before_the_first_record_leaves_no_input_behind() {
    let bench = Bench::new();
    for (id, more) in [
        ("j", "--work_dir ins"),
        ("other", "--work_dir ins --export_path out/p.jsonl"),
    ] {
        // As a kill between the folders and the journal leaves it.
        let begun = format!("ins/{id}");
        fs::create_dir_all(bench.path(&format!("{begun}/journal"))).unwrap();
        bench.write(&format!("{begun}/job.lock"), "");
        bench.link("event_logs/events.jsonl", &format!("{begun}/events.jsonl"));
        let ran = bench.job("j", more).expect(0);
        assert_eq!(ran.json()["ledger"]["records"], 40, "{id}");
    }
}
