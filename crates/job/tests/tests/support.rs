//! A job in a folder of its own, and records to fill its journal with.

use std::path::{Path, PathBuf};

use coldpress_dataset::SourceIdentity;
use coldpress_job::{
    CheckpointEntry, ExportIntent, Figures, JobLock, JobPlan, JobState, Journal, JournalRecord,
    Layout, LockOptions, Mode, PartitionFailure, Publication, RecipeInForce,
};
use coldpress_operator::ChainHash;
use coldpress_partition::{CutSettings, PlannedPartition, Slice};
use coldpress_record::{Ledger, OperatorLedger, Unreadable};
use coldpress_storage::{Digest, FileStamp, ObjectRef};
use tempfile::TempDir;

pub(crate) struct Job {
    pub(crate) dir: TempDir,
    pub(crate) layout: Layout,
}

impl Job {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::in_dir(dir.path(), "job".parse().unwrap()).unwrap();
        layout.create().unwrap();
        Self { dir, layout }
    }

    pub(crate) fn drive(&self, mode: Mode) -> Driver {
        let lock = JobLock::acquire(&self.layout, &LockOptions::default()).unwrap();
        let (journal, state) = Journal::open(&self.layout, &lock, mode).unwrap();
        Driver {
            journal,
            state,
            _lock: lock,
        }
    }

    pub(crate) fn read(&self) -> JobState {
        Journal::read(&self.layout).unwrap()
    }

    pub(crate) fn file(&self, epoch: u64) -> PathBuf {
        self.layout.journal_dir().join(format!("{epoch:06}.jsonl"))
    }
}

pub(crate) struct Driver {
    pub(crate) journal: Journal,
    pub(crate) state: JobState,
    _lock: JobLock,
}

impl Driver {
    pub(crate) fn put(&mut self, records: &[JournalRecord]) {
        for record in records {
            let is_small = self.state.partition_count() <= 100;
            let mut figures = is_small.then(|| Figures::of(&self.state));
            let epoch = self.journal.epoch();
            figures.take_if(|figures| figures.apply(epoch, record).is_err());
            self.journal.record(&mut self.state, record).unwrap();
            if let Some(figures) = figures {
                assert_eq!(figures, Figures::of(&self.state), "{record:?}");
            }
        }
        self.journal.sync().unwrap();
    }
}

pub(crate) fn plan(sources: u32) -> JournalRecord {
    let source = |number: u32| SourceIdentity {
        path: format!("/data/part-{number}.jsonl"),
        length: 1_000_000,
        modified_nanos: 1_763_690_889_123_456_789,
        sample: Digest::of(&number.to_le_bytes()),
        place: None,
    };
    let settings = CutSettings {
        max_records: 120,
        ..CutSettings::default()
    };
    JournalRecord::JobPlanned(JobPlan {
        sources: (0..sources).map(source).collect(),
        identity: "reader 1; part-0".to_owned(),
        plan_settings: settings.into(),
        limit: None,
        decisions: Vec::new(),
        reading: None,
        mixing: None,
    })
}

/// Returns a recipe of these operators. The chain hashes of a common prefix are the same.
pub(crate) fn recipe(operators: &[&str]) -> RecipeInForce {
    let mut chain = vec![ChainHash::base("reader 1; part-0")];
    for operator in operators {
        chain.push(chain[chain.len() - 1].then(operator));
    }
    RecipeInForce {
        recipe: Digest::of(operators.join(",").as_bytes()),
        operators: operators.iter().map(|name| (*name).to_owned()).collect(),
        chain,
        external: Vec::new(),
        export_path: "/data/out.jsonl".to_owned(),
        settings: Default::default(),
        barriers: Vec::new(),
    }
}

/// Returns a partition of 100 records and 1000 bytes in the only source.
pub(crate) fn partition(index: u32) -> PlannedPartition {
    let start = u64::from(index) * 1000;
    PlannedPartition {
        index,
        first_record: u64::from(index) * 100,
        slice: Slice {
            source: 0,
            start,
            end: start + 1000,
            records: 100,
            seek: None,
            decoded_bytes: None,
            digest: slice_digest(index),
            metadata: None,
            marks: Vec::new(),
            copy: None,
        },
    }
}

pub(crate) fn slice_digest(index: u32) -> Digest {
    Digest::of(format!("slice {index}").as_bytes())
}

pub(crate) fn partitions(indices: std::ops::Range<u32>) -> JournalRecord {
    JournalRecord::PartitionsPlanned {
        partitions: indices.map(partition).collect(),
    }
}

pub(crate) fn file(path: &str) -> ObjectRef {
    ObjectRef {
        key: path.parse().unwrap(),
        stamp: FileStamp::of(path.as_bytes()),
    }
}

/// Returns a result that drops 10 of 100 records at the first operator and quarantines one at the reader.
pub(crate) fn publication(
    partition: u32,
    epoch: u64,
    attempt: u32,
    recipe: &RecipeInForce,
) -> Publication {
    let name = format!("partition_{partition:06}.e{epoch}.a{attempt}");
    let mut ledger = Ledger::new(recipe.operators.iter().map(String::as_str));
    (ledger.records, ledger.rejected) = (100, 1);
    let mut alive = 99;
    for (index, operator) in ledger.operators.iter_mut().enumerate() {
        let dropped = if index == 0 { 10 } else { 0 };
        *operator = OperatorLedger {
            name: operator.name.clone(),
            records_in: alive,
            out: alive - dropped,
            dropped,
            ..OperatorLedger::default()
        };
        alive = operator.out;
    }
    let entry = |(operation, operator): (u32, &String)| CheckpointEntry {
        operation,
        operator: operator.clone(),
        chain: recipe.chain[operation as usize + 1],
        file: file(&format!("checkpoints/{name}.delta")),
        rows: 89,
        delta: false,
        base: Vec::new(),
    };
    Publication {
        stage: 0,
        partition,
        attempt,
        epoch,
        chain: recipe.final_chain().unwrap(),
        rows: file(&format!("results/{name}.jsonl")),
        index: file(&format!("results/{name}.index")),
        uncompressed_bytes: 890,
        checkpoints: (0..).zip(&recipe.operators).map(entry).collect(),
        quarantine: vec![file(&format!("quarantine/{name}.jsonl"))],
        ledger: ledger.into(),
        unreadable: vec![Unreadable {
            source: 0,
            start: 17,
            length: 3,
            reason: "not UTF-8".to_owned(),
        }],
        error_marks: vec![1],
        slice: slice_digest(partition),
        dropped: None,
        trace: None,
        signatures: None,
        placed: false,
        kept: None,
        has_types: false,
        nanos: vec![500_000_000; recipe.operators.len()],
        at_millis: 0,
    }
}

pub(crate) fn attempt(partition: u32, attempt: u32) -> JournalRecord {
    JournalRecord::AttemptStarted {
        stage: 0,
        partition,
        attempt,
        at_millis: 0,
        beside: false,
    }
}

pub(crate) fn failure(partition: u32) -> JournalRecord {
    JournalRecord::PartitionFailed(PartitionFailure {
        stage: 0,
        partition,
        attempts: 3,
        class: "memory".to_owned(),
        error: "out of memory".to_owned(),
        at_millis: 0,
    })
}

pub(crate) fn intent(recipe: &RecipeInForce, left_out: &[u32]) -> ExportIntent {
    ExportIntent {
        temporary: "/data/.out.jsonl.tmp".to_owned(),
        path: "/data/out.jsonl".to_owned(),
        directory: false,
        length: 890,
        digest: Digest::of(b"export"),
        records: 89,
        chain: recipe.final_chain().unwrap(),
        partitions_left_out: left_out.to_vec(),
        form: ".jsonl".to_owned(),
        shard_bytes: None,
        companions: Vec::new(),
        labels: Vec::new(),
        trace: None,
        sealed: None,
    }
}

pub(crate) fn committed(intent: &ExportIntent) -> JournalRecord {
    JournalRecord::ExportCommitted {
        path: intent.path.clone(),
        length: intent.length,
        digest: intent.digest,
    }
}

pub(crate) fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
