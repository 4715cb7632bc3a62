//! Batch-level operators: for work that is done elsewhere, many records at a time.

use coldpress_record::Stats;

use crate::filter::{KnownStats, StatRow};
use crate::mapper::Changes;
use crate::record::{Record, RecordError};

/// Changes fields of many records at a time, as when a child process or an HTTP service does the work.
///
/// The number of records in a call depends on the batch and on the recipe's `batch_size`, so the result for a record must not
/// depend on its neighbours. An instance serves one thread. After a panic it is discarded and built anew.
pub trait BatchMapper: Send {
    /// Puts the changes to each of `records` into `answers`. A record without an answer stays as it is.
    ///
    /// # Errors
    /// An error applies to the whole call, and its answers are ignored. The records are then sent again one by one, and those that
    /// fail alone go to quarantine. If it is known which record failed, [`MapAnswers::fail`] reports it right away.
    fn map(&mut self, records: &[Record<'_>], answers: &mut MapAnswers) -> Result<(), RecordError>;
}

/// Decides by statistics that are computed for many records at a time. In all other respects, it is like a
/// [`Filter`](crate::Filter).
pub trait BatchFilter: Send {
    /// Computes the statistics of `records`, each of which lacks at least one.
    ///
    /// # Errors
    /// As for [`BatchMapper::map`].
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError>;

    /// Returns whether a record with these statistics stays. They are indexed in the order of their declaration.
    fn keep(&self, stats: &KnownStats<'_>) -> bool;
}

/// The answers of a batch-level mapper about the records of one call.
#[derive(Debug)]
pub struct MapAnswers {
    changes: Vec<Changes>,
    errors: Vec<Option<RecordError>>,
}

impl MapAnswers {
    pub(crate) fn new(records: usize, fields: usize) -> Self {
        let changes = std::iter::repeat_with(|| Changes::for_fields(fields));
        Self {
            changes: changes.take(records).collect(),
            errors: vec![None; records],
        }
    }

    /// Returns the changes to the call's `record`-th record.
    pub fn of(&mut self, record: usize) -> &mut Changes {
        &mut self.changes[record]
    }

    /// Sends the call's `record`-th record to quarantine, whatever other answers there are.
    pub fn fail(&mut self, record: usize, error: RecordError) {
        self.errors[record] = Some(error);
    }

    /// Returns, for each record in order, its changes or its error.
    pub(crate) fn into_each(self) -> impl Iterator<Item = Result<Changes, RecordError>> {
        let pairs = self.changes.into_iter().zip(self.errors);
        pairs.map(|(changes, error)| error.map_or(Ok(changes), Err))
    }
}

/// The answers of a batch-level filter about the records of one call.
///
/// It is kept apart from the batch until the call has returned, so that a failed call leaves nothing behind.
#[derive(Debug)]
pub struct StatAnswers {
    stats: Stats,
    columns: Vec<usize>,
    errors: Vec<Option<RecordError>>,
    compat: bool,
}

impl StatAnswers {
    /// Makes answers about these rows, which start with the statistics that `stats` already has.
    pub(crate) fn new(stats: &Stats, columns: &[usize], rows: &[u32], compat: bool) -> Self {
        let known = columns.iter().map(|column| {
            let value = |row: &u32| stats.get(*column, *row as usize).cloned();
            let values: Vec<_> = rows.iter().map(value).collect();
            (stats.names()[*column].as_str(), values)
        });
        let known: Vec<_> = known.collect();
        let columns = known
            .iter()
            .map(|(name, values)| (*name, values.as_slice()));
        Self {
            stats: Stats::of_columns(columns),
            columns: (0..known.len()).collect(),
            errors: vec![None; rows.len()],
            compat,
        }
    }

    /// Returns the statistics of the call's `record`-th record.
    pub fn of(&mut self, record: usize) -> StatRow<'_> {
        StatRow::new(&mut self.stats, &self.columns, record, self.compat)
    }

    /// Sends the call's `record`-th record to quarantine, whatever other answers there are.
    pub fn fail(&mut self, record: usize, error: RecordError) {
        self.errors[record] = Some(error);
    }

    /// Adds the statistics of rows that did not fail to those of the batch. Returns, for each row in order, its error if it failed.
    pub(crate) fn settle(
        self,
        stats: &mut Stats,
        columns: &[usize],
        rows: &[u32],
    ) -> Vec<Option<RecordError>> {
        for (own, column) in self.columns.iter().zip(columns) {
            let answers = self.stats.values(*own).iter().zip(&self.errors);
            for ((value, error), row) in answers.zip(rows) {
                if let (Some(value), None) = (value, error) {
                    stats.set(*column, *row as usize, value.clone());
                }
            }
        }
        self.errors
    }
}
