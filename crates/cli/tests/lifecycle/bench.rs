//! A folder with a job to look after.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use serde_json::Value;

pub(crate) const RECIPE: &str = "\
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
pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
}

pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldpress"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(&self.command(line).output().unwrap())
    }

    /// Runs the recipe as the job `a` with these settings besides.
    #[track_caller]
    pub(crate) fn process(&self, settings: &str) -> Ran {
        let line = format!("process --config recipe.yaml --job_id a --no-progress {settings}");
        self.run(&line).expect(0)
    }

    /// The files of a folder of the job `a`, but for views.
    pub(crate) fn files(&self, folder: &str) -> Vec<String> {
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

    pub(crate) fn export(&self) -> String {
        fs::read_to_string(self.path("out/clean.jsonl")).unwrap()
    }

    pub(crate) fn cleanups(&self) -> Vec<String> {
        let ran = self.run("events a --base-dir jobs --type CHECKPOINT_CLEANUP --json");
        let events = ran.expect(0).json();
        let events = events.as_array().unwrap().iter();
        let messages = events.map(|event| event["message"].as_str().unwrap().to_owned());
        messages.collect()
    }
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        let said = self.stdout.contains(part) || self.stderr.contains(part);
        assert!(said, "no {part:?} in {}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

pub(crate) fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
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
pub(crate) fn age(bench: &Bench, job: &str, days: u64) {
    let then = SystemTime::now() - Duration::from_secs(days * 24 * 3600);
    for file in fs::read_dir(bench.path("jobs").join(job).join("journal")).unwrap() {
        let file = File::options()
            .write(true)
            .open(file.unwrap().path())
            .unwrap();
        file.set_modified(then).unwrap();
    }
}

pub(crate) const FULL: &str = "--checkpoint.strategy every_op --checkpoint.mode full";
