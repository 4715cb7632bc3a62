//! A folder with a recipe, in which each test writes its input.

use std::ops::Deref;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::shared::Folder;
pub(crate) use crate::shared::{Frozen, Ran};

/// A folder with `recipe.yaml`, and nothing else.
pub(crate) struct Bench {
    folder: Folder,
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

    /// Whether something stands at the export path.
    pub(crate) fn has_exported(&self) -> bool {
        self.exists(EXPORT)
    }

    /// Runs `recipe.yaml` as the job `j`, with these words more.
    pub(crate) fn process(&self, more: &str) -> Ran {
        self.run(&format!(
            "process --config recipe.yaml --job_id j --json {more}"
        ))
    }

    /// Begins `recipe.yaml` as the job `j` and freezes it once `reached` says that its journal is far enough.
    pub(crate) fn freeze(&self, more: &str, reached: impl Fn(&str) -> bool) -> Frozen {
        let line = format!("process --config recipe.yaml --job_id j --json {more}");
        self.freeze_at(&line, "j", reached)
    }

    /// The journal of the job `j` as far as it is written; empty where there is none.
    pub(crate) fn journal(&self) -> String {
        self.journal_of("j")
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

/// A file of `data/`.
pub(crate) fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/bad_input/data")
        .join(name)
}
