//! A folder of its own, the program in it, and what came of a run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_coldpress");

/// A folder with a dataset of 30 records, `recipe.yaml`, and nothing else.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition:
  size: 10
process:
  - whitespace_normalization_mapper:
  - text_length_filter:
      min_len: 8
";

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        // Records 0 to 9 are `text  0` and the like: 7 characters, one too few.
        let lines: String = (0..30)
            .map(|id| format!("{{\"id\": {id}.0, \"text\": \" text  {id}\"}}\n"))
            .collect();
        bench.write("in.jsonl", &lines);
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(PROGRAM);
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with these words.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(self.command(line).output().unwrap())
    }

    /// Runs the recipe as the job `job`.
    #[track_caller]
    pub(crate) fn process(&self, job: &str) -> Ran {
        self.run(&format!("process --config recipe.yaml --job_id {job}"))
            .expect(0)
    }
}

impl Ran {
    pub(crate) fn of(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "stdout: {}\nstderr: {}",
            self.stdout, self.stderr
        );
        self
    }

    #[track_caller]
    pub(crate) fn prints(self, parts: &[&str]) -> Self {
        parts.iter().for_each(|part| {
            assert!(
                self.stdout.contains(part),
                "no {part:?} in:\n{}",
                self.stdout
            )
        });
        self
    }

    #[track_caller]
    pub(crate) fn tells(self, parts: &[&str]) -> Self {
        parts.iter().for_each(|part| {
            assert!(
                self.stderr.contains(part),
                "no {part:?} in:\n{}",
                self.stderr
            )
        });
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", self.stdout))
    }
}

/// The top of the repository.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
}
