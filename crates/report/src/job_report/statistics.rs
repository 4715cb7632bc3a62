//! Distributions of the statistics of filters, from the values that the results have for each row.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use coldpress_checkpoint::{RowBlock, RowsReader};
use coldpress_job::{DroppedEntry, Publication};
use coldpress_operator::verdict_names;
use coldpress_record::StatValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Source;
use super::partitions::spread;
use super::summary_of_values::{Bins, ValueCount, quantiles};
use super::thresholds::{Call, Threshold};

/// The distributions of the statistics of filters.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistics {
    /// The partitions whose rows were looked at, evenly spread.
    pub partitions: u32,
    /// Rows that were looked at.
    pub rows: u64,
    /// True if records that filters dropped are included, which requires a recipe that keeps them (`export_dropped`). Otherwise the
    /// values are those of records that passed all filters so far.
    pub with_dropped: bool,
    /// True for an analysis, where nothing was dropped and each record says which filters would keep it. Those that would be
    /// dropped count as dropped here.
    pub judged: bool,
    /// The rows that each filter of an analysis would keep, whatever the others do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub verdicts: Vec<FilterVerdict>,
    /// The rows that all of them would keep.
    pub kept_by_all: u64,
    /// The reason why there are none although the job may have them, and how to get them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<String>,
    /// The statistics.
    pub list: Vec<Statistic>,
}

/// The rows that a filter of an analysis would keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct FilterVerdict {
    /// Its place in the recipe, from 0.
    pub operator: u32,
    /// The rows that it would keep.
    pub kept: u64,
}

/// The distribution of a statistic.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statistic {
    /// Its name.
    pub name: String,
    /// The places in the recipe of the operators that decide by it.
    pub operators: Vec<u32>,
    /// Their bounds.
    pub thresholds: Vec<Threshold>,
    /// The number of records with a value.
    pub records: u64,
    /// The mean of all numbers.
    pub mean: Option<f64>,
    /// The quantiles of all numbers for each half percent, from the least to the greatest.
    pub quantiles: Vec<f64>,
    /// The histogram of the numbers.
    pub bins: Option<Bins>,
    /// The most frequent values that aren't numbers.
    pub values: Vec<ValueCount>,
}

/// The most values that aren't numbers for each statistic.
const MOST_VALUES: usize = 1_000;
const LISTED_VALUES: usize = 30;

/// The most bytes of dropped records that are read.
const MAX_DROPPED_BYTES: u64 = 64 << 20;

#[derive(Default)]
struct Values {
    passed: Vec<f64>,
    dropped: Vec<f64>,
    others: BTreeMap<String, (u64, u64)>,
}

pub(super) fn statistics(
    source: &Source<'_>,
    calls: &[Call],
    remarks: &mut Vec<String>,
) -> Statistics {
    let mut seen = Seen::default();
    if let Err(error) = seen.look(source, calls) {
        remarks.push(format!("a part of the statistics cannot be read: {error}"));
    }
    let list = seen.values.into_iter();
    Statistics {
        partitions: seen.partitions,
        rows: seen.rows,
        judged: seen.judged,
        verdicts: {
            let kept = seen.kept.into_iter();
            kept.map(|(operator, kept)| FilterVerdict { operator, kept })
                .collect()
        },
        kept_by_all: seen.kept_by_all,
        left_out: None,
        with_dropped: seen.partitions > 0 && seen.without_dropped == 0,
        list: order(
            list.map(|(name, values)| statistic(name, values, calls))
                .collect(),
        ),
    }
}

/// Sorts the statistics in the order of the recipe, and leaves out those without values.
fn order(mut list: Vec<Statistic>) -> Vec<Statistic> {
    list.retain(|statistic| statistic.records > 0);
    list.sort_by_key(|statistic| statistic.operators.first().copied().unwrap_or(u32::MAX));
    list
}

#[derive(Default)]
struct Seen {
    partitions: u32,
    without_dropped: u32,
    judged: bool,
    kept: BTreeMap<u32, u64>,
    kept_by_all: u64,
    rows: u64,
    dropped_bytes: u64,
    values: BTreeMap<String, Values>,
}

impl Seen {
    fn look(&mut self, source: &Source<'_>, calls: &[Call]) -> Result<(), String> {
        let state = source.state;
        let usable = |index: u32| {
            let (_, result) = state.farthest_result(index)?;
            let is_kept = !state.is_forgotten(&result.index.key);
            is_kept.then_some(result)
        };
        let results: Vec<&Publication> = (0..state.partition_count()).filter_map(usable).collect();
        let rows: u64 = results.iter().map(|result| result.ledger.exported()).sum();
        let dropped = results.iter().filter_map(|result| result.dropped.as_ref());
        let dropped = dropped.flatten().map(|entry| entry.file.stamp.length);
        let bytes: u64 = dropped.sum();
        let share = source.limits.rows as f64 / rows.max(1) as f64;
        let share = share.min(MAX_DROPPED_BYTES as f64 / bytes.max(1) as f64);
        let most = (results.len() as f64 * share).ceil() as usize;
        for at in spread(results.len() as u32, most.max(1)) {
            // Partitions may differ much in size.
            let is_enough =
                self.rows >= 2 * source.limits.rows || self.dropped_bytes >= 2 * MAX_DROPPED_BYTES;
            if is_enough || source.is_late() {
                break;
            }
            self.add(source, results[at as usize], calls)?;
        }
        Ok(())
    }

    fn add(
        &mut self,
        source: &Source<'_>,
        result: &Publication,
        calls: &[Call],
    ) -> Result<(), String> {
        let Some(stores) = source.stores else {
            return Ok(());
        };
        let file = stores.get(&result.index.key);
        let file = file.map_err(|error| error.to_string())?;
        let rows = RowsReader::open(file, &result.index.stamp);
        let mut rows = rows.map_err(|error| error.to_string())?;
        let mut block = RowBlock::default();
        let verdicts = verdict_names(calls.iter().map(|call| call.name.as_str()));
        self.partitions += 1;
        while rows.next(&mut block).map_err(|error| error.to_string())? {
            self.rows += block.rows() as u64;
            self.add_verdicts(&verdicts, &block);
            for (name, values) in &block.stats {
                if verdicts.contains(name) {
                    self.judged = true;
                    continue;
                }
                let judges = verdicts_on(name, calls, &verdicts, &block);
                let known = self.values.entry(name.clone()).or_default();
                for (row, value) in values.iter().enumerate() {
                    if let Some(value) = value {
                        known.add(value, judges.iter().any(|verdicts| is_no(verdicts, row)));
                    }
                }
            }
        }
        match &result.dropped {
            None if self.judged => {}
            None => self.without_dropped += 1,
            Some(dropped) => {
                for entry in dropped {
                    self.add_dropped(source, entry, calls)?;
                }
            }
        }
        Ok(())
    }

    fn add_verdicts(&mut self, verdicts: &[String], block: &RowBlock) {
        let mut judges = Vec::new();
        for (verdict, operator) in verdicts.iter().zip(0..) {
            let found = block.stats.iter().find(|(name, _)| name == verdict);
            if let Some((_, answers)) = found {
                let is_yes =
                    |answer: &&Option<StatValue>| matches!(answer, Some(StatValue::Bool(true)));
                let kept = answers.iter().filter(is_yes).count();
                *self.kept.entry(operator).or_default() += kept as u64;
                judges.push(answers.as_slice());
            }
        }
        if !judges.is_empty() {
            let rows = 0..block.rows();
            let kept = rows.filter(|row| !judges.iter().any(|answers| is_no(answers, *row)));
            self.kept_by_all += kept.count() as u64;
        }
    }

    fn add_dropped(
        &mut self,
        source: &Source<'_>,
        entry: &DroppedEntry,
        calls: &[Call],
    ) -> Result<(), String> {
        let Some(stores) = source.stores else {
            return Ok(());
        };
        let file = stores.object(&entry.file).read();
        let file = file.map_err(|error| error.to_string())?;
        let length = entry.file.stamp.length;
        self.dropped_bytes += length;
        let decisive = calls.get(entry.operation as usize);
        let decisive = decisive.map_or(&[][..], |call| &call.stats);
        for line in BufReader::new(file.take(length)).lines() {
            let line = line.map_err(|error| error.to_string())?;
            let Ok(record) = serde_json::from_str::<WithStats>(&line) else {
                continue;
            };
            self.rows += 1;
            for (name, value) in record.stats {
                let is_decisive = decisive.contains(&name);
                let known = self.values.entry(name).or_default();
                known.add_json(&value, is_decisive);
            }
        }
        Ok(())
    }
}

/// Collects the verdicts of the filters that decide by a statistic, row by row.
fn verdicts_on<'b>(
    statistic: &String,
    calls: &[Call],
    verdicts: &[String],
    block: &'b RowBlock,
) -> Vec<&'b [Option<StatValue>]> {
    let deciding = calls.iter().zip(verdicts);
    let deciding = deciding.filter(|(call, _)| call.stats.contains(statistic));
    let found = deciding.filter_map(|(_, verdict)| {
        let mut stats = block.stats.iter();
        stats.find(|(name, _)| name == verdict)
    });
    found.map(|(_, values)| values.as_slice()).collect()
}

fn is_no(verdicts: &[Option<StatValue>], row: usize) -> bool {
    matches!(verdicts.get(row), Some(Some(StatValue::Bool(false))))
}

/// A record that was dropped, with its statistics.
#[derive(Deserialize)]
struct WithStats {
    #[serde(rename = "__dj__stats__", default)]
    stats: serde_json::Map<String, Value>,
}

/// Returns whether a number is small enough that sums and ranges of such numbers are finite.
fn is_drawable(number: f64) -> bool {
    number.abs() < 1e300
}

impl Values {
    fn add(&mut self, value: &StatValue, dropped: bool) {
        let list = match dropped {
            true => &mut self.dropped,
            false => &mut self.passed,
        };
        match value {
            StatValue::Int(number) => list.push(*number as f64),
            StatValue::Float(number) if is_drawable(*number) => list.push(*number),
            StatValue::Bool(answer) => self.count(&answer.to_string(), dropped),
            StatValue::Text(text) => self.count(text, dropped),
            StatValue::Float(_) | StatValue::List(_) | StatValue::Null => {}
        }
    }

    fn add_json(&mut self, value: &Value, dropped: bool) {
        match value {
            Value::Number(number) => {
                let list = match dropped {
                    true => &mut self.dropped,
                    false => &mut self.passed,
                };
                list.extend(number.as_f64().filter(|number| is_drawable(*number)));
            }
            Value::Bool(answer) => self.count(&answer.to_string(), dropped),
            Value::String(text) => self.count(text, dropped),
            Value::Null | Value::Array(_) | Value::Object(_) => {}
        }
    }

    fn count(&mut self, text: &str, dropped: bool) {
        let text = super::limits::cut(text, 200);
        if self.others.len() >= MOST_VALUES && !self.others.contains_key(&text) {
            return;
        }
        let (passed, gone) = self.others.entry(text).or_default();
        *(if dropped { gone } else { passed }) += 1;
    }
}

fn statistic(name: String, values: Values, calls: &[Call]) -> Statistic {
    let decides = |(call, at): (&Call, u32)| call.stats.contains(&name).then_some(at);
    let operators: Vec<u32> = calls.iter().zip(0..).filter_map(decides).collect();
    let bounds = operators
        .iter()
        .filter_map(|at| calls.get(*at as usize))
        .flat_map(|call| call.bounds.clone());
    let thresholds = bounds.collect();
    let mut numbers: Vec<f64> = values
        .passed
        .iter()
        .chain(&values.dropped)
        .copied()
        .collect();
    numbers.sort_by(f64::total_cmp);
    let count = numbers.len() as u64;
    let mut texts: Vec<ValueCount> = values
        .others
        .into_iter()
        .map(|(value, (passed, dropped))| ValueCount {
            value,
            passed,
            dropped,
        })
        .collect();
    let in_texts: u64 = texts.iter().map(|one| one.passed + one.dropped).sum();
    texts.sort_by_key(|one| std::cmp::Reverse(one.passed + one.dropped));
    texts.truncate(LISTED_VALUES);
    Statistic {
        name,
        operators,
        thresholds,
        records: count + in_texts,
        mean: (count > 0).then(|| numbers.iter().sum::<f64>() / count as f64),
        quantiles: quantiles(&numbers),
        bins: (count > 0).then(|| Bins::of(&values.passed, &values.dropped)),
        values: texts,
    }
}
