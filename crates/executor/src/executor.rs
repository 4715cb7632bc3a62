//! The executor: a prepared job that can be run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use coldpress_assets::AssetFolders;
use coldpress_config::{ExecutorKind, Location, Recipe};
use coldpress_events::{Event, EventFilter, Subscription, read_events};
use coldpress_job::{JobId, JobState, Journal, Layout, Scratch};
use coldpress_operator::Registry;
use coldpress_storage::{Place, StoreSchemes, StoreSpec, Stores, Waits, one_spelling};
use crossbeam_channel::{Receiver, Sender, bounded};

use crate::backend::{Backend, LocalBackend, ProcessBackend};
use crate::error::{Error, ErrorKind, Result};
use crate::prepare::Prepared;
use crate::remote::{Remote, check_scheme, with_options_of};
use crate::report::OperatorPerformance;

/// Builds an [`Executor`].
#[derive(Debug)]
pub struct ExecutorBuilder {
    recipe: Recipe,
    registry: Registry,
    schemes: StoreSchemes,
    /// The URLs of the places that are not to be in folders.
    stores: BTreeMap<Place, String>,
    backend: Option<Arc<dyn Backend>>,
    asset_folders: AssetFolders,
    /// Where jobs that lie in no folder have their copies.
    scratch_dir: PathBuf,
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
    /// A builder with these operators, the workers that the recipe asks for, and files in folders.
    pub fn new(recipe: Recipe, registry: Registry) -> Self {
        Self {
            recipe,
            registry,
            schemes: StoreSchemes::default(),
            stores: BTreeMap::new(),
            backend: None,
            asset_folders: AssetFolders::default(),
            scratch_dir: std::env::temp_dir().join("coldpress-scratch"),
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

    /// Sets the kinds of stores that can be opened besides folders, for this job and for those that it adopts from and
    /// cleans.
    #[must_use]
    pub fn schemes(mut self, schemes: StoreSchemes) -> Self {
        self.schemes = schemes;
        self
    }

    /// Keeps the files of a place in the store of this URL, whose scheme must be among the [schemes](Self::schemes); in a
    /// folder of the job by default.
    ///
    /// `{job_id}` and `{place}` in the URL are replaced. No two jobs and no two places may share a store, for their files
    /// have the same names. The journal remembers the stores, so that a resume goes on with them, and refuses others.
    #[must_use]
    pub fn store(mut self, place: Place, url: impl Into<String>) -> Self {
        self.stores.insert(place, url.into());
        self
    }

    /// Keeps the files of all places in stores of this URL; as [`store`](Self::store) for each.
    #[must_use]
    pub fn stores(self, url: impl Into<String>) -> Self {
        let url = url.into();
        let places = Place::ALL.into_iter();
        places.fold(self, |builder, place| builder.store(place, url.clone()))
    }

    /// Sets the folders in which operators find models and word lists, where the recipe has no `assets_dir` and the
    /// registry no assets of its own.
    #[must_use]
    pub fn asset_folders(mut self, folders: AssetFolders) -> Self {
        self.asset_folders = folders;
        self
    }

    /// Sets the folder in which jobs that lie in no folder have their copies on this machine, where the recipe has no
    /// `scratch_dir`; a folder of the system for temporary files by default.
    #[must_use]
    pub fn scratch_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.scratch_dir = folder.into();
        self
    }

    /// Sets who runs the attempts, whatever the recipe's `executor_type` says.
    ///
    /// This crate has threads and worker processes. A cluster is the business of other crates: for `executor_type: ray`, pass
    /// `coldpress_ray::RayBackend::of(&recipe)`, as `coldpress::executor` does. Without it, such a recipe runs on threads, with
    /// the same output.
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
    pub fn build(mut self) -> Result<Executor> {
        let job_id = JobId::for_recipe(&self.recipe.job, self.recipe.stem())
            .map_err(coldpress_job::Error::from)?;
        self.recipe.substitute(job_id.as_str());
        let waits = self.schemes.waits().of_job();
        self.schemes = with_options_of(&self.recipe, self.schemes).with_waits(waits);
        let paths = &self.recipe.paths;
        let scratch = match &paths.scratch_dir {
            Some(folder) => PathBuf::from(folder),
            None => self.scratch_dir.clone(),
        };
        if let Location::Url(url) = Location::of(&paths.work_dir) {
            check_scheme(&self.recipe, "work_dir", url, &self.schemes)?;
        }
        let scratch = Scratch::Below(scratch);
        let layout = Layout::with_stores(paths, job_id, &self.schemes, &scratch)?;
        self.build_in(layout)
    }

    /// As [`build`](Self::build), for an existing job, whose recipe has nothing left to substitute.
    pub(crate) fn build_in(self, layout: Layout) -> Result<Executor> {
        let recipe = self.recipe;
        let backend = match self.backend {
            Some(backend) => backend,
            None => backend_of(&recipe),
        };
        let url = |(place, url): (Place, String)| {
            let url = url.replace("{job_id}", layout.job_id().as_str());
            (place, url.replace("{place}", place.as_str()))
        };
        let asked: BTreeMap<Place, String> = self.stores.into_iter().map(url).collect();
        let schemes = with_options_of(&recipe, self.schemes);
        let remote = Remote::of(&recipe, layout.job_id(), &schemes)?;
        let mut stores = urls_of(layout.store_specs().elsewhere());
        stores.extend(remote.stores);
        stores.extend(asked);
        let registry = match self.registry.has_assets() {
            true => self.registry,
            false => {
                let folders = match &recipe.paths.assets_dir {
                    Some(folder) => self.asset_folders.in_place(folder),
                    None => self.asset_folders,
                };
                self.registry.with_assets(folders)
            }
        };
        let mut prepared = Prepared::new(recipe, registry, &schemes)?;
        if let Some(plan) = &prepared.trace {
            prepared.outputs = prepared.outputs.tracing(&layout.trace_dir(), plan);
        }
        let shared = Shared {
            stop: AtomicBool::new(false),
            waits: schemes.waits().clone(),
            watchers: Mutex::default(),
            warnings: Mutex::default(),
        };
        Ok(Executor {
            prepared,
            layout,
            schemes,
            stores,
            event_log_url: remote.event_log_url,
            backend,
            options: self.options,
            shared: Arc::new(shared),
        })
    }
}

/// The workers that a recipe asks for.
fn backend_of(recipe: &Recipe) -> Arc<dyn Backend> {
    match recipe.executor.kind {
        ExecutorKind::Process => Arc::new(ProcessBackend::new()),
        ExecutorKind::Default
        | ExecutorKind::Local
        | ExecutorKind::Partitioned
        | ExecutorKind::Ray
        | ExecutorKind::RayPartitioned => Arc::new(LocalBackend),
    }
}

/// A job that can be run: plans it or resumes it, drives it to its end, and tells what happened.
#[doc(alias = "PartitionedRayExecutor")]
#[doc(alias = "EnhancedPartitionedRayExecutor")]
#[derive(Debug)]
pub struct Executor {
    pub(crate) prepared: Prepared,
    pub(crate) layout: Layout,
    pub(crate) schemes: StoreSchemes,
    /// The URLs of the places that are not to be in folders.
    stores: BTreeMap<Place, String>,
    /// Where the event log is copied to.
    pub(crate) event_log_url: Option<String>,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) options: RunOptions,
    pub(crate) shared: Arc<Shared>,
}

/// What a running job and those who watch it share.
pub(crate) struct Shared {
    pub(crate) stop: AtomicBool,
    waits: Waits,
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
    /// Asks the run to stop.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        // A thread that waits for a silent store would not see the flag.
        self.waits.hurry();
    }

    /// Returns whether the run was asked to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

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

    /// What can be reached besides folders, with the options of the recipe.
    pub fn schemes(&self) -> &StoreSchemes {
        &self.schemes
    }

    /// Opens the stores of the job: the folders that the recipe names, and the URLs that this program or, where it asks for
    /// none, the journal names.
    ///
    /// # Errors
    /// When the journal's stores are others than this program's, or a store cannot be opened.
    pub(crate) fn stores(&self, state: &JobState) -> Result<Stores> {
        let known = urls_of(state.stores());
        let is_begun = state.plan().is_some();
        if is_begun && !self.stores.is_empty() && self.stores != known {
            let message = format!(
                "the files of job `{}` are in {}, and are looked for in {}: name the same stores, or begin anew with --fresh",
                self.layout.job_id(),
                shown(&known),
                shown(&self.stores)
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
        let urls = if is_begun { known } else { self.stores.clone() };
        let maps = self.prepared.recipe.storage.arrow_memory_mapping;
        let folders = self.layout.store_specs().mapping(maps);
        let specs = urls.into_iter().fold(folders, |specs, (place, url)| {
            specs.with(place, StoreSpec::Url(url))
        });
        Ok(Stores::open(specs, &self.schemes)?)
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

    /// Returns whether the run was asked to stop, and a store did not answer in the time that was left.
    pub fn is_given_up(&self) -> bool {
        self.shared.is_stopped() && self.schemes.waits().has_given_up()
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

/// The places that are behind URLs.
fn urls_of(stores: &BTreeMap<Place, StoreSpec>) -> BTreeMap<Place, String> {
    let urls = stores.iter().filter_map(|(place, spec)| match spec {
        StoreSpec::Url(url) => Some((*place, one_spelling(url).into_owned())),
        StoreSpec::Folder(_) => None,
    });
    urls.collect()
}

/// Where files are, for people.
fn shown(stores: &BTreeMap<Place, String>) -> String {
    let mut urls: Vec<String> = stores.values().map(|url| format!("`{url}`")).collect();
    urls.dedup();
    match urls.is_empty() {
        true => "its own folder".to_owned(),
        false => urls.join(", "),
    }
}

/// Stops a run: no new work is given out, running attempts leave at their next batch, what is whole is published.
#[derive(Clone, Debug)]
pub struct StopHandle(Arc<Shared>);

impl StopHandle {
    /// Asks the run to stop. It then ends with the status `stopped`.
    pub fn stop(&self) {
        self.0.stop();
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
