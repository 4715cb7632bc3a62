//! What is in motion while a job is worked on, and how it is set in motion.

use std::sync::Arc;
use std::time::Duration;

use coldpress_job::Phase;
use coldpress_partition::Task;
use coldpress_worker::{Attempt, JobSpec, Progress, WorkerContext};
use crossbeam_channel::{Receiver, unbounded};

use super::Driver;
use super::frontier::Frontier;
use super::planning::Planned;
use super::small::Small;
use super::speculation::Speculation;
use super::worker_time::WorkerTime;
use crate::backend::{Finished, Running};
use crate::barrier::Resolving;
use crate::error::{Error, ErrorKind, Result};
use crate::scheduler::Scheduler;
use crate::spec::job_spec;

/// All that is in motion while a job is worked on.
pub(super) struct Motion {
    pub(super) scheduler: Scheduler,
    pub(super) running: Box<dyn Running>,
    pub(super) progress: Arc<Progress>,
    pub(super) finished: Receiver<Finished>,
    pub(super) planner: Option<Receiver<Planned>>,
    pub(super) frontier: Frontier,
    pub(super) small: Small,
    /// None where a second attempt at a task is never faster.
    pub(super) speculation: Option<Speculation>,
    /// How many attempts run at a time.
    pub(super) workers: usize,
    /// What all workers were told.
    pub(super) spec: Arc<JobSpec>,
    /// The barrier that is being resolved.
    pub(super) resolving: Option<Resolving>,
    pub(super) time: WorkerTime,
    /// Why the job must end; running attempts are waited for first.
    pub(super) fatal: Option<Error>,
}

impl Motion {
    /// The job must end for this, unless it must for something else already.
    pub(super) fn fail(&mut self, error: Error) {
        self.fatal.get_or_insert(error);
    }

    /// An attempt is given out.
    pub(super) fn note_begin(&mut self, attempt: &Attempt, now: Duration) {
        let counts = !attempt.packed && !attempt.isolated;
        if let Some(speculation) = self.speculation.as_mut().filter(|_| counts) {
            speculation.begun(attempt.task, attempt.number, now);
        }
    }
}

impl Driver<'_> {
    /// Starts the workers and the planner, and schedules the partitions that are known.
    pub(super) fn set_in_motion(&mut self) -> Result<Motion> {
        self.types_of_rows = self.find_types_of_rows()?;
        let prepared = &self.executor.prepared;
        let (types_of_rows, sources) = (self.types_of_rows, self.sources.all());
        let spec = Arc::new(JobSpec {
            store_options: self.executor.schemes.options().clone(),
            fetched: self.fetched(),
            ..job_spec(prepared, &self.stores, sources, types_of_rows)
        });
        let (sender, finished) = unbounded();
        let context = WorkerContext {
            registry: prepared.registry.clone(),
            stores: self.stores.clone(),
            shared: prepared.shared.clone(),
            waits: self.executor.schemes.waits().clone(),
        };
        let running = self
            .executor
            .backend
            .start(prepared.workers, Arc::clone(&spec), context, sender)
            .map_err(|error| {
                Error::because(
                    ErrorKind::Failed,
                    format!("cannot start {}", self.executor.backend),
                    error,
                )
            })?;
        let workers = running.workers().unwrap_or(prepared.workers);
        let warnings = running.warnings();
        warnings
            .into_iter()
            .for_each(|warning| self.teller.warn(warning));
        let prepared = &self.executor.prepared;
        let progress = running.progress();
        self.executor.shared.set_progress(Arc::clone(&progress));
        // One more than there are workers, so that none waits for the journal. Not with external operators: a worker could begin
        // with it after a stop was asked for, and what such an operator has seen by then, it would see again.
        let ahead = prepared.pipeline.external_points().next().is_none();
        let slots = workers + usize::from(ahead);
        let scheduler = Scheduler::new(prepared.retry.clone(), prepared.recipe.seed, slots);
        let scheduler = scheduler.small_per_slot(Small::per_slot(slots));
        let mut scheduler = scheduler.stages(prepared.pipeline.stages().len() as u32);
        let mut small = Small::new(ahead && running.packs(), workers);
        // What an external operator has seen, it must not see a second time.
        let speculates = ahead && running.speculates() && prepared.recipe.executor.speculation;
        let known: Vec<u32> = (0..self.truth.state().partition_count()).collect();
        self.tell_gone(&known);
        self.try_poison_again()?;
        for partition in known {
            self.add_partition(&mut scheduler, &mut small, partition);
        }
        self.enter(Phase::Partitioning);
        let planner = self.start_planning()?;
        if planner.is_none() {
            scheduler.plan_completed();
        }
        self.enter(Phase::Processing);
        let frontier = self.begin_frontier();
        Ok(Motion {
            scheduler,
            running,
            progress,
            finished,
            planner,
            frontier,
            small,
            speculation: speculates.then(Speculation::default),
            workers,
            spec,
            resolving: None,
            time: WorkerTime::begin(workers, self.started.elapsed()),
            fatal: None,
        })
    }

    /// Says that partitions run again because what they came to is not kept.
    fn tell_gone(&mut self, known: &[u32]) {
        let chain = self.truth.state().final_chain();
        let state = self.truth.state();
        let is_gone = |partition: &&u32| {
            chain.is_some_and(|chain| {
                state.published(**partition, chain).is_none()
                    && state.result_of(**partition, chain).is_some()
            })
        };
        let gone = known.iter().filter(is_gone).count();
        if gone > 0 {
            self.teller.warn(format!(
                "{gone} of {} partitions run again, because their results are not kept any more",
                known.len()
            ));
        }
    }

    /// Schedules a partition, all stages of it.
    pub(super) fn add_partition(
        &mut self,
        scheduler: &mut Scheduler,
        small: &mut Small,
        partition: u32,
    ) {
        small.note(self.bytes_of(partition));
        for stage in 0..self.executor.prepared.pipeline.stages().len() as u32 {
            let task = Task::new(stage, partition);
            // What was made after a barrier counts once it is resolved as before.
            if stage == 0 && self.usable_result_of(task).is_some() {
                self.add_published(scheduler, task);
            } else {
                scheduler.add(task);
            }
        }
    }
}
