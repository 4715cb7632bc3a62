//! Giving out second attempts at slow tasks, and what becomes of one that fails.

use coldpress_worker::{Attempt, AttemptError, FailureKind};

use super::Driver;
use super::motion::Motion;
use super::work::{Ended, Way};
use crate::error::Result;

impl Driver<'_> {
    /// Begins a second attempt at the slowest task where that is worth it: near the end of a stage, when a worker has nothing
    /// else to do.
    pub(super) fn speculate(&mut self, motion: &mut Motion) -> Result<Option<Attempt>> {
        let Some(speculation) = &motion.speculation else {
            return Ok(None);
        };
        let has_free_worker = motion.scheduler.running() < motion.workers;
        let is_near_end = motion.planner.is_none() && motion.scheduler.has_none_ready();
        if !has_free_worker || !is_near_end {
            return Ok(None);
        }
        let slow = speculation.slowest(self.now(), |task| self.bytes_of(task.partition));
        let Some(slow) = slow.filter(|slow| motion.scheduler.begin_rival(slow.task)) else {
            return Ok(None);
        };
        let attempt = self.begin_attempt(slow.task, Way::Beside(slow))?;
        match &attempt {
            Some(attempt) => motion.note_begin(attempt, self.now()),
            None => motion.scheduler.rival_ended(),
        }
        Ok(attempt)
    }

    /// One of two attempts at a task failed, and the other is still at work. It uses up no try.
    pub(super) fn take_failure_of_rival(
        &mut self,
        motion: &mut Motion,
        ended: Ended,
        error: &AttemptError,
    ) {
        motion.scheduler.rival_ended();
        if error.kind != FailureKind::Stopped && !self.is_ending(motion) {
            self.note_failure(ended, error);
        }
    }
}
