//! Takes over statistics that came with records.

use coldpress_record::{Batch, Stat, StatValue};
use serde_json::{Map, Value};

/// Takes over the statistics in a record's `__dj__stats__` that the pipeline knows and whose type fits.
pub(super) fn take_given_stats(batch: &mut Batch, stats: &[Stat], column: usize, row: usize) {
    let json = batch.json(column, row).unwrap_or_default().into_owned();
    let Ok(given) = serde_json::from_str::<Map<String, Value>>(&json) else {
        return;
    };
    for (at, stat) in stats.iter().enumerate() {
        let value = given.get(&stat.name).and_then(StatValue::from_json);
        if let Some(value) = value.filter(|value| stat.kind.holds(value)) {
            batch.stats_mut().set(at, row, value);
        }
    }
}
