//! Cleaning a job that nobody drives: what its own recipe does not keep goes.

use std::collections::HashSet;
use std::fs;
use std::time::{Duration, SystemTime};

use coldpress_config::{Location, Overrides, Recipe, RetentionPolicy};
use coldpress_events::{EventLog, LogOptions};
use coldpress_export::ExportTarget;
use coldpress_failure::full_message;
use coldpress_job::{
    Finish, JobLock, JobState, JobSummary, JobView, Journal, JournalRecord, Layout, Liveness,
    LockOptions, Mode, ShownStatus, Status, open_stores,
};
use coldpress_storage::{ObjectKey, Place, StoreSchemes, Stores, crash_point, read_small};
use serde::Serialize;

use crate::error::{Error, ErrorKind, Result};
use crate::prepare::target;
use crate::retention::{self, JobFile};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// How a job is cleaned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CleanOptions {
    /// Remove nothing, and only tell what would go.
    pub dry_run: bool,
}

/// What was removed of a job, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cleaned {
    /// The job.
    pub job_id: String,
    /// Whether nothing was removed, because only the answer was asked for.
    pub dry_run: bool,
    /// The files.
    pub files: Vec<CleanedFile>,
    /// Their bytes.
    pub bytes: u64,
    /// What could not be removed, and why. Nothing counts on it any more.
    pub failures: Vec<String>,
}

/// A file that was removed, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CleanedFile {
    /// As the journal cites it, else its path.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// Which key asks for it, or what it is.
    pub reason: String,
}

/// Removes what the recipe of a job does not keep, of a job that nobody drives.
///
/// That is: checkpoint files beyond `checkpoint.max_checkpoints_per_partition`; what
/// `intermediate_storage.cleanup_on_success`, `.retention_policy` and `.max_retention_days` say once the export is
/// committed; what dead attempts left; and what an earlier cleaning could not delete. The journal says that nothing
/// counts on a file before it is deleted, and only files that the journal names go. They are deleted from the job's stores,
/// whose `schemes` must be known. Of an export in a store, uploads that were never completed are ended too.
///
/// # Errors
/// [`ErrorKind::Refused`] for a job that is running or whose journal cannot be trusted, [`ErrorKind::NoSuchJob`] for one
/// without a journal, [`ErrorKind::Failed`] when its recipe cannot be read its journal not be written, or a
/// store not be opened.
pub fn clean_job(
    layout: &Layout,
    options: &CleanOptions,
    schemes: &StoreSchemes,
) -> Result<Cleaned> {
    layout.prove()?;
    let recipe = recipe_of(layout)?;
    let lock = match options.dry_run {
        true => {
            refuse_running(layout)?;
            None
        }
        false => Some(lock(layout)?),
    };
    let state = Journal::read(layout)?;
    let stores = open_stores(layout, &state, schemes)?;
    let plan = Plan::of(&state, layout, &stores, &recipe);
    let mut cleaned = plan.told(layout, &stores, options.dry_run);
    let Some(lock) = lock else {
        return Ok(cleaned);
    };
    if !cleaned.files.is_empty() {
        cleaned.failures = plan.carry_out(layout, &stores, &lock, &state)?;
        tell(layout, &recipe, &plan);
    }
    cleaned.end_uploads(&recipe, schemes);
    Ok(cleaned)
}

impl Cleaned {
    /// Removes what drivers that were killed left of uploads of the export, and of the statistics beside it. Nobody can tell
    /// whose uploads they are, and one of another job that is at work fails.
    fn end_uploads(&mut self, recipe: &Recipe, schemes: &StoreSchemes) {
        if Location::of(&recipe.export.path).url().is_none() {
            return;
        }
        let export = match target(&recipe.export, schemes) {
            Ok(export) => export,
            Err(error) => return self.failures.push(error.full_message()),
        };
        for target in [export.stats().ok(), Some(export)].into_iter().flatten() {
            match target.abandon_uploads() {
                Ok(0) => {}
                Ok(1) => self
                    .files
                    .push(ended(&target, "an upload that was never completed")),
                Ok(many) => {
                    let what = format!("{many} uploads that were never completed");
                    self.files.push(ended(&target, &what));
                }
                Err(error) => self.failures.push(full_message(&error)),
            }
        }
    }
}

fn ended(target: &ExportTarget, what: &str) -> CleanedFile {
    CleanedFile {
        path: target.place().to_string(),
        // Nobody says how much of them there was.
        bytes: 0,
        reason: what.to_owned(),
    }
}

/// Removes these checkpoint files of a finished job: its journal says first that nothing counts on them any more.
///
/// Files that the journal does not cite stay.
///
/// # Errors
/// As [`clean_job`]; [`ErrorKind::Refused`] too for a job that a resume would go on with, which may need them.
pub fn forget_checkpoints(
    layout: &Layout,
    names: &[String],
    schemes: &StoreSchemes,
) -> Result<Cleaned> {
    layout.prove()?;
    let lock = lock(layout)?;
    let state = Journal::read(layout)?;
    if !retention::is_over(&state) {
        let job = layout.job_id();
        let message =
            format!("the job {job} is not finished and may need its checkpoints; resume it first");
        return Err(Error::new(ErrorKind::Refused, message));
    }
    let mut meant: HashSet<&str> = names.iter().map(String::as_str).collect();
    let mut doomed: Vec<JobFile> = Vec::new();
    for file in state.cited_files() {
        let is_meant = file.place() == Place::Checkpoints && meant.remove(file.name().as_str());
        if is_meant && !state.is_forgotten(&file.key) {
            doomed.push(JobFile::cited(file));
        }
    }
    let stores = open_stores(layout, &state, schemes)?;
    let plan = Plan {
        forget: vec![("asked for".to_owned(), doomed)],
        ..Plan::default()
    };
    let mut cleaned = plan.told(layout, &stores, false);
    if !cleaned.files.is_empty() {
        cleaned.failures = plan.carry_out(layout, &stores, &lock, &state)?;
    }
    Ok(cleaned)
}

/// Whether a job is finished, not running, and has kept what its recipe does not keep for good for longer than it says.
pub(crate) fn is_old(view: &JobView) -> bool {
    let is_finished = matches!(
        view.status,
        ShownStatus::Said(Status::Completed | Status::CompletedWithFailures)
    );
    is_finished
        && !view.liveness.is_alive()
        // The list of jobs at a URL has copies of their summaries only.
        && view.layout.bring().is_ok()
        && recipe_of(&view.layout).is_ok_and(|recipe| is_beyond_age(&view.layout, &recipe))
}

fn is_beyond_age(layout: &Layout, recipe: &Recipe) -> bool {
    let storage = &recipe.storage;
    let age = ended_at(layout).and_then(|ended| SystemTime::now().duration_since(ended).ok());
    let most = DAY.saturating_mul(storage.max_retention_days);
    storage.retention_policy != RetentionPolicy::KeepAll && age.is_some_and(|age| age >= most)
}

/// Returns the time when a job ended: that of the newest file of the journal, to which its end was written last. The local copy of
/// a journal in a store is younger, so there the summary is used.
fn ended_at(layout: &Layout) -> Option<SystemTime> {
    if layout.url().is_some() {
        let summary = JobSummary::read(layout).ok().flatten()?;
        let seconds = Duration::try_from_secs_f64(summary.end_time?).ok()?;
        return SystemTime::UNIX_EPOCH.checked_add(seconds);
    }
    let files = fs::read_dir(layout.journal_dir()).into_iter().flatten();
    let modified = files
        .flatten()
        .filter_map(|file| file.metadata().ok()?.modified().ok());
    modified.max()
}

/// The recipe that the job ran with last.
pub(crate) fn recipe_of(layout: &Layout) -> Result<Recipe> {
    let path = layout.resolved_recipe();
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        let message = format!(
            "cannot read `{}`, the recipe that the job is run with",
            path.display()
        );
        Error::because(ErrorKind::Failed, message, error)
    };
    /// More is no recipe; the limit for those that are given is the same.
    const MAX_BYTES: u64 = 8 << 20;
    let bytes = read_small(&path, MAX_BYTES).map_err(|error| unreadable(error.into()))?;
    let text = String::from_utf8(bytes).map_err(|error| unreadable(error.into()))?;
    let name = path.display().to_string();
    Recipe::parse(&text, &name, &Overrides::default()).map_err(|error| unreadable(error.into()))
}

fn refuse_running(layout: &Layout) -> Result<()> {
    let liveness = Liveness::of(layout)?;
    if !liveness.is_alive() {
        return Ok(());
    }
    let message = format!("the job {} is running; stop it first", layout.job_id());
    Err(Error::new(ErrorKind::Refused, message))
}

/// Takes a job that nobody drives, for something that takes moments.
pub(crate) fn lock(layout: &Layout) -> Result<JobLock> {
    // One beat at the start is enough for what takes moments.
    let options = LockOptions {
        beat_every: DAY,
        ..LockOptions::default()
    };
    Ok(JobLock::acquire(layout, &options)?)
}

/// What is to go.
#[derive(Default)]
struct Plan {
    /// Files that the journal cites, by why they go.
    forget: Vec<(String, Vec<JobFile>)>,
    /// Files that nothing counts on, as the journal says already.
    forgotten: Vec<JobFile>,
    /// Files of dead attempts.
    uncited: Vec<JobFile>,
}

impl Plan {
    fn of(state: &JobState, layout: &Layout, stores: &Stores, recipe: &Recipe) -> Self {
        let mut plan = Self::default();
        let chain = state.recipe().map_or(&[][..], |recipe| &recipe.chain);
        let most = recipe.checkpoint.max_per_partition;
        if recipe.checkpoint.cleanup_old {
            let is_good = |file: &_| retention::is_whole(stores, file);
            let beyond = (0..state.partition_count())
                .flat_map(|partition| retention::beyond(state, chain, partition, most, is_good));
            plan.forget
                .push((retention::why_beyond(most), beyond.collect()));
        }
        let there = retention::ATTEMPT_PLACES.into_iter();
        let there: Vec<JobFile> = there
            .flat_map(|place| retention::list(stores, place))
            .collect();
        if retention::is_over(state) {
            let is_old = is_beyond_age(layout, recipe);
            let intermediate = there.iter();
            let intermediate: Vec<JobFile> = intermediate
                .filter(|file| file.key.place == Place::Intermediate)
                .cloned()
                .collect();
            let doomed = retention::of_exported(state, &recipe.storage, is_old, &intermediate);
            let planned = plan.forget.iter().flat_map(|(_, files)| files);
            let planned: HashSet<ObjectKey> = planned.map(|file| file.key.clone()).collect();
            let doomed = doomed
                .into_iter()
                .filter(|file| !planned.contains(&file.key));
            plan.forget
                .push((retention::why_finished(&recipe.storage), doomed.collect()));
        }
        let known: HashSet<ObjectKey> = there.iter().map(|file| file.key.clone()).collect();
        plan.forgotten = retention::forgotten(state);
        plan.forgotten.retain(|file| known.contains(&file.key));
        if recipe.storage.cleanup_temp_files {
            let forgotten: HashSet<&ObjectKey> =
                plan.forgotten.iter().map(|file| &file.key).collect();
            plan.uncited = retention::uncited(state, u64::MAX, there);
            plan.uncited.retain(|file| !forgotten.contains(&file.key));
        }
        plan
    }

    fn told(&self, layout: &Layout, stores: &Stores, dry_run: bool) -> Cleaned {
        let entry = |file: &JobFile, reason: &str| CleanedFile {
            // Checkpoints are known by their names alone.
            path: match file.key.place {
                Place::Checkpoints => file.key.name.to_string(),
                _ => file.key.to_string(),
            },
            bytes: file.bytes,
            reason: reason.to_owned(),
        };
        let mut files = Vec::new();
        for (why, doomed) in &self.forget {
            files.extend(doomed.iter().map(|file| entry(file, why)));
        }
        let forgotten = self.forgotten.iter();
        files.extend(forgotten.map(|file| entry(file, "nothing counts on it any more")));
        files.extend(self.uncited.iter().map(|file| {
            let path = stores.path_of(&file.key);
            let path = path.map(|path| path.display().to_string());
            let entry = entry(file, "left by an attempt that did not finish");
            CleanedFile {
                path: path.unwrap_or_else(|| entry.path.clone()),
                ..entry
            }
        }));
        Cleaned {
            job_id: layout.job_id().to_string(),
            dry_run,
            bytes: files.iter().map(|file| file.bytes).sum(),
            files,
            failures: Vec::new(),
        }
    }

    fn carry_out(
        &self,
        layout: &Layout,
        stores: &Stores,
        lock: &JobLock,
        state: &JobState,
    ) -> Result<Vec<String>> {
        let forget = self.forget.iter();
        let mut doomed: Vec<JobFile> = forget.flat_map(|(_, files)| files).cloned().collect();
        if !doomed.is_empty() {
            self.write_down(layout, lock, state, &doomed)?;
            crash_point!("clean.forgotten");
        }
        doomed.extend(self.forgotten.iter().chain(&self.uncited).cloned());
        Ok(retention::delete(&doomed, stores))
    }

    /// An epoch of its own in the journal; how the job ended stays as it was.
    fn write_down(
        &self,
        layout: &Layout,
        lock: &JobLock,
        state: &JobState,
        doomed: &[JobFile],
    ) -> Result<()> {
        let (mut journal, mut now) = Journal::open(layout, lock, Mode::Resume)?;
        for record in retention::forgetting(doomed) {
            journal.record(&mut now, &record)?;
        }
        if let Some(Finish { status, error, .. }) = state.finished().cloned() {
            journal.record(&mut now, &JournalRecord::Finished { status, error })?;
        }
        journal.sync()?;
        // The summary is the word of the last driver; a view that cannot be kept up costs nothing.
        if let Ok(Some(summary)) = JobSummary::read(layout) {
            let driver = JobSummary::begun(layout, lock.driver());
            let summary = JobSummary {
                pid: driver.pid,
                host: driver.host,
                boot_id: driver.boot_id,
                process_start_time: driver.process_start_time,
                ..summary
            };
            let _ = summary.write(layout);
        }
        Ok(())
    }
}

/// Tells it in the job's own event log. History that cannot be written costs nothing else.
fn tell(layout: &Layout, recipe: &Recipe, plan: &Plan) {
    let options = LogOptions::default()
        .enabled(recipe.events.enabled)
        .max_log_size_bytes(recipe.events.max_log_size_bytes)
        .backup_count(recipe.events.backup_count);
    let log = EventLog::open(layout.event_log_dir(), layout.job_id().as_str(), options);
    let Ok(log) = log else { return };
    let told = plan.forget.iter().filter(|(_, files)| !files.is_empty());
    told.for_each(|(why, files)| log.emit(retention::event(files, why)));
    let _ = log.close();
    let _ = layout.put_views();
}
