//! The folder of a test: the program, the undisturbed run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use coldpress::storage::crash_point;
use serde_json::Value;

/// Both mappers change every text, and the filter drops some: an operator that is left out shows.
pub(crate) const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 1
partition: {size: 50}
checkpoint: {strategy: every_op, gate_seconds: 0}
process:
  - whitespace_normalization_mapper:
  - clean_links_mapper:
  - text_length_filter: {min_len: 16}
";

pub(crate) const EXPORT: &str = "out/clean.jsonl";

const RECORDS: u32 = 300;

/// A folder with a dataset of six partitions and a recipe.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A run of the program.
pub(crate) struct Ran {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.write("in.jsonl", dataset(RECORDS));
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    /// A folder as this one is now.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        copy_all(self.folder.path(), copy.folder.path());
        copy
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The paths in a folder, in the order of their names.
    pub(crate) fn paths_in(&self, folder: &str) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path(folder)).into_iter().flatten();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    }

    /// The files in a folder by their names.
    pub(crate) fn files(&self, folder: &str) -> BTreeMap<String, Vec<u8>> {
        let paths = self.paths_in(folder).into_iter();
        let files = paths.filter(|path| path.is_file());
        let file = |path: PathBuf| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read(path).unwrap())
        };
        files.map(file).collect()
    }

    fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldpress"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    /// Runs the program with these words.
    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(&self.command(line).output().unwrap())
    }

    /// Runs the recipe as the job `a`, with these words more.
    pub(crate) fn process(&self, more: &str) -> Ran {
        self.run(&format!(
            "process --config recipe.yaml --job_id a --json {more}"
        ))
    }

    /// As [`process`](Self::process), but no longer than so many seconds: then the exit code is 124.
    pub(crate) fn process_within(&self, seconds: u32, more: &str) -> Ran {
        let line = format!("process --config recipe.yaml --job_id a --json {more}");
        let mut command = Command::new("timeout");
        command
            .arg(seconds.to_string())
            .arg(env!("CARGO_BIN_EXE_coldpress"))
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        Ran::of(&command.output().unwrap())
    }

    /// Runs the recipe as the job `a`, which kills itself at this crash point.
    #[track_caller]
    pub(crate) fn crash(&self, point: &str, more: &str) {
        let line = format!("process --config recipe.yaml --job_id a --json {more}");
        let mut command = self.command(&line);
        let ran = Ran::of(&command.env(crash_point::VARIABLE, point).output().unwrap());
        assert_eq!(ran.code, None, "{point} was not reached: {}", ran.stderr);
    }

    /// Runs the recipe as the job `a`, which kills itself when two of its six partitions are published and two others
    /// have checkpoints to go on from.
    #[track_caller]
    pub(crate) fn crash_midway(&self, more: &str) {
        self.crash("driver.publish:10", more);
    }

    /// What an undisturbed run of the recipe exports, which leaves no other trace here.
    #[track_caller]
    pub(crate) fn undisturbed(&self) -> String {
        let other = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        for name in ["in.jsonl", "recipe.yaml"] {
            fs::copy(self.path(name), other.path(name)).unwrap();
        }
        other.process("").expect(0);
        other.read(EXPORT)
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
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn says(self, part: &str) -> Self {
        let says = self.stdout.contains(part) || self.stderr.contains(part);
        assert!(says, "no {part:?} in {}{}", self.stdout, self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}{}", self.stdout, self.stderr))
    }
}

/// So many records; each fifth is too short once its text is clean.
pub(crate) fn dataset(records: u32) -> String {
    let line = |id| match id % 5 {
        0 => format!("{{\"id\": {id}.0, \"text\": \"see  https://example.org/{id}\"}}\n"),
        _ => {
            format!("{{\"id\": {id}.0, \"text\": \" text  {id} of  many https://example.org\"}}\n")
        }
    };
    (0..records).map(line).collect()
}

fn copy_all(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let (path, kind) = entry
            .map(|entry| (entry.path(), entry.file_type().unwrap()))
            .unwrap();
        let copy = to.join(path.file_name().unwrap());
        if kind.is_dir() {
            fs::create_dir(&copy).unwrap();
            copy_all(&path, &copy);
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), &copy).unwrap();
        } else {
            fs::copy(&path, &copy).unwrap();
        }
    }
}
