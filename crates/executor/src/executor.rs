//! The executor: a prepared job that can be run.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_checkpoint::{CheckpointStore, LocalStore};
use coldpress_config::{ExecutorKind, Recipe};
use coldpress_events::{Event, EventFilter, Subscription, read_events};
use coldpress_job::{JobId, Journal, Layout};
use coldpress_operator::Registry;
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::backend::{Backend, LocalBackend, ProcessBackend};
use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;
use crate::report::OperatorPerformance;

/// Builds an [`Executor`].
#[derive(Debug)]
pub struct ExecutorBuilder {
    recipe: Recipe,
    registry: Registry,
    store: Option<Arc<dyn CheckpointStore>>,
    backend: Option<Arc<dyn Backend>>,
    options: RunOptions,
}

/// How a job is begun.
#[derive(Clone, Debug, Default)]
pub(crate) struct RunOptions {
    pub(crate) fresh: bool,
    pub(crate) take_over: bool,
    pub(crate) config_path: Option<PathBuf>,
    pub(crate) resumption: Option<String>,
}

impl ExecutorBuilder {
    /// A builder with these operators, the workers that the recipe asks for, and checkpoints on disk.
    pub fn new(recipe: Recipe, registry: Registry) -> Self {
        Self {
            recipe,
            registry,
            store: None,
            backend: None,
            options: RunOptions::default(),
        }
    }

    /// Adds an operator to those that the recipe can name; one of the same name is replaced.
    #[must_use]
    pub fn operator(mut self, spec: coldpress_operator::OperatorSpec) -> Self {
        self.registry.add(spec);
        self
    }

    /// Sets the operators that the recipe can name.
    #[must_use]
    pub fn registry(mut self, registry: Registry) -> Self {
        self.registry = registry;
        self
    }

    /// Sets where checkpoints go; a folder of the job by default.
    #[must_use]
    pub fn checkpoint_store(mut self, store: Arc<dyn CheckpointStore>) -> Self {
        self.store = Some(store);
        self
    }

    /// Sets who runs the attempts, whatever the recipe's `executor_type` says.
    #[must_use]
    pub fn backend(mut self, backend: Arc<dyn Backend>) -> Self {
        self.backend = Some(backend);
        self
    }

    /// Begins the job anew under its id, citing nothing of what was made before.
    #[must_use]
    pub fn fresh(mut self, fresh: bool) -> Self {
        self.options.fresh = fresh;
        self
    }

    /// Takes the job over from a driver on another host, once its heartbeat was seen to stand still.
    #[must_use]
    pub fn take_over(mut self, take_over: bool) -> Self {
        self.options.take_over = take_over;
        self
    }

    /// The command that resumes the job, but for ` --job_id ID`; by default it names the recipe's file alone.
    #[must_use]
    pub fn resumption(mut self, command: impl Into<String>) -> Self {
        self.options.resumption = Some(command.into());
        self
    }

    /// The recipe's file, for the resumption command and the job's summary.
    #[must_use]
    pub fn config_path(mut self, path: impl Into<PathBuf>) -> Self {
        self.options.config_path = Some(path.into());
        self
    }

    /// Checks everything that can be checked before the input is read.
    ///
    /// # Errors
    /// [`ErrorKind::Recipe`] as [`Prepared::new`], or for a job id that is none.
    pub fn build(self) -> Result<Executor> {
        let mut recipe = self.recipe;
        let job_id = JobId::for_recipe(&recipe.job, recipe.stem())?;
        recipe.substitute(job_id.as_str());
        let layout = Layout::new(&recipe.paths, job_id)?;
        let backend = match self.backend {
            Some(backend) => backend,
            None => backend_of(&recipe, &layout, self.store.is_some())?,
        };
        let store = self
            .store
            .unwrap_or_else(|| Arc::new(local_store(&recipe, &layout)));
        let prepared = Prepared::new(recipe, self.registry)?;
        let shared = Shared {
            stop: AtomicBool::new(false),
            watchers: Mutex::default(),
            warnings: Mutex::default(),
        };
        Ok(Executor {
            prepared,
            layout,
            store,
            backend,
            options: self.options,
            shared: Arc::new(shared),
        })
    }
}

fn local_store(recipe: &Recipe, layout: &Layout) -> LocalStore {
    LocalStore::new(layout.checkpoint_dir()).mapping(recipe.storage.arrow_memory_mapping)
}

/// The workers that a recipe asks for.
fn backend_of(recipe: &Recipe, layout: &Layout, has_own_store: bool) -> Result<Arc<dyn Backend>> {
    match recipe.executor.kind {
        ExecutorKind::Process if has_own_store => Err(Error::new(
            ErrorKind::Recipe,
            "executor_type: worker processes know no checkpoint store but the folder on disk; set a backend of your own",
        )),
        ExecutorKind::Process => Ok(Arc::new(ProcessBackend::new(local_store(recipe, layout)))),
        ExecutorKind::Default
        | ExecutorKind::Local
        | ExecutorKind::Partitioned
        | ExecutorKind::Ray
        | ExecutorKind::RayPartitioned => Ok(Arc::new(LocalBackend)),
    }
}

/// A job that can be run: plans it or resumes it, drives it to its end, and tells what happened.
#[doc(alias = "PartitionedRayExecutor")]
#[doc(alias = "EnhancedPartitionedRayExecutor")]
#[derive(Debug)]
pub struct Executor {
    pub(crate) prepared: Prepared,
    pub(crate) layout: Layout,
    pub(crate) store: Arc<dyn CheckpointStore>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) options: RunOptions,
    pub(crate) shared: Arc<Shared>,
}

/// What a running job and those who watch it share.
pub(crate) struct Shared {
    pub(crate) stop: AtomicBool,
    pub(crate) watchers: Mutex<Watchers>,
    pub(crate) warnings: Mutex<Vec<String>>,
}

#[derive(Default)]
pub(crate) struct Watchers {
    waiting: Vec<Sender<Subscription>>,
    progress: Option<Arc<coldpress_worker::Progress>>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

impl Shared {
    /// Gives everyone who waits for events a subscription.
    pub(crate) fn begin_events(&self, subscribe: impl Fn() -> Subscription) {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        for waiting in watchers.waiting.drain(..) {
            // Who does not wait any more misses nothing.
            let _ = waiting.send(subscribe());
        }
    }

    /// Lets those go who waited for events of a run that ended before there were any.
    pub(crate) fn end_events(&self) {
        let mut watchers = self.watchers.lock().unwrap_or_else(PoisonError::into_inner);
        watchers.waiting.clear();
    }

    pub(crate) fn set_progress(&self, progress: Arc<coldpress_worker::Progress>) {
        self.watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .progress = Some(progress);
    }
}

impl Executor {
    /// The recipe and what was made of it.
    pub fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The job's directories and files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether there is an event log, of this run or of an earlier one.
    pub(crate) fn has_event_log(&self) -> bool {
        self.prepared.recipe.events.enabled || self.layout.events().exists()
    }

    /// The command that resumes the job.
    pub fn resumption_command(&self) -> String {
        let config = match &self.options.config_path {
            Some(path) => path.display().to_string(),
            None => self.layout.resolved_recipe().display().to_string(),
        };
        let command = self.options.resumption.clone();
        let command = command.unwrap_or_else(|| format!("coldpress process --config {config}"));
        format!("{command} --job_id {}", self.layout.job_id())
    }

    /// A handle that stops the run from elsewhere: a signal handler, another thread.
    pub fn stop_handle(&self) -> StopHandle {
        StopHandle(Arc::clone(&self.shared))
    }

    /// What the last run warned of, those of a run that failed included.
    pub fn warnings(&self) -> Vec<String> {
        self.shared
            .warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Records that the run in progress is through with, those on their way in part: to show, not to count on.
    pub fn records_through(&self) -> u64 {
        let watchers = self
            .shared
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        watchers
            .progress
            .as_ref()
            .map_or(0, |progress| progress.records_through())
    }

    /// The events of the next run, as they happen. To be called before [`Executor::run`]; ends when the run does.
    #[doc(alias = "monitor_events")]
    pub fn live_events(&self) -> LiveEvents {
        let (sender, waiting) = bounded(1);
        self.shared
            .watchers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .waiting
            .push(sender);
        LiveEvents {
            waiting,
            subscription: None,
        }
    }

    /// The job's logged events that a filter lets through, those of earlier runs included.
    ///
    /// # Errors
    /// When the event log cannot be read.
    #[doc(alias = "get_events")]
    pub fn events(&self, filter: EventFilter) -> Result<Vec<Event>> {
        let unreadable =
            |error| Error::because(ErrorKind::Failed, "cannot read the event log", error);
        let events = read_events(self.layout.event_log_dir(), filter).map_err(unreadable)?;
        events
            .collect::<std::result::Result<_, _>>()
            .map_err(unreadable)
    }

    /// How each operator did, or only the ones named `operator`: from the journal, so that it is right even without
    /// an event log.
    ///
    /// # Errors
    /// When the journal cannot be read.
    #[doc(alias = "get_performance_summary")]
    pub fn performance_summary(&self, operator: Option<&str>) -> Result<Vec<OperatorPerformance>> {
        let state = Journal::read(&self.layout)?;
        let all = crate::summary::performance(&state);
        Ok(all
            .into_iter()
            .filter(|found| operator.is_none_or(|name| found.name == name))
            .collect())
    }

    /// A few lines for a person: how the job stands, where its records went.
    ///
    /// # Errors
    /// When the journal cannot be read.
    #[doc(alias = "generate_status_report")]
    pub fn status_report(&self) -> Result<String> {
        let state = Journal::read(&self.layout)?;
        Ok(crate::summary::status_report(&self.layout, &state))
    }
}

/// Stops a run: no new work is given out, running attempts leave at their next batch, what is whole is published.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<Shared>);

impl StopHandle {
    /// Asks the run to stop. It then ends with the status `stopped`.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::SeqCst);
    }
}

/// The events of a run, as they happen.
#[derive(Debug)]
pub struct LiveEvents {
    waiting: Receiver<Subscription>,
    subscription: Option<Subscription>,
}

impl Iterator for LiveEvents {
    type Item = Arc<Event>;

    /// The next event; waits for it, and for the run to begin. `None` once the run has ended.
    fn next(&mut self) -> Option<Arc<Event>> {
        if self.subscription.is_none() {
            self.subscription = self.waiting.recv().ok();
        }
        self.subscription.as_mut()?.next()
    }
}
