//! Who does what, when: a pure state machine over the tasks of a job and the barriers between its stages.
//!
//! It knows no threads, files or clock: what happened goes in with the time, what to do comes out.

mod step;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use coldpress_failure::{ErrorClass, RetryPolicy};
use coldpress_partition::Task;

use step::Reached;

pub use step::Step;

/// Decides which task is attempted next, what becomes of a failed attempt, and when a barrier can be resolved.
///
/// Maintains the following invariants:
/// - Between two attempts at a task, the task came further ([`Step`]), an attempt failed and used up a try, or a published
///   result was found to be no good. There are only so many of each, so no job goes round in a circle.
/// - A task is given out only if the barriers before its stage are resolved, and a barrier is resolved only if every task
///   of the stages before it is published and no further one can come.
#[derive(Clone, Debug)]
pub struct Scheduler {
    policy: RetryPolicy,
    seed: u64,
    /// Attempts that may be out at once.
    slots: usize,
    /// Attempts at small tasks that take a slot together.
    small_per_slot: usize,
    /// Stages of the recipe; there is a barrier between each and the next.
    stages: u32,
    /// Barriers that are resolved, all of them before the others: the stage that may be worked on.
    resolved: u32,
    /// Whether tasks of the first stage are known to be all there.
    is_planned: bool,
    stopping: bool,
    tasks: BTreeMap<Task, State>,
    /// Of each stage, how many tasks there are and how many of them are published.
    counts: BTreeMap<u32, Counts>,
    ready: BTreeSet<Task>,
    /// When a retry is due, and of which task.
    waiting: BTreeSet<(Duration, Task)>,
    /// Tasks whose attempt was stopped: another driver goes on with them.
    halted: BTreeSet<Task>,
    running: usize,
    /// Those of them that are at small tasks.
    running_small: usize,
    /// Attempts that are out besides: second ones at tasks that one is at already, and those that were overtaken by such.
    rivals: usize,
    /// How far tasks came that came anywhere short of a result.
    reached: BTreeMap<Task, Reached>,
    /// How often the result of a task was no good.
    voided: BTreeMap<Task, u32>,
    /// How often the decision behind a stage was no good.
    unresolved: BTreeMap<u32, u32>,
}

/// How often a result or a decision that is no good is made again.
pub const VOIDED_AT_MOST: u32 = 2;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready {
        failed_attempts: u32,
    },
    Waiting {
        failed_attempts: u32,
        due: Duration,
    },
    Running {
        failed_attempts: u32,
        is_small: bool,
    },
    /// An attempt is out that began with a decision that does not count any more: whatever it makes is of no use.
    Vain {
        is_small: bool,
    },
    Halted,
    Published,
    Failed,
}

/// The tasks of a stage.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Counts {
    known: usize,
    published: usize,
    failed: usize,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Give out an attempt at this task; `number` counts from 1.
    Start {
        /// The task.
        task: Task,
        /// The number of the attempt.
        number: u32,
    },
    /// Resolve the barrier behind this stage, all of which is published. Said until that is [done](Scheduler::resolved).
    Resolve {
        /// The stage.
        stage: u32,
    },
    /// Nothing before an attempt ends or a partition is planned.
    Wait,
    /// Nothing before this time, unless something happens.
    WaitUntil(Duration),
    /// Nothing is left that could be done: every known task is published, failed, or behind a barrier that cannot be
    /// resolved because one failed; or the stop is complete.
    Idle,
}

/// What becomes of a task whose attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is tried again at this time.
    Retry(Duration),
    /// It is out of retries, after this many attempts.
    OutOfRetries(u32),
}

impl Scheduler {
    /// A scheduler for a recipe of one stage that has at most `slots` attempts out.
    pub fn new(policy: RetryPolicy, seed: u64, slots: usize) -> Self {
        Self {
            policy,
            seed,
            slots: slots.max(1),
            small_per_slot: 1,
            stages: 1,
            resolved: 0,
            is_planned: false,
            stopping: false,
            tasks: BTreeMap::new(),
            counts: BTreeMap::new(),
            ready: BTreeSet::new(),
            waiting: BTreeSet::new(),
            halted: BTreeSet::new(),
            running: 0,
            running_small: 0,
            rivals: 0,
            reached: BTreeMap::new(),
            voided: BTreeMap::new(),
            unresolved: BTreeMap::new(),
        }
    }

    /// Sets how many stages the recipe has.
    #[must_use]
    pub fn stages(mut self, count: u32) -> Self {
        self.stages = count.max(1);
        self
    }

    /// Sets how many attempts at small tasks count as one.
    #[must_use]
    pub fn small_per_slot(mut self, count: usize) -> Self {
        self.small_per_slot = count.max(1);
        self
    }

    /// A task that must be worked on. One of a later stage is given out once the barrier before it is resolved.
    pub fn add(&mut self, task: Task) {
        if !self.tasks.contains_key(&task) {
            self.make_ready(task, 0);
        }
    }

    /// A task whose result is there already.
    pub fn add_published(&mut self, task: Task) {
        // A barrier that was void may be resolved as before: then what was made after it counts again.
        if matches!(self.tasks.get(&task), None | Some(State::Ready { .. })) {
            self.ready.remove(&task);
            self.set(task, State::Published);
        }
    }

    /// No further partition will be planned, so that a stage that is published is published as a whole.
    pub fn plan_completed(&mut self) {
        self.is_planned = true;
    }

    /// The barrier behind this stage is resolved: the tasks of the next one, which were added before, may be given out.
    /// False, and without effect, unless [`Next::Resolve`] asks for it.
    #[must_use]
    pub fn resolved(&mut self, stage: u32) -> bool {
        let is_next = self.due_barrier() == Some(stage);
        self.resolved += u32::from(is_next);
        is_next
    }

    /// A task whose published result turned out to be no good: it is worked on again, with all its tries and all its way.
    /// The barrier behind it is void then, and so is whatever was made after that. False if that was so too often already,
    /// or nothing was published; then nothing changes.
    pub fn void(&mut self, task: Task) -> bool {
        let voided = self.voided.entry(task).or_default();
        let is_published = self.tasks.get(&task) == Some(&State::Published);
        if !is_published || *voided >= VOIDED_AT_MOST {
            return false;
        }
        *voided += 1;
        self.reached.remove(&task);
        self.make_ready(task, 0);
        if task.stage < self.resolved {
            self.resolved = task.stage;
            self.void_after(task.stage);
        }
        true
    }

    /// What was decided at the barrier behind this stage turned out to be no good: it is to be resolved anew. False if that
    /// was so too often already, or it is not resolved; then nothing changes.
    pub fn unresolve(&mut self, stage: u32) -> bool {
        let unresolved = self.unresolved.entry(stage).or_default();
        if stage >= self.resolved || *unresolved >= VOIDED_AT_MOST {
            return false;
        }
        *unresolved += 1;
        self.resolved = stage;
        self.void_after(stage);
        true
    }

    /// What was made or begun after the barrier behind this stage counts no more. The tasks wait for it to be resolved anew.
    fn void_after(&mut self, stage: u32) {
        let first = Task::new(stage + 1, 0);
        let later: Vec<(Task, State)> = self
            .tasks
            .range(first..)
            .map(|(task, state)| (*task, *state))
            .collect();
        for (task, state) in later {
            self.reached.remove(&task);
            match state {
                State::Ready { .. } | State::Published | State::Failed => self.make_ready(task, 0),
                State::Waiting { due, .. } => {
                    self.waiting.remove(&(due, task));
                    self.make_ready(task, 0);
                }
                State::Running { is_small, .. } => {
                    self.set(task, State::Vain { is_small });
                }
                State::Vain { .. } | State::Halted => {}
            }
        }
    }

    /// No more than so many attempts are out at once from here on; those that are out stay.
    pub fn limit(&mut self, slots: usize) {
        self.slots = self.slots.min(slots.max(1));
    }

    /// No attempt is given out any more, and no barrier resolved.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Returns what to do at the time `now`. After [`Next::Start`] the attempt counts as out.
    pub fn next(&mut self, now: Duration) -> Next {
        self.next_of(now, |_| false)
    }

    /// As [`next`](Self::next); `is_small` says whether a task is so small that many of them may be out for one slot. One that
    /// failed, or went down with others, is tried again alone.
    pub fn next_of(&mut self, now: Duration, is_small: impl Fn(Task) -> bool) -> Next {
        self.wake(now);
        if self.stopping {
            return if self.running() > 0 {
                Next::Wait
            } else {
                Next::Idle
            };
        }
        if let Some(stage) = self.due_barrier() {
            return Next::Resolve { stage };
        }
        if self.is_full() {
            return Next::Wait;
        }
        if let Some(task) = self.first_ready() {
            self.ready.remove(&task);
            let failed_attempts = self.failed_attempts(task);
            let is_alone = self.reached.get(&task).is_some_and(|way| way.is_alone);
            let is_small = failed_attempts == 0 && !is_alone && is_small(task);
            let running = State::Running {
                failed_attempts,
                is_small,
            };
            self.set(task, running);
            self.running += 1;
            self.running_small += usize::from(is_small);
            let number = failed_attempts + 1;
            return Next::Start { task, number };
        }
        match self.waiting.first() {
            Some((due, _)) => Next::WaitUntil(*due),
            None if self.running > 0 => Next::Wait,
            None => Next::Idle,
        }
    }

    /// Returns how long nothing can be given out, unless something happens; `Duration::MAX` if only that can help.
    pub fn wait(&self, now: Duration) -> Duration {
        if self.stopping || self.is_full() {
            return Duration::MAX;
        }
        if self.first_ready().is_some() {
            return Duration::ZERO;
        }
        self.waiting
            .first()
            .map_or(Duration::MAX, |(due, _)| due.saturating_sub(now))
    }

    /// Begins a second attempt at a task that one is at. It counts as out until [`rival_ended`](Self::rival_ended). False, and
    /// without effect, if no slot is free or no attempt is running there.
    #[must_use]
    pub fn begin_rival(&mut self, task: Task) -> bool {
        let state = self.tasks.get(&task);
        let is_running = matches!(state, Some(State::Running { .. }));
        let begins = is_running && !self.is_full() && !self.stopping;
        self.rivals += usize::from(begins);
        begins
    }

    /// One of two attempts at a task ended, and the other one decides what becomes of the task.
    pub fn rival_ended(&mut self) {
        self.rivals = self.rivals.saturating_sub(1);
    }

    /// Returns whether whatever the running attempt at this task makes is of no use.
    pub fn is_in_vain(&self, task: Task) -> bool {
        matches!(self.tasks.get(&task), Some(State::Vain { .. }))
    }

    /// Returns whether no task waits for a slot alone.
    pub fn has_none_ready(&self) -> bool {
        self.first_ready().is_none()
    }

    /// Returns whether the running attempt at this task, which has ended, began with a decision that is void by now.
    /// Nothing of it counts then, whatever it came to, and the task is worked on again. To be asked before any of the
    /// following is told.
    #[must_use]
    pub fn ended_in_vain(&mut self, task: Task) -> bool {
        let Some(State::Vain { is_small }) = self.tasks.get(&task).copied() else {
            return false;
        };
        self.running -= 1;
        self.running_small -= usize::from(is_small);
        self.make_ready(task, 0);
        true
    }

    /// The running attempt at this task was published.
    pub fn published(&mut self, task: Task) {
        if self.end_running(task).is_some() {
            self.set(task, State::Published);
        }
    }

    /// The running attempt at this task ended without a result because it was stopped. It is not given out again.
    pub fn stopped(&mut self, task: Task) {
        if self.end_running(task).is_some() {
            self.set(task, State::Halted);
            self.halted.insert(task);
        }
    }

    /// The running attempt at this task ended short of a result, and yet the task came further: another goes on, with all
    /// its tries. False if it is no further than before: the attempt counts as running still, and has
    /// [failed](Self::failed).
    #[must_use]
    pub fn advanced(&mut self, task: Task, step: Step) -> bool {
        if !self.reached.entry(task).or_default().take(step) {
            return false;
        }
        if self.end_running(task).is_some() {
            self.make_ready(task, 0);
        }
        true
    }

    /// The running attempt at this task failed.
    pub fn failed(&mut self, task: Task, class: ErrorClass, now: Duration) -> AfterFailure {
        let failed_attempts = self.end_running(task).unwrap_or(0) + 1;
        let seed = self.seed ^ u64::from(task.partition);
        match self.policy.delay_after(class, failed_attempts, seed) {
            Some(delay) => {
                let due = now + delay;
                let waiting = State::Waiting {
                    failed_attempts,
                    due,
                };
                self.set(task, waiting);
                self.waiting.insert((due, task));
                AfterFailure::Retry(due)
            }
            None => {
                self.set(task, State::Failed);
                AfterFailure::OutOfRetries(failed_attempts)
            }
        }
    }

    /// Returns whether the running attempt at this task was given out as one at a small task.
    pub fn is_running_small(&self, task: Task) -> bool {
        let state = self.tasks.get(&task);
        matches!(state, Some(State::Running { is_small: true, .. }))
    }

    /// Attempts that are out.
    pub fn running(&self) -> usize {
        self.running + self.rivals
    }

    /// Tasks that are neither published nor failed.
    pub fn open(&self) -> usize {
        self.ready.len() + self.waiting.len() + self.running + self.halted.len()
    }

    /// Returns whether all barriers are resolved.
    pub fn is_in_last_stage(&self) -> bool {
        self.resolved + 1 >= self.stages
    }

    /// Tasks that are neither published nor failed and wait for no barrier.
    pub fn open_before_barrier(&self) -> usize {
        let stages = self.counts.range(..=self.resolved);
        let open = stages.map(|(_, counts)| counts.known - counts.published - counts.failed);
        open.sum()
    }

    /// The stage whose barrier can be resolved now: the one that is worked on, if all of it is published.
    pub fn due_barrier(&self) -> Option<u32> {
        let stage = self.resolved;
        if stage + 1 >= self.stages || !self.is_planned || self.stopping {
            return None;
        }
        let counts = self.counts.get(&stage)?;
        (counts.known == counts.published).then_some(stage)
    }

    fn set(&mut self, task: Task, state: State) {
        let before = self.tasks.insert(task, state);
        let counts = self.counts.entry(task.stage).or_default();
        counts.known += usize::from(before.is_none());
        counts.published -= usize::from(before == Some(State::Published));
        counts.published += usize::from(state == State::Published);
        counts.failed -= usize::from(before == Some(State::Failed));
        counts.failed += usize::from(state == State::Failed);
    }

    /// Whether every slot is taken.
    fn is_full(&self) -> bool {
        let of_small = self.running_small.div_ceil(self.small_per_slot);
        self.running() - self.running_small + of_small >= self.slots
    }

    /// The first task that waits for nothing but a slot.
    fn first_ready(&self) -> Option<Task> {
        let first = self.ready.first().copied();
        first.filter(|task| task.stage <= self.resolved)
    }

    fn make_ready(&mut self, task: Task, failed_attempts: u32) {
        self.set(task, State::Ready { failed_attempts });
        self.ready.insert(task);
    }

    fn failed_attempts(&self, task: Task) -> u32 {
        match self.tasks.get(&task) {
            Some(
                State::Ready { failed_attempts }
                | State::Waiting {
                    failed_attempts, ..
                }
                | State::Running {
                    failed_attempts, ..
                },
            ) => *failed_attempts,
            _ => 0,
        }
    }

    /// Ends the running attempt, if there is one: a late message about another changes nothing.
    fn end_running(&mut self, task: Task) -> Option<u32> {
        let running = self.tasks.get(&task).copied();
        let Some(State::Running {
            failed_attempts,
            is_small,
        }) = running
        else {
            return None;
        };
        self.running -= 1;
        self.running_small -= usize::from(is_small);
        Some(failed_attempts)
    }

    fn wake(&mut self, now: Duration) {
        while let Some((due, task)) = self.waiting.first().copied().filter(|(due, _)| *due <= now) {
            self.waiting.remove(&(due, task));
            self.make_ready(task, self.failed_attempts(task));
        }
    }
}

#[cfg(test)]
mod tests;
