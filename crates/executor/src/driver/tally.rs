//! What this run has come to so far: counts for its report, and what its attempts failed of.

use std::collections::{BTreeMap, BTreeSet};

use coldpress_failure::ErrorClass;
use coldpress_partition::Task;
use coldpress_worker::AttemptError;

use crate::report::ErrorSummary;

/// The counts of one run. What is true about the job does not depend on them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Partitions whose result was there already.
    pub(super) reused: u32,
    /// Partitions that went on from earlier work.
    resumed: u32,
    /// Partitions that came further in this run, or had nothing left to do.
    begun: BTreeSet<u32>,
    /// Partitions that this run gave up on; those that an earlier run did are tried again.
    given_up: BTreeSet<u32>,
    /// How many attempts at a task used up a try.
    retries: BTreeMap<Task, u32>,
    /// Attempts that failed, by class.
    errors: BTreeMap<ErrorClass, ErrorSummary>,
}

impl Tally {
    /// The result of a partition is there already.
    pub(super) fn reused(&mut self, partition: u32) {
        self.reused += u32::from(self.begun.insert(partition));
    }

    /// A task came to a gate or to its result; the attempt went on from `resumed_at` operators.
    ///
    /// Only the first attempt at a partition in this run tells whether there was earlier work.
    pub(super) fn came_further(&mut self, task: Task, resumed_at: u32) {
        let is_first = self.begun.insert(task.partition);
        // Nothing comes to a later stage but by the work of the stages before it.
        self.resumed += u32::from(is_first && (resumed_at > 0 || task.stage > 0));
    }

    /// Partitions that went on from work of an earlier run.
    pub(super) fn resumed(&self) -> u32 {
        self.resumed
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
        let mut tally = Tally::default();
        // It begins anew, and goes on from its own gate, and behind a barrier.
        tally.came_further(Task::new(0, 1), 0);
        tally.came_further(Task::new(0, 1), 3);
        tally.came_further(Task::new(1, 1), 4);
        assert_eq!(tally.resumed(), 0);
        // It goes on from an earlier run's work, by way of two gates.
        tally.came_further(Task::new(0, 2), 1);
        tally.came_further(Task::new(0, 2), 2);
        tally.came_further(Task::new(0, 2), 3);
        assert_eq!(tally.resumed(), 1);
        // The result of the stage before was there already.
        tally.came_further(Task::new(1, 3), 4);
        assert_eq!(tally.resumed(), 2);
        // Where no operator is before the barrier.
        tally.came_further(Task::new(1, 4), 0);
        assert_eq!(tally.resumed(), 3);
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
