//! What filters by a range have in common: measure the text, compare with two bounds.

use coldpress_operator::{
    BuildContext, Filter, Operator, RangeRule, Record, RecordError, StatRow, StatValue,
};

/// A filter that keeps records whose text has a measure between two bounds; `None` is no bound.
///
/// The measure is the statistic `stat`.
pub(super) fn range_filter(
    stat: &'static str,
    (min, max): (Option<f64>, Option<f64>),
    context: &BuildContext,
    measure: impl FnMut(&str) -> StatValue + Send + 'static,
) -> Operator {
    let rule = context.range.clone();
    Operator::filter(RangeFilter {
        stat,
        min,
        max,
        rule,
        measure,
    })
}

struct RangeFilter<M> {
    stat: &'static str,
    min: Option<f64>,
    max: Option<f64>,
    rule: RangeRule,
    measure: M,
}

impl<M: FnMut(&str) -> StatValue + Send> Filter for RangeFilter<M> {
    fn stats(&self) -> Vec<String> {
        vec![self.stat.to_owned()]
    }

    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        stats.set(0, (self.measure)(record.text(0)?));
        Ok(())
    }

    fn keep(&self, stats: &[StatValue]) -> bool {
        self.rule.keep(stats[0].as_f64(), self.min, self.max)
    }
}
