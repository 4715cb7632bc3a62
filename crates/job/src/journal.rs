//! The journal: the truth about a job, one append-only file per driver.
//!
//! Each driver start is an **epoch** with a file of its own, `journal/000001.jsonl` and so on, created exclusively. Its first
//! record seals every earlier file by length and digest. Bytes after a seal are ignored, so a driver that wakes up late publishes
//! into nothing. Only the last line of the newest file may be torn; any other deviation from what was written is damage.

mod bring;
mod files;
mod first_look;
mod follow;
mod inherit;
mod kept_figures;
mod plan_settings;
mod position;
mod record;
mod replay;
mod segments;
mod split;
mod state;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use coldpress_storage::{LogMark, LogWriter, atomic, crash_point};

use crate::bucket::Bucket;
use crate::layout::Layout;
use crate::lock::JobLock;
use crate::{DriverIdentity, Error, Result};
use replay::Replay;
use segments::Segments;

pub(crate) use bring::bring_journal;
pub use first_look::FiguresFollower;
pub use follow::JournalFollower;
pub use kept_figures::KeptFigures;
pub use plan_settings::PlanSettings;
pub use record::{
    Adoption, BarrierResolved, ByField, CheckpointEntry, ClustersOfSize, DamagedSource,
    DroppedEntry, EpochStarted, ExportIntent, GateReached, JOURNAL_SCHEMA, JobPlan, JournalRecord,
    LargeCluster, NamedRecord, OfSource, OfValue, OutputIntent, Participants, PartitionFailure,
    PlacedRows, PoisonFound, Publication, PublishedCheckpoint, Reading, RecipeInForce, Removals,
    Removed, SealedFile, SignaturesEntry, TraceEntry, TraceFileEntry, TraceIntent,
};
pub use state::{Epoch, ExportState, Figures, Finish, JobState, NotFromFigures, PartitionStatus};

/// The way a journal is opened for writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Starts a new job. Refused if the journal holds anything.
    New,
    /// Continues where the last driver stopped. Refused if the journal is empty or damaged.
    Resume,
    /// Begins a new generation, whatever is there and however damaged. Nothing is deleted.
    Fresh,
}

/// The journal of a job, open for writing by one driver.
///
/// [`record`](Self::record) and [`append`](Self::append) queue records, and [`sync`](Self::sync) makes them durable. Nobody may act
/// on a record before it is synced.
#[derive(Debug)]
pub struct Journal {
    dir: PathBuf,
    epoch: u64,
    writer: LogWriter,
    /// The length of the files of earlier drivers, up to their seals.
    earlier_bytes: u64,
    /// The sequence of objects, if the job is in an object store.
    segments: Option<Appending>,
}

/// The sequence of objects that a driver appends to.
#[derive(Debug)]
struct Appending {
    bucket: Arc<Bucket>,
    /// The number of the next object.
    next: Arc<AtomicU64>,
}

/// The number of tries to win the next epoch before giving up.
const TRIES: u32 = 16;

impl Journal {
    /// Opens the journal for the next epoch and returns the state of the job.
    ///
    /// The folders must exist ([`Layout::create`]).
    ///
    /// # Errors
    ///
    /// [`Error::JobExists`] or [`Error::NothingToResume`], depending on the mode; [`Error::Damaged`] and [`Error::NewerSchema`] for
    /// a journal that cannot be trusted or understood; [`Error::RunningElsewhere`] or [`Error::Superseded`] if another driver is
    /// faster; [`Error::Storage`].
    pub fn open(layout: &Layout, lock: &JobLock, mode: Mode) -> Result<(Self, JobState)> {
        let opening = Opening {
            layout,
            driver: lock.driver(),
            takeover: lock.took_over(),
            may_go_on: &|| lock.check(),
        };
        segments::naming_object(layout, opening.open(mode))
    }

    /// Replays the journal without writing anything, for callers that only look.
    ///
    /// # Errors
    ///
    /// [`Error::NothingToResume`] if it has no records; [`Error::Damaged`], [`Error::NewerSchema`], [`Error::Storage`].
    pub fn read(layout: &Layout) -> Result<JobState> {
        let dir = layout.journal_dir();
        let replay = segments::naming_object(layout, Replay::strict(&dir))?;
        if replay.state.epochs().is_empty() {
            return Err(Error::NothingToResume { path: dir });
        }
        Ok(replay.state)
    }

    /// Returns whether there is a journal with a record, readable or not, which means that the id is taken.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`] if this cannot be determined.
    pub fn exists(layout: &Layout) -> Result<bool> {
        let files = files::list(&layout.journal_dir())?;
        // A driver that died before its first record was complete has left nothing.
        Ok(files.iter().any(|file| files::may_hold_records(&file.path)))
    }

    /// Returns the epoch of this driver, which is in every line that it writes and in the names of its files.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Applies a record to the state and then queues it. The order matters: a record that cannot be true must never get into the
    /// journal, where it would be permanent damage.
    ///
    /// # Errors
    ///
    /// [`Error::Contradiction`], after which nothing has changed. [`Error::Storage`], after which the state is ahead of the
    /// journal, so the driver must end.
    pub fn record(&mut self, state: &mut JobState, record: &JournalRecord) -> Result<()> {
        state.apply(self.epoch, record)?;
        match record {
            JournalRecord::Published(result) if is_named_as(result, state.recipe()) => {
                self.append(&JournalRecord::Published(result.without_names()))
            }
            record => self.append(record),
        }
    }

    /// Queues a record. A record that is too long for a line of the log is written as several records that mean the same.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]. The record is then not queued, but the first part of a very long one may be.
    pub fn append(&mut self, record: &JournalRecord) -> Result<()> {
        split::append(&mut self.writer, record)
    }

    /// Makes all queued records durable with a single sync.
    ///
    /// # Errors
    ///
    /// [`Error::Storage`]. Then none of the queued records is in the journal, and the queue is empty.
    pub fn sync(&mut self) -> Result<()> {
        match (self.writer.sync(), &self.segments) {
            (Err(error), Some(appending)) if error.is_already_exists() => {
                let number = appending.next.load(Ordering::Acquire);
                Err(segments::superseded_at(
                    &appending.bucket,
                    number,
                    self.epoch,
                ))
            }
            (synced, _) => Ok(synced?),
        }
    }

    /// Returns the number of records that wait for [`sync`](Self::sync).
    #[must_use]
    pub fn queued(&self) -> u64 {
        self.writer.queued()
    }

    /// Returns the length of everything durable, in bytes, including the files of earlier drivers.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.earlier_bytes + self.writer.good_length()
    }

    /// Returns the place after the last durable record.
    pub(crate) fn mark(&self) -> Option<LogMark> {
        self.writer.mark()
    }

    /// Checks that no other driver has begun an epoch. Call it before anything that cannot be undone.
    ///
    /// # Errors
    ///
    /// [`Error::Superseded`] if one has; [`Error::Storage`] if this cannot be determined, for example because this epoch's file is
    /// gone.
    pub fn check_epoch(&self) -> Result<()> {
        if let Some(appending) = &self.segments {
            let next = appending.next.load(Ordering::Acquire);
            return segments::check_next(&appending.bucket, next, self.epoch);
        }
        let newest = files::list(&self.dir)?.last().map(|file| file.epoch);
        if let Some(newer) = newest.filter(|newest| *newest > self.epoch) {
            return Err(Error::Superseded {
                epoch: self.epoch,
                newer,
            });
        }
        let path = self.writer.path();
        std::fs::metadata(path)
            .map(drop)
            .map_err(|source| Error::io("find", path, source))
    }
}

/// Returns whether the operators in the ledger of a result are named as in the recipe, so that the journal need not name them.
fn is_named_as(result: &Publication, recipe: Option<&RecipeInForce>) -> bool {
    let operators = &result.ledger.operators;
    recipe.is_some_and(|recipe| {
        let names = recipe.operators.iter().zip(operators);
        operators.len() <= recipe.operators.len()
            && names.into_iter().all(|(name, one)| one.name == *name)
    })
}

struct Opening<'a> {
    layout: &'a Layout,
    driver: &'a DriverIdentity,
    takeover: bool,
    /// Returns an error if the job is no longer ours. It is called when another driver has taken the number of the epoch.
    may_go_on: &'a dyn Fn() -> Result<()>,
}

impl Opening<'_> {
    fn open(&self, mode: Mode) -> Result<(Journal, JobState)> {
        if let Some(bucket) = self.layout.bucket() {
            return self.open_in(bucket, mode);
        }
        let dir = self.layout.journal_dir();
        // The journal is read before anything is created, so that a refusal leaves no trace.
        let mut replay = self.replay(mode)?;
        let (epoch, writer) = self.create_file(&replay)?;
        // Records that another driver wrote until our file had its name count. Later ones do not, because the seal is drawn here.
        if files::list_before(&dir, epoch)? != replay.listing {
            replay = self.replay_before(mode, epoch)?;
        }
        for path in &replay.unsealed {
            // Their lines were read, but perhaps never synced, and a seal must not outlive them.
            atomic::sync_file(path)?;
        }
        let mut journal = Journal {
            dir,
            epoch,
            writer,
            earlier_bytes: replay.sealed.iter().map(|seal| seal.length).sum(),
            segments: None,
        };
        let state = self.begin(&mut journal, replay, mode)?;
        Ok((journal, state))
    }

    /// Begins the epoch of the journal, whose file is still empty, and returns the state from then on.
    fn begin(&self, journal: &mut Journal, replay: Replay, mode: Mode) -> Result<JobState> {
        let epoch = journal.epoch;
        let mut state = replay.state;
        let has_past = !replay.sealed.is_empty();
        let mut records = vec![JournalRecord::EpochStarted(EpochStarted {
            schema_version: JOURNAL_SCHEMA,
            driver: self.driver.clone(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sealed: replay.sealed,
            takeover: self.takeover,
        })];
        if mode == Mode::Fresh && has_past {
            let generation = state.generation().saturating_add(1);
            records.push(JournalRecord::GenerationStarted { generation });
        }
        for record in &records {
            journal.append(record)?;
        }
        // A crash here seals nothing: a file has no complete first record yet, and a store has no object.
        crash_point!("journal_before_seal");
        journal.sync()?;
        for record in &records {
            state.apply(epoch, record)?;
        }
        Ok(state)
    }

    /// Like [`open`](Self::open), for a job in an object store. The epoch begins as the next object of the sequence, so that the
    /// previous driver cannot append anything from then on. If another driver is faster, it has that number, and everything is read
    /// again.
    fn open_in(&self, bucket: &Arc<Bucket>, mode: Mode) -> Result<(Journal, JobState)> {
        let dir = self.layout.journal_dir();
        // The copies of an earlier try or an earlier run may differ from the objects in the store.
        bucket.forget_brought();
        for _ in 0..TRIES {
            let last = bring_journal(bucket, &dir)?;
            let replay = self.replay(mode)?;
            let epoch = replay.newest_epoch() + 1;
            let sink = Segments::after(last, bucket);
            let appending = Appending {
                bucket: Arc::clone(bucket),
                next: sink.next(),
            };
            let path = files::path_of(&dir, epoch);
            let mut journal = Journal {
                dir: dir.clone(),
                epoch,
                writer: LogWriter::create_in(&path, epoch, Box::new(sink))?,
                earlier_bytes: replay.sealed.iter().map(|seal| seal.length).sum(),
                segments: Some(appending),
            };
            match self.begin(&mut journal, replay, mode) {
                Err(Error::Superseded { .. }) => {
                    std::fs::remove_file(&path)
                        .map_err(|source| Error::io("remove", &path, source))?;
                    (self.may_go_on)()?;
                }
                Err(error) => return Err(error),
                Ok(state) => {
                    // This driver appends to the copy, so a later call that brings the journal here must start over.
                    bucket.forget_brought();
                    return Ok((journal, state));
                }
            }
        }
        Err(Error::Superseded {
            epoch: 0,
            newer: files::list(&dir)?.last().map_or(0, |file| file.epoch),
        })
    }

    fn replay(&self, mode: Mode) -> Result<Replay> {
        self.replay_before(mode, u64::MAX)
    }

    fn replay_before(&self, mode: Mode, epoch: u64) -> Result<Replay> {
        let dir = self.layout.journal_dir();
        let replay = match mode {
            Mode::Fresh => Replay::salvage_before(&dir, epoch)?,
            Mode::New | Mode::Resume => Replay::strict_before(&dir, epoch)?,
        };
        match (mode, replay.state.epochs().is_empty()) {
            (Mode::New, false) => Err(Error::JobExists {
                job_id: self.layout.job_id().clone(),
            }),
            (Mode::Resume, true) => Err(Error::NothingToResume { path: dir }),
            _ => Ok(replay),
        }
    }

    /// Creates the file of the next epoch. The number decides which driver is newer, so the file must not exist yet.
    fn create_file(&self, replay: &Replay) -> Result<(u64, LogWriter)> {
        let dir = self.layout.journal_dir();
        let taken = files::newest_epoch_in_names(self.layout)?;
        let mut epoch = replay.newest_epoch().max(taken) + 1;
        for _ in 0..TRIES {
            match LogWriter::create_new(files::path_of(&dir, epoch), epoch) {
                Ok(writer) => return Ok((epoch, writer)),
                Err(error) if error.is_already_exists() => (self.may_go_on)()?,
                Err(error) => return Err(error.into()),
            }
            epoch = files::list(&dir)?.last().map_or(0, |file| file.epoch) + 1;
        }
        Err(Error::Superseded {
            epoch: replay.newest_epoch(),
            newer: epoch - 1,
        })
    }
}

#[cfg(test)]
mod tests;
