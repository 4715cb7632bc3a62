//! Lifting the verdicts on records that killed worker processes, of a job that nobody drives.

use coldpress_job::{JobState, JobSummary, Journal, JournalRecord, Layout, Mode, Status};
use serde::Serialize;

use crate::cleaning::lock;
use crate::error::{Error, ErrorKind, Result};

/// What was lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lifted {
    /// The job.
    pub job_id: String,
    /// The records, in the order of the dataset.
    pub records: Vec<LiftedRecord>,
    /// The command that retries them; empty if the job does not say.
    pub resumption_command: String,
}

/// A record that a verdict had sent to quarantine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiftedRecord {
    /// The partition.
    pub partition: u32,
    /// The index of the source in plan order.
    pub source: u32,
    /// The record's place in the source.
    pub position: u64,
    /// The operator that it killed in.
    pub operator: String,
    /// Why it was left out.
    pub reason: String,
}

/// Lifts the verdicts on all records of a job that killed worker processes. What was made without these records counts no
/// more, so that the next run tries them again; the export stays until then.
///
/// # Errors
/// [`ErrorKind::Refused`] for a job that is running, that a crash left in the middle of its export, or whose journal cannot
/// be trusted; [`ErrorKind::NoSuchJob`] for one without a journal; [`ErrorKind::Failed`] when its journal cannot be written.
pub fn lift_verdicts(layout: &Layout) -> Result<Lifted> {
    let lock = lock(layout)?;
    let state = Journal::read(layout)?;
    let summary = JobSummary::read(layout).ok().flatten();
    let lifted = Lifted {
        job_id: layout.job_id().to_string(),
        records: records(&state),
        resumption_command: summary
            .as_ref()
            .map(|summary| summary.resumption_command.clone())
            .unwrap_or_default(),
    };
    if lifted.records.is_empty() {
        return Ok(lifted);
    }
    if state.export().intent.is_some() {
        let job = layout.job_id();
        let message = format!("the job {job} is in the middle of its export; resume it first");
        return Err(Error::new(ErrorKind::Refused, message));
    }
    let (mut journal, mut now) = Journal::open(layout, &lock, Mode::Resume)?;
    let mut partitions: Vec<u32> = lifted.records.iter().map(|one| one.partition).collect();
    partitions.dedup();
    for partition in partitions {
        journal.record(&mut now, &JournalRecord::PoisonLifted { partition })?;
    }
    let status = Status::Stopped;
    journal.record(
        &mut now,
        &JournalRecord::Finished {
            status,
            error: None,
        },
    )?;
    journal.sync()?;
    if let Some(summary) = summary {
        let driver = JobSummary::begun(layout, lock.driver());
        let summary = JobSummary {
            status,
            totals: now.totals(),
            pid: driver.pid,
            host: driver.host,
            boot_id: driver.boot_id,
            process_start_time: driver.process_start_time,
            ..summary
        };
        // The summary is a view: a failure to update it costs nothing.
        let _ = summary.write(layout);
    }
    Ok(lifted)
}

fn records(state: &JobState) -> Vec<LiftedRecord> {
    let partitions = 0..state.partition_count();
    let found = partitions.flat_map(|partition| state.poison(partition));
    found
        .map(|found| LiftedRecord {
            partition: found.partition,
            source: found.origin.source,
            position: found.origin.position,
            operator: found.operator.clone(),
            reason: found.reason.clone(),
        })
        .collect()
}
