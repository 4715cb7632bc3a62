//! Who does what, when: a pure state machine over the partitions of a stage.
//!
//! It knows no threads, files or clock: what happened goes in with the time, what to do comes out.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coldpress_failure::{ErrorClass, RetryPolicy};

/// Decides which partition is attempted next, and what becomes of a failed attempt.
///
/// Maintains the following invariant: between two attempts at a partition, the partition came further ([`Step`]), an
/// attempt failed and used up a try, or a published result was found to be no good. There are only so many of each, so no
/// job goes round in a circle.
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
    /// Partitions whose attempt was stopped: another driver goes on with them.
    halted: BTreeSet<u32>,
    running: usize,
    /// How far partitions came that came anywhere short of a result.
    reached: BTreeMap<u32, Reached>,
    /// How often the result of a partition was no good.
    voided: BTreeMap<u32, u32>,
}

/// How often a result that is no good is made again.
pub const VOIDED_AT_MOST: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready { failed_attempts: u32 },
    Waiting { failed_attempts: u32, due: Duration },
    Running { failed_attempts: u32 },
    Halted,
    Published,
    Failed,
}

/// What an attempt short of a result came to, so that the next one has less to do, or another way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The first so many operators are done.
    Gate(u32),
    /// The copy of the slice is given up, so that the slice is read from its source.
    WithoutCopy,
    /// So many records were set apart so far, because they kill whoever works on them.
    WithoutRecords(u32),
}

/// All steps of a partition together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Reached {
    gate: u32,
    is_without_copy: bool,
    without_records: u32,
}

impl Reached {
    /// Takes the step, if it leads further.
    fn take(&mut self, step: Step) -> bool {
        let before = *self;
        match step {
            Step::Gate(gate) => self.gate = gate.max(self.gate),
            Step::WithoutCopy => self.is_without_copy = true,
            Step::WithoutRecords(count) => self.without_records = count.max(self.without_records),
        }
        *self != before
    }
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
            halted: BTreeSet::new(),
            running: 0,
            reached: BTreeMap::new(),
            voided: BTreeMap::new(),
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

    /// A partition whose published result turned out to be no good: it is worked on again, with all its tries and all its
    /// way. False if that was so too often already, or nothing was published; then nothing changes.
    pub fn void(&mut self, partition: u32) -> bool {
        let voided = self.voided.entry(partition).or_default();
        let is_published = self.partitions.get(&partition) == Some(&State::Published);
        if !is_published || *voided >= VOIDED_AT_MOST {
            return false;
        }
        *voided += 1;
        self.reached.remove(&partition);
        self.make_ready(partition, 0);
        true
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

    /// The running attempt at this partition ended without a result because it was stopped. It is not given out again.
    pub fn stopped(&mut self, partition: u32) {
        if self.end_running(partition).is_some() {
            self.partitions.insert(partition, State::Halted);
            self.halted.insert(partition);
        }
    }

    /// The running attempt at this partition ended short of a result, and yet the partition came further: another goes on,
    /// with all its tries. False if it is no further than before: the attempt counts as running still, and has
    /// [failed](Self::failed).
    #[must_use]
    pub fn advanced(&mut self, partition: u32, step: Step) -> bool {
        if !self.reached.entry(partition).or_default().take(step) {
            return false;
        }
        if self.end_running(partition).is_some() {
            self.make_ready(partition, 0);
        }
        true
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
        self.ready.len() + self.waiting.len() + self.running + self.halted.len()
    }

    fn make_ready(&mut self, partition: u32, failed_attempts: u32) {
        self.partitions
            .insert(partition, State::Ready { failed_attempts });
        self.ready.insert(partition);
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
            self.make_ready(partition, self.failed_attempts(partition));
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
        for _ in 0..VOIDED_AT_MOST {
            scheduler.published(0);
            assert!(scheduler.void(0));
            assert_eq!(
                scheduler.next(START),
                Next::Start {
                    partition: 0,
                    number: 1
                }
            );
            assert!(!scheduler.void(0));
        }
        scheduler.published(0);
        assert!(!scheduler.void(0));
        assert_eq!(scheduler.next(START), Next::Idle);
    }

    #[test]
    fn only_a_step_that_leads_further_is_one() {
        let mut scheduler = scheduler(1, 1, 0);
        let steps = [
            (Step::Gate(2), true),
            (Step::Gate(2), false),
            (Step::WithoutCopy, true),
            (Step::Gate(1), false),
            (Step::WithoutRecords(1), true),
            (Step::WithoutCopy, false),
            (Step::WithoutRecords(1), false),
            (Step::WithoutRecords(2), true),
            (Step::Gate(3), true),
        ];
        scheduler.next(START);
        for (step, leads_further) in steps {
            assert_eq!(scheduler.advanced(0, step), leads_further, "{step:?}");
            if leads_further {
                assert!(matches!(
                    scheduler.next(START),
                    Next::Start { number: 1, .. }
                ));
            }
        }
        assert_eq!(scheduler.running(), 1);
        scheduler.stopped(0);
        assert_eq!((scheduler.next(START), scheduler.open()), (Next::Idle, 1));
    }

    /// What is done to the attempt at a partition, drawn at random.
    #[derive(Clone, Copy, Debug)]
    enum Event {
        Published,
        Failed(ErrorClass),
        Stopped,
        Step(Step),
    }

    fn event() -> impl Strategy<Value = Event> {
        prop_oneof![
            2 => Just(Event::Published),
            2 => Just(Event::Failed(ErrorClass::System)),
            1 => Just(Event::Failed(ErrorClass::Processing)),
            1 => Just(Event::Stopped),
            2 => (0u32..4).prop_map(|gate| Event::Step(Step::Gate(gate))),
            1 => Just(Event::Step(Step::WithoutCopy)),
            1 => (0u32..4).prop_map(|count| Event::Step(Step::WithoutRecords(count))),
        ]
    }

    /// What a partition has used up of what there is only so much of.
    #[derive(Clone, Debug, Default, PartialEq)]
    struct Used {
        starts: u32,
        /// Since it came further last.
        failures: u32,
        voids: u32,
        steps: Vec<Step>,
        has_ended: bool,
    }

    proptest! {
        /// Whatever happens, no partition is out twice, none is lost, and none is given out again from where it was without
        /// a failure that counts as a try: so there is an end to it.
        #[test]
        fn no_history_doubles_loses_or_repeats_a_partition(
            partitions in 1u32..8,
            slots in 1usize..4,
            max_retries in 0u32..3,
            events in prop::collection::vec((event(), 0usize..4, any::<bool>()), 0..120),
        ) {
            let mut scheduler = scheduler(partitions, slots, max_retries);
            let mut out = Vec::new();
            let mut used = vec![Used::default(); partitions as usize];
            // What each had used up when it was given out last.
            let mut before = vec![None; partitions as usize];
            let mut now = START;
            let mut events = events.into_iter();
            loop {
                match scheduler.next(now) {
                    Next::Start { partition, number } => {
                        prop_assert!(!out.contains(&partition) && out.len() < slots);
                        let used = &mut used[partition as usize];
                        prop_assert!(!used.has_ended);
                        prop_assert_eq!(number, used.failures + 1);
                        prop_assert!(number <= 1 + max_retries);
                        let here = (used.failures, used.voids, used.steps.clone());
                        prop_assert_ne!(Some(&here), before[partition as usize].as_ref());
                        before[partition as usize] = Some(here);
                        used.starts += 1;
                        out.push(partition);
                        continue;
                    }
                    Next::WaitUntil(due) => now = now.max(due),
                    Next::Wait => prop_assert!(!out.is_empty()),
                    Next::Idle => break,
                }
                if out.is_empty() { continue; }
                let (event, pick, is_voided) = events.next().unwrap_or((Event::Published, 0, false));
                let partition = out[pick % out.len()];
                let used = &mut used[partition as usize];
                if let Event::Step(step) = event {
                    if !scheduler.advanced(partition, step) { continue; }
                    used.steps.push(step);
                    used.failures = 0;
                }
                out.retain(|other| *other != partition);
                match event {
                    Event::Step(_) => {}
                    Event::Published => {
                        scheduler.published(partition);
                        used.has_ended = !is_voided || !scheduler.void(partition);
                        if !used.has_ended {
                            used.voids += 1;
                            used.failures = 0;
                            used.steps.clear();
                        }
                    }
                    Event::Stopped => {
                        scheduler.stopped(partition);
                        used.has_ended = true;
                    }
                    Event::Failed(class) => {
                        let after = scheduler.failed(partition, class, now);
                        used.failures += 1;
                        used.has_ended = matches!(after, AfterFailure::OutOfRetries(_));
                    }
                }
            }
            prop_assert!(out.is_empty());
            for used in used {
                prop_assert!(used.has_ended);
                prop_assert!(used.voids <= VOIDED_AT_MOST);
                // Three gates, three records, a copy, and a first time: each with all tries, each result anew.
                prop_assert!(used.starts <= (1 + VOIDED_AT_MOST) * 8 * (1 + max_retries));
            }
        }
    }
}
