//! A folder of its own, the program in it, and what came of a run.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder with `recipe.yaml`, and nothing else.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// A run of the program.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Keeps every record that has a text, whatever the share of those in quarantine.
pub(crate) const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/o.jsonl
work_dir: jobs
np: 2
max_error_ratio: 1
process:
  - text_length_filter:
      min_len: 0
";

pub(crate) const EXPORT: &str = "out/o.jsonl";

/// Longer than any run takes, even where many tests share a core.
const PATIENCE: Duration = Duration::from_secs(60);

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    /// As [`Bench::new`], with `in.jsonl` of 30 good records.
    pub(crate) fn with_input() -> Self {
        let bench = Self::new();
        let lines: String = (0..30)
            .map(|id| format!("{{\"id\": {id}.0, \"text\": \"Text {id}.\"}}\n"))
            .collect();
        bench.write("in.jsonl", lines);
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Whether something stands at the export path.
    pub(crate) fn has_exported(&self) -> bool {
        self.path(EXPORT).symlink_metadata().is_ok()
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldpress"));
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

    /// Runs `recipe.yaml` as the job `j`, with these words more.
    pub(crate) fn process(&self, more: &str) -> Ran {
        self.run(&format!(
            "process --config recipe.yaml --job_id j --json {more}"
        ))
    }

    /// Begins `recipe.yaml` as the job `j` and freezes it once `reached` says that its journal is far enough.
    pub(crate) fn freeze(&self, more: &str, reached: impl Fn(&str) -> bool) -> Frozen {
        let mut command = self.command(&format!(
            "process --config recipe.yaml --job_id j --json {more}"
        ));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let frozen = Frozen {
            child: Some(child.spawn().unwrap()),
        };
        let begun = Instant::now();
        while !reached(&self.journal()) {
            assert!(begun.elapsed() < PATIENCE, "never got there");
            std::thread::sleep(Duration::from_millis(1));
        }
        frozen.signal("STOP");
        frozen
    }

    /// The journal of the job `j` as far as it is written; empty where there is none.
    pub(crate) fn journal(&self) -> String {
        let files = std::fs::read_dir(self.path("jobs/j/journal"));
        let mut paths: Vec<_> = files
            .into_iter()
            .flatten()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        paths
            .iter()
            .filter_map(|path| std::fs::read_to_string(path).ok())
            .collect()
    }

    /// What is in quarantine, in dataset order.
    pub(crate) fn quarantine(&self) -> Vec<Value> {
        let shown = self.run("quarantine show j --base-dir jobs").expect(0);
        let mut entries: Vec<Value> = shown
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        entries.sort_by_key(|entry| (entry["source"].as_u64(), entry["position"].as_u64()));
        entries
    }
}

/// A driver that was stopped by SIGSTOP in the midst of its work; killed where the test fails.
pub(crate) struct Frozen {
    child: Option<Child>,
}

impl Frozen {
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.pid());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success(), "{line}");
    }

    /// Lets it go on to its end.
    pub(crate) fn thaw(mut self) -> Ran {
        self.signal("CONT");
        Ran::of(self.child.take().unwrap().wait_with_output().unwrap())
    }

    /// Lets it go on and stops it as a user would.
    pub(crate) fn terminate(self) -> Ran {
        self.signal("TERM");
        self.thaw()
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = child.kill();
            let _ = child.wait();
        }
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
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The first line of standard error must be this error.
    #[track_caller]
    pub(crate) fn error(self, message: &str) -> Self {
        let first = self.stderr.lines().next().unwrap_or_default();
        assert_eq!(first, format!("error: {message}"), "{}", self.stderr);
        self
    }

    #[track_caller]
    pub(crate) fn tells(self, parts: &[&str]) -> Self {
        for part in parts {
            assert!(
                self.stderr.contains(part),
                "no {part:?} in:\n{}",
                self.stderr
            );
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}

/// A file of `data/`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/bad_input/data")
        .join(name)
}
