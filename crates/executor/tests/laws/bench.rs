//! Running jobs in a folder of their own, and checking what they leave.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use coldpress_dataset::{FileCompression, decode_rows};
use coldpress_executor::{Executor, ExecutorBuilder, Report, Result};
use coldpress_job::{JobState, Journal, Layout, Status, open_stores};
use coldpress_record::Ledger;
use coldpress_storage::ObjectReader;
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
    pub(crate) remote: Remote,
}

/// What of a job is behind URLs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remote {
    Nothing,
    Sources,
    /// The sources, the job with all of its files, and the export.
    Everything,
}

impl Remote {
    /// What `COLDPRESS_LAWS_REMOTE` says, for a run of all laws that is alike: `nothing`, `sources` or `everything`.
    fn asked_for() -> Option<Self> {
        let asked = std::env::var("COLDPRESS_LAWS_REMOTE").ok()?;
        Some(match asked.as_str() {
            "nothing" => Self::Nothing,
            "sources" => Self::Sources,
            "everything" => Self::Everything,
            other => panic!("COLDPRESS_LAWS_REMOTE cannot be `{other}`"),
        })
    }
}

impl Bench {
    /// A folder with a dataset, of which, and of whose job, anything may be behind URLs: it must show nowhere.
    pub(crate) fn new(dataset: &Dataset) -> Self {
        let bench = Self::beside(dataset);
        let lengths = bench.sources.iter().map(|path| fs::metadata(path).unwrap());
        // A third each, and the same for the same dataset.
        let remote = match lengths.map(|file| file.len()).sum::<u64>() % 3 {
            0 => Remote::Sources,
            1 => Remote::Everything,
            _ => Remote::Nothing,
        };
        let remote = Remote::asked_for().unwrap_or(remote);
        Self { remote, ..bench }
    }

    /// A folder with a dataset, all of which is named by paths.
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
            remote: Remote::Nothing,
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
        let place = |path: &Path, is_remote| match is_remote {
            true => shelf::url(path),
            false => path.display().to_string(),
        };
        let has_remote_sources = self.remote != Remote::Nothing;
        let is_remote = self.remote == Remote::Everything;
        let sources = self.sources.iter();
        let sources: Vec<_> = sources
            .map(|path| place(path, has_remote_sources))
            .collect();
        let folder = place(self.folder.path(), is_remote);
        let export = format!("{folder}/{}", plan.form.file_name());
        let mut recipe = plan.recipe(&sources, &export, &format!("{folder}/jobs"), job_id);
        for (input, weight) in recipe.dataset.inputs.iter_mut().zip(&self.weights) {
            input.weight = *weight;
        }
        ExecutorBuilder::new(recipe, operators::registry())
            .schemes(shelf::schemes())
            .scratch_dir(self.scratch())
    }

    /// Where a job that is behind a URL has its copies.
    fn scratch(&self) -> PathBuf {
        self.path("scratch")
    }

    /// Runs the job, as if on a machine that it never ran on.
    pub(crate) fn run(&self, plan: &Plan) -> Result<Report> {
        if self.scratch().exists() {
            fs::remove_dir_all(self.scratch()).unwrap();
        }
        self.executor(plan).run()
    }

    /// Where the files of the job are, behind a URL or not.
    pub(crate) fn layout(&self) -> Layout {
        Layout::in_dir(&self.path("jobs"), "job".parse().unwrap()).unwrap()
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
        let stores = open_stores(executor.layout(), &state, &shelf::schemes()).unwrap();
        let mut found: Vec<Quarantined> = files
            .flat_map(|file| {
                stores.verify(file).unwrap();
                let reader = ObjectReader::new(stores.get(&file.key).unwrap());
                entries(&io::read_to_string(reader).unwrap())
            })
            .collect();
        found.sort();
        found
    }

    /// Everything that lies in the quarantine folder, cited or not.
    pub(crate) fn quarantine_folder(&self) -> Vec<Quarantined> {
        let mut found: Vec<Quarantined> = files_in(&self.layout().quarantine_dir())
            .iter()
            .flat_map(|path| entries(&fs::read_to_string(path).unwrap()))
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

fn entries(text: &str) -> Vec<Quarantined> {
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
