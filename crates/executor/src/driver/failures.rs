//! What becomes of attempts that failed, and of results that turned out to be no good.

use coldpress_failure::ErrorClass;
use coldpress_job::{JournalRecord, PartitionFailure, Publication};
use coldpress_partition::Task;
use coldpress_storage::ObjectRef;
use coldpress_worker::{AttemptError, FailureKind};

use super::motion::Motion;
use super::teller::{Try, attempts_in_words};
use super::work::Ended;
use super::{Driver, now_millis};
use crate::error::{Error, ErrorKind, Result};
use crate::retention::JobFile;
use crate::scheduler::{AfterFailure, Scheduler, Step};

impl Driver<'_> {
    pub(super) fn take_failure(
        &mut self,
        motion: &mut Motion,
        ended: Ended,
        error: AttemptError,
    ) -> Result<()> {
        let task = ended.task;
        match error.kind {
            // A store that does not answer is not waited for when the job ends.
            _ if error.class == ErrorClass::Network && self.is_ending(motion) => {
                motion.scheduler.stopped(task);
                return Ok(());
            }
            FailureKind::Stopped | FailureKind::Outside | FailureKind::InCompany
                if self.is_ending(motion) =>
            {
                motion.scheduler.stopped(task);
                return Ok(());
            }
            FailureKind::InputChanged => {
                motion.scheduler.stopped(task);
                motion.fail(Error::new(ErrorKind::Refused, error.message));
                return Ok(());
            }
            FailureKind::DamagedCopy => {
                if self.leave_copy(task.partition, &error)?
                    && motion.scheduler.advanced(task, Step::WithoutCopy)
                {
                    return Ok(());
                }
            }
            FailureKind::BadDecision => {
                if self.void_decision(&mut motion.scheduler, task)? {
                    self.note_failure(ended, &error);
                    // It is one of the attempts that began with that decision.
                    let _ = motion.scheduler.ended_in_vain(task);
                    return Ok(());
                }
            }
            FailureKind::LostStage => {
                let again = match self.begins_with_placed_rows(task.stage) {
                    true => self.void_placed(&mut motion.scheduler, task, &error.message)?,
                    false => self.void_stage_before(&mut motion.scheduler, task, &error.message)?,
                };
                if again {
                    self.note_failure(ended, &error);
                    let _ = motion.scheduler.ended_in_vain(task);
                    return Ok(());
                }
            }
            // Another try, or another partition, would meet it too: it is no failure of this one.
            FailureKind::Strict | FailureKind::Obstacle => {
                motion.scheduler.stopped(task);
                motion.fail(Error::new(ErrorKind::Failed, error.message));
                return Ok(());
            }
            FailureKind::InCompany if motion.scheduler.advanced(task, Step::Alone) => {
                self.note_failure(ended, &error);
                return Ok(());
            }
            FailureKind::Other
            | FailureKind::BadStart
            | FailureKind::InCompany
            | FailureKind::Outside
            | FailureKind::Stopped => {}
        }
        self.note_failure(ended, &error);
        if let Some(death) = &error.death {
            if let Some(count) = self.look_for_poison(task.partition, death)?
                && motion.scheduler.advanced(task, Step::WithoutRecords(count))
            {
                return Ok(());
            }
            if death.is_for_memory {
                let (workers, warning) = self.memory.use_fewer_workers();
                motion.scheduler.limit(workers);
                warning
                    .into_iter()
                    .for_each(|warning| self.teller.warn(warning));
            }
        }
        self.count_failure(motion, ended, error)
    }

    pub(super) fn note_failure(&mut self, ended: Ended, error: &AttemptError) {
        let of = self.an_ended_try(ended);
        self.teller.attempt_failed(error, ended.seconds, of);
        self.tally.failed(ended.task.partition, error);
    }

    /// An attempt has used up a try.
    fn count_failure(
        &mut self,
        motion: &mut Motion,
        ended: Ended,
        error: AttemptError,
    ) -> Result<()> {
        let task = ended.task;
        self.tally.retried(task);
        match motion.scheduler.failed(task, error.class, self.now()) {
            AfterFailure::Retry(due) => {
                let delay = due.saturating_sub(self.now());
                self.teller.retried(delay, self.a_try(task, ended.number));
            }
            // No partition is given up for what was done to its workers.
            AfterFailure::OutOfRetries(attempts) if error.kind == FailureKind::Outside => {
                let message = format!(
                    "{task} failed after {}, the last one with: {}; remove the cause, and run the same command again; \
                     what is finished stays",
                    attempts_in_words(attempts),
                    error.message
                );
                motion.fail(Error::new(ErrorKind::Failed, message));
            }
            AfterFailure::OutOfRetries(attempts) => self.give_up(motion, task, attempts, error)?,
        }
        Ok(())
    }

    /// An attempt ended at its gate, and yet the task is no further: what it left cannot be gone on from. Its next attempt
    /// has no gate.
    pub(super) fn take_vain_gate(&mut self, motion: &mut Motion, ended: Ended) -> Result<()> {
        self.gateless.insert(ended.task);
        let message =
            "it came no further than an attempt before it, whose checkpoints cannot be used";
        let error = AttemptError::new(ErrorClass::System, message);
        self.note_failure(ended, &error);
        self.count_failure(motion, ended, error)
    }

    pub(super) fn is_ending(&self, motion: &Motion) -> bool {
        motion.fatal.is_some() || self.stop_requested()
    }

    /// Gives up the copy of a slice, which is read from its source then; whether there was one to give up.
    fn leave_copy(&mut self, partition: u32, error: &AttemptError) -> Result<bool> {
        let planned = self.truth.state().partition(partition);
        let copy = planned.and_then(|planned| planned.slice.copy.as_deref());
        let kept = copy.filter(|copy| !self.truth.state().is_forgotten(&copy.key));
        let Some(doomed) = kept.map(JobFile::cited) else {
            return Ok(false);
        };
        self.teller.warn(format!(
            "{}; partition {partition} is read from the input again",
            error.message
        ));
        self.forget(vec![doomed])?;
        Ok(true)
    }

    fn give_up(
        &mut self,
        motion: &mut Motion,
        task: Task,
        attempts: u32,
        error: AttemptError,
    ) -> Result<()> {
        let last = Try {
            task,
            number: attempts,
            retries: attempts.saturating_sub(1),
            worker: None,
        };
        self.teller.partition_failed(&error, last);
        self.tally.give_up(task.partition);
        self.truth
            .record(JournalRecord::PartitionFailed(PartitionFailure {
                stage: task.stage,
                partition: task.partition,
                attempts,
                class: error.class.to_string(),
                error: error.message.clone(),
                at_millis: now_millis(),
            }))?;
        let prepared = &self.executor.prepared;
        if prepared.partition_failure_is_fatal || error.class == ErrorClass::Config {
            let mut message = format!(
                "{task} failed after {}: {}",
                attempts_in_words(attempts),
                error.message
            );
            if let Some(operator) = prepared.pipeline.first_global() {
                message.push_str(&format!(
                    "; {operator} needs the whole dataset, so that no partition can be left out: remove the cause, and run \
                     the same command again; what is finished stays"
                ));
            }
            motion.fail(Error::new(ErrorKind::Failed, message));
        }
        Ok(())
    }

    /// What the stage before made of a partition cannot be read: it is made again, and judged again with all others. False
    /// if that was tried too often.
    fn void_stage_before(
        &mut self,
        scheduler: &mut Scheduler,
        task: Task,
        reason: &str,
    ) -> Result<bool> {
        let before = Task::new(task.stage.saturating_sub(1), task.partition);
        self.void_rows(scheduler, before, reason)
    }

    /// What was made of a partition before a barrier cannot be read: it is made again, and judged again with all others.
    /// False if that was tried too often.
    pub(super) fn void_rows(
        &mut self,
        scheduler: &mut Scheduler,
        task: Task,
        reason: &str,
    ) -> Result<bool> {
        let siblings = self.damaged_with(task);
        if !self.void_rows_alone(scheduler, task)? {
            return Ok(false);
        }
        self.teller
            .warn(format!("the result of {task} is made again: {reason}"));
        for sibling in siblings {
            self.void_rows_alone(scheduler, sibling)?;
        }
        Ok(true)
    }

    fn void_rows_alone(&mut self, scheduler: &mut Scheduler, task: Task) -> Result<bool> {
        if !scheduler.void(task) {
            return Ok(false);
        }
        let result = self.usable_result_of(task);
        let files = result.map(|result| {
            let signatures = result.signatures.iter().map(|entry| &entry.file);
            let files = [&result.rows, &result.index].into_iter().chain(signatures);
            files.map(JobFile::cited).collect()
        });
        self.forget(files.unwrap_or_default())?;
        Ok(true)
    }

    /// A result that a decision settles is no good: the rows are those of the stage before, and the decision says which of
    /// them count.
    fn void_settled(
        &mut self,
        scheduler: &mut Scheduler,
        task: Task,
        decision: &ObjectRef,
        reason: &str,
    ) -> Result<()> {
        let again = match self.stores.object(decision).verify() {
            Err(_) => self.void_decision(scheduler, task)?,
            Ok(()) => self.void_stage_before(scheduler, task, reason)?,
        };
        if again {
            return self.truth.sync();
        }
        let message = format!("the result of {task} is damaged again and again: {reason}");
        Err(Error::new(ErrorKind::Failed, message))
    }

    /// A published result is no good: it is made again, unless that was tried too often.
    pub(super) fn void_result(
        &mut self,
        scheduler: &mut Scheduler,
        task: Task,
        reason: &str,
    ) -> Result<()> {
        let is_placed = |result: &Publication| result.placed;
        if self.usable_result_of(task).is_some_and(is_placed) {
            if self.void_placed(scheduler, task, reason)? {
                return Ok(());
            }
            let message =
                format!("the placed rows of {task} are damaged again and again: {reason}");
            return Err(Error::new(ErrorKind::Failed, message));
        }
        let kept = self.usable_result_of(task);
        if let Some(kept) = kept.and_then(|result| result.kept.clone()) {
            return self.void_settled(scheduler, task, &kept, reason);
        }
        let what = match self.is_before_barrier(task.stage) {
            true => format!("the signatures of {task} are"),
            false => format!("the result of {task} is"),
        };
        self.teller
            .warn(format!("{what} damaged and made again: {reason}"));
        let siblings = self.damaged_with(task);
        if !self.void_result_alone(scheduler, task)? {
            let message = format!("the result of {task} is damaged again and again: {reason}");
            return Err(Error::new(ErrorKind::Failed, message));
        }
        for sibling in siblings {
            self.void_result_alone(scheduler, sibling)?;
        }
        self.truth.sync()
    }

    fn void_result_alone(&mut self, scheduler: &mut Scheduler, task: Task) -> Result<bool> {
        let again = scheduler.void(task);
        let Some(result) = self.usable_result_of(task).filter(|_| again) else {
            return Ok(false);
        };
        // Before a barrier it is the signatures that count; the rows may still serve.
        let files = match &result.signatures {
            Some(entry) => vec![&entry.file],
            None => vec![&result.rows, &result.index],
        };
        let files = files.into_iter().map(JobFile::cited).collect();
        self.forget(files)?;
        Ok(true)
    }
}
