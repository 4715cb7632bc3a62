//! Taking the job: directories, locks, the journal's next epoch, the event log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use coldpress_config::LogLevel;
use coldpress_events::{EventLog, Level, LogOptions};
use coldpress_job::{JobLock, JobState, JobSummary, Journal, LockOptions, Mode};
use coldpress_storage::replace;

use super::Driver;
use super::adoption::Adoption;
use super::memory::MemoryWatch;
use super::poison::Suspects;
use super::space::SpaceWatch;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::outputs::{self, check_standings};

impl<'e> Driver<'e> {
    /// Takes the job for this process.
    ///
    /// # Errors
    /// When the job runs already, its journal is damaged, or what it needs cannot be written.
    pub(crate) fn open(executor: &'e Executor) -> Result<Self> {
        let started = Instant::now();
        let (layout, recipe) = (&executor.layout, &executor.prepared.recipe);
        let exists = Journal::exists(layout)?;
        if recipe.job.must_resume && !exists {
            let message = format!(
                "there is no job `{}` to resume in `{}`",
                layout.job_id(),
                layout.work_dir().display()
            );
            return Err(Error::new(ErrorKind::NoSuchJob, message));
        }
        let mode = match (exists, executor.options.fresh) {
            (true, true) => Mode::Fresh,
            (true, false) => Mode::Resume,
            (false, _) => Mode::New,
        };
        // Before anything is made: a dataset that is not there leaves no job behind.
        let dataset = executor.dataset()?;
        let adoption = match mode {
            Mode::New => Adoption::asked_for(executor, &dataset.sources)?,
            Mode::Resume | Mode::Fresh => None,
        };
        layout.create()?;
        let lock = JobLock::acquire(
            layout,
            &LockOptions {
                take_over: executor.options.take_over,
                ..LockOptions::default()
            },
        )?;
        let output_locks = outputs::lock(executor)?;
        let (mode, adopted) = match adoption {
            Some(adoption) => (Mode::Resume, Some(adoption.carry_out(layout, &lock)?)),
            None => (mode, None),
        };
        let known = if mode == Mode::Resume {
            Journal::read(layout)?
        } else {
            JobState::default()
        };
        let standings = check_standings(executor, known.export().intent.as_ref())?;
        let (journal, state) = Journal::open(layout, &lock, mode)?;
        let events = open_events(executor)?;
        executor.shared.begin_events(|| events.subscribe());
        let mut summary = JobSummary::begun(layout, lock.driver());
        describe(&mut summary, executor);
        replace(layout.recipe(), recipe.source_text().as_bytes())?;
        replace(layout.resolved_recipe(), recipe.to_yaml().as_bytes())?;
        let mut driver = Self {
            executor,
            _lock: lock,
            output_locks,
            journal,
            state,
            events,
            summary,
            sources: dataset.sources,
            missing: dataset.missing,
            chain: Vec::new(),
            standing: standings.export,
            started,
            warnings: Vec::new(),
            decisions: Vec::new(),
            earlier: known.finished().map(|finish| finish.status),
            reused: 0,
            resumed: 0,
            given_up: BTreeSet::new(),
            merges: 0,
            begun: BTreeMap::new(),
            told_operators: BTreeMap::new(),
            views_due: started,
            errors: BTreeMap::new(),
            workers: executor.prepared.workers,
            suspects: Suspects::default(),
            retries: BTreeMap::new(),
            gateless: BTreeSet::new(),
            gated: BTreeSet::new(),
            costs: Vec::new(),
            seen: BTreeMap::new(),
            schemas: BTreeMap::new(),
            doomed: Vec::new(),
            memory: MemoryWatch::new(&executor.prepared),
            space: SpaceWatch::default(),
        };
        driver.announce_start(mode == Mode::Resume && adopted.is_none());
        if let Some(adopted) = adopted {
            driver.announce_adoption(adopted)?;
        }
        let notes = dataset.notes.into_iter().chain(standings.notes);
        notes.for_each(|note| driver.warn(note));
        driver.tell_unlocked();
        Ok(driver)
    }
}

impl Driver<'_> {
    /// Without locks nothing but the last look before the rename keeps two jobs apart.
    fn tell_unlocked(&mut self) {
        for path in self.output_locks.unlocked.clone() {
            self.warn(format!(
                "the file system of `{}` has no locks, so nothing keeps another job from writing there at the same time",
                path.display()
            ));
        }
    }
}

fn open_events(executor: &Executor) -> Result<EventLog> {
    let asked = &executor.prepared.recipe.events;
    let level = match asked.log_level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warning => Level::Warning,
        LogLevel::Error | LogLevel::Critical => Level::Error,
    };
    let options = LogOptions::default()
        .enabled(asked.enabled)
        .level(level)
        .max_log_size_bytes(asked.max_log_size_bytes)
        .backup_count(asked.backup_count);
    let layout = &executor.layout;
    let folder = layout.event_log_dir();
    EventLog::open(folder, layout.job_id().as_str(), options)
        .map_err(|error| Error::because(ErrorKind::Failed, "cannot open the event log", error))
}

fn describe(summary: &mut JobSummary, executor: &Executor) {
    let recipe = &executor.prepared.recipe;
    summary.config_file = executor
        .options
        .config_path
        .as_ref()
        .map(|path| path.display().to_string());
    if !executor.has_event_log() {
        summary.event_log_file = None;
    }
    summary.executor_type = recipe.executor.kind.to_string();
    summary.resumption_command = executor.resumption_command();
    summary.dataset_path = recipe.dataset.paths.join(", ");
    summary.export_path = executor.prepared.target.path().display().to_string();
}
