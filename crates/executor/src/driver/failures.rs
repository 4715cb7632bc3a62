//! What becomes of attempts that failed, and of results that turned out to be no good.

use coldpress_failure::ErrorClass;
use coldpress_job::{JournalRecord, PartitionFailure};
use coldpress_worker::{AttemptError, FailureKind};

use super::retention::Doomed;
use super::work::Motion;
use super::{Driver, now_millis};
use crate::error::{Error, ErrorKind, Result};
use crate::report::ErrorSummary;
use crate::scheduler::{AfterFailure, Scheduler, Step};

impl Driver<'_> {
    pub(super) fn take_failure(
        &mut self,
        motion: &mut Motion,
        partition: u32,
        number: u32,
        error: AttemptError,
    ) -> Result<()> {
        match error.kind {
            FailureKind::Stopped | FailureKind::Outside if self.is_ending(motion) => {
                motion.scheduler.stopped(partition);
                return Ok(());
            }
            FailureKind::InputChanged => {
                motion.scheduler.stopped(partition);
                motion
                    .fatal
                    .get_or_insert(Error::new(ErrorKind::Refused, error.message));
                return Ok(());
            }
            FailureKind::DamagedCopy => {
                if self.leave_copy(partition, &error)?
                    && motion.scheduler.advanced(partition, Step::WithoutCopy)
                {
                    return Ok(());
                }
            }
            // Another try, or another partition, would meet it too: it is no failure of this one.
            FailureKind::Strict | FailureKind::Obstacle => {
                motion.scheduler.stopped(partition);
                motion
                    .fatal
                    .get_or_insert(Error::new(ErrorKind::Failed, error.message));
                return Ok(());
            }
            FailureKind::Other
            | FailureKind::BadStart
            | FailureKind::Outside
            | FailureKind::Stopped => {}
        }
        self.announce_attempt_failed(partition, number, &error);
        self.note_error(partition, &error);
        if let Some(death) = &error.death {
            if let Some(count) = self.look_for_poison(partition, death)?
                && motion
                    .scheduler
                    .advanced(partition, Step::WithoutRecords(count))
            {
                return Ok(());
            }
            if death.is_for_memory {
                motion.scheduler.limit(self.use_fewer_workers());
            }
        }
        self.count_failure(motion, partition, number, error)
    }

    /// An attempt has used up a try.
    fn count_failure(
        &mut self,
        motion: &mut Motion,
        partition: u32,
        number: u32,
        error: AttemptError,
    ) -> Result<()> {
        *self.retries.entry(partition).or_default() += 1;
        match motion.scheduler.failed(partition, error.class, self.now()) {
            AfterFailure::Retry(due) => {
                self.announce_retry(partition, number, due.saturating_sub(self.now()))
            }
            // No partition is given up for what was done to its workers.
            AfterFailure::OutOfRetries(attempts) if error.kind == FailureKind::Outside => {
                let tries = if attempts == 1 { "try" } else { "tries" };
                let message = format!(
                    "after {attempts} {tries} at partition {partition}, the last: {}; find out what ends worker processes, \
                     and run the same command again; what is finished stays",
                    error.message
                );
                motion
                    .fatal
                    .get_or_insert(Error::new(ErrorKind::Failed, message));
            }
            AfterFailure::OutOfRetries(attempts) => {
                self.give_up(motion, partition, attempts, error)?
            }
        }
        Ok(())
    }

    /// An attempt ended at its gate, and yet the partition is no further: what it left cannot be gone on from. Its next
    /// attempt has no gate.
    pub(super) fn take_vain_gate(
        &mut self,
        motion: &mut Motion,
        partition: u32,
        number: u32,
    ) -> Result<()> {
        self.gateless.insert(partition);
        let message =
            "it came no further than an attempt before it, whose checkpoints cannot be used";
        let error = AttemptError::new(ErrorClass::System, message);
        self.announce_attempt_failed(partition, number, &error);
        self.note_error(partition, &error);
        self.count_failure(motion, partition, number, error)
    }

    fn is_ending(&self, motion: &Motion) -> bool {
        motion.fatal.is_some() || self.stop_requested()
    }

    /// For the summary at the end.
    fn note_error(&mut self, partition: u32, error: &AttemptError) {
        let attempts = self
            .errors
            .get(&error.class)
            .map_or(0, |known| known.attempts);
        let summary = ErrorSummary {
            class: error.class,
            attempts: attempts + 1,
            partition,
            message: error.message.clone(),
            advice: error.class.advice(),
        };
        self.errors.insert(error.class, summary);
    }

    /// How many workers are left after one was killed as if for want of memory.
    fn use_fewer_workers(&mut self) -> usize {
        let now = self.workers.saturating_sub(1).max(1);
        if now < self.workers {
            let workers = if now == 1 {
                "worker goes"
            } else {
                "workers go"
            };
            self.warn(format!(
                "a worker process was killed, as the system does when memory runs out: {now} {workers} on"
            ));
        }
        self.workers = now;
        now
    }

    /// Gives up the copy of a slice, which is read from its source then; whether there was one to give up.
    fn leave_copy(&mut self, partition: u32, error: &AttemptError) -> Result<bool> {
        let planned = self.state.partition(partition);
        let copy = planned.and_then(|planned| planned.slice.copy.as_ref());
        let kept = copy.filter(|copy| !self.state.is_forgotten(&copy.path));
        let Some(doomed) = kept.map(Doomed::cited) else {
            return Ok(false);
        };
        self.warn(format!(
            "{}; partition {partition} is read from the input again",
            error.message
        ));
        self.forget(vec![doomed])?;
        Ok(true)
    }

    fn give_up(
        &mut self,
        motion: &mut Motion,
        partition: u32,
        attempts: u32,
        error: AttemptError,
    ) -> Result<()> {
        let is_fatal =
            self.executor.prepared.partition_failure_is_fatal || error.class == ErrorClass::Config;
        let (class, message) = (error.class.to_string(), error.message.clone());
        let failure = PartitionFailure {
            partition,
            attempts,
            class,
            error: message.clone(),
            at_millis: now_millis(),
        };
        self.announce_partition_failed(partition, attempts, &error);
        self.given_up.insert(partition);
        self.record(JournalRecord::PartitionFailed(failure))?;
        if is_fatal {
            let message =
                format!("partition {partition} failed after {attempts} attempts: {message}");
            motion
                .fatal
                .get_or_insert(Error::new(ErrorKind::Failed, message));
        }
        Ok(())
    }

    pub(super) fn void_result(
        &mut self,
        scheduler: &mut Scheduler,
        partition: u32,
        reason: &str,
    ) -> Result<()> {
        self.warn(format!(
            "the result of partition {partition} is damaged and made again: {reason}"
        ));
        let again = scheduler.void(partition);
        let Some(result) = self.usable_result(partition).filter(|_| again) else {
            return Err(Error::new(
                ErrorKind::Failed,
                format!("the merge failed: {reason}"),
            ));
        };
        let files = vec![result.rows.path.clone()];
        self.record(JournalRecord::Forgotten { files })?;
        self.sync()
    }
}
