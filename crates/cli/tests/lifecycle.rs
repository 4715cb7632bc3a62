//! How long the files of a job stay, and the commands that look after checkpoints.
#![allow(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use serde_json::Value;

const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition: {size: 10}
process:
  - whitespace_normalization_mapper:
  - clean_links_mapper:
  - text_length_filter: {min_len: 8}
";

/// A folder with 30 records and a recipe.
struct Bench {
    folder: tempfile::TempDir,
}

struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Bench {
    fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        let line = |id| format!("{{\"id\": {id}.0, \"text\": \" text  {id} of many\"}}\n");
        fs::write(
            bench.path("in.jsonl"),
            (0..30).map(line).collect::<String>(),
        )
        .unwrap();
        fs::write(bench.path("recipe.yaml"), RECIPE).unwrap();
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldpress"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path());
        command
    }

    fn run(&self, line: &str) -> Ran {
        Ran::of(&self.command(line).output().unwrap())
    }

    /// Runs the recipe as the job `a` with these settings besides.
    #[track_caller]
    fn process(&self, settings: &str) -> Ran {
        let line = format!("process --config recipe.yaml --job_id a --no-progress {settings}");
        self.run(&line).expect(0)
    }

    /// The files of a folder of the job `a`, but for views.
    fn files(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path("jobs/a").join(folder))
            .into_iter()
            .flatten();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names
            .filter(|name| !name.starts_with("checkpoint_"))
            .collect();
        names.sort();
        names
    }

    fn export(&self) -> String {
        fs::read_to_string(self.path("out/clean.jsonl")).unwrap()
    }

    fn cleanups(&self) -> Vec<String> {
        let ran = self.run("events a --base-dir jobs --type CHECKPOINT_CLEANUP --json");
        let events = ran.expect(0).json();
        let events = events.as_array().unwrap().iter();
        let messages = events.map(|event| event["message"].as_str().unwrap().to_owned());
        messages.collect()
    }
}

impl Ran {
    fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    #[track_caller]
    fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn says(self, part: &str) -> Self {
        let said = self.stdout.contains(part) || self.stderr.contains(part);
        assert!(said, "no {part:?} in {}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    let files = entries.filter(|entry| entry.file_type().unwrap().is_file());
    files
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read(entry.path()).unwrap())
        })
        .collect()
}

/// As if the job had ended so many days ago.
fn age(bench: &Bench, job: &str, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    for file in fs::read_dir(bench.path("jobs").join(job).join("journal")).unwrap() {
        let file = File::options()
            .write(true)
            .open(file.unwrap().path())
            .unwrap();
        file.set_modified(then).unwrap();
    }
}

const FULL: &str = "--checkpoint.strategy every_op --checkpoint.mode full";

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
    bench.process("").says("was completed before");
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
        "no record at all",
    );
    fs::write(bench.path("in.jsonl"), broken).unwrap();
    let settings = "--load_jsonl_lenient false --partition.materialize always --retry.max_retries 0 \
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
        .says("was completed before");
    assert_eq!(results("old"), 0);
    bench.process("--intermediate_storage.retention_policy cleanup_all");
    assert_eq!((results("keeps"), results("killed")), (6, 6));
}

#[test]
fn a_job_that_kept_failed_partitions_for_long_enough_is_cleaned_by_the_next_one() {
    let bench = Bench::new();
    let broken = fs::read_to_string(bench.path("in.jsonl")).unwrap() + "no record at all\n";
    fs::write(bench.path("broken.jsonl"), broken).unwrap();
    bench
        .run("process --config recipe.yaml --job_id old --dataset_path broken.jsonl --export_path out/old.jsonl \
              --load_jsonl_lenient false --partition.materialize always \
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

#[test]
fn intermediate_data_is_kept_behind_each_operator() {
    let bench = Bench::new();
    bench.process("--preserve_intermediate_data true --intermediate_storage.format jsonl --intermediate_storage.compression none");
    assert_eq!(
        bench.files("intermediate/partition_000001"),
        [
            "op_000_whitespace_normalization_mapper.jsonl",
            "op_001_clean_links_mapper.jsonl",
            "op_002_text_length_filter.jsonl"
        ]
    );
    let bench = Bench::new();
    bench.process("--preserve_intermediate_data true");
    let folder = bench.path("jobs/a/intermediate/partition_000001");
    let analysis = bench
        .run(&format!("checkpoint analyze {} --json", folder.display()))
        .expect(0);
    let analysis = analysis.json();
    assert_eq!(
        (
            &analysis["total"]["files"],
            &analysis["operators"]["clean_links_mapper"]["rows"]
        ),
        (&3.into(), &10.into())
    );
    bench
        .run(&format!("checkpoint verify {}", folder.display()))
        .expect(0);
}

#[test]
fn analysis_adds_up() {
    let bench = Bench::new();
    bench.process(FULL);
    let analysis = bench
        .run("checkpoint analyze jobs/a --json")
        .expect(0)
        .json();
    let total = &analysis["total"];
    let on_disk: u64 = contents(&bench.path("jobs/a/checkpoints"))
        .iter()
        .filter(|(name, _)| name.starts_with("partition_"))
        .map(|(_, bytes)| bytes.len() as u64)
        .sum();
    assert_eq!(total["stored_bytes"], on_disk);
    assert_eq!(
        (&total["files"], &total["checkpoints"], &total["rows"]),
        (&9.into(), &9.into(), &90.into())
    );
    for by in ["formats", "kinds", "partitions"] {
        let shares = analysis[by].as_object().unwrap().values();
        let sum: u64 = shares
            .map(|share| share["stored_bytes"].as_u64().unwrap())
            .sum();
        assert_eq!(sum, on_disk, "{by}");
    }
    // The second operator changes nothing; the third adds a statistic to each row.
    assert_eq!(analysis["repeated"]["groups"], 3);
    bench
        .run("checkpoint analyze jobs/a/checkpoints")
        .expect(0)
        .says("there more than once");
    bench.run("checkpoint analyze nowhere").expect(5);
}

#[test]
fn damage_is_found_and_told_where() {
    let bench = Bench::new();
    bench.process(FULL);
    bench
        .run("checkpoint verify jobs/a")
        .expect(0)
        .says("15 files, all good");
    let name = bench.files("checkpoints").remove(4);
    let path = bench.path("jobs/a/checkpoints").join(&name);
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let result = bench.path("jobs/a/results/partition_000002.e1.a1.jsonl");
    fs::remove_file(result).unwrap();
    let looked = bench
        .run("checkpoint verify jobs/a --json")
        .expect(1)
        .json();
    let status = |name: &str| {
        let found = looked
            .as_array()
            .unwrap()
            .iter()
            .find(|file| file["name"] == name);
        found.unwrap()["status"].as_str().unwrap().to_owned()
    };
    assert_eq!(status(&name), "damaged");
    assert_eq!(status("results/partition_000002.e1.a1.jsonl"), "missing");
    bench
        .run("checkpoint verify jobs/a")
        .expect(1)
        .says("2 not good");
    bench
        .run("checkpoint migrate jobs/a --to arrow")
        .expect(3)
        .says("it is damaged");
}

#[test]
fn migration_goes_there_and_back() {
    let bench = Bench::new();
    bench.process(FULL);
    let folder = bench.path("jobs/a/checkpoints");
    let before = contents(&folder);
    bench
        .run("checkpoint migrate jobs/a --to arrow --dry-run")
        .expect(0)
        .says("would be written");
    assert_eq!(contents(&folder), before);
    bench
        .run("checkpoint migrate jobs/a --to arrow --compression none")
        .expect(0)
        .says("goes on using its original files");
    assert_eq!(contents(&folder).len(), before.len() + 9);
    // Cut off: what is not whole is written again, what is there is compared.
    let torn = before.keys().find(|name| name.starts_with("partition_"));
    let torn = folder.join(torn.unwrap().replace(".parquet", ".arrow"));
    fs::write(&torn, "AR").unwrap();
    bench
        .run("checkpoint migrate jobs/a --to arrow")
        .expect(0)
        .says("there already")
        .says("written and compared");
    bench.run("checkpoint verify jobs/a").expect(0);
    // The job starts, and leaves them alone.
    bench.process(&format!("{FULL} --export_path out/more.jsonl"));
    assert_eq!(
        contents(&folder)
            .keys()
            .filter(|name| name.ends_with(".arrow"))
            .count(),
        9
    );
    // In a folder of their own they come back to the byte.
    let copies = bench.path("copies");
    fs::create_dir(&copies).unwrap();
    for (name, bytes) in before
        .iter()
        .filter(|(name, _)| name.starts_with("partition_"))
    {
        fs::write(copies.join(name), bytes).unwrap();
    }
    let first = contents(&copies);
    for format in ["jsonl", "arrow", "parquet"] {
        bench
            .run(&format!(
                "checkpoint migrate copies --to {format} --remove-originals"
            ))
            .expect(0);
        assert_eq!(contents(&copies).len(), 9, "{format}");
    }
    assert_eq!(contents(&copies), first);
}

#[test]
fn originals_of_a_job_go_only_when_it_is_finished() {
    let bench = Bench::new();
    let line = format!("process --config recipe.yaml --job_id a --no-progress {FULL}");
    let killed = bench
        .command(&line)
        .env("COLDPRESS_CRASH_POINT", "merge.finish")
        .output()
        .unwrap();
    assert_eq!(killed.status.code(), None);
    let migrate = "checkpoint migrate jobs/a --to arrow --remove-originals";
    bench.run(migrate).expect(4).says("is not finished");
    bench.process(FULL);
    bench
        .run(migrate)
        .expect(0)
        .says("9 originals removed")
        .says("runs again");
    assert!(
        bench
            .files("checkpoints")
            .iter()
            .all(|name| name.ends_with(".arrow"))
    );
    bench
        .run("checkpoint list a --base-dir jobs")
        .expect(0)
        .says("no checkpoints");
    // Names that the journal gave up are given to nothing again.
    bench
        .run("checkpoint migrate jobs/a --to parquet")
        .expect(3)
        .says("for good");
    let report = bench.process(&format!("{FULL} --export_path out/more.jsonl --json"));
    assert_eq!(report.json()["partitions_reused"], 3);
    assert_eq!(bench.files("checkpoints").len(), 9);
}
