//! What this run has come to so far: counts for its report, and what its attempts failed of.

use std::collections::{BTreeMap, BTreeSet};

use coldpress_failure::ErrorClass;
use coldpress_partition::Task;
use coldpress_worker::AttemptError;

use crate::report::ErrorSummary;

/// The counts of one run. What is true about the job does not depend on them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Partitions whose final result was there already.
    reused: BTreeSet<u32>,
    /// Partitions that went on from work of an earlier run.
    resumed: BTreeSet<u32>,
    /// Tasks that are on their way from a gate of this run.
    gated: BTreeSet<Task>,
    /// Partitions that this run gave up on; those that an earlier run did are tried again.
    given_up: BTreeSet<u32>,
    /// How many attempts at a task used up a try.
    retries: BTreeMap<Task, u32>,
    /// Attempts that failed, by class.
    errors: BTreeMap<ErrorClass, ErrorSummary>,
}

impl Tally {
    /// A task came to a gate; `is_ahead` says whether the attempt began further on than its stage does.
    pub(super) fn gate_reached(&mut self, task: Task, is_ahead: bool) {
        let is_first = self.gated.insert(task);
        self.note_resumed(task, is_first && is_ahead);
    }

    /// The result of a task was published; `is_ahead` says whether the attempt began further on than its stage does.
    pub(super) fn published(&mut self, task: Task, is_ahead: bool) {
        let is_first = !self.gated.remove(&task);
        self.note_resumed(task, is_first && is_ahead);
    }

    /// Only the first attempt of this run tells whether there was earlier work.
    fn note_resumed(&mut self, task: Task, is_resumed: bool) {
        if is_resumed {
            self.resumed.insert(task.partition);
        }
    }

    /// The result of a task was there when the run came to it.
    pub(super) fn found(&mut self, task: Task, is_final: bool) {
        let partitions = match is_final {
            true => &mut self.reused,
            false => &mut self.resumed,
        };
        partitions.insert(task.partition);
    }

    /// The final results of so many partitions were there, which are all.
    pub(super) fn found_all(&mut self, partitions: u32) {
        self.reused = (0..partitions).collect();
    }

    /// Partitions whose final result was there already.
    pub(super) fn reused(&self) -> u32 {
        self.reused.len() as u32
    }

    /// Partitions that went on from work of an earlier run: a checkpoint, or the result of an earlier stage.
    pub(super) fn resumed(&self) -> u32 {
        self.resumed.difference(&self.reused).count() as u32
    }

    /// An attempt at a task has used up a try.
    pub(super) fn retried(&mut self, task: Task) {
        *self.retries.entry(task).or_default() += 1;
    }

    /// Returns how many attempts at a task failed in this run. One that goes on from a gate is no retry.
    pub(super) fn retries(&self, task: Task) -> u32 {
        self.retries.get(&task).copied().unwrap_or(0)
    }

    /// No further attempt is made at a partition in this run.
    pub(super) fn give_up(&mut self, partition: u32) {
        self.given_up.insert(partition);
    }

    pub(super) fn is_given_up(&self, partition: u32) -> bool {
        self.given_up.contains(&partition)
    }

    /// An attempt at a partition failed.
    pub(super) fn failed(&mut self, partition: u32, error: &AttemptError) {
        let known = self.errors.get(&error.class);
        let attempts = known.map_or(0, |known| known.attempts);
        let summary = ErrorSummary {
            class: error.class,
            attempts: attempts + 1,
            partition,
            message: error.message.clone(),
            advice: error.class.advice(),
        };
        self.errors.insert(error.class, summary);
    }

    /// Failed attempts by class, with the last error of each.
    pub(super) fn errors(&self) -> Vec<ErrorSummary> {
        self.errors.values().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_partition_is_resumed_only_from_work_of_an_earlier_run() {
        let (one, other) = (Task::new(0, 1), Task::new(0, 2));
        let mut tally = Tally::default();
        // It begins anew, and goes on from its own gate.
        tally.gate_reached(one, false);
        tally.published(one, true);
        assert_eq!(tally.resumed(), 0);
        // It goes on from an earlier run's work, by way of two gates.
        tally.gate_reached(other, true);
        tally.gate_reached(other, true);
        tally.published(other, true);
        assert_eq!(tally.resumed(), 1);
    }

    #[test]
    fn a_partition_counts_once_however_many_stages_it_has() {
        let mut tally = Tally::default();
        // To begin where its stage does is no recovery.
        tally.published(Task::new(0, 0), false);
        tally.published(Task::new(1, 0), false);
        // Its first stage was done, and both of them.
        tally.found(Task::new(0, 1), false);
        tally.published(Task::new(1, 1), false);
        tally.found(Task::new(0, 2), false);
        tally.found(Task::new(1, 2), true);
        assert_eq!((tally.reused(), tally.resumed()), (1, 1));
    }

    #[test]
    fn errors_are_counted_by_class_and_the_last_one_is_shown() {
        let mut tally = Tally::default();
        for (partition, class, message) in [
            (1, ErrorClass::System, "first"),
            (2, ErrorClass::Input, "other"),
            (3, ErrorClass::System, "last"),
        ] {
            tally.failed(partition, &AttemptError::new(class, message));
        }
        let errors = tally.errors().into_iter();
        let shown: Vec<_> = errors
            .map(|one| (one.class, one.attempts, one.partition, one.message))
            .collect();
        assert_eq!(shown.len(), 2);
        assert!(shown.contains(&(ErrorClass::System, 2, 3, "last".to_owned())));
        assert!(shown.contains(&(ErrorClass::Input, 1, 2, "other".to_owned())));
    }

    #[test]
    fn tries_and_partitions_that_were_given_up_are_remembered() {
        let mut tally = Tally::default();
        tally.retried(Task::new(0, 1));
        tally.retried(Task::new(0, 1));
        tally.give_up(1);
        assert_eq!(
            (
                tally.retries(Task::new(0, 1)),
                tally.retries(Task::new(0, 2))
            ),
            (2, 0)
        );
        assert!(tally.is_given_up(1) && !tally.is_given_up(2));
    }
}
