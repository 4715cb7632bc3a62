//! `metadata/dataset_mapping.json` and `metadata/final_mapping_report.json`: views of the plan.

use std::collections::HashSet;

use coldpress_partition::PlannedPartition;
use serde::{Deserialize, Serialize};

use crate::civil::seconds_of;
use crate::journal::{DamagedSource, JobState, PartitionStatus, Publication};
use crate::one_by_one::OneByOne;

/// The schema version of both mapping files.
pub const MAPPING_SCHEMA: u32 = 1;

/// The partitions of the dataset. Fields with Data-Juicer's names have the same meaning.
///
/// `P` is the list of partitions, so that a mapping that is only written needs no list in memory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DatasetMapping<P = Vec<MappedPartition>> {
    /// The schema version.
    pub schema_version: u32,
    /// The path of the source, or of all sources separated by `, `.
    pub original_dataset_path: String,
    /// The number of records planned so far.
    pub original_dataset_size: u64,
    /// The number of partitions planned so far.
    pub partition_count: u32,
    /// The most records that a partition may have, as set by the recipe or by automatic sizing. If the recipe asks for a number of
    /// partitions instead, it is the size of the largest one.
    pub partition_size: u64,
    /// The version of Data-Juicer's format: `1.0`.
    pub mapping_version: String,
    /// The time when the newest driver began, in seconds since 1970.
    pub created_timestamp: f64,
    /// The partitions in order.
    pub partitions: P,
    /// True if the list of partitions is complete.
    pub plan_complete: bool,
    /// The stage at work, from 0, to which the status of the partitions refers.
    #[serde(default)]
    pub stage: u32,
    /// The number of stages; 0 if the release did not record it.
    #[serde(default)]
    pub stages: u32,
    /// The sources in plan order.
    pub sources: Vec<MappedSource>,
    /// The places where sources cannot be read.
    pub damaged_sources: Vec<DamagedSource>,
    /// The reasons why the dataset was cut like this, a sentence for each decision.
    pub decisions: Vec<String>,
}

/// A source of the dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MappedSource {
    /// Its index in plan order.
    pub source: u32,
    /// Its path.
    pub path: String,
    /// Its length in bytes, as stored.
    pub length: u64,
}

/// A partition of the dataset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MappedPartition {
    /// Its index.
    pub partition_id: u32,
    /// The number in the dataset of its first record.
    pub original_start_idx: u64,
    /// One past the number in the dataset of its last record.
    pub original_end_idx: u64,
    /// Its number of records.
    pub sample_count: u64,
    /// Its length in bytes, unpacked.
    pub file_size_bytes: u64,
    /// The digest of these bytes (xxh3, 128 bits).
    pub checksum: String,
    /// The time when the newest driver began, in seconds since 1970.
    pub created_timestamp: f64,
    /// `pending`, `processing`, `completed`, `failed`, in the stage at work.
    pub processing_status: PartitionStatus,
    /// The reason why it failed.
    pub error_message: Option<String>,
    /// The time when the newest driver that worked on it began to, in seconds since 1970.
    pub processing_start_time: Option<f64>,
    /// The time when its result was published, or it was given up.
    pub processing_end_time: Option<f64>,
    /// The number of attempts that were made after a failed one.
    pub retry_count: u32,
    /// The index of its source in plan order.
    pub source: u32,
    /// Its first byte in the unpacked source.
    pub start_byte: u64,
    /// One past its last byte.
    pub end_byte: u64,
    /// The copy of its bytes, if there is one.
    pub copy: Option<String>,
}

/// The outcome of the partitions. Fields with Data-Juicer's names have the same meaning.
///
/// `P` is the list of partitions, as in [`DatasetMapping`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FinalMappingReport<P = Vec<PartitionDetail>> {
    /// The schema version.
    pub schema_version: u32,
    /// The dataset.
    pub original_dataset: OriginalDataset,
    /// The counts.
    pub processing_summary: ProcessingSummary,
    /// The partitions in order.
    pub partition_details: P,
    /// The reasons why the dataset was cut like this, a sentence for each decision.
    pub decisions: Vec<String>,
}

/// The dataset that was cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OriginalDataset {
    /// The path of the source, or of all sources separated by `, `.
    pub path: String,
    /// The number of records.
    pub total_samples: u64,
    /// The number of partitions.
    pub partition_count: u32,
}

/// The counts over all partitions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessingSummary {
    /// The number of partitions.
    pub total_partitions: u32,
    /// The number of completed partitions.
    pub successful_partitions: u32,
    /// The number of failed partitions.
    pub failed_partitions: u32,
    /// The number of records that came out of the completed partitions.
    pub total_processed_samples: u64,
    /// The number of records that went into the completed partitions.
    pub total_input_samples: u64,
    /// The number of records dropped by operators.
    pub dropped_samples: u64,
    /// The number of records in quarantine.
    pub quarantined_samples: u64,
    /// The stage, from 0, to which the counts and the status of the partitions refer: the last one, unless the job ended before it.
    #[serde(default)]
    pub stage: u32,
    /// The number of stages; 0 if the release did not record it.
    #[serde(default)]
    pub stages: u32,
}

/// The outcome of one partition.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PartitionDetail {
    /// Its index.
    pub partition_id: u32,
    /// The numbers of its records: `first-end`, excluding the end.
    pub original_range: String,
    /// The number of records that went in.
    pub original_samples: u64,
    /// The number of records that came out.
    pub processed_samples: u64,
    /// The status of the partition.
    pub status: PartitionStatus,
    /// The time that its operators took, in seconds; none if it is not completed.
    pub processing_time: Option<f64>,
    /// The reason why it failed.
    pub error: Option<String>,
    /// The number of records dropped by operators.
    pub dropped_samples: u64,
    /// The number of records in quarantine.
    pub quarantined_samples: u64,
}

/// Makes the dataset mapping of a job in its current state.
#[must_use]
pub fn dataset_mapping(state: &JobState, decisions: &[String]) -> DatasetMapping {
    let partitions = mapped_partitions(state).collect();
    mapping_with(state, decisions, partitions)
}

/// Makes the dataset mapping of a job for writing. Partitions are looked at one by one.
#[must_use]
pub fn dataset_mapping_view<'a>(
    state: &'a JobState,
    decisions: &[String],
) -> DatasetMapping<impl Serialize + use<'a>> {
    let partitions = OneByOne(move || mapped_partitions(state));
    mapping_with(state, decisions, partitions)
}

fn mapped_partitions(state: &JobState) -> impl Iterator<Item = MappedPartition> {
    let created_timestamp = created(state);
    let map = move |partition| map_partition(state, partition, created_timestamp);
    state.partitions().map(map)
}

fn mapping_with<P>(state: &JobState, decisions: &[String], partitions: P) -> DatasetMapping<P> {
    DatasetMapping {
        schema_version: MAPPING_SCHEMA,
        original_dataset_path: dataset_path(state),
        original_dataset_size: state.next_first_record(),
        partition_count: state.partition_count(),
        partition_size: partition_size(state),
        mapping_version: "1.0".to_owned(),
        created_timestamp: created(state),
        partitions,
        plan_complete: state.plan_complete(),
        stage: state.stage_at_work(),
        stages: state.stages(),
        sources: sources(state),
        damaged_sources: state.damaged_sources().to_vec(),
        decisions: decisions.to_vec(),
    }
}

/// Makes the final mapping report of a job in its current state.
#[must_use]
pub fn final_mapping_report(state: &JobState, decisions: &[String]) -> FinalMappingReport {
    let details = state.partitions().map(|part| detail(state, part));
    report_with(state, decisions, details.collect())
}

/// Makes the final mapping report of a job for writing, like [`dataset_mapping_view`].
#[must_use]
pub fn final_mapping_report_view<'a>(
    state: &'a JobState,
    decisions: &[String],
) -> FinalMappingReport<impl Serialize + use<'a>> {
    let details = OneByOne(move || state.partitions().map(|part| detail(state, part)));
    report_with(state, decisions, details)
}

fn report_with<P>(state: &JobState, decisions: &[String], details: P) -> FinalMappingReport<P> {
    let totals = state.totals();
    FinalMappingReport {
        schema_version: MAPPING_SCHEMA,
        original_dataset: OriginalDataset {
            path: dataset_path(state),
            total_samples: totals.records,
            partition_count: totals.partitions,
        },
        processing_summary: ProcessingSummary {
            total_partitions: totals.partitions,
            successful_partitions: totals.completed,
            failed_partitions: totals.failed,
            total_processed_samples: totals.exported,
            total_input_samples: totals.processed,
            dropped_samples: totals.dropped,
            quarantined_samples: totals.quarantined,
            stage: totals.stage,
            stages: totals.stages,
        },
        partition_details: details,
        decisions: decisions.to_vec(),
    }
}

fn map_partition(
    state: &JobState,
    partition: &PlannedPartition,
    created_timestamp: f64,
) -> MappedPartition {
    let (index, slice) = (partition.index, &partition.slice);
    let (begun, ended) = state.times(index);
    MappedPartition {
        partition_id: index,
        original_start_idx: partition.first_record,
        original_end_idx: partition.first_record + slice.records,
        sample_count: slice.records,
        file_size_bytes: slice.end - slice.start,
        checksum: slice.digest.to_string(),
        created_timestamp,
        processing_status: status(state, index),
        error_message: state.failure(index).map(|failure| failure.error.clone()),
        processing_start_time: begun.map(seconds_of),
        processing_end_time: ended.map(seconds_of),
        retry_count: state.retries(index),
        source: slice.source,
        start_byte: slice.start,
        end_byte: slice.end,
        copy: slice.copy.as_ref().map(|copy| copy.to_string()),
    }
}

fn detail(state: &JobState, partition: &PlannedPartition) -> PartitionDetail {
    let (index, slice) = (partition.index, &partition.slice);
    let status = status(state, index);
    let chain = state
        .chain_at_work()
        .filter(|_| status == PartitionStatus::Completed);
    let result = chain.and_then(|chain| state.result_of(index, chain));
    let (first, end) = (
        partition.first_record,
        partition.first_record + slice.records,
    );
    PartitionDetail {
        partition_id: index,
        original_range: format!("{first}-{end}"),
        original_samples: slice.records,
        processed_samples: result.map_or(0, |result| result.ledger.exported()),
        status,
        processing_time: result.map(operator_seconds),
        error: state.failure(index).map(|failure| failure.error.clone()),
        dropped_samples: result.map_or(0, |result| result.ledger.dropped()),
        quarantined_samples: result.map_or(0, |result| result.ledger.quarantined()),
    }
}

fn operator_seconds(result: &Publication) -> f64 {
    result.nanos.iter().map(|nanos| *nanos as f64 / 1e9).sum()
}

fn status(state: &JobState, index: u32) -> PartitionStatus {
    let status = state.partition_status(index);
    status.unwrap_or(PartitionStatus::Pending)
}

fn created(state: &JobState) -> f64 {
    let epoch = state.current_epoch();
    epoch.map_or(0.0, |epoch| seconds_of(epoch.driver.started_at_millis))
}

/// Returns the paths of the dataset, once each, however often they are read.
fn dataset_path(state: &JobState) -> String {
    let sources = state.plan().map_or(&[][..], |plan| &plan.sources);
    let mut seen = HashSet::new();
    let paths = sources.iter().map(|source| source.path.as_str());
    let paths: Vec<&str> = paths.filter(|path| seen.insert(*path)).collect();
    paths.join(", ")
}

fn sources(state: &JobState) -> Vec<MappedSource> {
    let sources = state.plan().map_or(&[][..], |plan| &plan.sources);
    let map = |(source, identity): (u32, &coldpress_dataset::SourceIdentity)| MappedSource {
        source,
        path: identity.path.clone(),
        length: identity.length,
    };
    (0..).zip(sources).map(map).collect()
}

/// Returns the setting, so that the size is the same whatever the dataset holds. If the recipe asks for a number of partitions, the
/// setting has no effect, and only the partitions themselves show the size.
fn partition_size(state: &JobState) -> u64 {
    let settings = state.plan().and_then(|plan| plan.plan_settings.cut().ok());
    if let Some(settings) = settings.filter(|settings| settings.shares.is_empty()) {
        return settings.max_records;
    }
    let sizes = state.partitions().map(|partition| partition.slice.records);
    sizes.max().unwrap_or(0)
}
