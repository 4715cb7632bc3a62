//! Taking the job: directories, locks, the journal's next epoch, the event log.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use coldpress_config::{LogLevel, Overwrite};
use coldpress_dataset::Standing;
use coldpress_events::{EventLog, Level, LogOptions};
use coldpress_job::{JobLock, JobSummary, Journal, LockOptions, Mode};
use coldpress_storage::{FileLock, replace};

use super::Driver;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;

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
        layout.create()?;
        let lock = JobLock::acquire(
            layout,
            &LockOptions {
                take_over: executor.options.take_over,
                ..LockOptions::default()
            },
        )?;
        let export_lock = lock_export(executor)?;
        let standing = check_standing(executor)?;
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
            _export_lock: export_lock,
            journal,
            state,
            events,
            summary,
            sources: Vec::new(),
            chain: Vec::new(),
            standing,
            started,
            warnings: Vec::new(),
            decisions: Vec::new(),
            reused: 0,
            resumed: 0,
            given_up: BTreeSet::new(),
            merges: 0,
            begun: BTreeMap::new(),
        };
        driver.announce_start(mode == Mode::Resume);
        Ok(driver)
    }
}

/// Two jobs must not write one export at a time.
fn lock_export(executor: &Executor) -> Result<FileLock> {
    let target = &executor.prepared.target;
    target.prepare()?;
    FileLock::try_acquire(target.lock_path()).map_err(|error| match error {
        coldpress_storage::Error::Locked { .. } => {
            let message = format!(
                "another job is exporting to `{}`; wait for it or export elsewhere",
                target.path().display()
            );
            Error::new(ErrorKind::Refused, message)
        }
        other => other.into(),
    })
}

/// What stands at the export path may only be replaced if the recipe says so.
fn check_standing(executor: &Executor) -> Result<Option<coldpress_dataset::Ownership>> {
    let target = &executor.prepared.target;
    let overwrite = executor.prepared.recipe.export.overwrite;
    let refused = |reason: &str| {
        let path = target.path().display();
        Err(Error::new(
            ErrorKind::Refused,
            format!("export path `{path}` {reason}"),
        ))
    };
    match (target.standing()?, overwrite) {
        (Standing::Free, _) => Ok(None),
        (Standing::Ours(_), Overwrite::Never) => {
            refused("exists; remove it, or set `export_overwrite: own`")
        }
        (Standing::Ours(ownership), _) => Ok(Some(ownership)),
        (Standing::Foreign(reason), Overwrite::Always) if !reason.contains("directory") => Ok(None),
        (Standing::Foreign(reason), _) => refused(&format!(
            "{reason}; move it away, export elsewhere, or set `export_overwrite: always`"
        )),
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
    summary.executor_type = recipe.executor.kind.to_string();
    summary.resumption_command = executor.resumption_command();
    summary.dataset_path = recipe.dataset.paths.join(", ");
    summary.export_path = executor.prepared.target.path().display().to_string();
}

impl Executor {
    /// The command that resumes the job.
    pub(crate) fn resumption_command(&self) -> String {
        let config = match &self.options.config_path {
            Some(path) => path.display().to_string(),
            None => self.layout.resolved_recipe().display().to_string(),
        };
        format!(
            "coldpress process --config {config} --job_id {}",
            self.layout.job_id()
        )
    }
}
