//! What filters by a range have in common: measure the text, compare with two bounds.

use coldpress_operator::{
    Filter, KnownStats, RangeRule, Record, RecordError, ResolveContext, Resolved, StatKind,
    StatRow, StatValue,
};

/// A filter that keeps records whose text has a measure between two bounds; `None` is no bound.
///
/// The measure is the statistic `stat`; each worker thread has a `measure` of its own, with its scratch memory.
pub(super) fn range_filter<M>(
    (stat, kind): (&'static str, StatKind),
    (min, max): (Option<f64>, Option<f64>),
    context: &ResolveContext<'_>,
    measure: M,
) -> Resolved<RangeFilter<M>>
where
    M: FnMut(&str) -> StatValue + Clone + Send + Sync + 'static,
{
    let rule = context.range.clone();
    let filter = RangeFilter {
        min,
        max,
        rule,
        measure,
    };
    Resolved::new(move || filter.clone()).stat(stat, kind)
}

#[derive(Clone)]
pub(super) struct RangeFilter<M> {
    min: Option<f64>,
    max: Option<f64>,
    rule: RangeRule,
    measure: M,
}

impl<M: FnMut(&str) -> StatValue + Send> Filter for RangeFilter<M> {
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        stats.set(0, (self.measure)(record.text(0)?));
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        self.rule.keep(stats[0].as_f64(), self.min, self.max)
    }
}
