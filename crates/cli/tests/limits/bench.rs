//! A folder of its own, the program in it, and file systems of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// 20 partitions, checkpoints behind each operator, and one retry that must not be needed.
const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/o.jsonl
work_dir: jobs
np: 2
min_free_disk_mb: 0
partition: {size: 50}
checkpoint: {strategy: every_op}
retry: {max_retries: 1}
process:
  - clean_links_mapper:
  - text_length_filter: {min_len: 20}
";

/// The job that everything is done with.
pub(crate) const PROCESS: &str = "process --config recipe.yaml --job_id j --no-progress";

/// A folder with `in.jsonl` and `recipe.yaml`, and what an undisturbed run of it exports.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    pub(crate) expected: Vec<u8>,
}

/// A run of the program.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("recipe.yaml"), RECIPE).unwrap();
        fs::write(folder.path().join("in.jsonl"), input()).unwrap();
        let mut bench = Self {
            folder,
            expected: Vec::new(),
        };
        bench
            .run(
                "process --config recipe.yaml --job_id undisturbed --export_path undisturbed.jsonl",
            )
            .expect(0);
        bench.expected = bench.read("undisturbed.jsonl");
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Forgets what jobs made, but for the undisturbed one.
    pub(crate) fn clear(&self) {
        for folder in ["jobs", "out", "other"] {
            let _ = fs::remove_dir_all(self.path(folder));
        }
    }

    /// Runs the program with these words.
    pub(crate) fn run(&self, line: &str) -> Ran {
        let mut command = Command::new(program());
        command.args(line.split_whitespace());
        self.ran(command)
    }

    /// Runs a shell script; `$COLDPRESS` is the program.
    pub(crate) fn script(&self, script: &str) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-euc", script]);
        self.ran(command)
    }

    /// Runs a shell script that may mount file systems, which are gone at its end; none where that is not permitted.
    #[allow(clippy::print_stdout, reason = "a test that tests nothing must say so")]
    pub(crate) fn mounting(&self, script: &str) -> Option<Ran> {
        let probe = "mkdir -p probe && mount -t tmpfs -o size=64k tmpfs probe";
        let in_namespace = |script: &str| {
            let mut command = Command::new("unshare");
            command.args(["-rm", "sh", "-euc", script]);
            command
                .current_dir(self.folder.path())
                .env("COLDPRESS", program());
            command
        };
        let permitted = in_namespace(probe).output();
        if !permitted.is_ok_and(|output| output.status.success()) {
            println!("`unshare -rm` and `mount` are not permitted here: nothing is tested");
            return None;
        }
        Some(self.ran(in_namespace(script)))
    }

    /// Runs a shell script as a user without any rights, who owns the folder; none where that is not permitted.
    #[allow(clippy::print_stdout, reason = "a test that tests nothing must say so")]
    pub(crate) fn without_rights(&self, script: &str) -> Option<Ran> {
        const NOBODY: &str = "54321";
        let as_nobody = |script: &str| {
            let mut command = Command::new("setpriv");
            command.args(["--reuid", NOBODY, "--clear-groups", "sh", "-euc", script]);
            command
        };
        let owned = Command::new("chown")
            .args(["-R", NOBODY])
            .arg(self.folder.path())
            .status();
        let probe = as_nobody(&format!("test -x {}", program().display())).status();
        if ![owned, probe]
            .iter()
            .all(|status| status.as_ref().is_ok_and(std::process::ExitStatus::success))
        {
            println!("`setpriv` and `chown` are not permitted here: nothing is tested");
            return None;
        }
        Some(self.ran(as_nobody(script)))
    }

    fn ran(&self, mut command: Command) -> Ran {
        let command = command
            .current_dir(self.folder.path())
            .env("COLDPRESS", program());
        let output = command.output().unwrap();
        Ran {
            code: output.status.code().unwrap_or(-1),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// The events of the job `j`, where its folder is still there.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = String::from_utf8(self.read("jobs/j/event_logs/events.jsonl")).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{}", self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// The only line of standard error that is an error; empty where there is none.
    #[track_caller]
    pub(crate) fn error(&self) -> &str {
        let mut errors = self
            .stderr
            .lines()
            .filter_map(|line| line.strip_prefix("error: "));
        let first = errors.next().unwrap_or_default();
        assert_eq!(errors.next(), None, "{}", self.stderr);
        first
    }
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_coldpress"))
}

/// 1,000 records of about 160 bytes that do not pack well.
fn input() -> String {
    let mut state = 7_u64;
    let mut word = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        state >> 24
    };
    (0..1000)
        .map(|id| {
            let words: Vec<String> = (0..12).map(|_| format!("{:x}", word())).collect();
            format!(
                "{{\"id\": {id}, \"text\": \"{} http://a.b/{id}\"}}\n",
                words.join(" ")
            )
        })
        .collect()
}
