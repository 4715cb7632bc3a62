//! What is told of attempts and of what becomes of them.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind, Level};
use coldpress_job::Phase;
use coldpress_partition::Task;
use coldpress_storage::{ObjectRef, StoreSpec};
use coldpress_worker::{AtWork, Attempt, AttemptError, Outcome};

use super::Teller;
use super::named::{Try, of_task};
use super::spans::AttemptOutcome;
use crate::driver::speculation::Slow;

/// Returns how many attempts these are, for messages.
pub(in crate::driver) fn attempts_in_words(attempts: u32) -> String {
    match attempts {
        1 => "1 attempt".to_owned(),
        _ => format!("{attempts} attempts"),
    }
}

/// How often it is looked which operators have begun. The driver may go round its loop far more often.
const OPERATORS_EVERY: Duration = Duration::from_millis(20);

impl Teller<'_> {
    pub(in crate::driver) fn attempt_begins(
        &mut self,
        attempt: &Attempt,
        of: Try,
        slow: Option<Slow>,
        apart: bool,
    ) {
        // Also where a barrier or the merge met a result that is to be made again.
        self.summary.phase = Phase::Processing;
        if !apart {
            return;
        }
        let records = attempt.slice.records;
        let event = of.event(EventKind::PartitionStart, format!("{records} records"));
        self.emit(match slow {
            Some(_) => event.metadata("beside_slow_attempt", true),
            None => event,
        });
        if let Some(slow) = slow {
            self.is_slow(slow, of);
        }
        if !self.events.keeps(Level::Debug) {
            return;
        }
        let (starts, checkpoints) = (attempt.starts.len(), attempt.checkpoints.len());
        let from = match (starts, attempt.from_input) {
            (0, _) => "the input".to_owned(),
            (_, true) => {
                format!("the best of {starts} earlier results that is good, else the input")
            }
            (_, false) => format!("the best of {starts} earlier results that is good"),
        };
        let message = format!("begins with {from}; checkpoints after {checkpoints} operators");
        let event = of.event(EventKind::Debug, message);
        self.emit(match attempt.gate {
            Some(gate) => event.metadata("gate", gate),
            None => event,
        });
    }

    /// A second attempt at a task begins, because the first one is slow.
    fn is_slow(&self, slow: Slow, of: Try) {
        let (taken, expected) = (slow.taken.as_secs_f64(), slow.expected.as_secs_f64());
        let message = format!(
            "a second attempt begins beside the first, which has taken {taken:.1} s, where {expected:.2} s are usual"
        );
        self.emit(of.event(EventKind::Info, message));
    }

    /// Another attempt at the same task was faster than this one.
    pub(in crate::driver) fn is_overtaken(&self, of: Try, by: u32) {
        let message = format!(
            "attempt {by} was faster, so attempt {} is cancelled",
            of.number
        );
        let event = of.event(EventKind::Info, message);
        self.emit(event.metadata("overtaken_by", by));
    }

    /// Returns whether it is time to look at what the workers are at.
    pub(in crate::driver) fn are_operators_due(&mut self) -> bool {
        let now = Instant::now();
        let is_due = now >= self.operators_due;
        if is_due {
            self.operators_due = now + OPERATORS_EVERY;
        }
        is_due
    }

    /// Tells of the operators that have begun on a partition since this was told last.
    pub(in crate::driver) fn operators_begin(&mut self, at_work: &AtWork, of: Try) {
        let told = self.told_operators.get(&of.task).copied().unwrap_or(0);
        let operators = &self.executor.prepared.recipe.process;
        for (operation, when) in at_work.begun.iter().skip(told) {
            let name = operators.get(*operation as usize).map(|call| &call.name);
            let event = of
                .event(EventKind::OpStart, "first records arrived")
                .at(*when)
                .operation(name.cloned().unwrap_or_default(), *operation);
            self.emit(event);
        }
        self.told_operators.insert(of.task, at_work.begun.len());
    }

    /// Nothing more is to be told of the operators of an attempt, which has ended.
    pub(in crate::driver) fn attempt_ended(&mut self, task: Task) {
        self.told_operators.remove(&task);
    }

    /// An attempt ended with its result, which counts.
    pub(in crate::driver) fn published(&mut self, outcome: &Outcome, seconds: f64, of: Try) {
        self.work_done(outcome, of);
        let result = outcome.result.as_ref();
        let rows = result.map_or_else(String::new, |result| result.rows.to_string());
        let ledger = &outcome.ledger;
        let (records, out) = (self.records_of_stage(outcome), ledger.exported());
        let message = format!("{records} records in, {out} out");
        let event = of
            .event(EventKind::PartitionComplete, message)
            .duration_seconds(seconds)
            .rows(records, out)
            .output_path(rows)
            .metadata("quarantined", ledger.quarantined());
        self.emit(event);
        self.span_of_attempt(of, seconds, AttemptOutcome::Published { records, out });
        self.count_errors(records, set_aside(outcome));
    }

    /// The records of a partition that came to the stage of an attempt.
    fn records_of_stage(&self, outcome: &Outcome) -> u64 {
        let barriers = self.executor.prepared.pipeline.barriers();
        let before = outcome.task.stage.checked_sub(1);
        let place = before.and_then(|before| barriers.get(before as usize));
        let first = place.and_then(|place| outcome.ledger.operators.get(*place as usize));
        first.map_or(outcome.ledger.records, |first| first.records_in)
    }

    /// An attempt ended at its gate: its checkpoints count.
    pub(in crate::driver) fn gate_reached(&mut self, outcome: &Outcome, seconds: f64, of: Try) {
        self.work_done(outcome, of);
        let behind = outcome.checkpoints.last().map_or(0, |last| last.operation);
        let message =
            format!("checkpoints published up to operator {behind}; work continues from there");
        let event = of.event(EventKind::Info, message);
        self.emit(event.duration_seconds(seconds));
        self.span_of_attempt(of, seconds, AttemptOutcome::Gate);
    }

    fn work_done(&mut self, outcome: &Outcome, of: Try) {
        let reasons: BTreeSet<&String> = outcome.set_aside.iter().collect();
        for reason in reasons {
            let message = format!(
                "{}: a checkpoint cannot be used and was left aside: {reason}",
                of.task
            );
            self.warn_of(of.event(EventKind::CheckpointRejected, message));
        }
        let prepared = &self.executor.prepared;
        if prepared.is_inside(of.task.stage, outcome.resumed_at) {
            self.continued(outcome, of);
        }
        let operators = outcome.ledger.operators.iter().zip(&outcome.nanos);
        for ((ledger, nanos), operation) in operators.zip(0..) {
            let behind_gate = outcome.result.is_none() && *nanos == 0;
            if operation < outcome.resumed_at || behind_gate {
                continue;
            }
            let message = format!("{} records in, {} out", ledger.records_in, ledger.out);
            let event = of
                .event(EventKind::OpComplete, message)
                .operation(ledger.name.clone(), operation)
                .duration_seconds(*nanos as f64 / 1e9)
                .rows(ledger.records_in, ledger.out);
            self.emit(event);
        }
        let set_aside = set_aside(outcome);
        if set_aside > 0 {
            let message = match set_aside {
                1 => "1 record is set aside in quarantine".to_owned(),
                count => format!("{count} records are set aside in quarantine"),
            };
            let event = Event::new(EventKind::RecordQuarantined, message);
            self.emit(of_task(event, of.task));
        }
        for checkpoint in &outcome.checkpoints {
            let message = format!("{} records", checkpoint.rows);
            let event = of_task(Event::new(EventKind::CheckpointSave, message), of.task)
                .operation(
                    checkpoint.operator.clone(),
                    checkpoint.operation.saturating_sub(1),
                )
                .checkpoint_path(self.path_of(&checkpoint.file));
            self.emit(event);
        }
    }

    /// An attempt went on from earlier work.
    fn continued(&self, outcome: &Outcome, of: Try) {
        let last = outcome.resumed_at.saturating_sub(1);
        let operators = &self.executor.prepared.recipe.process;
        let name = operators.get(last as usize).map(|call| call.name.clone());
        let name = name.unwrap_or_default();
        let message = format!("continued after operator {}", outcome.resumed_at);
        let resumed = of
            .event(EventKind::PartitionResume, message.clone())
            .metadata("operations_applied", outcome.resumed_at);
        self.emit(resumed);
        let loaded = of
            .event(EventKind::CheckpointLoad, message)
            .operation(name, last)
            .metadata("operations_applied", outcome.resumed_at);
        self.emit(match &outcome.begun_from {
            Some(file) => loaded.checkpoint_path(self.path_of(file)),
            None => loaded,
        });
    }

    /// Returns the path or the URL of a file of the job, for people.
    pub(super) fn path_of(&self, file: &ObjectRef) -> String {
        if let StoreSpec::Url(url) = self.stores.specs().of(file.key.place) {
            return format!("{}/{}", url.trim_end_matches('/'), file.key.name);
        }
        let path = self.stores.path_of(&file.key);
        path.map_or_else(|| file.to_string(), |path| path.display().to_string())
    }

    pub(in crate::driver) fn attempt_failed(
        &mut self,
        error: &AttemptError,
        seconds: f64,
        of: Try,
    ) {
        let event = of
            .event(EventKind::OpFailed, format!("attempt {} failed", of.number))
            .duration_seconds(seconds)
            .error(error.class.to_string(), error.message.clone());
        let event = match &error.operator {
            Some(operator) => event.operation(operator.name.clone(), operator.index),
            None => event,
        };
        let event = match &error.trace {
            Some(trace) => event.stack_trace(trace.clone()),
            None => event,
        };
        self.emit(event);
        let (class, message) = (&error.class.to_string(), &error.message);
        self.span_of_attempt(of, seconds, AttemptOutcome::Failed { class, message });
    }

    pub(in crate::driver) fn retried(&self, delay: Duration, of: Try) {
        let message = format!("tried again in {:.1} seconds", delay.as_secs_f64());
        self.emit(of.event(EventKind::Retry, message));
    }

    /// A task is given up; `of` is its last attempt.
    pub(in crate::driver) fn partition_failed(&self, error: &AttemptError, of: Try) {
        let message = format!("given up after {}", attempts_in_words(of.number));
        let event = of.event(EventKind::PartitionFailed, message);
        self.emit(event.error(error.class.to_string(), error.message.clone()));
    }
}

/// Records that an attempt set aside; those that the work before it did were told with that.
pub(super) fn set_aside(outcome: &Outcome) -> u64 {
    let ledger = &outcome.ledger;
    let read = match outcome.resumed_at {
        0 => ledger.rejected,
        _ => 0,
    };
    let operators = ledger.operators.iter().skip(outcome.resumed_at as usize);
    read + operators.map(|operator| operator.quarantined).sum::<u64>()
}
