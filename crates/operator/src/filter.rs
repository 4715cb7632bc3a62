//! Filters: operators that compute statistics of a record, and keep or drop it by them.

use std::borrow::Cow;
use std::ops::Index;

use coldpress_record::{StatValue, Stats};

use crate::params;
use crate::record::{Record, RecordError};
use crate::rounding::{read_back, rounded};

/// Decides by statistics whether a record stays. [`Resolved::stat`](crate::Resolved::stat) declares the statistics.
///
/// Statistics are computed once. A statistic that a record already has, from an earlier filter or from the input's `__dj__stats__`,
/// is used as it is, unless a field that it describes may have changed since, or the earlier filter had other
/// [parameters](crate::Resolved::stats_depend_on). An instance serves one thread.
pub trait Filter: Send {
    /// Computes the statistics of one record. It is called only if one of them is missing.
    ///
    /// # Errors
    /// An error sends this record to quarantine.
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError>;

    /// Returns whether the record may stay, for filters that check something other than statistics. It is called before the
    /// statistics are computed. A record that isn't admitted is dropped and gets none.
    ///
    /// # Errors
    /// An error sends this record to quarantine.
    fn admits(&mut self, record: &Record<'_>) -> Result<bool, RecordError> {
        let _ = record;
        Ok(true)
    }

    /// Returns whether a record with these statistics stays. They are indexed in the order of their declaration.
    fn keep(&self, stats: &KnownStats<'_>) -> bool;
}

/// The statistics of one record, to be filled by its filter.
#[derive(Debug)]
pub struct StatRow<'a> {
    stats: &'a mut Stats,
    columns: &'a [usize],
    row: usize,
    /// True if they have no more decimals than in Data-Juicer.
    compat: bool,
}

impl<'a> StatRow<'a> {
    pub(crate) fn new(
        stats: &'a mut Stats,
        columns: &'a [usize],
        row: usize,
        compat: bool,
    ) -> Self {
        Self {
            stats,
            columns,
            row,
            compat,
        }
    }

    /// Sets the filter's `index`-th statistic, unless the record already has it.
    pub fn set(&mut self, index: usize, value: StatValue) {
        if self.get(index).is_none() {
            let value = if self.compat { rounded(value) } else { value };
            self.stats.set(self.columns[index], self.row, value);
        }
    }

    /// Returns the statistic with this name, whichever filter computed it. If Data-Juicer's quirks are wanted, it is as Data-Juicer
    /// reads it.
    pub fn named(&self, name: &str) -> Option<Cow<'_, StatValue>> {
        let column = self.stats.column(name)?;
        let value = self.stats.get(column, self.row)?;
        Some(match self.compat {
            true => Cow::Owned(read_back(value)),
            false => Cow::Borrowed(value),
        })
    }

    /// Returns the filter's `index`-th statistic.
    pub fn get(&self, index: usize) -> Option<&StatValue> {
        self.stats.get(self.columns[index], self.row)
    }
}

/// The statistics of one record that a filter declared, all of which have been computed.
#[derive(Clone, Debug)]
pub struct KnownStats<'a> {
    stats: &'a Stats,
    columns: &'a [usize],
    row: usize,
    /// The statistics by which Data-Juicer decides, if its quirks are wanted.
    read_back: Vec<StatValue>,
}

impl<'a> KnownStats<'a> {
    pub(crate) fn new(stats: &'a Stats, columns: &'a [usize], row: usize, compat: bool) -> Self {
        let of_compat = columns.iter().filter(|_| compat);
        Self {
            stats,
            columns,
            row,
            read_back: of_compat
                .filter_map(|column| stats.get(*column, row).map(read_back))
                .collect(),
        }
    }
}

impl Index<usize> for KnownStats<'_> {
    type Output = StatValue;

    fn index(&self, index: usize) -> &StatValue {
        // A chain asks a filter only about records that have all of their statistics.
        const NONE: &StatValue = &StatValue::Bool(false);
        let stored = || self.stats.get(self.columns[index], self.row);
        self.read_back.get(index).or_else(stored).unwrap_or(NONE)
    }
}

params! {
    /// The comparison of a statistic with its bounds: parameters that every range filter has.
    #[derive(PartialEq)]
    pub struct RangeRule {
        /// If set, a value equal to the minimum is inside.
        min_closed_interval: bool = true;
        /// If set, a value equal to the maximum is inside.
        max_closed_interval: bool = true;
        /// If set, keeps records outside of the range. The two flags above are flipped first, as in Data-Juicer, so by default a
        /// value equal to a bound is kept.
        reversed_range: bool = false;
    }
}

impl RangeRule {
    /// Returns whether a record with this value stays. `None` means no bound.
    pub fn keep(&self, value: f64, min: Option<f64>, max: Option<f64>) -> bool {
        let min_closed = self.min_closed_interval != self.reversed_range;
        let max_closed = self.max_closed_interval != self.reversed_range;
        let above = min.is_none_or(|min| {
            if min_closed {
                value >= min
            } else {
                value > min
            }
        });
        let below = max.is_none_or(|max| {
            if max_closed {
                value <= max
            } else {
                value < max
            }
        });
        (above && below) != self.reversed_range
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Params;

    #[test]
    fn reversed_flips_the_ends_before_it_negates() {
        let rule = |min_closed_interval, reversed_range| RangeRule {
            min_closed_interval,
            reversed_range,
            ..RangeRule::defaults()
        };
        let cases = [
            (rule(true, false), 1.0, true),
            (rule(false, false), 1.0, false),
            (rule(true, false), 2.0, true),
            (rule(true, false), 3.0, false),
            (rule(true, true), 1.0, true),
            (rule(false, true), 1.0, false),
            (rule(true, true), 1.5, false),
            (rule(true, true), 3.0, true),
            (rule(true, false), f64::NAN, false),
        ];
        for (rule, value, kept) in cases {
            assert_eq!(
                rule.keep(value, Some(1.0), Some(2.0)),
                kept,
                "{rule:?} {value}"
            );
        }
        assert!(rule(true, false).keep(f64::INFINITY, None, None));
    }
}
