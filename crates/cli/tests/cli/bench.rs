//! A folder with a dataset of 30 records and a recipe.

use std::ops::Deref;

use crate::shared::Folder;
pub(crate) use crate::shared::{Ran, repository};

/// A folder with a dataset of 30 records, `recipe.yaml`, and nothing else.
pub(crate) struct Bench {
    folder: Folder,
}

pub(crate) const RECIPE: &str = "\
dataset_path: in.jsonl
export_path: out/clean.jsonl
work_dir: jobs
np: 2
partition:
  size: 10
process:
  - whitespace_normalization_mapper:
  - text_length_filter:
      min_len: 8
";

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
        // Records 0 to 9 are `text  0` and the like: 7 characters, one too few.
        let lines: String = (0..30)
            .map(|id| format!("{{\"id\": {id}.0, \"text\": \" text  {id}\"}}\n"))
            .collect();
        bench.write("in.jsonl", &lines);
        bench.write("recipe.yaml", RECIPE);
        bench
    }

    /// Runs the recipe as the job `job`.
    #[track_caller]
    pub(crate) fn process(&self, job: &str) -> Ran {
        self.run(&format!("process --config recipe.yaml --job_id {job}"))
            .expect(0)
    }
}
