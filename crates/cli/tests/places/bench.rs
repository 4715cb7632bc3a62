//! A folder of its own, the program in it, and what came of a run.

use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

/// A folder with `recipe.yaml`, which reads `ins`, and nothing else.
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
dataset_path: ins
export_path: out/o.jsonl
work_dir: jobs
np: 2
max_error_ratio: 1
process:
  - text_length_filter: {min_len: 3}
";

/// Longer than any run takes, even where many tests share a core.
const PATIENCE: Duration = Duration::from_secs(60);

/// Records of this name, one of four of which is too short to be kept.
pub(crate) fn records(name: &str, count: u32) -> String {
    let text = |id: u32| match id % 4 {
        0 => "a".to_owned(),
        _ => format!("Text {id} of {name}."),
    };
    let lines = (0..count).map(|id| format!("{{\"id\": {id}, \"text\": \"{}\"}}\n", text(id)));
    lines.collect()
}

/// What is kept of such records.
pub(crate) fn kept(records: &str) -> String {
    let lines = records.split_inclusive('\n');
    lines.filter(|line| !line.contains("\"a\"")).collect()
}

impl Bench {
    /// With 40 records in `ins/a.jsonl`.
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
        };
        bench.write("recipe.yaml", RECIPE);
        bench.write("ins/a.jsonl", records("a", 40));
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.path(name).symlink_metadata().is_ok()
    }

    pub(crate) fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
    }

    pub(crate) fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coldpress"));
        command
            .args(line.split_whitespace())
            .current_dir(self.folder.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, line: &str) -> Ran {
        Ran::of(self.command(line).output().unwrap())
    }

    /// Runs the recipe as this job, with these words more.
    pub(crate) fn job(&self, id: &str, more: &str) -> Ran {
        self.run(&format!(
            "process --config recipe.yaml --job_id {id} --json {more}"
        ))
    }

    /// Runs the recipe as the job `j`.
    pub(crate) fn process(&self, more: &str) -> Ran {
        self.job("j", more)
    }

    /// Has the job `j` killed at this point.
    pub(crate) fn crash(&self, point: &str, more: &str) {
        let line = format!("process --config recipe.yaml --job_id j --json {more}");
        let mut command = self.command(&line);
        let output = command.env("COLDPRESS_CRASH_POINT", point).output();
        let status = output.unwrap().status;
        assert_eq!(status.code(), None, "{point} was not hit");
    }

    /// Begins a job and freezes it once it has published something.
    pub(crate) fn freeze(&self, id: &str, more: &str) -> Frozen {
        let line =
            format!("process --config recipe.yaml --job_id {id} --json --partition.size 5 {more}");
        let mut command = self.command(&line);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let frozen = Frozen(Some(child.spawn().unwrap()));
        let begun = Instant::now();
        let journal = format!("jobs/{id}/journal/000001.jsonl");
        let reached = || {
            let journal = std::fs::read_to_string(self.path(&journal));
            journal.is_ok_and(|journal| journal.contains("\"type\":\"published\""))
        };
        while !reached() {
            assert!(begun.elapsed() < PATIENCE, "never got there");
            std::thread::sleep(Duration::from_millis(1));
        }
        frozen.signal("STOP");
        frozen
    }

    /// A dataset and a recipe that a job takes its time over.
    pub(crate) fn slow(&self) {
        let words = "Some more words that an operator looks at, one after another. ".repeat(300);
        let lines: String = (0..400)
            .map(|id| format!("{{\"id\": {id}, \"text\": \"Record {id:06}. {words}\"}}\n"))
            .collect();
        self.write("ins/a.jsonl", lines);
        let slow = "np: 1\nprocess:\n  - word_repetition_filter: {max_ratio: 1.0}\n  - character_repetition_filter: \
                    {max_ratio: 1.0}\n";
        let recipe = RECIPE.replace("np: 2\n", "").replace("process:\n", slow);
        self.write("recipe.yaml", recipe);
    }
}

/// A driver that was stopped by SIGSTOP in the midst of its work; killed where the test fails.
pub(crate) struct Frozen(Option<Child>);

impl Frozen {
    pub(crate) fn signal(&self, name: &str) {
        let line = format!("kill -{name} {}", self.0.as_ref().unwrap().id());
        let sent = Command::new("sh").args(["-c", &line]).status().unwrap();
        assert!(sent.success(), "{line}");
    }

    /// Lets it go on to its end.
    pub(crate) fn thaw(mut self) -> Ran {
        self.signal("CONT");
        Ran::of(self.0.take().unwrap().wait_with_output().unwrap())
    }

    /// Lets it go on and stops it as a user would.
    pub(crate) fn terminate(self) {
        self.signal("TERM");
        self.thaw().expect(143);
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Ran {
    fn of(output: Output) -> Self {
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

    /// What is told, on standard error or in the report.
    #[track_caller]
    pub(crate) fn tells(self, parts: &[&str]) -> Self {
        let told = format!("{}{}", self.stderr, self.stdout);
        for part in parts {
            assert!(told.contains(part), "no {part:?} in:\n{told}");
        }
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.stdout, self.stderr))
    }
}
