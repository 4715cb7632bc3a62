//! The driver: owns the journal of one job and takes it from its plan to its export.

mod adoption;
mod announce;
pub(crate) mod clean;
mod export;
mod failures;
mod leftovers;
mod memory;
mod open;
mod plan;
mod poison;
mod publish;
pub(crate) mod retention;
mod sign;
mod space;
mod starts;
mod views;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use coldpress_dataset::{MissingFile, Source};
use coldpress_events::EventLog;
use coldpress_export::Ownership;
use coldpress_failure::ErrorClass;
use coldpress_job::{JobLock, JobState, JobSummary, Journal, JournalRecord, Phase, Status};
use coldpress_operator::ChainHash;
use coldpress_record::{FieldsSeen, Ledger};
use coldpress_table::SchemaRef;

use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::outputs::OutputLocks;
use crate::report::{ErrorSummary, Report};

/// A job being driven.
pub(crate) struct Driver<'e> {
    executor: &'e Executor,
    /// Held as long as the job is driven.
    _lock: JobLock,
    /// Held as long as the outputs may be written.
    output_locks: OutputLocks,
    journal: Journal,
    state: JobState,
    events: EventLog,
    summary: JobSummary,
    sources: Vec<Source>,
    /// Files of the dataset that do not exist.
    missing: Vec<MissingFile>,
    /// The chain hashes of the recipe: before the first operator and after each.
    chain: Vec<ChainHash>,
    /// What stands at the export path, if it is ours.
    standing: Option<Ownership>,
    started: Instant,
    warnings: Vec<String>,
    decisions: Vec<String>,
    /// How the job had ended before this run, if it had.
    earlier: Option<Status>,
    /// Partitions whose result was there already.
    reused: u32,
    /// Partitions that went on from earlier work.
    resumed: u32,
    /// Partitions that this run gave up on; those that an earlier run did are tried again.
    given_up: BTreeSet<u32>,
    /// Outputs begun by this driver.
    merges: u32,
    begun: BTreeMap<u32, Instant>,
    /// How many operators of the attempt at work on a partition were said to have begun.
    told_operators: BTreeMap<u32, usize>,
    /// When the views of the job are written again.
    views_due: Instant,
    /// Attempts that failed in this run, by class.
    errors: BTreeMap<ErrorClass, ErrorSummary>,
    /// Workers that may work at once.
    workers: usize,
    /// Partitions whose worker processes died.
    suspects: poison::Suspects,
    /// How many attempts at a partition used up a try in this run.
    retries: BTreeMap<u32, u32>,
    /// Partitions whose checkpoints turned out to be no use.
    gateless: BTreeSet<u32>,
    /// Partitions that are on their way from a gate of this run.
    gated: BTreeSet<u32>,
    /// What each operator costs a worker, in nanoseconds per byte of the slice, as far as this run has seen.
    costs: Vec<f64>,
    /// What the fields of the partitions hold that this driver published.
    seen: BTreeMap<u32, FieldsSeen>,
    /// The schemas of columnar sources that were asked for.
    schemas: BTreeMap<u32, SchemaRef>,
    /// What was seen of the memory in use.
    memory: memory::MemoryWatch,
    /// What was seen of free disk space.
    space: space::SpaceWatch,
    /// Files to delete as soon as it is durable that nothing counts on them.
    doomed: Vec<retention::Doomed>,
}

/// Now, in milliseconds since 1970, for the journal.
fn now_millis() -> u64 {
    (coldpress_events::time::now_seconds() * 1000.0) as u64
}

/// How a run ended, short of an error.
enum Ending {
    /// Everything that could be done is done and exported.
    Exported(Exported),
    /// The run was stopped.
    Stopped,
}

/// What was exported.
struct Exported {
    ledger: Ledger,
    export_bytes: u64,
    already: bool,
}

impl Driver<'_> {
    /// Drives the job to its end and writes down how it ended.
    pub(crate) fn run(mut self) -> Result<Report> {
        let outcome = self.drive();
        let report = match outcome {
            Ok(ending) => self.finish(ending),
            Err(error) => Err(error),
        };
        if let Err(error) = &report {
            self.record_failure(error);
        }
        // A log that cannot be closed costs history, not the job.
        let _ = self.events.close();
        report
    }

    fn drive(&mut self) -> Result<Ending> {
        self.enter(Phase::Loading);
        self.load_sources()?;
        self.finish_deletions();
        self.remove_earlier_surplus()?;
        self.clean_old_jobs();
        if let Some(exported) = self.already_exported()? {
            return Ok(Ending::Exported(exported));
        }
        self.clean_up_after_the_dead();
        // From here on a refusal is how this run ended, not a job that was left alone.
        self.earlier = None;
        self.work()
    }

    /// Queues a journal record and takes it into the state; durable and to be acted on only after [`Self::sync`].
    fn record(&mut self, record: JournalRecord) -> Result<()> {
        Ok(self.journal.record(&mut self.state, &record)?)
    }

    fn sync(&mut self) -> Result<()> {
        Ok(self.journal.sync()?)
    }

    fn stop_requested(&self) -> bool {
        self.executor.shared.stop.load(Ordering::SeqCst)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    fn is_given_up(&self, partition: u32) -> bool {
        self.given_up.contains(&partition)
    }

    fn final_chain(&self) -> ChainHash {
        let last = self.chain.last().copied();
        // Before the sources are known nothing has this hash.
        last.unwrap_or_else(|| ChainHash::base(""))
    }

    fn finish(&mut self, ending: Ending) -> Result<Report> {
        let (status, exported) = match ending {
            Ending::Stopped => (Status::Stopped, None),
            Ending::Exported(exported) => {
                let whole = self.state.failed().next().is_none() && !self.has_unreadable();
                let status = if whole {
                    Status::Completed
                } else {
                    Status::CompletedWithFailures
                };
                (status, Some(exported))
            }
        };
        let (is_news, is_exported) = match &exported {
            Some(exported) => (!exported.already, true),
            None => (false, false),
        };
        let mut report = self.report(status, exported);
        report.fields = is_news.then(|| self.write_fields_view());
        if is_exported {
            self.retire()?;
        }
        self.record(JournalRecord::Finished {
            status,
            error: None,
        })?;
        self.sync()?;
        self.announce_end(&report);
        self.write_views(status, None);
        Ok(report)
    }

    /// Writes down that the job failed, as far as that is still possible.
    fn record_failure(&mut self, error: &Error) {
        let message = error.full_message();
        // A run that was refused did nothing to a job that had ended.
        let earlier = self.earlier.filter(|_| error.kind() == ErrorKind::Refused);
        let status = earlier.unwrap_or(Status::Failed);
        let record = JournalRecord::Finished {
            status,
            error: earlier.is_none().then(|| message.clone()),
        };
        if self.record(record).and_then(|()| self.sync()).is_err() {
            // The journal itself may be what failed; the caller gets the first error.
        }
        self.announce_failure(&message);
        self.write_views(status, earlier.is_none().then_some(message));
    }
}
