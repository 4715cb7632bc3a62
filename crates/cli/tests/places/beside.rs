//! What lies beside the export: locked and owned as the export is, and removed only if it is known whose it was.

use std::fs;

use crate::bench::{Bench, kept};

const STATS: &str = "--export_stats true";

#[test]
fn two_jobs_do_not_share_what_lies_beside_their_exports() {
    for (first, second, what) in [
        (
            "--export_path out/clean.csv --export_stats true",
            "--export_path out/clean.jsonl --export_stats true",
            "out/clean_stats.jsonl",
        ),
        (
            "--export_path out/a.jsonl --export_dropped out/dropped",
            "--export_path out/b.jsonl --export_dropped ./out/../out/dropped",
            "out/dropped",
        ),
    ] {
        let bench = Bench::new();
        bench.slow();
        let frozen = bench.freeze("a", first);
        bench.job("b", second).expect(4).says_all(&[
            "another job is exporting to `",
            what.rsplit('/').next().unwrap(),
        ]);
        frozen.thaw().expect(0);
        // One after the other, it belongs to the first.
        bench
            .job("b", second)
            .expect(4)
            .says_all(&["belongs to the export `", "/out/"]);
        bench
            .run(&format!("check --config recipe.yaml --job_id b {second}"))
            .expect(4)
            .says_all(&["belongs to the export `"]);
        bench
            .job("b", &format!("{second} --export_overwrite always"))
            .expect(0);
    }
}

#[test]
fn the_same_job_is_told_that_its_statistics_change_sides() {
    let bench = Bench::new();
    let line = format!("--export_path out/clean.csv {STATS}");
    bench.process(&line).expect(0);
    let told = "clean_stats.jsonl` belonged to the export `";
    let line = format!("--export_path out/clean.jsonl {STATS}");
    bench.process(&line).expect(0).says_all(&[told]);
    // An export that is gone has nothing beside it.
    fs::remove_file(bench.path("out/clean.csv")).unwrap();
    fs::rename(bench.path("out"), bench.path("moved")).unwrap();
    let line = format!("--export_path moved/clean.jsonl {STATS}");
    let ran = bench.job("other", &line).expect(0);
    assert!(!ran.stderr.contains(told), "{}", ran.stderr);
}

#[test]
fn never_is_for_what_lies_beside_the_export_too() {
    let bench = Bench::new();
    bench.job("a", STATS).expect(0);
    let stats = bench.read("out/o_stats.jsonl");
    fs::remove_file(bench.path("out/o.jsonl")).unwrap();
    bench
        .job(
            "b",
            &format!("{STATS} --export_overwrite never --text_keys id"),
        )
        .expect(4)
        .says_all(&["`out/o_stats.jsonl` exists"]);
    assert_eq!(bench.read("out/o_stats.jsonl"), stats);
}

#[test]
fn outputs_of_one_job_do_not_replace_each_other() {
    for (more, message) in [
        (
            "--export_path out/op_000_text_length_filter.jsonl --export_dropped out",
            "would be lost in the output `out/op_000_text_length_filter.jsonl`",
        ),
        (
            "--export_path out/ --export_dropped out/dropped",
            "would be lost in the output `out`",
        ),
        (
            "--export_path out/.o.jsonl.coldpress.json --export_type json",
            "has a name that is kept for files beside exports",
        ),
    ] {
        let bench = Bench::new();
        bench.process(more).expect(4).says_all(&[message]);
        assert!(!bench.exists("out"), "{more}");
    }
}

#[test]
fn the_places_of_a_jobs_files_are_no_place_for_outputs() {
    let bench = Bench::new();
    bench.job("other", "").expect(0);
    bench.process("").expect(0);
    let journals =
        || ["j", "other"].map(|id| bench.read(&format!("jobs/{id}/journal/000001.jsonl")));
    let before = journals();
    bench.link("jobs/j", "linked");
    for more in [
        "--export_path jobs/j/journal/000001.jsonl",
        "--export_path linked/journal/000001.jsonl",
        "--export_path jobs/j/results/new.jsonl",
        "--export_path jobs/j/job_summary.json",
        "--export_path jobs/other/journal/000001.jsonl",
        "--export_path jobs/j/",
        "--export_dropped jobs/j/quarantine",
        "--checkpoint_dir ck --export_path ck/j/o.jsonl",
    ] {
        let line = format!("{more} --export_overwrite always");
        bench
            .process(&line)
            .expect(4)
            .says_all(&["lies among the files of the job `"]);
        assert_eq!(journals(), before, "{more}");
    }
    // A name that no file of the job has is free.
    bench
        .process("--export_path {work_dir}/{job_id}/out.jsonl")
        .expect(0);
    assert_eq!(bench.read("jobs/j/out.jsonl"), bench.read("out/o.jsonl"));
}

#[test]
fn only_what_is_known_to_be_left_over_is_removed() {
    let bench = Bench::new();
    // What other jobs and other people left, by names that look alike.
    let theirs = [
        "out/.o.jsonl.coldpress.x.tmp",
        "out/.o.jsonl.coldpress.x.jsonl.coldpress.k.e1.m1.tmp",
        "out/.o.jsonl.coldpress.j.e7.m1.tmp",
        "out/.o.jsonl.coldpress.stranger.e1.m1.tmp",
        "out/.o.jsonl.coldpress.json.aBcDeF.tmp",
        "jobs/j/.mine.tmp",
    ];
    for name in theirs {
        bench.write(name, "precious\n");
    }
    bench.write("out/.o.jsonl.coldpress.j.e1.m9.tmp/keep.txt", "precious\n");
    bench.crash(
        "export.intent",
        "--export_path out/o.jsonl.coldpress.x.jsonl",
    );
    let ours = "out/.o.jsonl.coldpress.x.jsonl.coldpress.j.e1.m1.tmp";
    assert!(bench.exists(ours));
    // The export `o.jsonl` has nothing to do with the one that waits; nor has another job.
    bench.job("other", "").expect(0);
    assert!(bench.exists(ours));
    bench.process("").expect(0);
    for name in theirs {
        assert_eq!(bench.read(name), "precious\n", "{name}");
    }
    assert!(bench.exists("out/.o.jsonl.coldpress.j.e1.m9.tmp/keep.txt"));
}

/// A killed job that nobody resumes leaves no copy of the export for ever.
#[test]
fn what_a_killed_job_left_is_removed_by_the_next_one() {
    let bench = Bench::new();
    bench.crash("merge.finish", "");
    let left = "out/.o.jsonl.coldpress.j.e1.m1.tmp";
    assert!(bench.exists(left));
    bench.job("next", "").expect(0);
    assert!(!bench.exists(left));
    assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
    bench.process("").expect(0);
}

#[test]
fn dropped_records_of_an_earlier_recipe_are_removed() {
    let alnum = "  - alphanumeric_filter: {min_ratio: 0.0}\n  - text_length_filter: {min_len: 3}\n";
    let bench = Bench::new();
    let recipe = bench.read("recipe.yaml");
    let (head, _) = recipe.split_once("process:").unwrap();
    let more = "--export_dropped out/dropped";
    bench.write("recipe.yaml", format!("{head}process:\n{alnum}"));
    bench.process(more).expect(0);
    let old = [
        "out/dropped/op_000_alphanumeric_filter.jsonl",
        "out/dropped/op_001_text_length_filter.jsonl",
    ];
    assert!(old.iter().all(|name| bench.exists(name)));
    // One was changed since, and stays; so does what others put there.
    bench.write(old[0], "changed\n");
    bench.write("out/dropped/op_007_mine.jsonl", "precious\n");
    bench.write("recipe.yaml", &recipe);
    bench.process(more).expect(0).says_all(&[
        "op_001_text_length_filter.jsonl`, which an earlier recipe of this export had dropped, is removed",
    ]);
    assert!(!bench.exists(old[1]));
    assert_eq!(bench.read(old[0]), "changed\n");
    assert_eq!(bench.read("out/dropped/op_007_mine.jsonl"), "precious\n");
    assert!(bench.exists("out/dropped/op_000_text_length_filter.jsonl"));
    // Another job with the same export, too.
    bench.write(
        "recipe.yaml",
        format!("{head}process:\n  - special_characters_filter: {{}}\n"),
    );
    bench.job("other", more).expect(0);
    assert!(!bench.exists("out/dropped/op_000_text_length_filter.jsonl"));
}
