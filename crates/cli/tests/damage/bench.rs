//! The folder of the cases: the program, the undisturbed run.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use coldpress::storage::crash_point;

use crate::shared::{PATIENCE, PROGRAM};
use crate::state::State;

/// Two filters of one column each, records that go to quarantine, and every file that a recipe can ask for.
const RECIPE: &str = "\
dataset_path: ../in.jsonl
export_path: out/clean.jsonl
export_stats: true
export_dropped: out/dropped
work_dir: jobs
np: 2
partition: {size: 50, materialize: always}
checkpoint: {strategy: every_op, gate_seconds: 0}
retry: {max_retries: 1, retry_delay_seconds: 0.01}
process:
  - whitespace_normalization_mapper:
  - clean_links_mapper:
  - text_length_filter: {min_len: 16}
";

/// A folder with the dataset and the recipe, and below it the places in which the job runs.
pub(crate) struct Bench {
    folder: tempfile::TempDir,
    /// What an undisturbed run writes.
    pub(crate) undisturbed: Written,
}

/// A folder of the job and of its export.
#[derive(Clone)]
pub(crate) struct Place {
    path: PathBuf,
}

/// The files of a folder of exports, but for those that are for the program alone.
pub(crate) type Written = BTreeMap<String, Vec<u8>>;

/// A run of the program.
pub(crate) struct Ran {
    /// None if it was killed, also because it did not end.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Bench {
    pub(crate) fn new(state: State) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let mut bench = Self {
            folder,
            undisturbed: Written::new(),
        };
        fs::write(bench.folder.path().join("in.jsonl"), dataset()).unwrap();
        let (more, files) = state.more_operators();
        let recipe = format!("{RECIPE}{more}");
        fs::write(bench.folder.path().join("recipe.yaml"), recipe).unwrap();
        let place = bench.place("undisturbed");
        let ran = place.process("", None);
        assert_eq!(ran.code, Some(0), "{}", ran.stderr);
        bench.undisturbed = place.written();
        let written = bench.undisturbed.len();
        assert_eq!(written, files, "an export and its companions");
        bench
    }

    /// A new place to run in.
    pub(crate) fn place(&self, name: &str) -> Place {
        let path = self.folder.path().join(name);
        fs::create_dir(&path).unwrap();
        Place { path }
    }
}

/// 300 records, some of them changed by each mapper, dropped, the same as others, or no records at all.
fn dataset() -> String {
    let mut lines = String::new();
    for id in 0..300 {
        match id {
            60 | 170 | 171 => writeln!(lines, "no record {id}"),
            _ if id % 11 == 3 => writeln!(
                lines,
                "{{\"id\": {id}.0, \"text\": \"one of the four texts: {}\"}}",
                id % 4
            ),
            _ if id % 7 == 0 => writeln!(lines, "{{\"id\": {id}.0, \"text\": \"short {id}\"}}"),
            _ if id % 5 == 0 => writeln!(
                lines,
                "{{\"id\": {id}.0, \"text\": \"see https://example.org/{id} for\\u00a0more\"}}"
            ),
            _ => writeln!(
                lines,
                "{{\"id\": {id}.0, \"text\": \"text  {id} of  many\"}}"
            ),
        }
        .unwrap();
    }
    lines
}

impl Place {
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Runs the job, and kills it at a crash point where one is given.
    pub(crate) fn process(&self, more: &str, crash: Option<&str>) -> Ran {
        self.process_job("j", more, crash)
    }

    /// Runs the recipe as this job.
    pub(crate) fn process_job(&self, job: &str, more: &str, crash: Option<&str>) -> Ran {
        let mut command = Command::new(PROGRAM);
        command
            .args("process --config ../recipe.yaml --no-progress --json --job_id".split(' '))
            .arg(job)
            .args(more.split_whitespace())
            .current_dir(&self.path)
            .stdin(Stdio::null());
        if let Some(point) = crash {
            command.env(crash_point::VARIABLE, point);
        }
        self.run(command)
    }

    /// Runs a command that must end by itself.
    fn run(&self, mut command: Command) -> Ran {
        let output = |name| File::create(self.path(name)).unwrap();
        let mut child = command
            .stdout(output("stdout"))
            .stderr(output("stderr"))
            .spawn()
            .unwrap();
        let begun = Instant::now();
        let status = loop {
            if begun.elapsed() > PATIENCE {
                child.kill().unwrap();
            }
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let text = |name| String::from_utf8_lossy(&fs::read(self.path(name)).unwrap()).into_owned();
        Ran {
            code: status.code(),
            stdout: text("stdout"),
            stderr: text("stderr"),
        }
    }

    /// The export and what lies beside it.
    pub(crate) fn written(&self) -> Written {
        let folder = self.path("out");
        let mut written = Written::new();
        for path in paths_in(&folder) {
            let name = path.strip_prefix(&folder).unwrap().display().to_string();
            let is_hidden = name.split('/').any(|part| part.starts_with('.'));
            if !is_hidden && !path.is_dir() {
                written.insert(name, fs::read(&path).unwrap());
            }
        }
        written
    }

    /// The files and links of the job and of its export, relative to this place.
    pub(crate) fn files(&self) -> Vec<String> {
        let folders = ["jobs/j", "out"].map(|folder| paths_in(&self.path(folder)));
        let files = folders.into_iter().flatten();
        let files = files.filter(|path| path.is_symlink() || !path.is_dir());
        let name = |path: PathBuf| path.strip_prefix(&self.path).unwrap().display().to_string();
        let mut names: Vec<_> = files.map(name).collect();
        names.sort();
        names
    }

    /// Copies all that is here into a new place.
    pub(crate) fn copy_to(&self, other: &Self) {
        for path in paths_in(&self.path) {
            let copy = other.path.join(path.strip_prefix(&self.path).unwrap());
            if path.is_symlink() {
                std::os::unix::fs::symlink(fs::read_link(&path).unwrap(), &copy).unwrap();
            } else if path.is_dir() {
                fs::create_dir(&copy).unwrap();
            } else {
                fs::copy(&path, &copy).unwrap();
            }
        }
    }

    pub(crate) fn remove(self) {
        fs::remove_dir_all(self.path).unwrap();
    }
}

/// What is in a folder and in the folders in it, each folder before what is in it.
fn paths_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        found.push(path.clone());
        if path.is_dir() && !path.is_symlink() {
            found.extend(paths_in(&path));
        }
    }
    found
}
