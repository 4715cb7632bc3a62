//! Folders of a job: on this machine, without links, wherever they are.

use std::fs;
use std::process::Command;

use crate::bench::{Bench, kept};

const EVERY_OP: &str = "--checkpoint.strategy every_op --checkpoint.gate_seconds 0";

/// A URL that nothing can reach is told before anything is made, and models lie on this machine.
#[test]
fn places_that_cannot_be_reached_are_refused() {
    for (key, code) in [
        ("work_dir", 2),
        ("checkpoint_dir", 2),
        ("event_log_dir", 2),
        ("partition_dir", 2),
        ("export_dropped", 2),
        ("export_path", 2),
        ("dataset_path", 1),
        ("assets_dir", 2),
    ] {
        for command in ["process", "check", "plan"] {
            let bench = Bench::new();
            let line = format!("{command} --config recipe.yaml --{key} HDFS://x/y.jsonl");
            let told = match key {
                "assets_dir" => "is not available yet",
                _ => "knows no scheme `HDFS`",
            };
            bench.run(&line).expect(code).says_all(&[told]);
            let names = fs::read_dir(bench.path("")).unwrap().count();
            assert_eq!(names, 2, "{line} made something");
        }
    }
}

#[test]
fn urls_of_files_are_paths() {
    for scheme in ["file", "FILE"] {
        let bench = Bench::new();
        let at = |name: &str| format!("{scheme}://{}", bench.path(name).display());
        let more = format!(
            "--work_dir {} --checkpoint_dir {} --event_log_dir {} --partition_dir {} --export_dropped {} \
             --export_path {} --dataset_path {} {EVERY_OP}",
            at("w"),
            at("c"),
            at("e"),
            at("p"),
            at("d"),
            at("out/o.jsonl"),
            at("ins")
        );
        bench.process(&more).expect(0);
        for name in [
            "w/j/journal",
            "c/j",
            "e/j/event_logs",
            "p/j",
            "d/op_000_text_length_filter.jsonl",
        ] {
            assert!(bench.exists(name), "{name}");
        }
        assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
        assert!(!bench.exists("file:") && !bench.exists("FILE:"));
    }
}

#[test]
fn folders_are_found_by_dots() {
    let bench = Bench::new();
    fs::create_dir(bench.path("here")).unwrap();
    let recipe = "process --config ../recipe.yaml --job_id j --json --dataset_path ../ins --export_path ../out/o.jsonl";
    let folders =
        "--work_dir ../w --checkpoint_dir ../c --partition_dir ../new/../p --event_log_dir ./../e";
    let line = format!("{recipe} {folders} {EVERY_OP} --partition.materialize always");
    for already in [false, true] {
        let mut command = bench.command(&line);
        let output = command.current_dir(bench.path("here")).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{told}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["already_complete"], already);
    }
    assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
    assert!(bench.exists("w/j/journal") && bench.exists("c/j") && bench.exists("p/j"));
    for command in ["jobs", "monitor j", "checkpoint list j"] {
        let line = format!("{command} --base-dir here/../w");
        bench.run(&line).expect(0);
    }
}

/// A folder of the job that was exchanged for a link to somebody's files.
#[test]
fn links_in_a_jobs_folder_are_not_followed() {
    for folder in [
        "results",
        "checkpoints",
        "quarantine",
        "partitions",
        "metadata",
        "event_logs",
        "journal",
    ] {
        let bench = Bench::new();
        bench.process(EVERY_OP).expect(0);
        let inside = format!("jobs/j/{folder}");
        fs::rename(bench.path(&inside), bench.path("elsewhere")).unwrap();
        bench.write("elsewhere/partition_000000.e1.a9.jsonl", "precious\n");
        bench.link("../../elsewhere", &inside);
        let before = listing(&bench, "elsewhere");
        for line in [
            "process --config recipe.yaml --job_id j --text_keys id",
            "process --config recipe.yaml --job_id j --fresh",
            "process --config recipe.yaml --job_id n --resume_from j --export_path out/n.jsonl",
            "checkpoint clean jobs/j",
            "checkpoint verify jobs/j",
            "checkpoint migrate jobs/j --to arrow --remove-originals",
            "jobs remove j --base-dir jobs",
        ] {
            bench
                .run(line)
                .expect(4)
                .says_all(&["is a link to `../../elsewhere`"]);
            assert_eq!(listing(&bench, "elsewhere"), before, "{folder}: {line}");
        }
        assert!(bench.path(&inside).is_symlink());
    }
}

#[test]
fn links_in_the_place_of_moved_folders_and_logs_are_not_followed() {
    let bench = Bench::new();
    let more = format!("{EVERY_OP} --checkpoint_dir ck");
    bench.process(&more).expect(0);
    fs::rename(bench.path("ck/j"), bench.path("elsewhere")).unwrap();
    bench.link("../elsewhere", "ck/j");
    let before = listing(&bench, "elsewhere");
    bench.process(&format!("{more} --fresh")).expect(4);
    bench.run("checkpoint clean jobs/j").expect(4);
    bench.run("jobs remove j --base-dir jobs").expect(4);
    assert_eq!(listing(&bench, "elsewhere"), before);

    let bench = Bench::new();
    bench.process("").expect(0);
    bench.write("precious.txt", "precious\n");
    for log in [
        "jobs/j/event_logs/events.jsonl",
        "jobs/j/job.lock",
        "out/.o.jsonl.coldpress.lock",
    ] {
        fs::rename(bench.path(log), bench.path("kept")).unwrap();
        std::os::unix::fs::symlink(bench.path("precious.txt"), bench.path(log)).unwrap();
        let ran = bench.process("--text_keys id");
        assert!(ran.code == 1 || ran.code == 4, "{log}: {}", ran.stderr);
        assert_eq!(bench.read("precious.txt"), "precious\n", "{log}");
        fs::rename(bench.path("kept"), bench.path(log)).unwrap();
    }
}

fn listing(bench: &Bench, folder: &str) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(bench.path(folder)).unwrap();
    let read = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        (
            path.display().to_string(),
            fs::read(&path).unwrap_or_default(),
        )
    };
    let mut found: Vec<_> = entries.map(read).collect();
    found.sort();
    found
}

/// File systems without locks: every call for one fails as there.
#[test]
fn a_job_runs_where_there_are_no_locks() {
    let bench = Bench::new();
    for answer in ["ENOSYS", "EOPNOTSUPP", "ENOLCK"] {
        let source = format!(
            "#include <errno.h>\nint flock(int file, int operation) {{ errno = {answer}; return -1; }}\n"
        );
        bench.write("no_locks.c", source);
        let (source, library) = (bench.path("no_locks.c"), bench.path("no_locks.so"));
        let mut compiler = Command::new("cc");
        let built = compiler
            .args(["-shared", "-fPIC", "-o"])
            .arg(&library)
            .arg(&source)
            .status();
        assert!(built.unwrap().success());
        let line = format!("process --config recipe.yaml --job_id {answer} --export_stats true");
        let mut command = bench.command(&line);
        let output = command.env("LD_PRELOAD", &library).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{answer}: {told}");
        assert!(told.contains("`out/o.jsonl` has no locks"), "{told}");
        assert_eq!(bench.read("out/o.jsonl"), kept(&bench.read("ins/a.jsonl")));
    }
}

/// Also what a barrier left, and what was made in the stage behind it.
#[test]
fn a_job_with_a_barrier_is_removed_whole() {
    let bench = Bench::new();
    let recipe = "\
dataset_path: ins/a.jsonl
export_path: out/o.jsonl
work_dir: jobs
job_id: j
checkpoint_dir: elsewhere
checkpoint: {strategy: every_op}
partition: {size: 2}
process:
  - document_deduplicator:
  - clean_links_mapper:
  - clean_email_mapper:
";
    bench.write("dedup.yaml", recipe);
    bench
        .run("process --config dedup.yaml --no-progress")
        .expect(0);
    assert!(bench.exists("jobs/j/signatures") && bench.exists("elsewhere/j"));
    let ran = bench.run("jobs remove j --base-dir jobs").expect(0);
    assert!(!ran.stderr.contains("not the job's"), "{}", ran.stderr);
    assert!(!bench.exists("jobs/j") && !bench.exists("elsewhere/j"));
}

/// What somebody keeps in a job's folder is not the job's.
#[test]
fn a_job_is_removed_without_what_others_keep_in_its_folder() {
    let bench = Bench::new();
    bench
        .process(&format!("{EVERY_OP} --export_path jobs/j/out.jsonl"))
        .expect(0);
    bench.write("jobs/j/results/mine.jsonl", "precious\n");
    bench
        .run("jobs remove j --base-dir jobs")
        .expect(0)
        .says_all(&["holds files that are not the job's, and they stay"]);
    assert_eq!(bench.read("jobs/j/results/mine.jsonl"), "precious\n");
    assert_eq!(
        bench.read("jobs/j/out.jsonl"),
        kept(&bench.read("ins/a.jsonl"))
    );
    assert!(!bench.exists("jobs/j/journal") && !bench.exists("jobs/j/checkpoints"));
    bench.job("k", "").expect(0);
    bench.run("jobs remove k --base-dir jobs").expect(0);
    assert!(!bench.exists("jobs/k"));
}
