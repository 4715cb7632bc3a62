//! What is the same for all attempts of a job.

use coldpress_checkpoint::{Compression, Format};
use coldpress_config::OperatorCall;
use coldpress_dataset::{RowsForm, Source};
use coldpress_operator::{Asset, ChainSettings};
use coldpress_partition::Fetched;
use coldpress_storage::{StorageOptions, StoreSpecs};
use serde::{Deserialize, Serialize};

use crate::trace_spec::TraceSpec;

/// What is the same for all attempts of a job. A worker gets it once, and then [`Attempt`](crate::Attempt)s that refer
/// to it.
///
/// It may be long: a source can consist of thousands of files. So it is never part of what is sent per attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The stores that hold the files of attempts.
    pub stores: StoreSpecs,
    /// How stores behind URLs are reached. They may be secrets: a worker is told them, and nothing keeps them.
    #[serde(default)]
    pub store_options: StorageOptions,
    /// The sources, in the order of the plan; a slice refers to one by its index.
    pub sources: Vec<Source>,
    /// Where the planner leaves slices of sources behind URLs; none where there are no such sources.
    #[serde(default)]
    pub fetched: Option<Fetched>,
    /// The operators of the recipe, in order.
    pub operators: Vec<OperatorCall>,
    /// What the recipe says to all of them.
    pub settings: ChainSettings,
    /// The files that they need, as they were found when the job began.
    #[serde(default)]
    pub assets: Vec<Asset>,
    /// How checkpoints are written.
    pub checkpoints: CheckpointForm,
    /// Whether to keep the records after each operator for people, and how.
    pub intermediate: Option<IntermediateForm>,
    /// In which form rows are written that come in record batches. Rows that come as lines stay lines.
    pub rows_form: RowsForm,
    /// Longer records are quarantined by place and length.
    pub max_record_bytes: u64,
    /// What a page or a record batch of a columnar file may take in memory.
    pub table_memory_bytes: u64,
    /// Whether a line that is not a record goes to quarantine (true) or fails the partition.
    pub lenient: bool,
    /// Whether records come out with their statistics.
    pub keep_stats: bool,
    /// Whether statistics come out instead of the records.
    #[serde(default)]
    pub statistics_alone: bool,
    /// Whether to note what the fields of the rows hold, for an export with columns.
    pub note_types: bool,
    /// Whether only the rows themselves say what their fields hold, and no schema of the source of their partition: an
    /// operator makes other records of them, or they are from sources with several schemas.
    #[serde(default)]
    pub types_of_rows: bool,
    /// Whether to keep what filters drop.
    pub keep_dropped: bool,
    /// The plan for traces; none = nothing is traced.
    #[serde(default)]
    pub trace: Option<TraceSpec>,
}

/// How checkpoints are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckpointForm {
    /// Whether one holds whole records, not what changed since the one before.
    pub full: bool,
    /// The file format.
    pub format: Format,
    /// The compression.
    pub compression: Compression,
    /// The rows per group of whole records. None: all of a partition.
    pub group_rows: Option<u32>,
}

/// How the records after each operator are written, where they are kept for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntermediateForm {
    /// The file format.
    pub format: Format,
    /// The compression.
    pub compression: Compression,
    /// The rows per row group or record batch. None: all of a partition.
    pub group_rows: Option<u32>,
}
