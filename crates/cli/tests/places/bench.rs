//! A folder with records in `ins` and a recipe that reads them.

use std::ops::Deref;
use std::os::unix::fs::symlink;

pub(crate) use crate::shared::Ran;
use crate::shared::{Folder, Frozen};

/// A folder with `recipe.yaml`, which reads `ins`, and nothing else.
pub(crate) struct Bench {
    folder: Folder,
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

impl Deref for Bench {
    type Target = Folder;

    fn deref(&self) -> &Folder {
        &self.folder
    }
}

impl Bench {
    /// With 40 records in `ins/a.jsonl`.
    pub(crate) fn new() -> Self {
        let bench = Self {
            folder: Folder::new(),
        };
        bench.write("recipe.yaml", RECIPE);
        bench.write("ins/a.jsonl", records("a", 40));
        bench
    }

    pub(crate) fn link(&self, target: &str, name: &str) {
        symlink(target, self.path(name)).unwrap();
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
    #[track_caller]
    pub(crate) fn crash(&self, point: &str, more: &str) {
        let line = format!("process --config recipe.yaml --job_id j --json {more}");
        self.crash_at(point, &line);
    }

    /// Begins a job and freezes it once it has published something.
    pub(crate) fn freeze(&self, id: &str, more: &str) -> Frozen {
        let line =
            format!("process --config recipe.yaml --job_id {id} --json --partition.size 5 {more}");
        self.freeze_at(&line, id, |journal| {
            journal.contains("\"type\":\"published\"")
        })
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
