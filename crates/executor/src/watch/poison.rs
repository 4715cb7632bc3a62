//! Finding records that kill the worker process that works on them.
//!
//! When a worker dies of something that it did itself, the next attempt at the partition is an isolated one: the worker
//! tells of each record that an operator gets, alone. A record that two isolated attempts in a row died with is *on trial*:
//! the attempts that follow leave it out. If they then get past the records behind it, it was that record: it is poison,
//! which is written into the journal, and from then on every backend quarantines it where it killed. If they die all the
//! same, at whatever comes next, then it is something else that kills, and after some records the search is given up.

use std::collections::BTreeMap;

use coldpress_operator::Poison;
use coldpress_worker::{InHand, WorkerDeath};

/// So many records in a row are on trial at most. If each kills, it is not the records.
pub(crate) const ON_TRIAL_AT_MOST: usize = 16;

/// The partitions whose workers died, and what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Suspects(BTreeMap<u32, Inquiry>);

/// The search in one partition.
#[derive(Debug, Default)]
struct Inquiry {
    /// The record that the isolated attempt before died with.
    suspect: Option<InHand>,
    on_trial: Vec<Accused>,
    /// Records that were ever on trial.
    accused: u32,
    /// No record is to blame.
    is_given_up: bool,
}

/// A record on trial.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Accused {
    pub(crate) record: InHand,
    /// Records that the operator had done with before.
    done_before: u64,
    /// How the workers died.
    pub(crate) how: String,
}

/// What a death gave away.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Findings {
    /// Records that were on trial, and without which other records lived.
    pub(crate) convicted: Vec<Accused>,
    /// One more is on trial: so many have been by now.
    pub(crate) accused: Option<u32>,
    /// The search was given up.
    pub(crate) is_given_up: bool,
}

impl Suspects {
    /// Returns whether attempts at the partition must be isolated.
    pub(crate) fn contains(&self, partition: u32) -> bool {
        self.0
            .get(&partition)
            .is_some_and(|inquiry| !inquiry.is_given_up)
    }

    /// The records that attempts at the partition leave out until more is known.
    pub(crate) fn on_trial(&self, partition: u32) -> impl Iterator<Item = Poison> {
        let on_trial = self.0.get(&partition).map(|inquiry| &inquiry.on_trial);
        on_trial.into_iter().flatten().map(|accused| Poison {
            origin: accused.record.origin.clone(),
            operation: accused.record.operation,
            reason: accused.reason(),
        })
    }

    /// Takes in that an attempt without the records on trial came through the first `reached` operators. The others say
    /// nothing yet about records that are said to kill in them.
    pub(crate) fn survived(&mut self, partition: u32, reached: u32) -> Vec<Accused> {
        let Some(inquiry) = self.0.get_mut(&partition) else {
            return Vec::new();
        };
        let on_trial = std::mem::take(&mut inquiry.on_trial).into_iter();
        let (convicted, waiting) = on_trial.partition(|accused| accused.record.operation < reached);
        inquiry.on_trial = waiting;
        convicted
    }

    /// Takes in a death.
    pub(crate) fn take(&mut self, partition: u32, death: &WorkerDeath) -> Findings {
        let inquiry = self.0.entry(partition).or_default();
        let mut findings = Findings::default();
        if inquiry.is_given_up {
            return findings;
        }
        // Who had done with more than those before the record has done with some behind it.
        let others_lived = |accused: &Accused| {
            death.done.get(&accused.record.operation).copied() > Some(accused.done_before)
        };
        if inquiry.on_trial.iter().all(others_lived) {
            findings.convicted = std::mem::take(&mut inquiry.on_trial);
        }
        let suspect = std::mem::replace(&mut inquiry.suspect, death.in_hand.clone());
        let Some(record) = death.in_hand.clone().filter(|_| suspect == death.in_hand) else {
            return findings;
        };
        inquiry.suspect = None;
        if inquiry.on_trial.len() == ON_TRIAL_AT_MOST {
            inquiry.on_trial.clear();
            inquiry.is_given_up = true;
            findings.is_given_up = true;
            return findings;
        }
        let done_before = death.done.get(&record.operation).copied().unwrap_or(0);
        inquiry.on_trial.push(Accused {
            record,
            done_before,
            how: death.how.clone(),
        });
        inquiry.accused += 1;
        findings.accused = Some(inquiry.accused);
        findings
    }
}

impl Accused {
    pub(crate) fn reason(&self) -> String {
        format!(
            "it killed two worker processes {}; `coldpress quarantine retry` has it tried again",
            self.how
        )
    }
}

#[cfg(test)]
mod tests {
    use coldpress_record::Origin;

    use super::*;

    fn at(position: u64, operation: u32) -> InHand {
        let origin = Origin::new(0, position);
        InHand { origin, operation }
    }

    /// A death with this record in hand, when the first operator had done with so many.
    fn death(in_hand: Option<InHand>, done: u64) -> WorkerDeath {
        WorkerDeath {
            is_for_memory: false,
            how: "by magic".to_owned(),
            in_hand,
            done: BTreeMap::from([(0, done)]),
        }
    }

    fn positions(convicted: &[Accused]) -> Vec<u64> {
        let positions = convicted.iter();
        positions
            .map(|accused| accused.record.origin.position)
            .collect()
    }

    #[test]
    fn two_isolated_deaths_in_a_row_make_a_trial_and_survivors_a_verdict() {
        let mut suspects = Suspects::default();
        assert!(!suspects.contains(3));
        assert_eq!(suspects.take(3, &death(None, 0)), Findings::default());
        assert!(suspects.contains(3) && !suspects.contains(4));
        assert_eq!(suspects.take(3, &death(Some(at(7, 0)), 2)).accused, None);
        assert_eq!(suspects.take(4, &death(Some(at(7, 0)), 2)).accused, None);
        assert_eq!(suspects.take(3, &death(Some(at(8, 0)), 3)).accused, None);
        assert_eq!(suspects.take(3, &death(Some(at(8, 0)), 3)).accused, Some(1));
        let out: Vec<Poison> = suspects.on_trial(3).collect();
        assert_eq!(out.len(), 1);
        assert!(out[0].reason.contains("quarantine retry"), "{out:?}");
        // It dies with the next one: nobody behind the first has lived yet.
        let next = death(Some(at(9, 0)), 3);
        assert_eq!(suspects.take(3, &next), Findings::default());
        assert_eq!(suspects.take(3, &next).accused, Some(2));
        // Now some have: both are to blame.
        let later = suspects.take(3, &death(Some(at(20, 0)), 4));
        assert_eq!(positions(&later.convicted), [8, 9]);
        assert_eq!(suspects.on_trial(3).count(), 0);
        // And the last one is, when the attempt ends well.
        assert_eq!(
            suspects.take(3, &death(Some(at(20, 0)), 4)).accused,
            Some(3)
        );
        // An attempt that ends at a gate before the operator says nothing about that.
        let operation = at(20, 0).operation;
        assert_eq!(suspects.survived(3, operation), []);
        assert_eq!(suspects.on_trial(3).count(), 1);
        assert_eq!(positions(&suspects.survived(3, operation + 1)), [20]);
        assert_eq!(suspects.survived(3, u32::MAX), []);
    }

    #[test]
    fn where_everything_dies_no_record_is_to_blame() {
        let mut suspects = Suspects::default();
        let mut convicted = Vec::new();
        let mut deaths = 0;
        while !suspects
            .0
            .get(&0)
            .is_some_and(|inquiry| inquiry.is_given_up)
        {
            // The first record that is not left out kills.
            let first = suspects.on_trial(0).count() as u64;
            let findings = suspects.take(0, &death(Some(at(first, 0)), 0));
            convicted.extend(findings.convicted);
            deaths += 1;
            assert!(deaths < 100);
        }
        assert_eq!(convicted, []);
        assert_eq!(
            (suspects.on_trial(0).count(), suspects.contains(0)),
            (0, false)
        );
    }
}
