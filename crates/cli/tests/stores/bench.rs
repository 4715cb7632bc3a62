//! A folder with an input, and the program that works on it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Output};

use coldpress::config::{Overrides, Recipe};
use coldpress::executor::ErrorKind;

use crate::vault;

/// The word by which the program runs the job of a recipe, with all of its files in the stores of a URL.
pub(crate) const RUN: &str = "run-with-stores";

/// Runs `RUN RECIPE URL`; without a URL the journal says where files are.
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program says how it ended"
)]
pub(crate) fn run_job() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(2).collect();
    let text = fs::read_to_string(&words[0]).unwrap();
    let recipe = Recipe::parse(&text, &words[0], &Overrides::default()).unwrap();
    let mut builder = coldpress::executor(recipe).schemes(vault::schemes());
    if let Some(url) = words.get(1) {
        builder = builder.stores(url);
    }
    match builder.build().and_then(|executor| executor.run()) {
        Ok(report) => {
            println!("{}", report.status);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", error.full_message());
            ExitCode::from(if error.kind() == ErrorKind::Refused {
                4
            } else {
                1
            })
        }
    }
}

pub(crate) struct Bench {
    folder: tempfile::TempDir,
}

/// What a program did.
pub(crate) struct Ran(Output);

impl Ran {
    #[track_caller]
    pub(crate) fn expect(self, code: i32) -> Self {
        let told = String::from_utf8_lossy(&self.0.stderr);
        assert_eq!(self.0.status.code(), Some(code), "{}{told}", self.text());
        self
    }

    /// Killed, or at its end.
    pub(crate) fn was_killed(&self) -> bool {
        self.0.status.code().is_none()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.stdout).into_owned()
    }

    pub(crate) fn told(&self) -> String {
        String::from_utf8_lossy(&self.0.stderr).into_owned()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let record = |id: u32| match id % 37 {
            // No record at all.
            5 => format!("{{\"id\": {id}, \"text\": \n"),
            6 => format!("{{\"id\": {id}, \"text\": \"short\"}}\n"),
            _ => format!("{{\"id\": {id}, \"text\": \"a  secret text, see http://x.org/{id}\"}}\n"),
        };
        let lines: String = (0..300).map(record).collect();
        fs::write(folder.path().join("in.jsonl"), lines).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// The URL of the stores of a job, below this folder.
    pub(crate) fn url(&self, folder: &str) -> String {
        let folder = self.path(folder);
        format!("vault:{}/{{job_id}}/{{place}}", folder.display())
    }

    /// A recipe that makes files of every kind, in worker processes.
    pub(crate) fn recipe(&self, job: &str, more: &str) -> PathBuf {
        let text = format!(
            "dataset_path: {input}\nexport_path: {export}\nwork_dir: {jobs}\njob_id: {job}\nnp: 2\n\
             executor_type: process\npartition: {{size: 60, materialize: always}}\n\
             load_jsonl_lenient: true\nexport_stats: true\nexport_dropped: {dropped}\n\
             checkpoint: {{strategy: every_op}}\npreserve_intermediate_data: true\n{more}\
             process:\n  - whitespace_normalization_mapper:\n  - clean_links_mapper:\n  - text_length_filter: {{min_len: 8}}\n",
            input = self.path("in.jsonl").display(),
            export = self.path(&format!("{job}.jsonl")).display(),
            jobs = self.path("jobs").display(),
            dropped = self.path(&format!("{job}-dropped")).display(),
        );
        let path = self.path(&format!("{job}.yaml"));
        fs::write(&path, text).unwrap();
        path
    }

    /// Runs this program with these words; a crash point kills its driver.
    pub(crate) fn run(&self, words: &[&str], crash_point: Option<&str>) -> Ran {
        let program = std::env::current_exe().unwrap();
        self.run_program(&program, words, crash_point)
    }

    /// Runs `coldpress` itself, which knows none of the stores.
    pub(crate) fn coldpress(&self, words: &[&str]) -> Ran {
        self.run_program(Path::new(env!("CARGO_BIN_EXE_coldpress")), words, None)
    }

    fn run_program(&self, program: &Path, words: &[&str], crash_point: Option<&str>) -> Ran {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path());
        command.env("XDG_CACHE_HOME", self.path("cache"));
        if let Some(crash_point) = crash_point {
            command.env("COLDPRESS_CRASH_POINT", crash_point);
        }
        Ran(command.output().unwrap())
    }

    /// Begins to run this program with these words.
    pub(crate) fn begin(&self, words: &[&str]) -> std::process::Child {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(words)
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.path("cache"))
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        command.spawn().unwrap()
    }

    /// Runs the job of a recipe in stores of its own.
    pub(crate) fn job(&self, recipe: &Path, crash_point: Option<&str>) -> Ran {
        let recipe = recipe.display().to_string();
        self.run(&[RUN, &recipe, &self.url("vault")], crash_point)
    }

    /// The files below a folder, by their paths in it.
    pub(crate) fn files(&self, folder: &str) -> Vec<PathBuf> {
        fn add(folder: &Path, found: &mut Vec<PathBuf>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => add(&path, found),
                    false => found.push(path),
                }
            }
        }
        let mut found = Vec::new();
        add(&self.path(folder), &mut found);
        found.sort();
        found
    }
}
