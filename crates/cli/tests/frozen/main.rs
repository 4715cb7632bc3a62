//! Jobs that an earlier release left behind are listed, verified, resumed and cleaned. `data/README.md` says what they are.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

// Shared by all tests of the program.
#[path = "../bench/shared.rs"]
mod shared;

use std::fs;
use std::path::{Path, PathBuf};

use shared::Folder;

const JOBS: [&str; 5] = ["complete", "killed", "deltas", "gates", "copies"];

/// A copy of the frozen folder.
struct Frozen {
    folder: Folder,
}

impl Frozen {
    fn thawed() -> Self {
        let folder = Folder::new();
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/frozen/data");
        copy_folder(&data, folder.root());
        for job in JOBS {
            let job = folder.path(&format!("jobs/{job}"));
            for name in ["partitions", "quarantine", "reports"] {
                fs::create_dir_all(job.join(name)).unwrap();
            }
            std::os::unix::fs::symlink("event_logs/events.jsonl", job.join("events.jsonl"))
                .unwrap();
            // Their driver was a process of another host; to see that it is dead would take half a minute for each.
            fs::remove_file(job.join("job.heartbeat")).unwrap();
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path(name)
    }

    fn read(&self, name: &str) -> Vec<u8> {
        self.folder.bytes(name)
    }

    /// Runs the program, which must end with 0, and gives what it said.
    #[track_caller]
    fn run(&self, line: &str) -> String {
        let ran = self.folder.run(line).expect(0);
        ran.stdout + &ran.stderr
    }

    /// Goes on with all jobs, which come to the exports that they came to before.
    #[track_caller]
    fn finish_all(&self) {
        for job in JOBS {
            self.run(&format!("process --config {job}.yaml --no-progress"));
            let suffix = if job == "copies" { "parquet" } else { "jsonl" };
            let export = self.read(&format!("out/{job}.{suffix}"));
            let expected = self.read(&format!("expected/{job}.{suffix}"));
            assert!(export == expected, "{job} came to another export");
        }
    }

    /// The records of one type in a file of the journal.
    fn records(&self, job: &str, file: &str, kind: &str) -> usize {
        let journal = self.read(&format!("jobs/{job}/journal/{file}"));
        let journal = String::from_utf8(journal).unwrap();
        journal.matches(&format!("\"type\":\"{kind}\"")).count()
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy_folder(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}

/// Reports show all that these jobs hold, though that is less than what jobs of today hold.
#[test]
fn frozen_jobs_are_reported() {
    let frozen = Frozen::thawed();
    for job in JOBS {
        let line = format!("report {job} --base-dir jobs --json --html page.html");
        let report = frozen.folder.run(&line).expect(0).json();
        let records = report["overview"]["progress"]["total_samples"].as_u64();
        assert!(records > Some(0), "{job}: {report}");
        assert_eq!(report["remarks"], serde_json::json!([]), "{job}");
        let operators = report["operators"].as_array().unwrap();
        let reached = operators
            .iter()
            .filter(|operator| operator["records_in"] != 0);
        assert!(reached.count() > 0, "{job}: {operators:?}");
    }
}

/// Whoever made the jobs took statistics that records already had for what they were. Filters do that only on request now:
/// without it, what they published is made again.
#[test]
fn frozen_jobs_go_on_and_come_to_the_same_export() {
    let frozen = Frozen::thawed();
    frozen.finish_all();
    let published = JOBS.map(|job| frozen.records(job, "000002.jsonl", "published"));
    assert_eq!(published, [3; 5]);
}

/// With Data-Juicer's quirks statistics have ten decimals, so that filters are not what they were either. The same records stay.
#[test]
fn frozen_jobs_come_to_the_same_records_under_compat() {
    let frozen = Frozen::thawed();
    for job in JOBS {
        let name = format!("{job}.yaml");
        let recipe = String::from_utf8(frozen.read(&name)).unwrap();
        let recipe = recipe.replace("_filter:\n", "_filter:\n      compat: data_juicer\n");
        let recipe = recipe.replace("keep_stats_in_res_ds: true\n", "");
        fs::write(frozen.path(&name), recipe).unwrap();
    }
    let expected = frozen.path("expected/complete.jsonl");
    let without_statistics = fs::read_to_string(&expected).unwrap();
    let without_statistics: String = without_statistics
        .lines()
        .map(|line| match line.split_once(", \"__dj__stats__\"") {
            Some((record, _)) => format!("{record}}}\n"),
            None => format!("{line}\n"),
        })
        .collect();
    fs::write(&expected, without_statistics).unwrap();
    frozen.finish_all();
    let published = JOBS.map(|job| frozen.records(job, "000002.jsonl", "published"));
    assert_eq!(published, [3; 5]);
}

#[test]
fn frozen_checkpoints_serve_a_recipe_with_another_end() {
    let frozen = Frozen::thawed();
    for job in ["deltas", "gates", "copies", "complete"] {
        let recipe = String::from_utf8(frozen.read(&format!("{job}.yaml"))).unwrap();
        let recipe = recipe.replace("max_ratio: 0.5", "max_ratio: 0.05");
        fs::write(frozen.path("changed.yaml"), recipe).unwrap();
        frozen.run("process --config changed.yaml --no-progress");
        let suffix = if job == "copies" { "parquet" } else { "jsonl" };
        let resumed = frozen.read(&format!("out/{job}.{suffix}"));
        let loaded = frozen.run(&format!(
            "events {job} --base-dir jobs --type checkpoint_load"
        ));
        assert!(loaded.lines().count() >= 2, "{job}: {loaded}");
        frozen.run(&format!(
            "process --config changed.yaml --job_id fresh_{job} --export_path out/fresh.{suffix} --no-progress \
             --export_dropped null"
        ));
        let fresh = frozen.read(&format!("out/fresh.{suffix}"));
        assert!(
            resumed == fresh,
            "{job} came to another export than a new job"
        );
    }
}

#[test]
fn frozen_jobs_are_listed_watched_verified_and_cleaned() {
    let frozen = Frozen::thawed();
    let jobs = frozen.run("jobs --base-dir jobs");
    for job in JOBS {
        assert!(jobs.contains(job), "{jobs}");
        frozen.run(&format!("monitor {job} --base-dir jobs"));
        frozen.run(&format!("checkpoint list {job} --base-dir jobs"));
        frozen.run(&format!("checkpoint verify jobs/{job}"));
    }
    frozen.run("checkpoint clean jobs/complete");
    let resolved = frozen.path("jobs/complete/recipe.resolved.yaml");
    let recipe = fs::read_to_string(&resolved).unwrap();
    let recipe = recipe.replace(
        "retention_policy: keep_all",
        "retention_policy: cleanup_all",
    );
    fs::write(&resolved, recipe).unwrap();
    frozen.run("checkpoint clean jobs/complete");
    let left = |folder: &str| fs::read_dir(frozen.path(folder)).unwrap().count();
    assert_eq!(left("jobs/complete/results"), 0);
}
