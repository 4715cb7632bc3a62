//! A folder with a job to look after.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::ops::Deref;
use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::shared::Folder;
pub(crate) use crate::shared::Ran;

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
        let line = |id| format!("{{\"id\": {id}.0, \"text\": \" text  {id} of many\"}}\n");
        bench.write("in.jsonl", (0..30).map(line).collect::<String>());
        bench.write("recipe.yaml", RECIPE);
        bench
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
        self.read("out/clean.jsonl")
    }

    pub(crate) fn cleanups(&self) -> Vec<String> {
        let ran = self.run("events a --base-dir jobs --type CHECKPOINT_CLEANUP --json");
        let events = ran.expect(0).json();
        let events = events.as_array().unwrap().iter();
        let messages = events.map(|event| event["message"].as_str().unwrap().to_owned());
        messages.collect()
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
