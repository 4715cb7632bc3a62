//! Taking the job: directories, locks, the journal's next epoch, the event log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use coldpress_job::{JobLock, JobState, Journal, JournalRecord, LockOptions, Mode, Status};
use coldpress_storage::{remove_leftovers_of, replace_together};

use super::Driver;
use super::adoption::Adoption;
use super::copies::Copies;
use super::seen::Seen;
use super::sources::Sources;
use super::tally::Tally;
use super::teller::Teller;
use super::truth::Truth;
use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::outputs::{locks, standings};
use crate::watch::memory::MemoryWatch;
use crate::watch::poison::Suspects;
use crate::watch::space::SpaceWatch;

impl<'e> Driver<'e> {
    /// Takes the job for this process.
    ///
    /// # Errors
    /// When the job runs already, its journal is damaged, or what it needs cannot be written.
    pub(crate) fn open(executor: &'e Executor) -> Result<Self> {
        let opened = Self::take(executor);
        if opened.is_err() {
            executor.layout.leave_unbegun();
        }
        opened
    }

    fn take(executor: &'e Executor) -> Result<Self> {
        let started = Instant::now();
        let (layout, recipe) = (&executor.layout, &executor.prepared.recipe);
        layout.bring()?;
        let exists = Journal::exists(layout)?;
        if recipe.job.must_resume && !exists {
            let message = format!(
                "there is no job `{}` to resume in `{}`",
                layout.job_id(),
                layout.shown_base()
            );
            return Err(Error::new(ErrorKind::NoSuchJob, message));
        }
        let mode = match (exists, executor.options.fresh) {
            (true, true) => Mode::Fresh,
            (true, false) => Mode::Resume,
            (false, _) => Mode::New,
        };
        // Before anything is made: a dataset that is not there leaves no job behind.
        let mut dataset = executor.dataset()?;
        let adoption = match mode {
            Mode::New => Adoption::asked_for(executor, &dataset)?,
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
        let output_locks = locks::lock(&executor.prepared.outputs)?;
        let (mode, adopted) = match adoption {
            Some(adoption) => (Mode::Resume, Some(adoption.carry_out(executor, &lock)?)),
            None => (mode, None),
        };
        let known = if mode == Mode::Resume {
            Journal::read(layout)?
        } else {
            JobState::default()
        };
        let stores = executor.stores(&known)?;
        let standings = standings::check(
            &executor.prepared.outputs,
            layout.job_id(),
            known.export().intent.as_ref(),
        )?;
        let (journal, state) = Journal::open(layout, &lock, mode)?;
        let teller = Teller::open(
            executor,
            stores.clone(),
            &lock,
            started,
            mode != Mode::Resume,
        )?;
        let waits = teller.tells_waits(executor.schemes.waits());
        let copies = Copies::of(executor, &teller)?;
        if let Some(path) = &recipe.events.metrics_path {
            // As for other outputs; where that fails, so does the first writing, with a warning.
            if let Some(folder) = Path::new(path).parent() {
                let _ = fs::create_dir_all(folder);
            }
            // The file is written every two seconds, so a leftover that is a minute old comes from a driver that was killed.
            remove_leftovers_of(path, Duration::from_secs(60));
        }
        replace_together(&[
            (&layout.recipe(), recipe.source_text().as_bytes()),
            (&layout.resolved_recipe(), recipe.to_yaml().as_bytes()),
        ])?;
        let prepared = &executor.prepared;
        let mut notes = std::mem::take(&mut dataset.notes);
        notes.extend(prepared.mixing_notes());
        let mut driver = Self {
            executor,
            lock,
            output_locks,
            truth: Truth::new(&executor.layout, journal, state),
            stores,
            teller,
            _waits: waits,
            copies,
            sources: Sources::new(dataset),
            types_of_rows: false,
            standing: standings.export,
            merges: 0,
            resolutions: 0,
            tally: Tally::default(),
            space: SpaceWatch::new(recipe.limits.min_free_disk_bytes),
            memory: MemoryWatch::new(prepared.memory_limit_bytes(), prepared.workers),
            suspects: Suspects::default(),
            started,
            earlier: known.finished().map(|finish| finish.status),
            cited_damaged: BTreeMap::new(),
            gateless: BTreeSet::new(),
            costs: Vec::new(),
            seen: Seen::default(),
            doomed: Vec::new(),
        };
        driver.record_stores()?;
        let is_resumed = mode == Mode::Resume && adopted.is_none();
        if let (None, Some(dead)) = (known.finished(), known.current_epoch()) {
            // Before the restart is reported, because these events belong to the run that died.
            driver.teller.tell_untold(&known, dead.epoch);
        }
        driver.teller.job_begins(driver.truth.epoch(), is_resumed);
        if let Some(dead) = driver.lock.dead_driver() {
            driver.teller.lock_taken_over(dead);
        }
        driver.write_views(Status::Planning, None);
        if let Some(adopted) = adopted {
            driver.announce_adoption(adopted)?;
        }
        let notes = notes.into_iter().chain(standings.notes);
        notes.for_each(|note| driver.teller.warn(note));
        driver.tell_unlocked();
        Ok(driver)
    }
}

impl Driver<'_> {
    /// Writes down where the job's files are, for those who clean and verify it without its recipe.
    fn record_stores(&mut self) -> Result<()> {
        let stores = self.stores.specs().elsewhere().clone();
        if stores == *self.truth.state().stores() {
            return Ok(());
        }
        self.truth.record(JournalRecord::StoresSet { stores })
    }

    /// Without locks nothing but the last look before the rename keeps two jobs apart.
    fn tell_unlocked(&mut self) {
        for path in self.output_locks.unlocked.clone() {
            self.teller.warn(format!(
                "the file system of `{}` has no locks, so nothing keeps another job from writing there at the same time",
                path.display()
            ));
        }
    }
}
