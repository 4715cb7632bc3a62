//! Whether too much is in quarantine: judged in dataset order, so that neither cut nor schedule matters.

use coldpress_partition::PlannedPartition;
use coldpress_record::Ledger;

use crate::spelled::grouped;

/// Sums up the records in quarantine as the merge passes the partitions.
#[derive(Clone, Debug)]
pub struct Judge {
    max_ratio: f64,
    max_errors: Option<u64>,
    errors: u64,
    /// Errors of operators that see the records in another order, in other partitions. They are judged at the end alone:
    /// until then, how many were met depends on how the dataset is cut.
    late_errors: u64,
    /// Whether only some records are drawn, so that their numbers do not say how many there are: the whole is judged then.
    at_end_alone: bool,
    /// The operators before this place see the records where they were planned; none = all do.
    in_place: Option<u32>,
    records: u64,
    /// Bytes that the reader could not make records of.
    unread_bytes: u64,
    bytes: u64,
}

/// More is in quarantine than the recipe allows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error(
    "{} of {} {unit} are in quarantine, more than {limit} allows",
    grouped(*.errors),
    grouped(*.total)
)]
pub struct TooManyErrors {
    /// How much is in quarantine.
    pub errors: u64,
    /// How much was judged so far.
    pub total: u64,
    /// What is counted: `records`, or `bytes of the input`.
    pub unit: &'static str,
    /// The setting that is exceeded, with its value.
    pub limit: String,
}

impl Judge {
    /// A judge with the limits of a recipe.
    pub fn new(max_ratio: f64, max_errors: Option<u64>) -> Self {
        Self {
            max_ratio,
            max_errors,
            errors: 0,
            late_errors: 0,
            in_place: None,
            at_end_alone: false,
            records: 0,
            unread_bytes: 0,
            bytes: 0,
        }
    }

    /// Sets before which operator all see the records where they were planned; none = all do.
    #[must_use]
    pub fn in_place(mut self, place: Option<u32>) -> Self {
        self.in_place = place;
        self
    }

    /// Sets whether only some records of the dataset are drawn.
    #[must_use]
    pub fn of_drawn(mut self, is_drawn: bool) -> Self {
        self.at_end_alone = is_drawn;
        self
    }

    /// Judges at each mark of the next partition in dataset order.
    ///
    /// `error_marks` are the partition's records in quarantine before each mark, `ledger` is that of the whole.
    ///
    /// # Errors
    /// [`TooManyErrors`] at the first mark where a limit is exceeded.
    pub fn pass(
        &mut self,
        partition: &PlannedPartition,
        error_marks: &[u64],
        ledger: &Ledger,
    ) -> Result<(), TooManyErrors> {
        if !self.at_end_alone {
            for (number, errors) in partition.mark_numbers().zip(error_marks) {
                self.judge(self.errors + errors, number)?;
            }
        }
        let in_place = self.in_place.map_or(usize::MAX, |place| place as usize);
        let late = ledger.operators.iter().skip(in_place);
        let late: u64 = late.map(|operator| operator.quarantined).sum();
        self.late_errors += late;
        self.errors += ledger.quarantined() - late;
        self.records += ledger.sampled();
        self.unread_bytes += ledger.rejected_bytes;
        self.bytes += sampled_bytes(partition, ledger);
        Ok(())
    }

    /// Judges at the end of the dataset, by bytes too: what cannot be read counts as one record, and may have been many.
    ///
    /// # Errors
    /// [`TooManyErrors`] when a limit is exceeded.
    pub fn finish(&self) -> Result<(), TooManyErrors> {
        self.judge(self.errors + self.late_errors, self.records)?;
        if self.is_beyond_ratio(self.unread_bytes, self.bytes) {
            return Err(TooManyErrors {
                errors: self.unread_bytes,
                total: self.bytes,
                unit: "bytes of the input",
                limit: format!("`max_error_ratio: {}`", self.max_ratio),
            });
        }
        Ok(())
    }

    /// A splitter can make more errors than there were records; a ratio of 1 lets everything pass.
    fn is_beyond_ratio(&self, errors: u64, total: u64) -> bool {
        self.max_ratio < 1.0 && errors as f64 > self.max_ratio * total as f64
    }

    fn judge(&self, errors: u64, records: u64) -> Result<(), TooManyErrors> {
        let too_many = |limit: String| {
            Err(TooManyErrors {
                errors,
                total: records,
                unit: "records",
                limit,
            })
        };
        if self.is_beyond_ratio(errors, records) {
            return too_many(format!("`max_error_ratio: {}`", self.max_ratio));
        }
        match self.max_errors {
            Some(max) if errors > max => too_many(format!("`max_errors: {max}`")),
            _ => Ok(()),
        }
    }
}

/// The bytes of the records that were drawn, about.
fn sampled_bytes(partition: &PlannedPartition, ledger: &Ledger) -> u64 {
    let bytes = partition.slice.bytes();
    match ledger.not_sampled {
        0 => bytes,
        _ => (bytes as f64 / ledger.records as f64 * ledger.sampled() as f64) as u64,
    }
}

#[cfg(test)]
mod tests {
    use coldpress_partition::Slice;
    use coldpress_record::OperatorLedger;
    use coldpress_storage::Digest;

    use super::*;

    fn partition(first_record: u64, marks: usize) -> PlannedPartition {
        let digest = Digest::of(b"");
        let marks = vec![0; marks];
        let slice = Slice {
            source: 0,
            start: 0,
            end: 1,
            records: 1,
            digest,
            metadata: None,
            marks,
            copy: None,
            seek: None,
            decoded_bytes: None,
        };
        PlannedPartition {
            index: 0,
            first_record,
            slice,
        }
    }

    /// A ledger with that many records, of which the reader could not read some.
    fn ledger(rejected: u64, records: u64) -> Ledger {
        Ledger {
            records,
            rejected,
            ..Ledger::default()
        }
    }

    #[test]
    fn an_excess_shows_at_the_mark_even_if_it_would_even_out() {
        let mut judge = Judge::new(0.1, None);
        let error = judge
            .pass(&partition(0, 2), &[101, 150], &ledger(150, 3000))
            .unwrap_err();
        assert_eq!((error.errors, error.total), (101, 1000));
        let mut judge = Judge::new(0.1, None);
        judge
            .pass(&partition(0, 2), &[100, 150], &ledger(150, 3000))
            .unwrap();
        judge
            .pass(&partition(3000, 0), &[], &ledger(150, 500))
            .unwrap();
        judge.finish().unwrap();
    }

    #[test]
    fn a_small_dataset_is_judged_at_its_end() {
        let mut judge = Judge::new(0.05, None);
        judge.pass(&partition(0, 0), &[], &ledger(1, 20)).unwrap();
        judge.finish().unwrap();
        judge.pass(&partition(20, 0), &[], &ledger(1, 1)).unwrap();
        assert_eq!(
            judge.finish().unwrap_err().to_string(),
            "2 of 21 records are in quarantine, more than `max_error_ratio: 0.05` allows"
        );
    }

    #[test]
    fn one_record_may_be_most_of_the_bytes() {
        let mut judge = Judge::new(0.05, None);
        let mut large = partition(0, 0);
        large.slice.end = 1000;
        let swallowed = Ledger {
            rejected_bytes: 51,
            ..ledger(1, 1000)
        };
        judge.pass(&large, &[], &swallowed).unwrap();
        assert_eq!(
            judge.finish().unwrap_err().to_string(),
            "51 of 1,000 bytes of the input are in quarantine, more than `max_error_ratio: 0.05` allows"
        );
    }

    #[test]
    fn a_count_can_be_the_limit() {
        let mut judge = Judge::new(1.0, Some(3));
        judge
            .pass(&partition(0, 1), &[3], &ledger(4, 5000))
            .unwrap();
        assert_eq!(judge.finish().unwrap_err().limit, "`max_errors: 3`");
    }

    /// Where records were moved, how many fail in which partition depends on the cut; how many fail in all does not.
    #[test]
    fn errors_of_moved_records_count_at_the_end_alone() {
        let moved = |quarantined: u64| {
            let mut ledger = ledger(0, 1000);
            for (name, quarantined) in [("a", 0), ("selector", 0), ("b", quarantined)] {
                ledger.operators.push(OperatorLedger {
                    name: name.into(),
                    quarantined,
                    ..OperatorLedger::default()
                });
            }
            ledger
        };
        for (first, second) in [(150, 0), (0, 150)] {
            let mut judge = Judge::new(0.1, None).in_place(Some(1));
            judge.pass(&partition(0, 0), &[], &moved(first)).unwrap();
            // Its mark is at 2,000 records.
            judge
                .pass(&partition(1000, 1), &[0], &moved(second))
                .unwrap();
            judge.finish().unwrap();
            judge.pass(&partition(2000, 0), &[], &moved(151)).unwrap();
            assert_eq!(judge.finish().unwrap_err().errors, 301);
        }
        // Of records that stay where they are, the first mark judges.
        let mut judge = Judge::new(0.1, None);
        judge.pass(&partition(0, 0), &[], &moved(201)).unwrap();
        let error = judge.pass(&partition(1000, 1), &[0], &moved(0));
        assert_eq!(error.unwrap_err().errors, 201);
    }
}
