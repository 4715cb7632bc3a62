//! Who does what, when: a pure state machine over the partitions of a stage.
//!
//! It knows no threads, files or clock: what happened goes in with the time, what to do comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coldpress_failure::{ErrorClass, RetryPolicy};

/// Decides which partition is attempted next, and what becomes of a failed attempt.
#[derive(Clone, Debug)]
pub struct Scheduler {
    policy: RetryPolicy,
    seed: u64,
    /// Attempts that may be out at once.
    slots: usize,
    stopping: bool,
    partitions: BTreeMap<u32, State>,
    ready: BTreeSet<u32>,
    /// When a retry is due, and of which partition.
    waiting: BTreeSet<(Duration, u32)>,
    running: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready { failed_attempts: u32 },
    Waiting { failed_attempts: u32, due: Duration },
    Running { failed_attempts: u32 },
    Published,
    Failed,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Give out an attempt at this partition; `number` counts from 1.
    Start {
        /// The partition.
        partition: u32,
        /// The number of the attempt.
        number: u32,
    },
    /// Nothing before an attempt ends or a partition is planned.
    Wait,
    /// Nothing before this time, unless something happens.
    WaitUntil(Duration),
    /// Nothing is left: every known partition is published or failed, or the stop is complete.
    Idle,
}

/// What becomes of a partition whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is tried again at this time.
    Retry(Duration),
    /// It is out of retries, after this many attempts.
    OutOfRetries(u32),
}

impl Scheduler {
    /// A scheduler that has at most `slots` attempts out.
    pub fn new(policy: RetryPolicy, seed: u64, slots: usize) -> Self {
        Self {
            policy,
            seed,
            slots: slots.max(1),
            stopping: false,
            partitions: BTreeMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            running: 0,
        }
    }

    /// A partition that must be worked on.
    pub fn add(&mut self, partition: u32) {
        if self
            .partitions
            .insert(partition, State::Ready { failed_attempts: 0 })
            .is_none()
        {
            self.ready.insert(partition);
        }
    }

    /// A partition whose result is there already.
    pub fn add_published(&mut self, partition: u32) {
        self.partitions.entry(partition).or_insert(State::Published);
    }

    /// A partition whose published result turned out to be no good: it is worked on again.
    pub fn void(&mut self, partition: u32) {
        if self.partitions.get(&partition) == Some(&State::Published) {
            self.partitions
                .insert(partition, State::Ready { failed_attempts: 0 });
            self.ready.insert(partition);
        }
    }

    /// No more than so many attempts are out at once from here on; those that are out stay.
    pub fn limit(&mut self, slots: usize) {
        self.slots = self.slots.min(slots.max(1));
    }

    /// No attempt is given out any more.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// What to do at the time `now`. After [`Next::Start`] the attempt counts as out.
    pub fn next(&mut self, now: Duration) -> Next {
        self.wake(now);
        if self.stopping {
            return if self.running > 0 {
                Next::Wait
            } else {
                Next::Idle
            };
        }
        if self.running >= self.slots {
            return Next::Wait;
        }
        if let Some(partition) = self.ready.pop_first() {
            let failed_attempts = self.failed_attempts(partition);
            self.partitions
                .insert(partition, State::Running { failed_attempts });
            self.running += 1;
            return Next::Start {
                partition,
                number: failed_attempts + 1,
            };
        }
        match self.waiting.first() {
            Some((due, _)) => Next::WaitUntil(*due),
            None if self.running > 0 => Next::Wait,
            None => Next::Idle,
        }
    }

    /// How long nothing can be given out, unless something happens; `Duration::MAX` if only that can help.
    pub fn wait(&self, now: Duration) -> Duration {
        if self.stopping || self.running >= self.slots {
            return Duration::MAX;
        }
        if !self.ready.is_empty() {
            return Duration::ZERO;
        }
        self.waiting
            .first()
            .map_or(Duration::MAX, |(due, _)| due.saturating_sub(now))
    }

    /// The running attempt at this partition was published.
    pub fn published(&mut self, partition: u32) {
        if self.end_running(partition).is_some() {
            self.partitions.insert(partition, State::Published);
        }
    }

    /// The running attempt at this partition ended without a result because it was stopped.
    pub fn stopped(&mut self, partition: u32) {
        if let Some(failed_attempts) = self.end_running(partition) {
            self.partitions
                .insert(partition, State::Ready { failed_attempts });
            self.ready.insert(partition);
        }
    }

    /// The running attempt at this partition ended short of a result, and yet the partition came further: to a gate, or to
    /// a record that must be left out. Another goes on, with all its tries.
    pub fn advanced(&mut self, partition: u32) {
        if self.end_running(partition).is_some() {
            let failed_attempts = 0;
            self.partitions
                .insert(partition, State::Ready { failed_attempts });
            self.ready.insert(partition);
        }
    }

    /// The running attempt at this partition failed.
    pub fn failed(&mut self, partition: u32, class: ErrorClass, now: Duration) -> AfterFailure {
        let failed_attempts = self.end_running(partition).unwrap_or(0) + 1;
        match self
            .policy
            .delay_after(class, failed_attempts, self.seed ^ u64::from(partition))
        {
            Some(delay) => {
                let due = now + delay;
                self.partitions.insert(
                    partition,
                    State::Waiting {
                        failed_attempts,
                        due,
                    },
                );
                self.waiting.insert((due, partition));
                AfterFailure::Retry(due)
            }
            None => {
                self.partitions.insert(partition, State::Failed);
                AfterFailure::OutOfRetries(failed_attempts)
            }
        }
    }

    /// Attempts that are out.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Partitions that are neither published nor failed.
    pub fn open(&self) -> usize {
        self.ready.len() + self.waiting.len() + self.running
    }

    fn failed_attempts(&self, partition: u32) -> u32 {
        match self.partitions.get(&partition) {
            Some(
                State::Ready { failed_attempts }
                | State::Waiting {
                    failed_attempts, ..
                }
                | State::Running { failed_attempts },
            ) => *failed_attempts,
            _ => 0,
        }
    }

    /// Ends the running attempt, if there is one: a late message about another changes nothing.
    fn end_running(&mut self, partition: u32) -> Option<u32> {
        let Some(State::Running { failed_attempts }) = self.partitions.get(&partition).copied()
        else {
            return None;
        };
        self.running -= 1;
        Some(failed_attempts)
    }

    fn wake(&mut self, now: Duration) {
        while let Some((due, partition)) =
            self.waiting.first().copied().filter(|(due, _)| *due <= now)
        {
            self.waiting.remove(&(due, partition));
            let failed_attempts = self.failed_attempts(partition);
            self.partitions
                .insert(partition, State::Ready { failed_attempts });
            self.ready.insert(partition);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn policy(max_retries: u32) -> RetryPolicy {
        RetryPolicy {
            max_retries,
            delay_seconds: 1.0,
            ..RetryPolicy::default()
        }
    }

    fn scheduler(partitions: u32, slots: usize, max_retries: u32) -> Scheduler {
        let mut scheduler = Scheduler::new(policy(max_retries), 42, slots);
        (0..partitions).for_each(|partition| scheduler.add(partition));
        scheduler
    }

    const START: Duration = Duration::ZERO;

    #[test]
    fn partitions_go_out_in_order_and_no_more_than_there_are_slots() {
        let mut scheduler = scheduler(3, 2, 0);
        assert_eq!(
            scheduler.next(START),
            Next::Start {
                partition: 0,
                number: 1
            }
        );
        assert_eq!(
            scheduler.next(START),
            Next::Start {
                partition: 1,
                number: 1
            }
        );
        assert_eq!(scheduler.next(START), Next::Wait);
        scheduler.published(0);
        assert_eq!(
            scheduler.next(START),
            Next::Start {
                partition: 2,
                number: 1
            }
        );
        scheduler.published(1);
        scheduler.published(2);
        assert_eq!(scheduler.next(START), Next::Idle);
    }

    #[test]
    fn fewer_may_be_out_from_some_time_on() {
        let mut scheduler = scheduler(5, 3, 0);
        (0..3).for_each(|_| assert!(matches!(scheduler.next(START), Next::Start { .. })));
        scheduler.limit(1);
        for partition in 0..3 {
            assert_eq!(scheduler.next(START), Next::Wait);
            scheduler.published(partition);
        }
        scheduler.limit(0);
        assert!(matches!(scheduler.next(START), Next::Start { .. }));
        assert_eq!(scheduler.next(START), Next::Wait);
    }

    #[test]
    fn a_failed_partition_waits_for_its_retry() {
        let mut scheduler = scheduler(1, 1, 1);
        scheduler.next(START);
        let AfterFailure::Retry(due) = scheduler.failed(0, ErrorClass::System, START) else {
            panic!("no retry")
        };
        assert_eq!(scheduler.next(START), Next::WaitUntil(due));
        assert_eq!(
            scheduler.next(due),
            Next::Start {
                partition: 0,
                number: 2
            }
        );
        assert_eq!(
            scheduler.failed(0, ErrorClass::System, due),
            AfterFailure::OutOfRetries(2)
        );
        assert_eq!(scheduler.next(due), Next::Idle);
    }

    #[test]
    fn what_cannot_pass_is_not_retried() {
        let mut scheduler = scheduler(1, 1, 5);
        scheduler.next(START);
        assert_eq!(
            scheduler.failed(0, ErrorClass::Input, START),
            AfterFailure::OutOfRetries(1)
        );
    }

    #[test]
    fn a_stop_lets_running_attempts_end() {
        let mut scheduler = scheduler(3, 2, 1);
        scheduler.next(START);
        scheduler.next(START);
        scheduler.stop();
        assert_eq!(scheduler.next(START), Next::Wait);
        scheduler.published(0);
        scheduler.stopped(1);
        assert_eq!(scheduler.next(START), Next::Idle);
        assert_eq!(scheduler.open(), 2);
    }

    #[test]
    fn a_result_that_is_no_good_is_made_again() {
        let mut scheduler = scheduler(1, 1, 0);
        scheduler.next(START);
        scheduler.published(0);
        scheduler.void(0);
        assert_eq!(
            scheduler.next(START),
            Next::Start {
                partition: 0,
                number: 1
            }
        );
    }

    proptest! {
        /// Whatever happens, no partition is out twice, none is published twice, none is lost, and none is tried
        /// more often than the policy says.
        #[test]
        fn no_history_doubles_or_loses_a_partition(
            partitions in 1u32..8,
            slots in 1usize..4,
            max_retries in 0u32..3,
            outcomes in prop::collection::vec((0u8..4, 0usize..4), 0..60),
        ) {
            let mut scheduler = scheduler(partitions, slots, max_retries);
            let (mut out, mut published, mut dropped) = (Vec::new(), BTreeSet::new(), BTreeSet::new());
            let mut tries = BTreeMap::<u32, u32>::new();
            let mut now = START;
            let mut outcomes = outcomes.into_iter();
            loop {
                match scheduler.next(now) {
                    Next::Start { partition, number } => {
                        prop_assert!(!out.contains(&partition) && !published.contains(&partition));
                        prop_assert!(out.len() < slots);
                        let tried = tries.entry(partition).or_default();
                        *tried += 1;
                        prop_assert_eq!(*tried, number);
                        prop_assert!(number <= 1 + max_retries);
                        out.push(partition);
                        continue;
                    }
                    Next::WaitUntil(due) => now = now.max(due),
                    Next::Wait => prop_assert!(!out.is_empty()),
                    Next::Idle => break,
                }
                if out.is_empty() { continue; }
                let (outcome, pick) = outcomes.next().unwrap_or((0, 0));
                let partition = out.remove(pick % out.len());
                match outcome {
                    0 | 1 => { prop_assert!(published.insert(partition)); scheduler.published(partition); }
                    _ => {
                        let class = if outcome == 2 { ErrorClass::System } else { ErrorClass::Processing };
                        if let AfterFailure::OutOfRetries(_) = scheduler.failed(partition, class, now) {
                            dropped.insert(partition);
                        }
                    }
                }
            }
            prop_assert!(out.is_empty() && scheduler.open() == 0);
            prop_assert_eq!(published.len() + dropped.len(), partitions as usize);
        }
    }
}
