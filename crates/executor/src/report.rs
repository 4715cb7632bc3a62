//! What a run ended with.

mod deduplicated;
mod deduplication;

use std::path::PathBuf;

use coldpress_failure::ErrorClass;
use coldpress_job::{FieldsView, Figures, Status};
use coldpress_record::{Ledger, OperatorLedger};
use serde::Serialize;

pub use deduplicated::deduplication;
pub(crate) use deduplicated::{SourceNames, deduplication_named, place};
pub use deduplication::{
    Deduplication, DuplicateCluster, Loss, OtherSources, RecordPlace, RemovedFrom, losses,
};

/// What a run ended with: where every record went, how long it took, where everything is.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The job.
    pub job_id: String,
    /// How it ended.
    pub status: Status,
    /// Whether nothing was left to do: the job had been completed before.
    pub already_complete: bool,
    /// Where the records of the exported partitions went, operator by operator.
    pub ledger: Ledger,
    /// Partitions of the plan.
    pub partitions: u32,
    /// Partitions whose final result was there already.
    pub partitions_reused: u32,
    /// Partitions that went on from work of an earlier run: a checkpoint, or the result of an earlier stage or of a shorter
    /// recipe.
    pub partitions_resumed: u32,
    /// Partitions that are not in the export, out of retries.
    pub failed_partitions: Vec<FailedPartition>,
    /// Attempts that failed in this run, by class; most were tried again.
    pub errors: Vec<ErrorSummary>,
    /// Parts of the input that could not be read.
    pub unreadable: Vec<UnreadablePart>,
    /// Bytes of the partitions' records, unpacked.
    pub input_bytes: u64,
    /// Bytes of the export.
    pub export_bytes: u64,
    /// Wall time of this run.
    pub seconds: f64,
    /// Per operator, over all partitions.
    pub operators: Vec<OperatorPerformance>,
    /// What deduplicators removed, and from where.
    pub deduplication: Vec<Deduplication>,
    /// Sources of which deduplicators removed nearly all.
    pub losses: Vec<Loss>,
    /// What was odd, a sentence each.
    pub warnings: Vec<String>,
    /// What the fields of the dataset hold, once all was read.
    pub fields: Option<FieldsView>,
    /// Files beside the export: statistics, and what filters dropped.
    pub companions: Vec<PathBuf>,
    /// The folder of traces, where records are traced.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_dir: Option<PathBuf>,
    /// The export.
    pub export_path: PathBuf,
    /// The job's directory.
    pub job_dir: PathBuf,
    /// Where its checkpoints are.
    pub checkpoint_dir: PathBuf,
    /// Its event log, if it has one.
    pub event_log: Option<PathBuf>,
    /// The quarantine, if anything is in it.
    pub quarantine_dir: Option<PathBuf>,
    /// The command that resumes the job.
    pub resumption_command: String,
}

/// Failed attempts of one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorSummary {
    /// The class.
    pub class: ErrorClass,
    /// How many.
    pub attempts: u32,
    /// The partition of the last one.
    pub partition: u32,
    /// Its message.
    pub message: String,
    /// What may help.
    pub advice: &'static str,
}

/// A part of the input that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadablePart {
    /// The file it lies in.
    pub source: String,
    /// First byte in the file's unpacked text.
    pub start: u64,
    /// Bytes, where known; 0 = all that follows.
    pub length: u64,
    /// Why.
    pub reason: String,
}

/// A partition that is not in the export.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedPartition {
    /// Its number.
    pub partition: u32,
    /// The file it lies in.
    pub source: String,
    /// Which part of the file it is, as `bytes 0 to 40` or `rows 0 to 10`.
    pub part: String,
    /// First byte in the file's text, or its first row.
    pub start: u64,
    /// One past its last byte, or row.
    pub end: u64,
    /// Its records.
    pub records: u64,
    /// Attempts made.
    pub attempts: u32,
    /// Why the last one failed.
    pub error: String,
}

/// How an operator did, over all partitions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorPerformance {
    /// Its place in the recipe, from 0.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Records that reached it.
    pub records_in: u64,
    /// Records that left it.
    pub records_out: u64,
    /// Seconds of work, summed over the workers.
    pub seconds: f64,
    /// Records per second of work; 0 where no time was measured.
    pub throughput: f64,
    /// Share of the records that did not leave it.
    pub reduction_ratio: f64,
}

impl OperatorPerformance {
    /// The performance of operator `index` of a ledger, which took `nanos` of work.
    pub(crate) fn of(ledger: &Ledger, index: usize, nanos: u64) -> Option<Self> {
        let operator = ledger.operators.get(index)?;
        Some(Self::of_operator(index, operator, nanos))
    }

    fn of_operator(index: usize, operator: &OperatorLedger, nanos: u64) -> Self {
        let seconds = nanos as f64 / 1e9;
        let (arrived, out) = (operator.records_in, operator.out);
        Self {
            index: index as u32,
            name: operator.name.to_string(),
            records_in: arrived,
            records_out: out,
            seconds,
            throughput: if nanos > 0 {
                arrived as f64 / seconds
            } else {
                0.0
            },
            reduction_ratio: if arrived > 0 {
                1.0 - out as f64 / arrived as f64
            } else {
                0.0
            },
        }
    }

    /// Returns how each operator did, as the figures of a job have it.
    #[must_use]
    pub fn of_job(figures: &Figures) -> Vec<Self> {
        let operators = figures.operators().enumerate();
        operators
            .map(|(index, (operator, nanos))| Self::of_operator(index, operator, nanos))
            .collect()
    }
}
