//! The partitions column by column, which keeps thousands of them small.

use std::collections::BTreeSet;

use coldpress_job::{PartitionStatus, Publication};
use serde::Serialize;

use super::Source;
use crate::monitor::shown_status;

/// The partitions that are shown, column by column: place `i` of each list belongs to the same partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PartitionColumns {
    /// The number of planned partitions.
    pub total: u32,
    /// The paths of the sources of these partitions, to which `source` refers.
    pub sources: Vec<String>,
    /// The numbers of those that are shown.
    pub index: Vec<u32>,
    /// A letter for each: `c` completed, `r` at work, `f` failed, `p` pending.
    pub status: String,
    /// The file of each.
    pub source: Vec<u32>,
    /// Its first byte there, or row.
    pub start: Vec<u64>,
    /// One past its last byte, or row.
    pub end: Vec<u64>,
    /// Its records.
    pub records: Vec<u64>,
    /// Their bytes, unpacked.
    pub bytes: Vec<u64>,
    /// Records that are left, as far as the partition has come.
    pub out: Vec<Option<u64>>,
    /// Records in quarantine.
    pub quarantined: Vec<u64>,
    /// Attempts made.
    pub attempts: Vec<u32>,
    /// Attempts that followed a failed one.
    pub retries: Vec<u32>,
    /// The number of operators that its farthest result went through.
    pub operators_done: Vec<u32>,
    /// Microseconds of work of each operator; empty if none were measured.
    pub operator_micros: Vec<Vec<u64>>,
    /// Records that left each operator.
    pub operator_out: Vec<Vec<u64>>,
}

pub(super) fn columns(source: &Source<'_>, shown: &[u32]) -> PartitionColumns {
    let mut columns = PartitionColumns {
        total: source.state.partition_count(),
        index: shown.to_vec(),
        ..PartitionColumns::default()
    };
    shown.iter().for_each(|index| columns.add(source, *index));
    columns.name_sources(source);
    columns
}

impl PartitionColumns {
    fn add(&mut self, source: &Source<'_>, index: u32) {
        let state = source.state;
        let Some(planned) = state.partition(index) else {
            return;
        };
        let (slice, result) = (&planned.slice, state.farthest_result(index));
        let result = result.map(|(_, result)| result);
        self.status
            .push(letter(shown_status(index, source.job, state)));
        self.source.push(slice.source);
        self.start.push(slice.start);
        self.end.push(slice.end);
        self.records.push(slice.records);
        self.bytes.push(slice.bytes());
        self.attempts.push(state.attempts(index));
        self.retries.push(state.retries(index));
        self.add_result(result);
    }

    /// Names the sources of the partitions that are shown, because a dataset may have very many others.
    fn name_sources(&mut self, source: &Source<'_>) {
        let used = renumber(&mut self.source).into_iter();
        self.sources = used.map(|one| source.places.path(one)).collect();
    }

    fn add_result(&mut self, result: Option<&Publication>) {
        let ledger = result.map(|result| &result.ledger);
        let operators = ledger.map_or(&[][..], |ledger| &ledger.operators);
        let nanos = result.map_or(&[][..], |result| &result.nanos);
        let micros = nanos.iter().map(|nanos| nanos.div_ceil(1000));
        self.out.push(ledger.map(|ledger| ledger.exported()));
        self.quarantined
            .push(ledger.map_or(0, |ledger| ledger.quarantined()));
        self.operators_done.push(operators.len() as u32);
        self.operator_micros.push(micros.collect());
        self.operator_out
            .push(operators.iter().map(|operator| operator.out).collect());
    }
}

fn letter(status: PartitionStatus) -> char {
    match status {
        PartitionStatus::Completed => 'c',
        PartitionStatus::Processing => 'r',
        PartitionStatus::Failed => 'f',
        PartitionStatus::Pending => 'p',
    }
}

/// Replaces each number by its place among the numbers that occur, and returns those.
fn renumber(numbers: &mut [u32]) -> Vec<u32> {
    let used: BTreeSet<u32> = numbers.iter().copied().collect();
    let used: Vec<u32> = used.into_iter().collect();
    for number in numbers {
        *number = used.partition_point(|used| used < number) as u32;
    }
    used
}

#[cfg(test)]
mod tests {
    use super::renumber;

    #[test]
    fn sources_that_no_partition_is_of_are_not_named() {
        let mut numbers = [7, 2, 7, 900];
        assert_eq!(renumber(&mut numbers), [2, 7, 900]);
        assert_eq!(numbers, [1, 0, 1, 2]);
    }
}
