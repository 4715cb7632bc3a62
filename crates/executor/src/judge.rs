//! Whether too many records are in quarantine: judged in dataset order, so that neither cut nor schedule matters.

use coldpress_partition::PlannedPartition;

/// Sums up the records in quarantine as the merge passes the partitions.
#[derive(Clone, Debug)]
pub struct Judge {
    max_ratio: f64,
    max_errors: Option<u64>,
    errors: u64,
    records: u64,
}

/// More records are in quarantine than the recipe allows.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{errors} of {records} records are in quarantine, more than {limit} allows")]
pub struct TooManyErrors {
    /// Records in quarantine.
    pub errors: u64,
    /// Records judged so far.
    pub records: u64,
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
            records: 0,
        }
    }

    /// Judges at each mark of the next partition in dataset order.
    ///
    /// `error_marks` are the partition's records in quarantine before each mark, `quarantined` those of the whole.
    ///
    /// # Errors
    /// [`TooManyErrors`] at the first mark where a limit is exceeded.
    pub fn pass(
        &mut self,
        partition: &PlannedPartition,
        error_marks: &[u64],
        quarantined: u64,
        records: u64,
    ) -> Result<(), TooManyErrors> {
        for (number, errors) in partition.mark_numbers().zip(error_marks) {
            self.judge(self.errors + errors, number)?;
        }
        self.errors += quarantined;
        self.records += records;
        Ok(())
    }

    /// Judges at the end of the dataset.
    ///
    /// # Errors
    /// [`TooManyErrors`] when a limit is exceeded.
    pub fn finish(&self) -> Result<(), TooManyErrors> {
        self.judge(self.errors, self.records)
    }

    fn judge(&self, errors: u64, records: u64) -> Result<(), TooManyErrors> {
        let too_many = |limit: String| {
            Err(TooManyErrors {
                errors,
                records,
                limit,
            })
        };
        // A splitter can make more errors than there were records; a ratio of 1 lets everything pass.
        if self.max_ratio < 1.0 && errors as f64 > self.max_ratio * records as f64 {
            return too_many(format!("`max_error_ratio: {}`", self.max_ratio));
        }
        match self.max_errors {
            Some(max) if errors > max => too_many(format!("`max_errors: {max}`")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use coldpress_partition::Slice;
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

    #[test]
    fn an_excess_shows_at_the_mark_even_if_it_would_even_out() {
        let mut judge = Judge::new(0.1, None);
        let error = judge
            .pass(&partition(0, 2), &[101, 150], 150, 3000)
            .unwrap_err();
        assert_eq!((error.errors, error.records), (101, 1000));
        let mut judge = Judge::new(0.1, None);
        judge
            .pass(&partition(0, 2), &[100, 150], 150, 3000)
            .unwrap();
        judge.pass(&partition(3000, 0), &[], 150, 500).unwrap();
        judge.finish().unwrap();
    }

    #[test]
    fn a_small_dataset_is_judged_at_its_end() {
        let mut judge = Judge::new(0.05, None);
        judge.pass(&partition(0, 0), &[], 1, 20).unwrap();
        judge.finish().unwrap();
        judge.pass(&partition(20, 0), &[], 1, 1).unwrap();
        assert_eq!(
            judge.finish().unwrap_err().to_string(),
            "2 of 21 records are in quarantine, more than `max_error_ratio: 0.05` allows"
        );
    }

    #[test]
    fn a_count_can_be_the_limit() {
        let mut judge = Judge::new(1.0, Some(3));
        judge.pass(&partition(0, 1), &[3], 4, 5000).unwrap();
        assert_eq!(judge.finish().unwrap_err().limit, "`max_errors: 3`");
    }
}
