//! The mixture of a dataset's paths, and what came of each.

use coldpress_job::{JobPlan, JobState};
use coldpress_record::Ledger;
use serde::Serialize;

use super::Source;

/// A path of a mixed dataset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MixedPath {
    /// The path of its first file.
    pub first_file: String,
    /// The number of sources that it led to: files, or many small files that are read as one.
    pub sources: u32,
    /// Its records; none if there was no need to count them.
    pub records: Option<u64>,
    /// The number of times that all of them are read.
    pub readings: u64,
    /// The number that are drawn in one more reading.
    pub drawn: u64,
    /// The records that came in, in the partitions completed so far, including repeats.
    pub sampled: u64,
    /// The records that come out of the last operator; none if an operator moved records between partitions.
    pub exported: Option<u64>,
}

/// Returns the paths of a mixed dataset; none for one that is read as it is.
pub(super) fn mixture(source: &Source<'_>) -> Vec<MixedPath> {
    let state = source.state;
    let Some((plan, mixing)) = state
        .plan()
        .and_then(|plan| Some((plan, plan.mixing.as_ref()?)))
    else {
        return Vec::new();
    };
    let ledgers = ledgers(state, plan);
    // If one path was counted, all paths that are read were counted.
    let is_counted = mixing.parts.iter().any(|part| part.records > 0);
    let mut first_source = 0;
    let mut path = |(part, ledger): (&coldpress_partition::Part, &Ledger)| {
        let first = plan.sources.get(first_source as usize);
        let is_read = part.all_readings() > 0;
        first_source += u64::from(part.sources) * part.all_readings();
        let operators = &ledger.operators;
        let is_moved = operators
            .iter()
            .any(|operator| operator.moved_in + operator.moved_out > 0);
        MixedPath {
            first_file: first
                .filter(|_| is_read)
                .map_or_else(String::new, |first| first.path.clone()),
            sources: part.sources,
            records: (part.records > 0 || is_counted && is_read).then_some(part.records),
            readings: part.readings,
            drawn: part.drawn,
            sampled: ledger.sampled(),
            exported: (!is_moved).then(|| ledger.exported()),
        }
    };
    let parts = mixing.parts.iter().zip(&ledgers);
    parts.map(&mut path).collect()
}

/// Returns the ledgers of the results so far, summed by part.
fn ledgers(state: &JobState, plan: &JobPlan) -> Vec<Ledger> {
    let parts = plan.mixing.as_ref().map_or(&[][..], |mixing| &mixing.parts);
    let mut ledgers = vec![Ledger::default(); parts.len()];
    // The ends of the parts among the sources, so that the part of a partition is found without counting each time.
    let ends = parts.iter().scan(0, |end, part| {
        *end += u64::from(part.sources) * part.all_readings();
        Some(*end)
    });
    let ends: Vec<u64> = ends.collect();
    for planned in state.partitions() {
        let part = ends.partition_point(|end| *end <= u64::from(planned.slice.source));
        let result = state.farthest_result(planned.index);
        if let (Some((_, result)), Some(ledger)) = (result, ledgers.get_mut(part)) {
            ledger.add(&result.ledger);
        }
    }
    ledgers
}
