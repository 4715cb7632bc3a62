//! The work: plan, give out attempts, publish, feed the merge, until nothing is left.

use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress_job::{JournalRecord, Phase};
use coldpress_storage::crash_point;
use coldpress_worker::{Attempt, Outcome, Progress, Reached, WorkerContext};
use crossbeam_channel::{Receiver, never, select, unbounded};

use super::export::Frontier;
use super::plan::Planned;
use super::{Driver, Ending, now_millis};
use crate::backend::{Finished, Running};
use crate::error::{Error, ErrorKind, Result};
use crate::merge::MergeFailure;
use crate::prepare::PATIENCE;
use crate::scheduler::{Next, Scheduler, Step};
use crate::spec::job_spec;

/// What is in motion while the job is worked on.
pub(super) struct Motion {
    pub(super) scheduler: Scheduler,
    pub(super) running: Box<dyn Running>,
    progress: Arc<Progress>,
    finished: Receiver<Finished>,
    planner: Option<Receiver<Planned>>,
    frontier: Frontier,
    /// Why the job must end; running attempts are waited for first.
    pub(super) fatal: Option<Error>,
    last_sample: Instant,
}

impl Driver<'_> {
    /// Works on the job until it is exported, stopped, or fails.
    pub(super) fn work(&mut self) -> Result<Ending> {
        self.watch_space()?;
        if self.state.plan_complete() {
            self.compare_need(&self.need_of_the_rest());
        }
        let mut motion = self.set_in_motion()?;
        loop {
            self.receive(&mut motion)?;
            let attempts = self.schedule(&mut motion)?;
            // Everything above is durable before anyone acts on it.
            crash_point!("driver.before_sync");
            self.sync()?;
            crash_point!("driver.after_sync");
            self.delete_forgotten();
            attempts
                .into_iter()
                .for_each(|attempt| motion.running.submit(attempt));
            if motion.fatal.is_none() && !self.stop_requested() {
                self.advance_frontier(&mut motion)?;
            }
            if let Some(ending) = self.ending(&mut motion)? {
                return Ok(ending);
            }
        }
    }

    fn set_in_motion(&mut self) -> Result<Motion> {
        let prepared = &self.executor.prepared;
        let (sender, finished) = unbounded();
        let context = WorkerContext {
            registry: prepared.registry.clone(),
            store: self.executor.store.clone(),
            shared: prepared.shared.clone(),
        };
        let spec = job_spec(prepared, &self.executor.layout, &self.sources);
        let running = self
            .executor
            .backend
            .start(prepared.workers, Arc::new(spec), context, sender)
            .map_err(|error| {
                Error::because(
                    ErrorKind::Failed,
                    format!("cannot start {}", self.executor.backend),
                    error,
                )
            })?;
        let progress = running.progress();
        self.executor.shared.set_progress(Arc::clone(&progress));
        // One more than there are workers, so that none waits for the journal.
        let slots = prepared.workers + 1;
        let mut scheduler = Scheduler::new(prepared.retry.clone(), prepared.recipe.seed, slots);
        let known: Vec<u32> = (0..self.state.partition_count()).collect();
        self.tell_gone(&known);
        self.try_poison_again()?;
        for partition in known {
            self.add_partition(&mut scheduler, partition);
        }
        self.enter(Phase::Partitioning);
        let planner = self.start_planning()?;
        self.enter(Phase::Processing);
        let frontier = self.begin_frontier();
        Ok(Motion {
            scheduler,
            running,
            progress,
            finished,
            planner,
            frontier,
            fatal: None,
            last_sample: Instant::now(),
        })
    }

    /// Says that partitions run again because what they came to is not kept.
    fn tell_gone(&mut self, known: &[u32]) {
        let chain = self.final_chain();
        let is_gone = |partition: &&u32| {
            self.state.published(**partition, chain).is_none()
                && self.state.result_of(**partition, chain).is_some()
        };
        let gone = known.iter().filter(is_gone).count();
        if gone > 0 {
            self.warn(format!(
                "{gone} of {} partitions run again, because their results are not kept any more",
                known.len()
            ));
        }
    }

    fn add_partition(&mut self, scheduler: &mut Scheduler, partition: u32) {
        if self.usable_result(partition).is_some() {
            self.reused += 1;
            scheduler.add_published(partition);
        } else {
            scheduler.add(partition);
        }
    }

    /// Waits for news and takes in all there is.
    fn receive(&mut self, motion: &mut Motion) -> Result<()> {
        let patience = self.patience(motion);
        let silent = never();
        // While the plan is far ahead of the work, the planner waits.
        let ahead = motion.scheduler.open() > 4 * self.executor.prepared.workers + 16;
        let planner = motion.planner.clone();
        let planned = planner.as_ref().filter(|_| !ahead).unwrap_or(&silent);
        select! {
            recv(motion.finished) -> finished => {
                if let Ok(finished) = finished { self.take_finished(motion, finished)?; }
            }
            recv(planned) -> cut => {
                if let Ok(cut) = cut { self.take_planned(motion, cut, planned)?; }
            }
            default(patience) => {}
        }
        while let Ok(finished) = motion.finished.try_recv() {
            self.take_finished(motion, finished)?;
        }
        self.sample_resources(&mut motion.last_sample, &motion.running.processes());
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
        let before = self.state.partition_count();
        let unfinished = self.take_cuts(cut, more)?;
        if !unfinished {
            motion.planner = None;
        }
        for partition in before..self.state.partition_count() {
            self.add_partition(&mut motion.scheduler, partition);
        }
        Ok(())
    }

    /// The attempts to give out now, written down but not yet durable.
    fn schedule(&mut self, motion: &mut Motion) -> Result<Vec<Attempt>> {
        motion.fatal = motion.fatal.take().or(self.watch_space().err());
        if motion.fatal.is_some() || self.stop_requested() {
            motion.scheduler.stop();
            motion.running.stop();
        }
        let mut attempts = Vec::new();
        while !self.waits_for_memory(&motion.scheduler, &motion.running.processes())
            && let Next::Start { partition, .. } = motion.scheduler.next(self.now())
        {
            let number = self.state.last_attempt(partition, self.journal.epoch()) + 1;
            let Some(attempt) = self.attempt(partition, number) else {
                motion.scheduler.stopped(partition);
                let message = format!(
                    "partition {partition} is planned over a file outside of the job; run with `--fresh`"
                );
                motion.fatal = Some(Error::new(ErrorKind::Refused, message));
                return Ok(attempts);
            };
            self.record(JournalRecord::AttemptStarted {
                partition,
                attempt: number,
                at_millis: now_millis(),
            })?;
            self.announce_attempt(&attempt);
            self.tell_large(partition, &attempt.slice);
            attempts.push(attempt);
        }
        Ok(attempts)
    }

    fn take_finished(&mut self, motion: &mut Motion, finished: Finished) -> Result<()> {
        let Finished {
            task,
            number,
            seconds,
            result,
        } = finished;
        let partition = task.partition;
        let reached = match &result {
            Ok(outcome) if outcome.result.is_some() => Reached::End,
            Ok(_) => Reached::Gate,
            Err(_) => Reached::Nothing,
        };
        if let Some(at_work) = motion.progress.settle(task, reached) {
            self.announce_operators(&at_work);
        }
        self.told_operators.remove(&partition);
        match result {
            Ok(outcome) => {
                crash_point!("driver.publish");
                self.note_costs(&outcome);
                self.convict_those_on_trial(partition)?;
                if !outcome.set_aside.is_empty() {
                    self.gateless.insert(partition);
                }
                self.take_outcome(motion, outcome, seconds)?;
            }
            Err(error) => self.take_failure(motion, partition, number, error)?,
        }
        Ok(())
    }

    fn take_outcome(&mut self, motion: &mut Motion, outcome: Outcome, seconds: f64) -> Result<()> {
        let partition = outcome.task.partition;
        match outcome.result.clone() {
            Some(result) => {
                let is_first = !self.gated.remove(&partition);
                self.resumed += u32::from(is_first && outcome.resumed_at > 0);
                let publication = self.publication(outcome.clone(), result);
                self.record(JournalRecord::Published(publication))?;
                motion.scheduler.published(partition);
                self.announce_published(&outcome, seconds);
                self.forget_surplus(partition, &outcome.checkpoints)?;
                self.seen.insert(partition, outcome.seen);
            }
            None => {
                let is_first = self.gated.insert(partition);
                self.resumed += u32::from(is_first && outcome.resumed_at > 0);
                let gate = self.gate_reached(outcome.clone());
                self.record(JournalRecord::GateReached(gate))?;
                self.announce_gate(&outcome, seconds);
                self.forget_surplus(partition, &outcome.checkpoints)?;
                // The ledger ends at the gate.
                let step = Step::Gate(outcome.ledger.operators.len() as u32);
                if !motion.scheduler.advanced(partition, step) {
                    self.take_vain_gate(motion, partition, outcome.attempt)?;
                }
            }
        }
        Ok(())
    }

    /// Takes note of what operators cost: each as the last partition showed it.
    fn note_costs(&mut self, outcome: &Outcome) {
        let planned = self.state.partition(outcome.task.partition);
        let bytes = planned.map_or(0, |planned| planned.slice.bytes());
        self.costs.resize(outcome.nanos.len(), 0.0);
        for (cost, nanos) in self.costs.iter_mut().zip(&outcome.nanos) {
            if *nanos > 0 && bytes > 0 {
                *cost = *nanos as f64 / bytes as f64;
            }
        }
    }

    /// Hands results to the merge as far as there is no gap, and judges the share of errors.
    fn advance_frontier(&mut self, motion: &mut Motion) -> Result<()> {
        if let Err(error) = self.pass_partitions(&mut motion.frontier) {
            motion.fatal.get_or_insert(error);
        }
        if motion.frontier.merge_has_failed() {
            self.restart_merge(motion)?;
        }
        Ok(())
    }

    /// The merge found a result that is no good: it is made again, and everything is merged again.
    fn restart_merge(&mut self, motion: &mut Motion) -> Result<()> {
        let next = self.begin_frontier();
        match std::mem::replace(&mut motion.frontier, next).into_failure() {
            Some(MergeFailure::Damaged { partition, reason }) => {
                self.void_result(&mut motion.scheduler, partition, &reason)
            }
            Some(MergeFailure::Output(error)) => Err(error.into()),
            Some(MergeFailure::Obstacle(message)) => Err(Error::new(ErrorKind::Failed, message)),
            Some(MergeFailure::Abandoned) | None => Ok(()),
        }
    }

    /// How the run ends, if it does.
    fn ending(&mut self, motion: &mut Motion) -> Result<Option<Ending>> {
        let stopping = motion.fatal.is_some() || self.stop_requested();
        let idle = motion.scheduler.running() == 0;
        if stopping && idle {
            return match motion.fatal.take() {
                Some(error) => Err(error),
                None => {
                    self.write_progress_view();
                    Ok(Some(Ending::Stopped))
                }
            };
        }
        let planned = motion.planner.is_none();
        if stopping
            || !planned
            || motion.scheduler.open() > 0
            || !self.frontier_is_at_end(&motion.frontier)
        {
            return Ok(None);
        }
        self.enter(Phase::Merging);
        self.write_progress_view();
        let next = self.begin_frontier();
        match self.commit_export(std::mem::replace(&mut motion.frontier, next))? {
            Ok(exported) => Ok(Some(Ending::Exported(exported))),
            Err(MergeFailure::Output(error)) => Err(error.into()),
            Err(MergeFailure::Obstacle(message)) => Err(Error::new(ErrorKind::Failed, message)),
            Err(MergeFailure::Abandoned) if self.stop_requested() => Ok(Some(Ending::Stopped)),
            Err(MergeFailure::Abandoned) => {
                Err(Error::new(ErrorKind::Failed, "the merge was left"))
            }
            Err(MergeFailure::Damaged { partition, reason }) => self
                .void_result(&mut motion.scheduler, partition, &reason)
                .map(|()| None),
        }
    }
}
