//! The work: plan, give out attempts, publish, feed the merge, until nothing is left.

use std::time::Duration;

use coldpress_job::{JournalRecord, Phase, RecipeInForce};
use coldpress_partition::Task;
use coldpress_storage::crash_point;
use coldpress_worker::{AtWork, Attempt, Outcome, Progress, Reached};
use crossbeam_channel::{Receiver, never, select};

use super::motion::Motion;
use super::planning::Planned;
use super::speculation::{Race, Slow};
use super::teller::Try;
use super::worker_time::Wait;
use super::{Driver, Ending, now_millis};
use crate::backend::{Finished, WorkerId};
use crate::barrier::Resolving;
use crate::error::{Error, ErrorKind, Result};
use crate::merge::failure::MergeFailure;
use crate::prepare::PATIENCE;
use crate::scheduler::{Next, Step};

/// An attempt that has ended, with or without success.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ended {
    pub(super) task: Task,
    /// The number of the attempt, from 1.
    pub(super) number: u32,
    /// Seconds that it took.
    pub(super) seconds: f64,
    worker: WorkerId,
}

/// How an attempt is given out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// By itself.
    Alone,
    /// With others, whose results become durable together.
    Packed,
    /// Beside one at the same task that is slow.
    Beside(Slow),
}

impl Driver<'_> {
    /// Works on the job until it is exported, stopped, or fails.
    pub(super) fn work(&mut self) -> Result<Ending> {
        self.watch_space()?;
        if self.truth.state().plan_complete() {
            self.compare_need(&self.need_of_the_rest());
        }
        let mut motion = self.set_in_motion()?;
        let ending = self.work_on(&mut motion);
        self.teller.tell_together();
        self.teller.workers_measured(motion.time, self.now());
        ending
    }

    fn work_on(&mut self, motion: &mut Motion) -> Result<Ending> {
        loop {
            self.receive(motion)?;
            let attempts = self.schedule(motion)?;
            // Everything above is durable before anyone acts on it.
            crash_point!("driver.before_sync");
            self.truth.sync()?;
            crash_point!("driver.after_sync");
            self.delete_forgotten();
            attempts
                .into_iter()
                .for_each(|attempt| motion.running.submit(attempt));
            self.see_workers(motion);
            if motion.fatal.is_none() && !self.stop_requested() {
                self.advance_frontier(motion)?;
            }
            if let Some(ending) = self.ending(motion)? {
                return Ok(ending);
            }
        }
    }

    /// Notes how many workers have nothing to do from here on, and why.
    fn see_workers(&self, motion: &mut Motion) {
        let scheduler = &motion.scheduler;
        let running = scheduler.running();
        let why_no_more = if motion.resolving.is_some() {
            Wait::Barrier
        } else if scheduler.open() == 0 && motion.planner.is_none() {
            Wait::Export
        } else if self.memory.holds_back(running) {
            Wait::Memory
        } else if scheduler.open_before_barrier() > running {
            Wait::Retry
        } else if motion.planner.is_some() {
            Wait::Plan
        } else {
            Wait::LastPartitions
        };
        motion.time.see(self.now(), running, why_no_more);
    }

    /// The bytes of a planned partition's slice.
    pub(super) fn bytes_of(&self, partition: u32) -> u64 {
        let planned = self.truth.state().partition(partition);
        planned.map_or(0, |planned| planned.slice.bytes())
    }

    /// Waits for news and takes in all there is.
    fn receive(&mut self, motion: &mut Motion) -> Result<()> {
        let patience = self.patience(motion);
        let silent = never();
        // While the plan is far ahead of the work, the planner waits.
        let ahead = motion.scheduler.open_before_barrier() > motion.small.most_ahead();
        let planner = motion.planner.clone();
        let planned = planner.as_ref().filter(|_| !ahead).unwrap_or(&silent);
        let never_resolved = never();
        let resolving = motion.resolving.as_ref();
        let resolved = resolving
            .map_or(&never_resolved, Resolving::finished)
            .clone();
        select! {
            recv(motion.finished) -> finished => {
                if let Ok(finished) = finished { self.take_finished(motion, finished)?; }
            }
            recv(planned) -> cut => {
                if let Ok(cut) = cut { self.take_planned(motion, cut, planned)?; }
            }
            recv(resolved) -> _ => {}
            default(patience) => {}
        }
        while let Ok(finished) = motion.finished.try_recv() {
            self.take_finished(motion, finished)?;
        }
        let processes = motion.running.processes();
        self.teller.sample(&processes, &motion.progress);
        self.teller.tell_together_when_due();
        self.tell_progress(&motion.progress);
        Ok(())
    }

    fn patience(&self, motion: &Motion) -> Duration {
        let now = self.now();
        let nothing_to_wait_for = motion.planner.is_none() && motion.scheduler.open() == 0;
        if nothing_to_wait_for {
            Duration::ZERO
        } else if self.memory.holds_back(motion.scheduler.running()) {
            PATIENCE
        } else {
            motion.scheduler.wait(now).min(PATIENCE)
        }
    }

    fn take_planned(
        &mut self,
        motion: &mut Motion,
        cut: Planned,
        more: &Receiver<Planned>,
    ) -> Result<()> {
        let before = self.truth.state().partition_count();
        let open = motion.scheduler.open_before_barrier();
        let most = motion.small.most_ahead().saturating_sub(open);
        let unfinished = self.take_cuts(cut, more, most)?;
        for partition in before..self.truth.state().partition_count() {
            self.add_partition(&mut motion.scheduler, &mut motion.small, partition);
        }
        if !unfinished {
            motion.planner = None;
            motion.scheduler.plan_completed();
        }
        Ok(())
    }

    /// The attempts to give out now, written down but not yet durable.
    fn schedule(&mut self, motion: &mut Motion) -> Result<Vec<Attempt>> {
        motion.fatal = motion.fatal.take().or(self.watch_space().err());
        if self.stop_requested() {
            self.teller.stop_requested(motion.scheduler.running());
        }
        if motion.fatal.is_some() || self.stop_requested() {
            motion.scheduler.stop();
            motion.running.stop();
        }
        if let Some(resolving) = &motion.resolving
            && (motion.fatal.is_some() || self.stop_requested())
        {
            resolving.stop();
        }
        let mut attempts = Vec::new();
        while let Some(stage) = motion.scheduler.due_barrier() {
            self.advance_barrier(motion, stage)?;
            if motion.resolving.is_some() {
                return Ok(attempts);
            }
        }
        let open = motion.scheduler.open_before_barrier();
        while !self.waits_for_memory(&motion.scheduler, &motion.running.processes())
            && let Next::Start { task, .. } = motion.scheduler.next_of(self.now(), |task| {
                motion.small.is_small(self.bytes_of(task.partition), open)
            })
        {
            let way = match motion.scheduler.is_running_small(task) {
                true => Way::Packed,
                false => Way::Alone,
            };
            match self.begin_attempt(task, way)? {
                Some(attempt) => {
                    motion.note_begin(&attempt, self.now());
                    attempts.push(attempt);
                }
                None => {
                    motion.scheduler.stopped(task);
                    let message = format!(
                        "{task} is planned over a file outside of the job; run with `--fresh`"
                    );
                    motion.fail(Error::new(ErrorKind::Refused, message));
                    return Ok(attempts);
                }
            }
        }
        attempts.extend(self.speculate(motion)?);
        Ok(attempts)
    }

    /// The next attempt at a task, written down and told; none where the task cannot be trusted.
    pub(super) fn begin_attempt(&mut self, task: Task, way: Way) -> Result<Option<Attempt>> {
        let state = self.truth.state();
        let number = state.last_attempt(task.partition, self.truth.epoch()) + 1;
        let Some(mut attempt) = self.attempt(task, number) else {
            return Ok(None);
        };
        attempt.packed = way == Way::Packed && !attempt.isolated;
        self.truth.record(JournalRecord::AttemptStarted {
            stage: task.stage,
            partition: task.partition,
            attempt: number,
            at_millis: now_millis(),
            beside: matches!(way, Way::Beside(_)),
        })?;
        let slow = match way {
            Way::Beside(slow) => Some(slow),
            Way::Alone | Way::Packed => None,
        };
        let (of, apart) = (self.a_try(task, number), self.tells_apart(task));
        self.teller.attempt_begins(&attempt, of, slow, apart);
        let prepared = &self.executor.prepared;
        let (workers, asked) = (prepared.workers, &prepared.recipe.partition);
        let large = self
            .memory
            .large_partition(task.partition, &attempt.slice, workers, asked);
        large
            .into_iter()
            .for_each(|warning| self.teller.warn(warning));
        Ok(Some(attempt))
    }

    fn take_finished(&mut self, motion: &mut Motion, finished: Finished) -> Result<()> {
        let Finished {
            task,
            number,
            seconds,
            worker,
            result,
        } = finished;
        let ended = Ended {
            task,
            number,
            seconds,
            worker,
        };
        motion.time.attempt_ended(seconds, result.as_ref().ok());
        let decides = result.is_ok() || motion.scheduler.is_in_vain(task);
        let speculation = motion.speculation.as_mut();
        let race = speculation.map_or(Race::Over(None), |speculation| {
            speculation.ended(task, number, decides)
        });
        if race == Race::Lost {
            motion.scheduler.rival_ended();
            motion.progress.forget(task, number);
            return Ok(());
        }
        let reached = match &result {
            Ok(outcome) if outcome.result.is_some() => Reached::End,
            Ok(_) => Reached::Gate,
            Err(_) => Reached::Nothing,
        };
        if let Some(at_work) = motion.progress.settle(task, reached) {
            self.tell_operators(&at_work);
        }
        self.teller.attempt_ended(task);
        match (race, &result) {
            (Race::OtherRuns, Err(error)) => {
                self.take_failure_of_rival(motion, ended, error);
                return Ok(());
            }
            (Race::Over(Some(other)), _) => {
                motion.running.cancel(task, other);
                self.teller.is_overtaken(self.a_try(task, other), number);
            }
            _ => {}
        }
        if motion.scheduler.ended_in_vain(task) {
            return Ok(());
        }
        match result {
            Ok(outcome) => {
                crash_point!("driver.publish");
                self.note_costs(&outcome);
                if let Some(speculation) = &mut motion.speculation
                    && outcome.result.is_some()
                {
                    speculation.took(task, seconds, self.bytes_of(task.partition));
                }
                self.convict_those_on_trial(&outcome)?;
                if !outcome.set_aside.is_empty() {
                    self.gateless.insert(task);
                    self.warn_of_second_outputs(&outcome);
                }
                self.take_outcome(motion, outcome, ended)
            }
            Err(error) => self.take_failure(motion, ended, error),
        }
    }

    fn take_outcome(&mut self, motion: &mut Motion, outcome: Outcome, ended: Ended) -> Result<()> {
        let (task, seconds) = (outcome.task, ended.seconds);
        let of = self.an_ended_try(ended);
        match &outcome.result {
            Some(result) => {
                self.tally.came_further(task, outcome.resumed_at);
                let publication = self.publication(&outcome, result)?;
                self.truth.record(JournalRecord::Published(publication))?;
                motion.scheduler.published(task);
                match self.tells_apart(task) {
                    true => self.teller.published(&outcome, seconds, of),
                    false => self.teller.published_with_others(&outcome, seconds, of),
                }
                self.forget_surplus(task.partition, &outcome.checkpoints)?;
                self.seen.take(task.partition, outcome.seen);
            }
            None => {
                self.tally.came_further(task, outcome.resumed_at);
                let gate = self.gate_reached(&outcome);
                self.truth.record(JournalRecord::GateReached(gate))?;
                self.teller.gate_reached(&outcome, seconds, of);
                self.forget_surplus(task.partition, &outcome.checkpoints)?;
                // The ledger ends at the gate.
                let step = Step::Gate(outcome.ledger.operators.len() as u32);
                if !motion.scheduler.advanced(task, step) {
                    self.take_vain_gate(motion, ended)?;
                }
            }
        }
        Ok(())
    }

    /// Tells how far running attempts are: which operators began, and every few seconds all views.
    fn tell_progress(&mut self, progress: &Progress) {
        let (tells, writes) = (self.teller.are_operators_due(), self.teller.are_views_due());
        if !tells && !writes {
            return;
        }
        let at_work = progress.at_work();
        at_work.iter().for_each(|one| self.tell_operators(one));
        if writes {
            self.teller
                .write_views_of_work(&at_work, self.truth.state());
        }
    }

    fn tell_operators(&mut self, at_work: &AtWork) {
        if self.tells_apart(at_work.task) {
            let of = self.a_try(at_work.task, at_work.attempt);
            self.teller.operators_begin(at_work, of);
        }
    }

    /// An attempt as it is told.
    pub(super) fn a_try(&self, task: Task, number: u32) -> Try {
        Try {
            task,
            number,
            retries: self.tally.retries(task),
            worker: None,
        }
    }

    /// Returns the same for an attempt that has ended, with the worker that ran it.
    pub(super) fn an_ended_try(&self, ended: Ended) -> Try {
        Try {
            worker: Some(ended.worker),
            ..self.a_try(ended.task, ended.number)
        }
    }

    /// Takes note of what operators cost: each as the last partition showed it.
    fn note_costs(&mut self, outcome: &Outcome) {
        let bytes = self.bytes_of(outcome.task.partition);
        self.costs.resize(outcome.nanos.len(), 0.0);
        for (cost, nanos) in self.costs.iter_mut().zip(&outcome.nanos) {
            if *nanos > 0 && bytes > 0 {
                *cost = *nanos as f64 / bytes as f64;
            }
        }
    }

    /// Hands results to the merge as far as there is no gap, and judges the share of errors.
    ///
    /// Not before all barriers are behind the work: until then another decision may still take the place of one that an
    /// earlier run came to, and results that were made under the two must not meet in an export.
    fn advance_frontier(&mut self, motion: &mut Motion) -> Result<()> {
        if !motion.scheduler.is_in_last_stage() {
            return Ok(());
        }
        if self.is_outdated(&motion.frontier) {
            motion.frontier = self.begin_frontier();
        }
        if let Err(error) = self.pass_partitions(&mut motion.frontier) {
            motion.fail(error);
        }
        if motion.frontier.merge_has_failed() {
            let next = self.begin_frontier();
            let failed = std::mem::replace(&mut motion.frontier, next);
            if let Some(failure) = failed.into_failure() {
                self.take_merge_failure(motion, failure)?;
            }
        }
        Ok(())
    }

    /// The merge cannot go on. A result that is no good is made again, and everything is merged again.
    fn take_merge_failure(&mut self, motion: &mut Motion, failure: MergeFailure) -> Result<()> {
        match failure {
            MergeFailure::Damaged { partition, reason } => {
                let recipe = self.truth.state().recipe();
                let last = recipe.map_or(0, RecipeInForce::last_stage);
                let task = Task::new(last, partition);
                self.void_result(&mut motion.scheduler, task, &reason)
            }
            MergeFailure::Output(error) => Err(error.into()),
            MergeFailure::Obstacle(message) => Err(Error::new(ErrorKind::Failed, message)),
            // Only who wants to stop leaves a merge.
            MergeFailure::Abandoned => Ok(()),
        }
    }

    /// How the run ends, if it does.
    fn ending(&mut self, motion: &mut Motion) -> Result<Option<Ending>> {
        let stopping = motion.fatal.is_some() || self.stop_requested();
        if stopping {
            return match motion.fatal.take_if(|_| motion.scheduler.running() == 0) {
                Some(error) => Err(error),
                None if motion.scheduler.running() > 0 => Ok(None),
                None => {
                    self.teller.write_progress(self.truth.state());
                    Ok(Some(Ending::Stopped))
                }
            };
        }
        let is_planned = motion.planner.is_none();
        if !is_planned || motion.scheduler.open() > 0 || !self.frontier_is_at_end(&motion.frontier)
        {
            return Ok(None);
        }
        self.enter(Phase::Merging);
        self.teller.write_progress(self.truth.state());
        let next = self.begin_frontier();
        match self.commit_export(std::mem::replace(&mut motion.frontier, next))? {
            Ok(exported) => Ok(Some(Ending::Exported(exported))),
            Err(MergeFailure::Abandoned) => Ok(Some(Ending::Stopped)),
            Err(failure) => self.take_merge_failure(motion, failure).map(|()| None),
        }
    }
}
