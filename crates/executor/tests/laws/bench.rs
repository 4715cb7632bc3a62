//! Running jobs in a folder of their own, and checking what they leave.

use std::fs;
use std::path::{Path, PathBuf};

use coldpress_dataset::{FileCompression, decode_rows};
use coldpress_executor::{Executor, ExecutorBuilder, Report, Result};
use coldpress_job::{JobState, Journal, Status, open_stores};
use coldpress_record::Ledger;
use coldpress_storage::StoreSchemes;
use coldpress_worker::QuarantineEntry;
use tempfile::TempDir;

use crate::dataset::Dataset;
use crate::operators;
use crate::plan::{Form, Plan};
use crate::reference::{Expected, Quarantined};
use crate::shelf;

/// A folder with a dataset, in which one job is run again and again.
pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) sources: Vec<PathBuf>,
    /// The weights of the sources; none given: 1 each.
    pub(crate) weights: Vec<f64>,
    /// Whether the sources are named by URLs.
    pub(crate) remote: bool,
}

impl Bench {
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let bench = Self::beside(dataset);
        // Where a dataset lies shows nowhere: about a third of all lie behind URLs.
        let lengths = bench.sources.iter().map(|path| fs::metadata(path).unwrap());
        let remote = lengths
            .map(|file| file.len())
            .sum::<u64>()
            .is_multiple_of(3);
        Self { remote, ..bench }
    }

    /// A folder with a dataset that is named by paths.
    pub(crate) fn beside(dataset: &Dataset) -> Self {
        Self::over(|folder| dataset.write(folder))
    }

    /// A folder in which `write` makes the dataset.
    pub(crate) fn over(write: impl FnOnce(&Path) -> Vec<PathBuf>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sources = write(&folder.path().join("data"));
        Self {
            folder,
            sources,
            weights: Vec::new(),
            remote: false,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The job's executor for one run.
    pub(crate) fn executor(&self, plan: &Plan) -> Executor {
        self.executor_of("job", plan)
    }

    pub(crate) fn executor_of(&self, job_id: &str, plan: &Plan) -> Executor {
        self.builder_of(job_id, plan).build().unwrap()
    }

    pub(crate) fn builder_of(&self, job_id: &str, plan: &Plan) -> ExecutorBuilder {
        let text = |path: &Path| path.display().to_string();
        let source = |path: &PathBuf| match self.remote {
            true => shelf::url(path),
            false => text(path),
        };
        let sources: Vec<String> = self.sources.iter().map(source).collect();
        let export = format!("{}/{}", text(self.folder.path()), plan.form.file_name());
        let mut recipe = plan.recipe(&sources, &export, &text(&self.path("jobs")), job_id);
        for (input, weight) in recipe.dataset.inputs.iter_mut().zip(&self.weights) {
            input.weight = *weight;
        }
        ExecutorBuilder::new(recipe, operators::registry()).schemes(shelf::schemes())
    }

    pub(crate) fn run(&self, plan: &Plan) -> Result<Report> {
        self.executor(plan).run()
    }

    pub(crate) fn state(&self, plan: &Plan) -> JobState {
        Journal::read(self.executor(plan).layout()).unwrap()
    }

    /// The export, unpacked: one file, or the shards in order.
    pub(crate) fn export(&self, form: Form) -> Option<Vec<Vec<u8>>> {
        let path = self.path(form.file_name());
        if !path.exists() {
            return None;
        }
        let decode = |path: &Path, compression| {
            let mut rows = Vec::new();
            decode_rows(fs::File::open(path).unwrap(), compression)
                .unwrap()
                .read_to_end(&mut rows)
                .unwrap();
            rows
        };
        Some(match form {
            Form::Plain => vec![fs::read(path).unwrap()],
            Form::Gzip => vec![decode(&path, FileCompression::Gzip)],
            Form::Zstd => vec![decode(&path, FileCompression::Zstd)],
            Form::Shards(_) => files_in(&path)
                .iter()
                .map(|path| fs::read(path).unwrap())
                .collect(),
        })
    }

    /// Checks that a run that went through left exactly what the reference says.
    #[track_caller]
    pub(crate) fn check(&self, plan: &Plan, report: &Report, expected: &Expected) {
        self.check_export(plan, expected);
        let status = if expected.torn == 0 {
            Status::Completed
        } else {
            Status::CompletedWithFailures
        };
        assert_eq!(report.status, status);
        assert_eq!(report.unreadable.len() as u64, expected.torn);
        assert_eq!(in_all(&report.ledger), expected.ledger);
        let ledger = &report.ledger;
        ledger.check().unwrap();
        let ends = ledger.exported() + ledger.dropped() + ledger.quarantined() + ledger.absorbed();
        assert_eq!(ledger.sampled() + ledger.made(), ends);
        assert_eq!(
            ledger.exported(),
            expected.rows.iter().filter(|byte| **byte == b'\n').count() as u64
        );
        let places =
            |found: &[Quarantined]| found.iter().map(Quarantined::place).collect::<Vec<_>>();
        assert_eq!(
            places(&self.quarantined(plan)),
            places(&expected.quarantined)
        );
    }

    #[track_caller]
    pub(crate) fn check_export(&self, plan: &Plan, expected: &Expected) {
        let text = |parts: &[Vec<u8>]| {
            parts
                .iter()
                .map(|part| String::from_utf8_lossy(part).into_owned())
                .collect::<Vec<_>>()
        };
        let export = self.export(plan.form).expect("there is no export");
        assert_eq!(text(&export), text(&expected.parts(plan.form)));
    }

    /// What is in quarantine according to the results in force, kept or not.
    pub(crate) fn quarantined(&self, plan: &Plan) -> Vec<Quarantined> {
        let (executor, state) = (self.executor(plan), self.state(plan));
        let chain = state.final_chain().unwrap();
        let results =
            (0..state.partition_count()).filter_map(|index| state.result_of(index, chain));
        let files = results.flat_map(|result| &result.quarantine);
        let stores = open_stores(executor.layout(), &state, &StoreSchemes::default()).unwrap();
        let mut found: Vec<Quarantined> = files
            .flat_map(|file| {
                stores.verify(file).unwrap();
                entries(&stores.path_of(&file.key).unwrap())
            })
            .collect();
        found.sort();
        found
    }

    /// Everything that lies in the quarantine folder, cited or not.
    pub(crate) fn quarantine_folder(&self, plan: &Plan) -> Vec<Quarantined> {
        let folder = self.executor(plan).layout().quarantine_dir();
        let mut found: Vec<Quarantined> = files_in(&folder)
            .iter()
            .flat_map(|path| entries(path))
            .collect();
        found.sort();
        found
    }
}

/// A ledger without what depends on the cut: how many records went from one partition to another.
pub(crate) fn in_all(ledger: &Ledger) -> Ledger {
    ledger.check_moves().unwrap();
    let mut ledger = ledger.clone();
    for operator in &mut ledger.operators {
        (operator.moved_in, operator.moved_out) = (0, 0);
    }
    ledger
}

fn entries(path: &Path) -> Vec<Quarantined> {
    let text = fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| Quarantined::from(serde_json::from_str::<QuarantineEntry>(line).unwrap()))
        .collect()
}

/// The files of a folder by name; none if there is no folder.
pub(crate) fn files_in(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}
