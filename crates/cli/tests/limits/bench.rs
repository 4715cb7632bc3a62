//! A folder with a recipe and what it exports, and file systems and users of its own.

use std::fs;
use std::ops::Deref;
use std::process::Command;

use serde_json::Value;

pub(crate) use crate::shared::Ran;
use crate::shared::{Folder, PROGRAM};

/// 20 partitions, checkpoints after each operator, and one retry that must not be needed.
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
    folder: Folder,
    pub(crate) expected: Vec<u8>,
}

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = Folder::new();
        folder.write("recipe.yaml", RECIPE);
        folder.write("in.jsonl", input());
        let mut bench = Self {
            folder,
            expected: Vec::new(),
        };
        bench
            .run(
                "process --config recipe.yaml --job_id undisturbed --export_path undisturbed.jsonl",
            )
            .expect(0);
        bench.expected = bench.bytes("undisturbed.jsonl");
        bench
    }

    /// Forgets what jobs made, but for the undisturbed one.
    pub(crate) fn clear(&self) {
        for folder in ["jobs", "out", "other"] {
            let _ = fs::remove_dir_all(self.path(folder));
        }
    }

    /// Runs a shell script; `$COLDPRESS` is the program.
    pub(crate) fn script(&self, script: &str) -> Ran {
        let mut command = Command::new("sh");
        command.args(["-euc", script]);
        self.ran(command)
    }

    /// Runs a shell script that may mount file systems, which are gone at its end; none where that is not permitted.
    pub(crate) fn mounting(&self, script: &str) -> Option<Ran> {
        let shell = self.folder.mounting_shell(script)?;
        Some(self.ran(shell))
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
            .arg(self.folder.root())
            .status();
        let probe = as_nobody(&format!("test -x {PROGRAM}")).status();
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
            .current_dir(self.folder.root())
            .env("COLDPRESS", PROGRAM);
        Ran::of(command.output().unwrap())
    }

    /// The events of the job `j`, where its folder is still there.
    pub(crate) fn events(&self) -> Vec<Value> {
        let text = self.read("jobs/j/event_logs/events.jsonl");
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
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
