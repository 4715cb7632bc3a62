//! Filters of the package.

use coldpress_external::Answer;
use coldpress_operator::{
    BatchFilter, KnownStats, Record, RecordError, StatAnswers, StatRow, StatValue,
};
use serde_json::Value;

use crate::external::{Asker, Reply};

/// A filter that decides in Python. Its first statistic is what it said, the others are those that it decided by.
pub(super) struct Judge {
    asker: Asker,
    stats: Vec<String>,
}

impl Judge {
    pub(super) fn new(asker: Asker, stats: Vec<String>) -> Self {
        Self { asker, stats }
    }
}

impl BatchFilter for Judge {
    fn compute(
        &mut self,
        records: &[Record<'_>],
        answers: &mut StatAnswers,
    ) -> Result<(), RecordError> {
        let names = &self.stats;
        self.asker.ask(records, |at, reply| match reply {
            Reply::Of(Answer::Judged { keep, stats }) => {
                let mut row = answers.of(at);
                row.set(0, StatValue::Bool(keep));
                set_all(&mut row, names, &stats);
            }
            Reply::Of(Answer::Failed(error)) => answers.fail(at, RecordError::new(error)),
            _ => answers.fail(at, RecordError::new("it did not answer as a filter does")),
        })
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        stats[0] == StatValue::Bool(true)
    }
}

/// Sets the statistics from the second on. One that was not computed, or is of no type that statistics have, is null.
fn set_all(row: &mut StatRow<'_>, names: &[String], stats: &str) {
    let stats: Value = serde_json::from_str(stats).unwrap_or_default();
    for (at, name) in names.iter().enumerate() {
        let value = stats.get(name).and_then(StatValue::from_json);
        row.set(at + 1, value.unwrap_or(StatValue::Null));
    }
}
