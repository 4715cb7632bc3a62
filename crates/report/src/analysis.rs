//! The statistics of a dataset, from the results of an analysis: distributions, and how many records each filter would keep.

mod column;
mod moments;
mod overall;
mod pieces;
mod ranks;
mod suggest;
mod text;

use coldpress_checkpoint::{RowBlock, RowsReader};
use coldpress_executor::PassedOver;
use coldpress_job::{JobState, Journal, Layout, Publication, open_stores};
use coldpress_operator::{Registry, verdict_names};
use coldpress_record::StatValue;
use coldpress_storage::{StoreSchemes, Stores, read_small};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::job_report::thresholds::{self, Call, Threshold};
use column::Column;
use pieces::Pieces;

pub use suggest::Between;

/// The version of the JSON form of an [`Analysis`].
pub const ANALYSIS_SCHEMA: u32 = 1;

/// The options of an analysis, besides its job.
#[derive(Debug)]
pub struct AnalysisOptions<'a> {
    /// The operators, for the bounds of filters.
    pub registry: &'a Registry,
    /// The stores that the job's files may be in.
    pub schemes: &'a StoreSchemes,
    /// The quantiles to compute, as shares from 0 to 1. Those for 0.25, 0.5 and 0.75 always are.
    pub percentiles: &'a [f64],
    /// The operators of the recipe that were not run.
    pub passed_over: &'a [PassedOver],
    /// The percentiles for the suggested bounds; `None` means no suggestion.
    pub suggest: Option<Between>,
}

/// The statistics of a dataset. `docs/analyzing.md` describes the JSON form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Analysis {
    /// The version of this form.
    pub schema_version: u32,
    /// The job that computed them.
    pub job_id: String,
    /// The records that have statistics. If the recipe splits records, these are the final pieces.
    pub records: u64,
    /// The records that went to quarantine, which have no statistics.
    pub quarantined: u64,
    /// The records that were left out because they have no text.
    pub without_text: u64,
    /// The statistics, in the order of the recipe.
    pub statistics: Vec<Described>,
    /// The filters, in the order of the recipe.
    pub filters: Vec<FilterOutcome>,
    /// The records that all filters would keep.
    pub kept_by_all: u64,
    /// The operators of the recipe that were not run.
    pub passed_over: Vec<PassedOver>,
    /// A list of operators with suggested bounds, in YAML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggested: Option<String>,
}

/// The distribution of one statistic. The elements of lists count as values of their own.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Described {
    /// Its name.
    pub name: String,
    /// The number of values.
    pub count: u64,
    /// The mean of its numbers.
    pub mean: Option<f64>,
    /// Their sample standard deviation.
    pub std: Option<f64>,
    /// The least number.
    pub min: Option<f64>,
    /// The quantiles, interpolated if there is no value of that rank.
    pub quantiles: Vec<Quantile>,
    /// The greatest number.
    pub max: Option<f64>,
    /// The values that aren't numbers.
    pub values: Option<Values>,
}

/// A quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// The share of values below it, from 0 to 1.
    pub share: f64,
    /// The value.
    pub value: f64,
}

/// Values that aren't numbers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Values {
    /// The number of different values; a lower bound if there are very many.
    pub unique: u64,
    /// True if there are more than were counted one by one.
    pub has_more: bool,
    /// The most frequent value. Among equals, the one that comes first in the dataset.
    pub top: String,
    /// The number of times that it occurs.
    pub freq: u64,
    /// True if they are booleans, not texts.
    pub are_flags: bool,
}

/// The effect that a filter would have.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FilterOutcome {
    /// Its place in the recipe that was run, from 0.
    pub operation: u32,
    /// Its name.
    pub operator: String,
    /// The statistics by which it decides.
    pub statistics: Vec<String>,
    /// Its bounds, if it decides by one number.
    pub bounds: Vec<Threshold>,
    /// The records that it judged. Records that a splitter made later are not counted separately.
    pub records: u64,
    /// The records that it would keep, whatever other filters do.
    pub kept: u64,
}

/// Computes the statistics of an analysis from its results.
///
/// If there are very many records, it reads the results several times, so that it needs little memory whatever their number.
///
/// # Errors
/// Fails if the job is not an analysis, or if its results are gone or cannot be read.
pub fn analysis(layout: &Layout, options: &AnalysisOptions<'_>) -> Result<Analysis> {
    let state = Journal::read(layout)?;
    let stores = open_stores(layout, &state, options.schemes)?;
    let recipe = read_small(layout.resolved_recipe(), MAX_RECIPE_BYTES).ok();
    let recipe = recipe.and_then(|bytes| String::from_utf8(bytes).ok());
    let calls = thresholds::calls(recipe.as_deref(), options.registry);
    let results = results(&state).ok_or_else(|| not_there(layout))?;
    let passes = Passes {
        stores: &stores,
        results,
    };
    let mut percentiles = options.percentiles.to_vec();
    percentiles.extend(
        options
            .suggest
            .iter()
            .flat_map(|between| [between.low, between.high]),
    );
    let counts = passes.count(&calls, &percentiles)?;
    let quarantined = passes
        .results
        .iter()
        .map(|result| result.ledger.quarantined());
    let without_text = passes
        .results
        .iter()
        .map(|result| result.ledger.without_text);
    let mut analysis = Analysis {
        schema_version: ANALYSIS_SCHEMA,
        job_id: layout.job_id().to_string(),
        records: counts.records,
        quarantined: quarantined.sum(),
        without_text: without_text.sum(),
        statistics: counts.columns.into_iter().map(Column::describe).collect(),
        filters: counts.filters,
        kept_by_all: counts.kept_by_all,
        passed_over: options.passed_over.to_vec(),
        suggested: None,
    };
    analysis.suggested = options
        .suggest
        .map(|between| suggest::suggested(&analysis, &calls, options.registry, between));
    Ok(analysis)
}

const MAX_RECIPE_BYTES: u64 = 64 << 20;

/// Returns the results of all partitions that have one; none if the results are gone.
fn results(state: &JobState) -> Option<Vec<&Publication>> {
    let chain = state.final_chain()?;
    let partitions = 0..state.partition_count();
    let ended = partitions.filter_map(|index| state.result_of(index, chain));
    let ended: Vec<&Publication> = ended.collect();
    let is_kept = |result: &&Publication| !state.is_forgotten(&result.index.key);
    ended.iter().all(is_kept).then_some(ended)
}

fn not_there(layout: &Layout) -> Error {
    Error::Analysis {
        job: layout.job_id().to_string(),
        reason: "its results are gone; run it again with `--fresh`".to_owned(),
    }
}

/// The results, which can be read as often as necessary.
struct Passes<'a> {
    stores: &'a Stores,
    results: Vec<&'a Publication>,
}

struct Counts {
    records: u64,
    columns: Vec<Column>,
    filters: Vec<FilterOutcome>,
    kept_by_all: u64,
}

impl Passes<'_> {
    fn count(&self, calls: &[Call], percentiles: &[f64]) -> Result<Counts> {
        let verdicts = verdict_names(calls.iter().map(|call| call.name.as_str()));
        let statistics = statistics_of(calls);
        let mut columns: Vec<Column> = statistics
            .iter()
            .map(|name| Column::new(name, percentiles, statistics.len()))
            .collect();
        let after = splitters_before_statistics(calls, &statistics);
        let filters = calls.iter().zip(0..).filter(|(call, _)| call.is_filter());
        let mut filters: Vec<FilterOutcome> = filters
            .map(|(call, operation)| FilterOutcome {
                operation,
                operator: call.name.clone(),
                statistics: call.stats.clone(),
                bounds: call.bounds.clone(),
                records: 0,
                kept: 0,
            })
            .collect();
        let (mut records, mut kept_by_all) = (0, 0);
        let mut kept = Vec::new();
        let mut pieces = Pieces::of(calls);
        self.each_block(|block| {
            records += block.rows() as u64;
            for (column, splitters) in columns.iter_mut().zip(&after) {
                let values = values_of(block, &column.name);
                match pieces.firsts(block, *splitters) {
                    None => column.take(values),
                    Some(firsts) => column.take(&only(values, &firsts)),
                }
            }
            kept.clear();
            kept.resize(block.rows(), true);
            for filter in &mut filters {
                let verdicts = values_of(block, &verdicts[filter.operation as usize]);
                let before = pieces::splitters(&calls[..filter.operation as usize]);
                let firsts = pieces.firsts(block, before);
                let is_first = |row: usize| firsts.as_ref().is_none_or(|firsts| firsts[row]);
                for ((row, verdict), kept) in verdicts.iter().enumerate().zip(&mut kept) {
                    let stays = matches!(verdict, Some(StatValue::Bool(true)));
                    filter.records += u64::from(is_first(row));
                    filter.kept += u64::from(is_first(row) && stays);
                    *kept &= stays;
                }
            }
            pieces.pass(block);
            kept_by_all += kept.iter().filter(|kept| **kept).count() as u64;
        })?;
        // If there are more values than fit, ranks are narrowed down pass by pass.
        let mut unfinished = columns
            .iter_mut()
            .map(Column::end_pass)
            .fold(false, |any, one| any | one);
        while unfinished {
            let mut pieces = Pieces::of(calls);
            self.each_block(|block| {
                let columns = columns.iter_mut().zip(&after);
                for (column, splitters) in columns.filter(|(column, _)| column.is_unfinished()) {
                    let values = values_of(block, &column.name);
                    match pieces.firsts(block, *splitters) {
                        None => column.look_again(values),
                        Some(firsts) => column.look_again(&only(values, &firsts)),
                    }
                }
                pieces.pass(block);
            })?;
            unfinished = columns
                .iter_mut()
                .map(Column::end_pass)
                .fold(false, |any, one| any | one);
        }
        Ok(Counts {
            records,
            columns,
            filters,
            kept_by_all,
        })
    }

    fn each_block(&self, mut see: impl FnMut(&RowBlock)) -> Result<()> {
        let mut block = RowBlock::default();
        for result in &self.results {
            let file = self.stores.get(&result.index.key)?;
            let mut rows = RowsReader::open(file, &result.index.stamp)?;
            while rows.next(&mut block)? {
                see(&block);
            }
        }
        Ok(())
    }
}

/// Returns the names of all statistics, in the order of the recipe.
fn statistics_of(calls: &[Call]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in calls.iter().flat_map(|call| &call.stats) {
        if !names.contains(name) {
            names.push(name.clone());
        }
    }
    names
}

/// Returns how many splitters come before the filter that computes each statistic first.
fn splitters_before_statistics(calls: &[Call], statistics: &[String]) -> Vec<usize> {
    let before = |name: &String| {
        let first = calls.iter().position(|call| call.stats.contains(name));
        pieces::splitters(&calls[..first.unwrap_or(calls.len())])
    };
    statistics.iter().map(before).collect()
}

/// Returns the values of the selected rows, and none for the others.
fn only(values: &[Option<StatValue>], rows: &[bool]) -> Vec<Option<StatValue>> {
    let values = values.iter().zip(rows);
    values
        .map(|(value, is_wanted)| value.clone().filter(|_| *is_wanted))
        .collect()
}

/// Returns the values of a statistic, row by row; none if no row of the file has one.
fn values_of<'b>(block: &'b RowBlock, name: &str) -> &'b [Option<StatValue>] {
    let mut stats = block.stats.iter();
    let found = stats.find(|(known, _)| known == name);
    found.map_or(&[], |(_, values)| values)
}
