//! Finding records that kill the worker process that works on them.
//!
//! When a worker dies otherwise than by SIGKILL, the next attempt at the partition is an isolated one: the worker tells of
//! each record that an operator gets, alone. A record that two isolated attempts died with is poison. That is written
//! into the journal, and from then on every backend quarantines the record where it killed.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventKind};
use coldpress_job::{JournalRecord, PoisonFound};
use coldpress_worker::{InHand, WorkerDeath};

use super::Driver;
use crate::backend::process::death::{KILL, name_of};
use crate::error::Result;

/// Partitions whose workers died, with the record that an isolated attempt died with last.
#[derive(Debug, Default)]
pub(super) struct Suspects(BTreeMap<u32, Option<InHand>>);

impl Suspects {
    /// Whether attempts at the partition must be isolated.
    pub(super) fn contains(&self, partition: u32) -> bool {
        self.0.contains_key(&partition)
    }

    /// Takes in a death; the record that is poison, when that is sure.
    fn take(&mut self, partition: u32, in_hand: Option<InHand>) -> Option<InHand> {
        let suspect = self.0.entry(partition).or_default();
        let is_known = in_hand.is_some() && *suspect == in_hand;
        *suspect = if is_known { None } else { in_hand.clone() };
        in_hand.filter(|_| is_known)
    }
}

impl Driver<'_> {
    /// Looks into the death of a worker; whether that found a record to go on without.
    pub(super) fn look_for_poison(&mut self, partition: u32, death: &WorkerDeath) -> Result<bool> {
        let failure = &self.executor.prepared.recipe.failure;
        let is_wanted = failure.isolate_poison && failure.skip_op_error;
        if !is_wanted || death.signal == Some(KILL) {
            return Ok(false);
        }
        let Some(found) = self.suspects.take(partition, death.in_hand.clone()) else {
            return Ok(false);
        };
        let operation = found.operation as usize;
        let (Some(operator), Some(chain)) = (
            self.executor
                .prepared
                .operator_names()
                .get(operation)
                .cloned(),
            self.chain.get(operation + 1).copied(),
        ) else {
            return Ok(false);
        };
        let how = match death.signal {
            Some(signal) => format!("by {}", name_of(signal)),
            None => "by ending it".to_owned(),
        };
        let place = self.place(found.origin.source, found.origin.position);
        let message = format!(
            "the record at {place} of `{}` killed two workers in `{operator}` {how}: it goes to quarantine",
            self.source_path(found.origin.source)
        );
        self.record(JournalRecord::PoisonFound(PoisonFound {
            partition,
            origin: found.origin,
            operation: found.operation,
            operator: operator.clone(),
            chain,
            reason: format!("it killed two worker processes {how}"),
        }))?;
        let event = Event::new(EventKind::Warning, message.clone()).partition(partition);
        self.events.emit(event.operation(operator, found.operation));
        self.warnings.push(message);
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use coldpress_record::Origin;

    use super::*;

    fn at(position: u64, operation: u32) -> Option<InHand> {
        let origin = Origin::new(0, position);
        Some(InHand { origin, operation })
    }

    #[test]
    fn two_isolated_deaths_in_a_row_are_needed() {
        let mut suspects = Suspects::default();
        assert!(!suspects.contains(3));
        assert_eq!(suspects.take(3, None), None);
        assert!(suspects.contains(3) && !suspects.contains(4));
        assert_eq!(suspects.take(3, at(7, 1)), None);
        assert_eq!(suspects.take(4, at(7, 1)), None);
        assert_eq!(suspects.take(3, at(7, 2)), None);
        assert_eq!(suspects.take(3, at(8, 2)), None);
        assert_eq!(suspects.take(3, at(8, 2)), at(8, 2));
        // The next one begins anew, isolated from the start.
        assert!(suspects.contains(3));
        assert_eq!(suspects.take(3, at(8, 2)), None);
        assert_eq!(suspects.take(3, None), None);
        assert_eq!(suspects.take(3, at(8, 2)), None);
    }
}
