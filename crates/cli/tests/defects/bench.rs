//! A folder with a dataset of six partitions, and what an undisturbed run exports.

use std::collections::BTreeMap;
use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) use crate::shared::Ran;
use crate::shared::{Folder, PROGRAM};

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
    folder: Folder,
}

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: Folder::new(),
        };
        bench.write("in.jsonl", dataset(RECORDS));
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    /// A folder as this one is now.
    pub(crate) fn copy(&self) -> Self {
        let copy = Self {
            folder: Folder::new(),
        };
        copy_all(self.root(), copy.root());
        copy
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
            .arg(PROGRAM)
            .args(line.split_whitespace())
            .current_dir(self.folder.root())
            .stdin(Stdio::null());
        Ran::of(command.output().unwrap())
    }

    /// Runs the recipe as the job `a`, which kills itself at this crash point.
    #[track_caller]
    pub(crate) fn crash(&self, point: &str, more: &str) {
        let line = format!("process --config recipe.yaml --job_id a --json {more}");
        self.crash_at(point, &line);
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
            folder: Folder::new(),
        };
        for name in ["in.jsonl", "recipe.yaml"] {
            fs::copy(self.path(name), other.path(name)).unwrap();
        }
        other.process("").expect(0);
        other.read(EXPORT)
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
