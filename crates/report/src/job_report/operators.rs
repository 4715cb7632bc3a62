//! The recipe as a funnel: the records at each operator, and the time that it took.

use std::collections::BTreeMap;

use coldpress_record::{Ledger, OperatorLedger};
use serde::Serialize;

use super::Source;
use super::thresholds::Call;

/// The records that went through an operator, over all partitions, as far as each has come.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OperatorRow {
    /// Its place in the recipe, from 0.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its kind, if it is known.
    pub kind: Option<String>,
    /// The stage in which it works, from 0. For an operator at a barrier, it is the stage that it ends.
    pub stage: u32,
    /// True if the operator decides about the whole dataset.
    pub is_barrier: bool,
    /// Its parameters as the recipe gives them, in YAML's flow style.
    pub parameters: Option<String>,
    /// The counts of records.
    #[serde(flatten)]
    pub counts: OperatorCounts,
    /// Partitions that are through with it.
    pub partitions: u32,
    /// Seconds of work, summed over the workers; none if none were measured.
    pub seconds: Option<f64>,
    /// Its share of the work of all operators.
    pub share_of_time: Option<f64>,
    /// Nanoseconds of work for each byte that the partitions' records had when they were read.
    pub nanos_per_byte: Option<f64>,
    /// The seconds that the decision about the whole dataset took. Only the event log has them.
    pub barrier_seconds: Option<f64>,
}

/// The ledger of an operator without its name, which is in the row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OperatorCounts {
    /// Records that reached it.
    pub records_in: u64,
    /// Records that it made.
    pub made: u64,
    /// Records that left it.
    pub out: u64,
    /// Records that it dropped.
    pub dropped: u64,
    /// Records that it failed on.
    pub quarantined: u64,
    /// Records that went into groups.
    pub absorbed: u64,
    /// Records of other partitions that it put into these partitions.
    pub moved_in: u64,
    /// Records of these partitions that it put into others.
    pub moved_out: u64,
}

impl From<&OperatorLedger> for OperatorCounts {
    fn from(ledger: &OperatorLedger) -> Self {
        Self {
            records_in: ledger.records_in,
            made: ledger.made,
            out: ledger.out,
            dropped: ledger.dropped,
            quarantined: ledger.quarantined,
            absorbed: ledger.absorbed,
            moved_in: ledger.moved_in,
            moved_out: ledger.moved_out,
        }
    }
}

#[derive(Clone, Copy, Default)]
struct Work {
    partitions: u32,
    nanos: u64,
    bytes: u64,
}

pub(super) fn operators(
    source: &Source<'_>,
    calls: &[Call],
    barrier_seconds: &BTreeMap<u32, f64>,
) -> Vec<OperatorRow> {
    let Some(recipe) = source.state.recipe() else {
        return Vec::new();
    };
    let (ledger, work) = work(source, recipe.operators.len());
    let all_nanos: u64 = work.iter().map(|work| work.nanos).sum();
    let row = |(name, at): (&String, u32)| {
        let place = at as usize;
        let work = work.get(place).copied().unwrap_or_default();
        let measured = |figure: f64| (work.nanos > 0).then_some(figure);
        let nanos = work.nanos as f64;
        let call = calls.get(place).filter(|call| call.name == *name);
        let before = recipe.barriers.iter().filter(|barrier| **barrier < at);
        OperatorRow {
            index: at,
            name: name.clone(),
            kind: call.and_then(|call| call.kind.clone()),
            stage: before.count() as u32,
            is_barrier: recipe.barriers.contains(&at),
            parameters: call.map(|call| call.parameters.clone()),
            counts: ledger
                .operators
                .get(place)
                .map(OperatorCounts::from)
                .unwrap_or_default(),
            partitions: work.partitions,
            seconds: measured(nanos / 1e9),
            share_of_time: measured(nanos / all_nanos.max(1) as f64),
            nanos_per_byte: measured(nanos / work.bytes.max(1) as f64),
            barrier_seconds: barrier_seconds.get(&at).copied(),
        }
    };
    recipe.operators.iter().zip(0..).map(row).collect()
}

/// Sums the ledgers of all partitions and the work of each operator.
fn work(source: &Source<'_>, operators: usize) -> (Ledger, Vec<Work>) {
    let state = source.state;
    let mut ledger = Ledger::default();
    let mut work = vec![Work::default(); operators];
    for planned in state.partitions() {
        let Some((_, result)) = state.farthest_result(planned.index) else {
            continue;
        };
        ledger.add(&result.ledger);
        let nanos = result.nanos.iter().copied().chain(std::iter::repeat(0));
        let through = work.iter_mut().take(result.ledger.operators.len());
        for (work, nanos) in through.zip(nanos) {
            work.partitions += 1;
            work.nanos += nanos;
            // If no time was measured, the bytes must not count either.
            work.bytes += if nanos > 0 { planned.slice.bytes() } else { 0 };
        }
    }
    (ledger, work)
}
