//! Ledgers: where every record went.

use serde::{Deserialize, Serialize};

use crate::operator_name::OperatorName;

/// The counts of what one operator did to its records.
///
/// `records_in + made + moved_in = out + dropped + quarantined + absorbed + moved_out`, always. Over all partitions of a job, the
/// same number of records are moved in as are moved out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatorLedger {
    /// The operator's name.
    pub name: OperatorName,
    /// Records that reached it.
    pub records_in: u64,
    /// Records that it made: a splitter with n children makes n − 1.
    #[serde(default)]
    pub made: u64,
    /// Records that left it.
    pub out: u64,
    /// Records that it dropped.
    pub dropped: u64,
    /// Records that it failed on.
    pub quarantined: u64,
    /// Records that went into a group: a group of k absorbs k − 1.
    #[serde(default)]
    pub absorbed: u64,
    /// Records of other partitions that it put into this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved_in: u64,
    /// Records of this partition that it put into others.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub moved_out: u64,
}

impl OperatorLedger {
    /// Returns the number of records that it was given, made or got from other partitions; none on overflow.
    pub fn arrived(&self) -> Option<u64> {
        sum(&[self.records_in, self.made, self.moved_in])
    }

    /// Returns the number of records whose fate is known: they left, were dropped, quarantined or absorbed, or went to other
    /// partitions. None on overflow.
    pub fn accounted(&self) -> Option<u64> {
        let stayed = [self.out, self.dropped, self.quarantined, self.absorbed];
        sum(&stayed)?.checked_add(self.moved_out)
    }

    /// Adds the counts for another partition.
    pub fn add(&mut self, other: &Self) {
        self.records_in += other.records_in;
        self.made += other.made;
        self.out += other.out;
        self.dropped += other.dropped;
        self.quarantined += other.quarantined;
        self.absorbed += other.absorbed;
        self.moved_in += other.moved_in;
        self.moved_out += other.moved_out;
    }
}

/// Sums counts with a check for overflow. Counts near the greatest number do not occur in a dataset, but an unchecked sum of them
/// could be any number.
fn sum(counts: &[u64]) -> Option<u64> {
    let mut counts = counts.iter();
    counts.try_fold(0u64, |sum, count| sum.checked_add(*count))
}

/// The counts of where the records of a partition, or of a job, went. They are cumulative from the partition's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ledger {
    /// The number of records that the reader found: lines that aren't blank.
    pub records: u64,
    /// The part of them that the reader could not make a record of, which are in quarantine.
    pub rejected: u64,
    /// The part of them that was dropped for having no text.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub without_text: u64,
    /// The part of them that was left out because the recipe mixes its dataset and did not draw them. They were read, but their
    /// content was not looked at.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub not_sampled: u64,
    /// The bytes of the rejected ones, as they came in. One may hold what should have been many.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub rejected_bytes: u64,
    /// The part of these that was longer than a record may be.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub too_long: u64,
    /// The ledger of each operator, in recipe order.
    pub operators: Vec<OperatorLedger>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// A part of a source that could not be read: a torn last line, or everything after damage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unreadable {
    /// The index of the source in plan order.
    pub source: u32,
    /// The first byte in the source's unpacked text.
    pub start: u64,
    /// The length in bytes, if known; 0 means everything that follows.
    pub length: u64,
    /// The reason.
    pub reason: String,
}

/// A ledger that does not add up, because records were lost or doubled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "records were lost or doubled at {place}: {arrived} arrived, {accounted} are accounted for"
)]
pub struct Imbalance {
    /// The operator, or the hand-over between two.
    pub place: String,
    /// The number of records that came in or were made.
    pub arrived: u64,
    /// The number of records that came out, were dropped, quarantined or absorbed.
    pub accounted: u64,
}

impl Ledger {
    /// Creates an empty ledger for operators with these names.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let operators = names.into_iter().map(|name| OperatorLedger {
            name: name.into(),
            ..OperatorLedger::default()
        });
        Self {
            operators: operators.collect(),
            ..Self::default()
        }
    }

    /// Returns the number of records that the reader passes to the first operator.
    pub fn read(&self) -> u64 {
        self.records.saturating_sub(self.left_out())
    }

    /// Returns the number of records that the reader does not pass on.
    fn left_out(&self) -> u64 {
        let left_out = self.rejected.saturating_add(self.without_text);
        left_out.saturating_add(self.not_sampled)
    }

    /// Returns the number of records that the recipe asked for: all except those that were not drawn.
    pub fn sampled(&self) -> u64 {
        self.records.saturating_sub(self.not_sampled)
    }

    /// Returns the number of records that come out of the last operator.
    pub fn exported(&self) -> u64 {
        self.operators.last().map_or(self.read(), |last| last.out)
    }

    /// Returns the number of records in quarantine, rejected by the reader or failed on by an operator.
    pub fn quarantined(&self) -> u64 {
        self.rejected
            + self
                .operators
                .iter()
                .map(|operator| operator.quarantined)
                .sum::<u64>()
    }

    /// Returns the number of records that were dropped, by filters or for having no text.
    pub fn dropped(&self) -> u64 {
        let by_operators = self.operators.iter().map(|operator| operator.dropped);
        self.without_text + by_operators.sum::<u64>()
    }

    /// Returns the number of records that operators made.
    pub fn made(&self) -> u64 {
        self.operators.iter().map(|operator| operator.made).sum()
    }

    /// Returns the number of records that went into groups.
    pub fn absorbed(&self) -> u64 {
        self.operators
            .iter()
            .map(|operator| operator.absorbed)
            .sum()
    }

    /// Adds the ledger of another partition under the same operators.
    pub fn add(&mut self, other: &Ledger) {
        self.records += other.records;
        self.rejected += other.rejected;
        self.without_text += other.without_text;
        self.not_sampled += other.not_sampled;
        self.rejected_bytes += other.rejected_bytes;
        self.too_long += other.too_long;
        for (mine, theirs) in self.operators.iter_mut().zip(&other.operators) {
            mine.add(theirs);
        }
        // A ledger may end at a barrier, before the last operator of the recipe.
        let known = self.operators.len();
        self.operators
            .extend(other.operators.iter().skip(known).cloned());
    }

    /// Checks that every record is accounted for, at every operator and between operators.
    ///
    /// # Errors
    /// The first place where the counts do not add up.
    pub fn check(&self) -> Result<(), Imbalance> {
        let mut handed_on = self.read();
        let left_out = self.left_out();
        if left_out > self.records {
            return Err(Imbalance {
                place: "the reader".into(),
                arrived: self.records,
                accounted: left_out,
            });
        }
        for operator in &self.operators {
            if operator.records_in != handed_on {
                let place = format!("the way to {}", operator.name);
                return Err(Imbalance {
                    place,
                    arrived: handed_on,
                    accounted: operator.records_in,
                });
            }
            let (arrived, accounted) = (operator.arrived(), operator.accounted());
            if arrived != accounted || arrived.is_none() {
                return Err(Imbalance {
                    place: operator.name.to_string(),
                    arrived: arrived.unwrap_or(u64::MAX),
                    accounted: accounted.unwrap_or(u64::MAX),
                });
            }
            handed_on = operator.out;
        }
        Ok(())
    }

    /// Checks, for this sum over all partitions, that every operator put as many records into partitions as it took out of others.
    ///
    /// # Errors
    /// The first operator that did not.
    pub fn check_moves(&self) -> Result<(), Imbalance> {
        let mut operators = self.operators.iter();
        let unlike = operators.find(|operator| operator.moved_in != operator.moved_out);
        unlike.map_or(Ok(()), |operator| {
            Err(Imbalance {
                place: format!("{} between partitions", operator.name),
                arrived: operator.moved_out,
                accounted: operator.moved_in,
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger::new(["a", "b"]);
        ledger.records = 10;
        ledger.rejected = 1;
        ledger.operators[0] = OperatorLedger {
            name: "a".into(),
            records_in: 9,
            made: 3,
            out: 10,
            dropped: 1,
            quarantined: 1,
            ..OperatorLedger::default()
        };
        ledger.operators[1] = OperatorLedger {
            name: "b".into(),
            records_in: 10,
            made: 0,
            out: 4,
            dropped: 5,
            quarantined: 1,
            ..OperatorLedger::default()
        };
        ledger
    }

    #[test]
    fn a_true_ledger_adds_up() {
        let mut sum = Ledger::default();
        sum.add(&ledger());
        sum.add(&ledger());
        assert_eq!(sum.check(), Ok(()));
        assert_eq!(
            (sum.exported(), sum.quarantined(), sum.dropped(), sum.made()),
            (8, 6, 12, 6)
        );
    }

    #[test]
    fn moved_records_add_up_in_each_partition_and_in_all() {
        let mut giving = ledger();
        giving.operators[1].moved_out = 3;
        giving.operators[1].out = 1;
        let mut taking = ledger();
        taking.operators[1].moved_in = 3;
        taking.operators[1].out = 7;
        assert_eq!((giving.check(), taking.check()), (Ok(()), Ok(())));
        assert_eq!(giving.check_moves().unwrap_err().accounted, 0);
        giving.add(&taking);
        assert_eq!((giving.check(), giving.check_moves()), (Ok(()), Ok(())));
    }

    #[test]
    fn a_lost_or_doubled_record_shows() {
        let mut lost = ledger();
        lost.operators[1].out -= 1;
        assert_eq!(lost.check().unwrap_err().place, "b");
        let mut doubled = ledger();
        doubled.operators[1].records_in += 1;
        assert_eq!(doubled.check().unwrap_err().place, "the way to b");
    }
}
