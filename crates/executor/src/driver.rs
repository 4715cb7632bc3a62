//! The driver: owns the journal of one job and takes it from its plan to its export.

mod adoption;
mod attempt;
mod barrier;
mod clean;
mod copies;
mod dataset;
mod export;
mod failures;
mod frontier;
mod leftovers;
mod motion;
mod open;
mod passed;
mod planning;
mod publish;
mod removals;
mod report;
mod resources;
mod results;
mod rivals;
mod seen;
mod small;
mod sources;
mod speculation;
mod tally;
mod teller;
mod traces;
mod truth;
mod verdicts;
mod work;
mod worker_time;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use coldpress_export::Ownership;
use coldpress_job::{JobLock, JournalRecord, Phase, Status};
use coldpress_operator::ChainHash;
use coldpress_partition::Task;
use coldpress_record::Ledger;
use coldpress_storage::{Stores, WaitListener};

use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::outputs::locks::OutputLocks;
use crate::report::Report;
use crate::retention::JobFile;
use crate::watch::memory::MemoryWatch;
use crate::watch::poison::Suspects;
use crate::watch::space::SpaceWatch;
use copies::Copies;
use seen::Seen;
use sources::Sources;
use tally::Tally;
use teller::Teller;
use truth::Truth;

/// A job being driven.
pub(crate) struct Driver<'e> {
    executor: &'e Executor,
    /// Held as long as the job is driven.
    lock: JobLock,
    /// Held as long as the outputs may be written.
    output_locks: OutputLocks,
    truth: Truth,
    /// Where the files of attempts are.
    stores: Stores,
    teller: Teller<'e>,
    /// Logs which servers are waited for.
    _waits: Arc<WaitListener>,
    /// Copies views to where others look for them; none where they are nowhere but in the job's folder.
    copies: Option<Copies>,
    sources: Sources,
    /// Whether no schema of a source says what the exported rows hold, but only the rows themselves.
    types_of_rows: bool,
    /// What stands at the export path, if it is ours.
    standing: Option<Ownership>,
    /// Outputs begun by this driver.
    merges: u32,
    /// How many times this driver began to resolve a barrier.
    resolutions: u32,
    tally: Tally,
    space: SpaceWatch,
    memory: MemoryWatch,
    /// Partitions whose worker processes died.
    suspects: Suspects,
    started: Instant,
    /// How the job had ended before this run, if it had.
    earlier: Option<Status>,
    /// How many results that cite a source were found damaged one by one.
    cited_damaged: BTreeMap<u32, u32>,
    /// Tasks whose checkpoints turned out to be no use.
    gateless: BTreeSet<Task>,
    /// What each operator costs a worker, in nanoseconds per byte of the slice, as far as this run has seen.
    costs: Vec<f64>,
    /// What the fields of the partitions hold that this driver published.
    seen: Seen,
    /// Files to delete as soon as it is durable that nothing counts on them.
    doomed: Vec<JobFile>,
}

/// Now, in milliseconds since 1970, for the journal.
fn now_millis() -> u64 {
    (coldpress_events::time::now_seconds() * 1000.0) as u64
}

/// Nothing can have a chain hash that depends on a decision which is not made.
fn not_resolved() -> Error {
    Error::new(ErrorKind::Failed, "a barrier before this is not resolved")
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
        if let Some(fetched) = self.fetched() {
            fetched.clear();
        }
        let report = match outcome {
            Ok(ending) => self.finish(ending),
            Err(error) => Err(error),
        };
        let report = match report {
            Err(error) if self.executor.is_given_up() => Ok(self.leave(&error)),
            report => report,
        };
        if let Err(error) = &report {
            self.record_failure(error);
        }
        self.teller.close();
        let not_copied = self.copies.and_then(Copies::finish);
        match (report, not_copied) {
            (Ok(mut report), Some(message)) => {
                report.warnings.push(message);
                Ok(report)
            }
            (report, _) => report,
        }
    }

    fn drive(&mut self) -> Result<Ending> {
        self.enter(Phase::Loading);
        if !self.load_sources()? {
            return Ok(Ending::Stopped);
        }
        self.finish_deletions();
        self.remove_earlier_surplus()?;
        self.clean_old_jobs();
        if let Some(exported) = self.already_exported()? {
            return Ok(Ending::Exported(exported));
        }
        self.clean_up_after_the_dead();
        self.teller.work_begins();
        // From here on a refusal is how this run ended, not a job that was left alone.
        self.earlier = None;
        self.work()
    }

    fn stop_requested(&self) -> bool {
        let shared = &self.executor.shared;
        if self.lock.is_asked_to_stop() {
            shared.stop();
        }
        shared.is_stopped()
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }

    /// The chain hash that finished results of the recipe in force carry.
    fn final_chain(&self) -> Result<ChainHash> {
        self.truth.state().final_chain().ok_or_else(not_resolved)
    }

    /// The chain hash that results of a stage carry.
    fn end_of(&self, stage: u32) -> Result<ChainHash> {
        let recipe = self.truth.state().recipe();
        let end = recipe.and_then(|recipe| recipe.end_of(stage));
        end.ok_or_else(not_resolved)
    }

    fn enter(&mut self, phase: Phase) {
        self.teller.enter(phase, self.truth.state());
    }

    fn write_views(&mut self, status: Status, error: Option<String>) {
        self.teller.write_views(self.truth.state(), status, error);
    }

    fn finish(&mut self, ending: Ending) -> Result<Report> {
        let (status, exported) = match ending {
            Ending::Stopped => (Status::Stopped, None),
            Ending::Exported(exported) => {
                let whole = self.truth.state().failed().next().is_none() && !self.has_unreadable();
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
        if is_news {
            let fields = self.fields();
            self.teller.write_fields(&fields);
            report.fields = Some(fields);
        }
        if is_exported && !is_news {
            self.teller.keep_times();
        }
        if is_exported {
            self.retire()?;
        }
        self.truth.record(JournalRecord::Finished {
            status,
            error: None,
        })?;
        self.truth.sync()?;
        self.teller.job_ends(&report, self.truth.state());
        self.write_views(status, None);
        // The last views may be what cannot be written.
        report.warnings = self.teller.warnings().to_vec();
        Ok(report)
    }

    /// Ends a stopped run whose store does not answer. Records that cannot be written there any more are lost as in a crash, which
    /// a resume handles.
    fn leave(&mut self, error: &Error) -> Report {
        self.teller.warn(format!(
            "the job stopped while a store did not answer: {}; run the same command again to go on",
            error.full_message()
        ));
        if let Ok(report) = self.finish(Ending::Stopped) {
            return report;
        }
        let report = self.report(Status::Stopped, None);
        self.teller.job_ends(&report, self.truth.state());
        self.write_views(Status::Stopped, None);
        report
    }

    /// Writes down that the job failed, as far as that is still possible.
    fn record_failure(&mut self, error: &Error) {
        // If a silent store made the job fail, the last records and views would wait for it too.
        self.executor.schemes.waits().hurry();
        let message = error.full_message();
        // A run that was refused did nothing to a job that had ended.
        let earlier = self.earlier.filter(|_| error.kind() == ErrorKind::Refused);
        let status = earlier.unwrap_or(Status::Failed);
        let record = JournalRecord::Finished {
            status,
            error: earlier.is_none().then(|| message.clone()),
        };
        if self
            .truth
            .record(record)
            .and_then(|()| self.truth.sync())
            .is_err()
        {
            // The journal itself may be what failed; the caller gets the first error.
        }
        if earlier.is_some() {
            self.teller.keep_times();
        }
        self.teller.job_failed(&message, earlier.is_none());
        self.write_views(status, earlier.is_none().then_some(message));
    }
}
