//! A folder with a dataset, and jobs over it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use coldpress_config::{Overrides, Recipe};
use coldpress_executor::{Backend, Executor, ExecutorBuilder, ProcessBackend, Report};
use coldpress_job::{JobState, Journal};

use super::deadly::registry;

pub(crate) struct Bench {
    folder: tempfile::TempDir,
    keys: String,
    size: u32,
    process: String,
}

impl Bench {
    /// A dataset of these texts.
    pub(crate) fn new(texts: &[&str]) -> Self {
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            keys: "retry: {retry_delay_seconds: 0}\n".to_owned(),
            size: 10,
            process: "deadly_mapper".to_owned(),
        };
        let line = |text: &&str| format!("{}\n", serde_json::json!({"text": text}));
        fs::write(
            bench.path("in.jsonl"),
            texts.iter().map(line).collect::<String>(),
        )
        .unwrap();
        bench
    }

    /// 40 harmless texts, with this one in the place of the 17th.
    pub(crate) fn with(text: &str) -> Self {
        let harmless: Vec<String> = (0..40).map(|n| format!("text {n}")).collect();
        let mut texts: Vec<&str> = harmless.iter().map(String::as_str).collect();
        texts[17] = text;
        Self::new(&texts)
    }

    /// With these recipe keys besides.
    pub(crate) fn keys(mut self, keys: &str) -> Self {
        self.keys.push_str(keys);
        self.keys.push('\n');
        self
    }

    /// With partitions of so many records.
    pub(crate) fn size(mut self, size: u32) -> Self {
        self.size = size;
        self
    }

    /// With these operators, one after another.
    pub(crate) fn process(mut self, names: &str) -> Self {
        self.process = names.replace(' ', ":\n  - ");
        self
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn executor(&self, kind: &str) -> Executor {
        self.builder(kind, "out.jsonl").build().unwrap()
    }

    /// With processes, and another export.
    pub(crate) fn exporting(&self, export: &str) -> Executor {
        self.builder("process", export).build().unwrap()
    }

    /// With processes of another program.
    pub(crate) fn executor_of(&self, program: &Path) -> Executor {
        self.executor_on(ProcessBackend::new().program(program))
    }

    /// With another backend.
    pub(crate) fn executor_on(&self, backend: impl Backend) -> Executor {
        let builder = self.builder("process", "out.jsonl");
        builder.backend(Arc::new(backend)).build().unwrap()
    }

    fn builder(&self, kind: &str, export: &str) -> ExecutorBuilder {
        let recipe = format!(
            "dataset_path: {}\nexport_path: {}\nwork_dir: {}\njob_id: j\nnp: 2\nexecutor_type: {kind}\npartition: {{size: {}}}\n{}\
             process:\n  - {}:\n",
            self.path("in.jsonl").display(),
            self.path(export).display(),
            self.path("jobs").display(),
            self.size,
            self.keys,
            self.process,
        );
        let recipe = Recipe::parse(&recipe, "recipe.yaml", &Overrides::default()).unwrap();
        ExecutorBuilder::new(recipe, registry())
    }

    pub(crate) fn run(&self, kind: &str) -> Report {
        self.executor(kind).run().unwrap()
    }

    /// The texts that were exported.
    pub(crate) fn exported(&self) -> Vec<String> {
        let lines = fs::read_to_string(self.path("out.jsonl")).unwrap();
        let text = |line: &str| {
            let record: serde_json::Value = serde_json::from_str(line).unwrap();
            record["text"].as_str().unwrap().to_owned()
        };
        lines.lines().map(text).collect()
    }

    pub(crate) fn state(&self) -> JobState {
        Journal::read(self.executor("process").layout()).unwrap()
    }

    /// The log of events as it stands on disk.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("jobs/j/event_logs/events.jsonl")).unwrap()
    }

    /// The entries of the quarantine.
    pub(crate) fn quarantine(&self) -> String {
        let files = fs::read_dir(self.path("jobs/j/quarantine")).unwrap();
        let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        files.sort();
        files
            .iter()
            .map(|file| fs::read_to_string(file).unwrap())
            .collect()
    }
}
