//! Finding records that kill the worker process that works on them.
//!
//! When a worker dies of something that it did itself, the next attempt at the partition is an isolated one: the worker
//! tells of each record that an operator gets, alone. A record that two isolated attempts in a row died with is *on trial*:
//! the attempts that follow leave it out. If they then get past the records behind it, it was that record: it is poison,
//! which is written into the journal, and from then on every backend quarantines it where it killed. If they die all the
//! same, at whatever comes next, then it is something else that kills, and after some records the search is given up.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventKind};
use coldpress_job::{JournalRecord, PoisonFound};
use coldpress_operator::Poison;
use coldpress_worker::{InHand, WorkerDeath};

use super::Driver;
use crate::error::Result;

/// So many records in a row are on trial at most. If each kills, it is not the records.
const ON_TRIAL_AT_MOST: usize = 16;

/// The partitions whose workers died, and what is known of it.
#[derive(Debug, Default)]
pub(super) struct Suspects(BTreeMap<u32, Inquiry>);

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
pub(super) struct Accused {
    record: InHand,
    /// Records that the operator had done with before.
    done_before: u64,
    how: String,
}

/// What a death gave away.
#[derive(Debug, Default, PartialEq, Eq)]
struct Findings {
    /// Records that were on trial, and without which other records lived.
    convicted: Vec<Accused>,
    /// One more is on trial: so many have been by now.
    accused: Option<u32>,
    /// The search was given up.
    is_given_up: bool,
}

impl Suspects {
    /// Whether attempts at the partition must be isolated.
    pub(super) fn contains(&self, partition: u32) -> bool {
        self.0
            .get(&partition)
            .is_some_and(|inquiry| !inquiry.is_given_up)
    }

    /// The records that attempts at the partition leave out until more is known.
    pub(super) fn on_trial(&self, partition: u32) -> impl Iterator<Item = Poison> {
        let on_trial = self.0.get(&partition).map(|inquiry| &inquiry.on_trial);
        on_trial.into_iter().flatten().map(|accused| Poison {
            origin: accused.record.origin.clone(),
            operation: accused.record.operation,
            reason: accused.reason(),
        })
    }

    /// Takes in that an attempt without the records on trial did what it had to.
    fn survived(&mut self, partition: u32) -> Vec<Accused> {
        let inquiry = self.0.get_mut(&partition);
        inquiry.map_or_else(Vec::new, |inquiry| std::mem::take(&mut inquiry.on_trial))
    }

    /// Takes in a death.
    fn take(&mut self, partition: u32, death: &WorkerDeath) -> Findings {
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
    fn reason(&self) -> String {
        format!(
            "it killed two worker processes {}; `coldpress quarantine replay` has it tried again",
            self.how
        )
    }
}

impl Driver<'_> {
    /// Looks into the death of a worker; gives how many records of the partition were put on trial so far, if one more was.
    pub(super) fn look_for_poison(
        &mut self,
        partition: u32,
        death: &WorkerDeath,
    ) -> Result<Option<u32>> {
        let failure = &self.executor.prepared.recipe.failure;
        let is_wanted = failure.isolate_poison && failure.skip_op_error;
        if !is_wanted || death.is_for_memory {
            return Ok(None);
        }
        let findings = self.suspects.take(partition, death);
        self.convict(partition, findings.convicted)?;
        if findings.is_given_up {
            self.warn(format!(
                "worker processes die at {ON_TRIAL_AT_MOST} records in a row of partition {partition}, so it is not the \
                 records: none of them goes to quarantine for it"
            ));
        }
        Ok(findings.accused)
    }

    /// An attempt did its work without the records that were on trial.
    pub(super) fn convict_those_on_trial(&mut self, partition: u32) -> Result<()> {
        let convicted = self.suspects.survived(partition);
        self.convict(partition, convicted)
    }

    fn convict(&mut self, partition: u32, convicted: Vec<Accused>) -> Result<()> {
        convicted
            .into_iter()
            .try_for_each(|accused| self.write_verdict(partition, &accused))
    }

    fn write_verdict(&mut self, partition: u32, accused: &Accused) -> Result<()> {
        let InHand { origin, operation } = &accused.record;
        let place = *operation as usize;
        let names = self.executor.prepared.operator_names();
        let (Some(operator), Some(chain)) = (names.get(place), self.chain.get(place + 1)) else {
            return Ok(());
        };
        self.record(JournalRecord::PoisonFound(PoisonFound {
            partition,
            origin: origin.clone(),
            operation: *operation,
            operator: operator.clone(),
            chain: *chain,
            reason: accused.reason(),
        }))?;
        let message = format!(
            "the record at {} of `{}` killed two workers in `{operator}` {}: it goes to quarantine; `coldpress quarantine \
             replay {}` has it tried again",
            self.place(origin.source, origin.position),
            self.source_path(origin.source),
            accused.how,
            self.executor.layout.job_id()
        );
        let event = Event::new(EventKind::Warning, message.clone()).partition(partition);
        self.events
            .emit(event.operation(operator.clone(), *operation));
        self.warnings.push(message);
        Ok(())
    }

    /// Lifts the verdicts on records of partitions that are worked on by processes again: what killed may be gone, and if
    /// it is not, only a process dies of it once more.
    pub(super) fn try_poison_again(&mut self) -> Result<()> {
        if !self.executor.backend.survives_deaths() {
            return Ok(());
        }
        for partition in 0..self.state.partition_count() {
            let has_verdicts = !self.state.poison(partition).is_empty();
            if has_verdicts && self.usable_result(partition).is_none() {
                self.record(JournalRecord::PoisonLifted { partition })?;
            }
        }
        Ok(())
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
        assert!(out[0].reason.contains("quarantine replay"), "{out:?}");
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
        assert_eq!(positions(&suspects.survived(3)), [20]);
        assert_eq!(suspects.survived(3), []);
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
