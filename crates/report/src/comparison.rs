//! Two jobs side by side: their recipes, the fates of their records, and their costs.

mod recipe;

use std::collections::BTreeMap;

use coldpress_executor::{Stretch, compare_lists};
use serde::Serialize;

use crate::job_report::{JobReport, OperatorCounts, OperatorRow};
use crate::quantity::{counted, grouped};

pub use recipe::KeyDifference;

/// The version of the JSON form of a [`JobComparison`].
pub const COMPARISON_SCHEMA: u32 = 1;

/// Two jobs side by side. The first of each pair belongs to the first job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobComparison {
    /// The version of this form.
    pub schema_version: u32,
    /// The jobs.
    pub jobs: [JobFigures; 2],
    /// The keys in which the recipes differ, except for the operators.
    pub recipe: Vec<KeyDifference>,
    /// The files of the input.
    pub inputs: InputDifference,
    /// The operators of both recipes, in their order.
    pub operators: Vec<OperatorPair>,
    /// The reasons for quarantine, with the number of records of each job, among the records that were looked at.
    pub quarantine: Vec<CountPair>,
    /// The failed attempts by class.
    pub errors: Vec<CountPair>,
    /// Remarks that a reader needs, a sentence each.
    pub remarks: Vec<String>,
}

/// A job in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobFigures {
    /// The job.
    pub job_id: String,
    /// Its status.
    pub status: String,
    /// Records of the input.
    pub records: u64,
    /// Records that are exported.
    pub kept: u64,
    /// Records that were dropped.
    pub dropped: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Records that were made.
    pub made: u64,
    /// Records that went into groups.
    pub absorbed: u64,
    /// Records that were not drawn, if the recipe mixes its dataset.
    pub not_sampled: u64,
    /// Records in failed partitions.
    pub in_failed: u64,
    /// The counts of the records where they were read.
    pub reading: OperatorCounts,
    /// Partitions of the plan.
    pub partitions: u32,
    /// Bytes of the input.
    pub input_bytes: u64,
    /// Bytes of the export; none while there is no export.
    pub export_bytes: Option<u64>,
    /// Seconds for which it was worked on, in all its runs.
    pub wall_seconds: Option<f64>,
    /// Seconds of work of all operators, summed over the workers.
    pub work_seconds: f64,
    /// Nanoseconds of that work for each byte that was processed.
    pub nanos_per_byte: Option<f64>,
    /// The most memory that was measured, in MB. Only the event log has it.
    pub peak_memory_mb: Option<f64>,
}

/// The files of the input that only one of the jobs has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct InputDifference {
    /// Files that both have.
    pub both: u64,
    /// Files that only the first has.
    pub only_first: Vec<String>,
    /// Files that only the second has.
    pub only_second: Vec<String>,
}

/// The relation of an operator of one recipe to the other recipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum OperatorChange {
    /// Both have it, with the same parameters.
    Same,
    /// Both have it, with other parameters.
    Changed,
    /// Only the first has it.
    Removed,
    /// Only the second has it.
    Added,
}

/// An operator of both recipes, or of one of them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorPair {
    /// Its name.
    pub name: String,
    /// The difference between the recipes.
    pub change: OperatorChange,
    /// The parameters that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<KeyDifference>,
    /// Its effects in the first job.
    pub first: Option<OperatorFigures>,
    /// Its effects in the second job.
    pub second: Option<OperatorFigures>,
}

/// The effects of an operator.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorFigures {
    /// Its place in the recipe, from 0.
    pub index: u32,
    /// The counts of records.
    #[serde(flatten)]
    pub counts: OperatorCounts,
    /// The share of the records that reached it that also left it.
    pub keep_rate: Option<f64>,
    /// Seconds of work, summed over the workers.
    pub seconds: Option<f64>,
    /// Nanoseconds of work for each byte that was read.
    pub nanos_per_byte: Option<f64>,
}

/// Two counts of the same quantity, one for each job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountPair {
    /// The quantity.
    pub name: String,
    /// The count in the first job.
    pub first: u64,
    /// The count in the second job.
    pub second: u64,
}

/// Compares two jobs.
///
/// Operators are paired by their names in the order of the recipes, as many as possible, so that one that was added or removed does
/// not shift the others.
#[must_use]
pub fn compare(first: &JobReport, second: &JobReport) -> JobComparison {
    let both = [first, second];
    let resolved = both.map(|report| report.recipe.resolved.as_deref().unwrap_or_default());
    let quarantine = both.map(|report| {
        let reasons = report.quarantine.reasons.iter();
        let named = reasons.map(|reason| {
            let operator = reason.operator.as_deref().unwrap_or("(reading)");
            (format!("{operator}: {}", reason.error), reason.count)
        });
        named.collect()
    });
    let errors = both.map(|report| {
        let mut counts = BTreeMap::new();
        for group in &report.errors.groups {
            let operator = group.operator.as_deref().unwrap_or("(no operator)");
            *counts
                .entry(format!("{} in {operator}", group.class))
                .or_default() += group.attempts;
        }
        counts
    });
    JobComparison {
        schema_version: COMPARISON_SCHEMA,
        jobs: both.map(figures),
        recipe: recipe::differences(resolved[0], resolved[1]),
        inputs: inputs(first, second),
        operators: operators(&first.operators, &second.operators),
        quarantine: counts(quarantine),
        errors: counts(errors),
        remarks: remarks(first, second),
    }
}

fn remarks(first: &JobReport, second: &JobReport) -> Vec<String> {
    let mut remarks = Vec::new();
    for report in [first, second] {
        let job = &report.overview.job_id;
        if report.overview.is_running {
            remarks.push(format!("{job} is running; its counts are those so far"));
        }
        if report.recipe.resolved.is_none() {
            remarks.push(format!("the recipe of {job} cannot be read"));
        }
        let (looked_at, total) = (report.quarantine.looked_at, report.quarantine.total);
        if looked_at < total {
            remarks.push(format!(
                "the reasons for quarantine of {job} are those of {} of {}",
                grouped(looked_at),
                counted(total, "record")
            ));
        }
        remarks.extend(
            report
                .remarks
                .iter()
                .map(|remark| format!("{job}: {remark}")),
        );
    }
    remarks
}

fn figures(report: &JobReport) -> JobFigures {
    let (overview, progress) = (&report.overview, &report.overview.progress);
    let seconds = report.operators.iter().filter_map(|row| row.seconds);
    let work_seconds: f64 = seconds.sum();
    let memory = report
        .resources
        .iter()
        .filter(|one| one.name == "memory_mb");
    let memory = memory.flat_map(|series| series.value.iter().copied());
    let bytes = overview.processed_bytes;
    JobFigures {
        job_id: overview.job_id.clone(),
        status: overview.status.clone(),
        records: progress.total_samples,
        kept: progress.exported_samples,
        dropped: progress.dropped_samples,
        quarantined: progress.quarantined_samples,
        made: overview.made_samples,
        absorbed: overview.absorbed_samples,
        not_sampled: overview.not_sampled_samples,
        in_failed: overview.samples_in_failed,
        reading: reading(report),
        partitions: progress.total_partitions,
        input_bytes: overview.input_bytes,
        export_bytes: overview.export_bytes,
        wall_seconds: progress.seconds_at_work,
        work_seconds,
        nanos_per_byte: (bytes > 0 && work_seconds > 0.0)
            .then(|| work_seconds * 1e9 / bytes as f64),
        peak_memory_mb: memory.reduce(f64::max),
    }
}

fn reading(report: &JobReport) -> OperatorCounts {
    let first = report.operators.first();
    let out = first.map_or(0, |first| first.counts.records_in);
    let (left_out, dropped) = (
        report.overview.rejected_samples,
        report.overview.without_text_samples,
    );
    OperatorCounts {
        records_in: out + left_out,
        out,
        dropped,
        quarantined: left_out - dropped,
        ..OperatorCounts::default()
    }
}

fn inputs(first: &JobReport, second: &JobReport) -> InputDifference {
    /// The most files that are listed for each job.
    const LISTED: usize = 100;
    let sources = |report: &JobReport| -> Vec<String> {
        let mut sources = report.partitions.sources.clone();
        sources.sort_unstable();
        sources.dedup();
        sources
    };
    let (one, other) = (sources(first), sources(second));
    let alone = |these: &[String], those: &[String]| -> Vec<String> {
        let alone = these
            .iter()
            .filter(|path| those.binary_search(path).is_err());
        alone.take(LISTED).cloned().collect()
    };
    let both = one.iter().filter(|path| other.binary_search(path).is_ok());
    InputDifference {
        both: both.count() as u64,
        only_first: alone(&one, &other),
        only_second: alone(&other, &one),
    }
}

fn operators(first: &[OperatorRow], second: &[OperatorRow]) -> Vec<OperatorPair> {
    let (names, other_names) = (names(first), names(second));
    let (mut first, mut second) = (first.iter(), second.iter());
    let mut pairs = Vec::new();
    for stretch in compare_lists(&names, &other_names) {
        match stretch {
            Stretch::Same(same) => {
                let rows = first.by_ref().zip(second.by_ref()).take(same.len());
                pairs.extend(rows.map(|(one, other)| pair(Some(one), Some(other))));
            }
            Stretch::Changed { removed, added } => {
                let removed = first.by_ref().take(removed.len());
                pairs.extend(removed.map(|row| pair(Some(row), None)));
                let added = second.by_ref().take(added.len());
                pairs.extend(added.map(|row| pair(None, Some(row))));
            }
        }
    }
    pairs
}

fn names(rows: &[OperatorRow]) -> Vec<&str> {
    rows.iter().map(|row| row.name.as_str()).collect()
}

fn pair(first: Option<&OperatorRow>, second: Option<&OperatorRow>) -> OperatorPair {
    let parameters = match (first, second) {
        (Some(one), Some(other)) => recipe::parameters(
            one.parameters.as_deref().unwrap_or("{}"),
            other.parameters.as_deref().unwrap_or("{}"),
        ),
        _ => Vec::new(),
    };
    let change = match (first, second) {
        (Some(_), None) => OperatorChange::Removed,
        (None, _) => OperatorChange::Added,
        _ if parameters.is_empty() => OperatorChange::Same,
        _ => OperatorChange::Changed,
    };
    let name = first.or(second);
    OperatorPair {
        name: name.map(|row| row.name.clone()).unwrap_or_default(),
        change,
        parameters,
        first: first.map(operator_figures),
        second: second.map(operator_figures),
    }
}

/// Returns the share of the records that went on; none if there were no records.
pub(crate) fn keep_rate(counts: &OperatorCounts) -> Option<f64> {
    (counts.records_in > 0).then(|| counts.out as f64 / counts.records_in as f64)
}

fn operator_figures(row: &OperatorRow) -> OperatorFigures {
    let counts = row.counts;
    OperatorFigures {
        index: row.index,
        counts,
        keep_rate: keep_rate(&counts),
        seconds: row.seconds,
        nanos_per_byte: row.nanos_per_byte,
    }
}

/// Returns the names that either job has, those with the greatest counts first.
fn counts([first, second]: [BTreeMap<String, u64>; 2]) -> Vec<CountPair> {
    let mut names: Vec<&String> = first.keys().chain(second.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let count = |counts: &BTreeMap<String, u64>, name| counts.get(name).copied().unwrap_or(0);
    let mut pairs: Vec<CountPair> = names
        .into_iter()
        .map(|name| CountPair {
            name: name.clone(),
            first: count(&first, name),
            second: count(&second, name),
        })
        .collect();
    pairs.sort_by_key(|pair| std::cmp::Reverse(pair.first.max(pair.second)));
    pairs
}
