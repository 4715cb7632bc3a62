//! Taking the job: directories, locks, the journal's next epoch, the event log.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Instant;

use coldpress_config::{LogLevel, Overwrite};
use coldpress_dataset::{
    ExportTarget, OWNERSHIP_SCHEMA, Ownership, Source, Standing, staged_digest,
};
use coldpress_events::{EventLog, Level, LogOptions};
use coldpress_job::{ExportIntent, JobLock, JobState, JobSummary, Journal, LockOptions, Mode};
use coldpress_storage::{FileLock, replace};

use super::Driver;
use super::adoption::Adoption;
use super::memory::MemoryWatch;
use super::poison::Suspects;
use super::space::SpaceWatch;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::prepare::Prepared;

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
        let dataset = executor.prepared.resolve_dataset()?;
        refuse_own_input(&dataset.sources, &executor.prepared)?;
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
        let export_lock = lock_export(executor)?;
        let (mode, adopted) = match adoption {
            Some(adoption) => (Mode::Resume, Some(adoption.carry_out(layout, &lock)?)),
            None => (mode, None),
        };
        let known = if mode == Mode::Resume {
            Journal::read(layout)?
        } else {
            JobState::default()
        };
        let standing = check_standing(executor, known.export().intent.as_ref())?;
        check_companions(executor, known.export().intent.as_ref())?;
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
            sources: dataset.sources,
            chain: Vec::new(),
            standing,
            started,
            warnings: Vec::new(),
            decisions: Vec::new(),
            earlier: known.finished().map(|finish| finish.status),
            reused: 0,
            resumed: 0,
            given_up: BTreeSet::new(),
            merges: 0,
            begun: BTreeMap::new(),
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
        dataset.notes.into_iter().for_each(|note| driver.warn(note));
        Ok(driver)
    }
}

/// No output must take the place of an input.
fn refuse_own_input(sources: &[Source], prepared: &Prepared) -> Result<()> {
    let companions = prepared.companions.iter();
    let companions = companions.map(|companion| ("the file beside the export", &companion.target));
    let mut targets = std::iter::once(("export path", &prepared.target)).chain(companions);
    let replaced = targets.find_map(|(what, target)| {
        let input = replaced_input(sources, target)?;
        Some((what, target.path().display(), input.path.display()))
    });
    let Some((what, path, input)) = replaced else {
        return Ok(());
    };
    let message = format!("{what} `{path}` would replace the input `{input}`; export elsewhere");
    Err(Error::new(ErrorKind::Refused, message))
}

/// The input that stands where the output goes.
fn replaced_input<'s>(sources: &'s [Source], target: &ExportTarget) -> Option<&'s Source> {
    let folder = target.folder().canonicalize().ok()?;
    let output = folder.join(target.path().file_name().unwrap_or_default());
    let output = output.canonicalize().unwrap_or(output);
    let is_input = |source: &&Source| {
        let input = source.path.canonicalize();
        input.is_ok_and(|input| input.starts_with(&output))
    };
    sources.iter().find(is_input)
}

/// Two jobs must not write one export at a time.
fn lock_export(executor: &Executor) -> Result<FileLock> {
    let target = &executor.prepared.target;
    target.prepare()?;
    let mut companions = executor.prepared.companions.iter();
    companions.try_for_each(|companion| companion.target.prepare())?;
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
///
/// An output that this job put there, and a crash kept from being signed, is ours: its intent is in the journal.
fn check_standing(executor: &Executor, intent: Option<&ExportIntent>) -> Result<Option<Ownership>> {
    let target = &executor.prepared.target;
    let overwrite = executor.prepared.recipe.export.overwrite;
    let refused = |reason: &str| {
        let path = target.path().display();
        Err(Error::new(
            ErrorKind::Refused,
            format!("export path `{path}` {reason}"),
        ))
    };
    let standing = target.standing()?;
    if let (Standing::Foreign(_), Some(ownership)) = (&standing, unsigned(executor, intent)) {
        return Ok(Some(ownership));
    }
    match (standing, overwrite) {
        (Standing::Free, _) => Ok(None),
        (Standing::Ours(ownership), Overwrite::Never) if !is_of_job(executor, &ownership) => {
            refused("exists; remove it, or set `export_overwrite: own`")
        }
        (Standing::Ours(ownership), _) => Ok(Some(ownership)),
        // A file can be asked to go; a directory that is not ours may hold anything.
        (Standing::Foreign(_), Overwrite::Always)
            if !target.path().is_dir() && !target.is_directory() =>
        {
            Ok(None)
        }
        (Standing::Foreign(reason), _) if target.is_directory() || target.path().is_dir() => {
            refused(&format!("{reason}; move it away or export elsewhere"))
        }
        (Standing::Foreign(reason), _) => refused(&format!(
            "{reason}; move it away, export elsewhere, or set `export_overwrite: always`"
        )),
    }
}

/// What stands where the files beside the export go may only be replaced if Coldpress made it.
pub(super) fn check_companions(executor: &Executor, intent: Option<&ExportIntent>) -> Result<()> {
    let prepared = &executor.prepared;
    if prepared.recipe.export.overwrite == Overwrite::Always {
        return Ok(());
    }
    for companion in &prepared.companions {
        let target = &companion.target;
        let path = target.path();
        // One that a crash kept from being signed is in the journal.
        let intended = intent.into_iter().flat_map(|intent| &intent.companions);
        let is_unsigned = |found: (u64, coldpress_storage::Digest)| {
            let mut intended = intended.clone();
            intended.any(|one| Path::new(&one.path) == path && found == (one.length, one.digest))
        };
        if let Standing::Foreign(reason) = target.standing()?
            && !staged_digest(path, false).is_ok_and(is_unsigned)
        {
            let message = format!(
                "`{}` {reason}; move it away, or set `export_overwrite: always`",
                path.display()
            );
            return Err(Error::new(ErrorKind::Refused, message));
        }
    }
    Ok(())
}

fn is_of_job(executor: &Executor, ownership: &Ownership) -> bool {
    ownership.job_id == executor.layout.job_id().as_str()
}

/// The ownership of an output that stands in its place by an intent of this job, and was not signed yet.
fn unsigned(executor: &Executor, intent: Option<&ExportIntent>) -> Option<Ownership> {
    let target = &executor.prepared.target;
    let intent = intent.filter(|intent| {
        Path::new(&intent.path) == target.path() && intent.directory == target.is_directory()
    })?;
    let found = staged_digest(target.path(), intent.directory).ok()?;
    let job_id = executor.layout.job_id().to_string();
    let (length, digest) = (intent.length, intent.digest);
    (found == (length, digest)).then_some(Ownership {
        schema_version: OWNERSHIP_SCHEMA,
        job_id,
        length,
        digest,
    })
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
