//! The common part of filters by a range: they measure the text and compare the measure with two bounds.

use coldpress_operator::{
    Filter, KnownStats, LoadError, RangeRule, Record, RecordError, ResolveContext, Resolved,
    Shared, StatKind, StatRow, StatValue,
};

/// Returns a filter that keeps records whose text has a measure between two bounds; `None` means no bound.
///
/// The measure is the statistic `stat`. Each worker thread has a `measure` of its own, with its scratch memory.
pub(super) fn range_filter<M>(
    stat: (&'static str, StatKind),
    bounds: (Option<f64>, Option<f64>),
    context: &ResolveContext<'_>,
    measure: M,
) -> Resolved<impl Filter + use<M>>
where
    M: FnMut(&str) -> StatValue + Clone + Send + Sync + 'static,
{
    range_filter_of_records(stat, bounds, context, move |_: &Shared| {
        let mut measure = measure.clone();
        Ok(move |record: &Record<'_>| Ok(measure(record.text(0)?)))
    })
}

/// Does the same for a measure of records. `make` prepares the measure for one thread.
pub(super) fn range_filter_of_records<M>(
    (stat, kind): (&'static str, StatKind),
    (min, max): (Option<f64>, Option<f64>),
    context: &ResolveContext<'_>,
    make: impl Fn(&Shared) -> Result<M, LoadError> + Send + Sync + 'static,
) -> Resolved<RangeFilter<M>>
where
    M: FnMut(&Record<'_>) -> Result<StatValue, RecordError> + Send + 'static,
{
    let rule = context.range.clone();
    let make = move |shared: &Shared| {
        Ok(RangeFilter {
            min,
            max,
            rule: rule.clone(),
            measure: make(shared)?,
        })
    };
    Resolved::loading(make).stat(stat, kind)
}

/// Converts a bound that is a whole number to the type that filters compare with.
pub(super) fn bound(bound: Option<i64>) -> Option<f64> {
    bound.map(|bound| bound as f64)
}

pub(super) struct RangeFilter<M> {
    min: Option<f64>,
    max: Option<f64>,
    rule: RangeRule,
    measure: M,
}

impl<M> Filter for RangeFilter<M>
where
    M: FnMut(&Record<'_>) -> Result<StatValue, RecordError> + Send,
{
    fn compute(&mut self, record: &Record<'_>, stats: &mut StatRow<'_>) -> Result<(), RecordError> {
        stats.set(0, (self.measure)(record)?);
        Ok(())
    }

    fn keep(&self, stats: &KnownStats<'_>) -> bool {
        self.rule.keep(stats[0].as_f64(), self.min, self.max)
    }
}
