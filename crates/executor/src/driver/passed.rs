//! The partitions that the merge has passed: their ledgers add up, and their errors are judged.

use coldpress_job::Publication;
use coldpress_partition::PlannedPartition;
use coldpress_record::Ledger;

use crate::judge::{Judge, TooManyErrors};

/// What is known of the partitions before the first one whose fate is open. Pure.
pub(super) struct Passed {
    judge: Judge,
    ledger: Ledger,
    next: u32,
    left_out: Vec<u32>,
}

impl Passed {
    pub(super) fn new<'n>(judge: Judge, operators: impl Iterator<Item = &'n str>) -> Self {
        Self {
            judge,
            ledger: Ledger::new(operators),
            next: 0,
            left_out: Vec::new(),
        }
    }

    /// The partition whose turn it is.
    pub(super) fn next(&self) -> u32 {
        self.next
    }

    /// The next partition has this result.
    ///
    /// # Errors
    /// When too many records are in quarantine.
    pub(super) fn pass(
        &mut self,
        planned: &PlannedPartition,
        result: &Publication,
    ) -> Result<(), TooManyErrors> {
        let ledger = &result.ledger;
        self.judge.pass(planned, &result.error_marks, ledger)?;
        self.ledger.add(ledger);
        self.next += 1;
        Ok(())
    }

    /// The next partition is out of retries.
    pub(super) fn leave_out(&mut self) {
        self.left_out.push(self.next);
        self.next += 1;
    }

    /// All partitions are passed.
    ///
    /// # Errors
    /// When too many records are in quarantine.
    pub(super) fn finish(&self) -> Result<(), TooManyErrors> {
        self.judge.finish()
    }

    /// Where the records went, of all partitions that are not left out.
    pub(super) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Partitions that are not in the export.
    pub(super) fn left_out(&self) -> &[u32] {
        &self.left_out
    }

    /// Every record that was planned must have come to exactly one place: a ledger, a partition that is left out, or a part
    /// of the input that cannot be read.
    ///
    /// # Errors
    /// What does not add up.
    pub(super) fn account(&self, planned: u64, left_out: u64, torn: u64) -> Result<(), String> {
        let balanced = self.ledger.check().and_then(|()| self.ledger.check_moves());
        balanced.map_err(|imbalance| imbalance.to_string())?;
        let accounted = self.ledger.records + left_out + torn;
        if planned != accounted {
            return Err(format!(
                "{planned} records were planned and {accounted} are accounted for"
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One partition was passed, from which so many records came, and one was left out.
    fn passed(records: u64, dropped: u64) -> Passed {
        let mut passed = Passed::new(Judge::new(1.0, None), ["filter"].into_iter());
        passed.ledger.records = records;
        let operator = &mut passed.ledger.operators[0];
        (operator.records_in, operator.out) = (records, records - 1);
        operator.dropped = dropped;
        passed.next = 1;
        passed.leave_out();
        passed
    }

    #[test]
    fn every_planned_record_is_accounted_for() {
        let good = passed(10, 1);
        assert_eq!((good.next(), good.left_out()), (2, &[1][..]));
        assert_eq!(good.account(18, 5, 3), Ok(()));
        assert_eq!(
            good.account(19, 5, 3).unwrap_err(),
            "19 records were planned and 18 are accounted for"
        );
    }

    #[test]
    fn an_operator_that_loses_a_record_is_found() {
        let error = passed(10, 0).account(18, 5, 3).unwrap_err();
        assert!(error.contains("filter"), "{error}");
    }
}
