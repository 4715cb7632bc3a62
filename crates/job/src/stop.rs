//! Stopping a job: its driver, and no other process.

mod process;
mod workers;

use std::path::Path;
use std::time::{Duration, Instant};

use coldpress_storage::{FileLock, Holder};
use rustix::process::Signal;
use serde::Serialize;

use crate::bucket::Bucket;
use crate::driver::{DriverIdentity, Presence};
use crate::journal::Journal;
use crate::layout::Layout;
use crate::lock::{Liveness, Pulse, request};
use crate::{Error, JobId, Result};
use process::Target;
use workers::Workers;

/// Options for stopping a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StopOptions {
    /// True if the driver is killed at once, without being asked to leave first.
    pub force: bool,
    /// The time that the driver gets to leave after it was asked to, before it is killed: 30 seconds by default.
    pub timeout: Duration,
}

impl Default for StopOptions {
    fn default() -> Self {
        Self {
            force: false,
            timeout: Duration::from_secs(30),
        }
    }
}

/// The outcome of stopping a job. The fields are named as in Data-Juicer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StopReport {
    /// The job.
    pub job_id: JobId,
    /// True if nobody drives the job any more, as far as can be determined.
    pub success: bool,
    /// The number of drivers that were found alive on this host: 0 or 1. Its workers end with it.
    pub processes_found: u32,
    /// The number of them that ended.
    pub processes_terminated: u32,
    /// True if a process had to be killed. Nothing is lost, because a resume continues from what was published.
    pub killed: bool,
    /// The actions that were taken, a sentence each.
    pub actions: Vec<String>,
    /// The errors that occurred.
    pub errors: Vec<String>,
}

/// The time that the system gets to carry out a kill.
const AFTER_KILL: Duration = Duration::from_secs(5);

/// Stops the driver of a job on this host: asks it to leave, and kills it if it does not. Its worker processes end with it, and
/// this function waits for them.
///
/// A process is signalled only if host, boot, namespace, process id and start time are those of the driver, and if it has the job's
/// lock. Anyone may have written a heartbeat file, and it must not get another process killed. If no driver is alive, there is
/// nothing to do, which counts as success.
///
/// # Errors
///
/// Only if it cannot be determined who drives the job: [`Error::UnreadableHeartbeat`], [`Error::NewerSchema`], [`Error::Storage`].
/// All other errors are in the report.
pub fn stop_job(layout: &Layout, options: &StopOptions) -> Result<StopReport> {
    let mut report = StopReport {
        job_id: layout.job_id().clone(),
        success: false,
        processes_found: 0,
        processes_terminated: 0,
        killed: false,
        actions: Vec::new(),
        errors: Vec::new(),
    };
    if let Some(bucket) = layout.bucket() {
        ask(bucket, layout, options, &mut report)?;
        return Ok(report);
    }
    match last_driver(layout)? {
        Some(driver) => {
            let lock = layout.lock();
            let holder = match driver.is_of_this_boot() {
                true => FileLock::holder(&lock)?,
                false => Holder::Unknown,
            };
            stop_driver(&driver, &lock, holder, options, &mut report);
        }
        None => report.success = true,
    }
    Ok(report)
}

/// The interval of the checks whether the driver has gone.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Asks the driver of a job in an object store to stop, and waits until it has. It may be on any machine, so nothing can be killed.
fn ask(
    bucket: &Bucket,
    layout: &Layout,
    options: &StopOptions,
    report: &mut StopReport,
) -> Result<()> {
    let liveness = Liveness::of(layout)?;
    let Some(driver) = liveness.driver().filter(|_| liveness.is_alive()) else {
        report.success = true;
        return Ok(());
    };
    let DriverIdentity { host, pid, .. } = driver;
    if options.force {
        report.errors.push(format!(
            "the job lies in a store, so its driver can only be asked to stop, without --force; \
             to kill it at once, kill process {pid} on host {host}"
        ));
        return Ok(());
    }
    report.processes_found = 1;
    request::make(bucket, driver)?;
    report
        .actions
        .push(format!("asked process {pid} on host {host} to stop"));
    let begun = Instant::now();
    while begun.elapsed() < options.timeout {
        std::thread::sleep(LOOK_EVERY);
        let now = Liveness::of(layout)?;
        if !now.is_alive() || now.driver() != Some(driver) {
            let seconds = begun.elapsed().as_secs_f64();
            report
                .actions
                .push(format!("it ended after {seconds:.1} s"));
            (report.processes_terminated, report.success) = (1, true);
            return Ok(());
        }
    }
    let seconds = options.timeout.as_secs_f64();
    report.errors.push(format!(
        "process {pid} on host {host} was asked to stop and still runs after {seconds} s; it stops as soon as it sees the request"
    ));
    Ok(())
}

/// Returns who drives the job, or did until it died: by the heartbeat, or else by the journal.
fn last_driver(layout: &Layout) -> Result<Option<DriverIdentity>> {
    match Pulse::of(layout).read()? {
        Some(heartbeat) if heartbeat.released => Ok(None),
        Some(heartbeat) => Ok(Some(heartbeat.driver)),
        None => match Journal::read(layout) {
            Ok(state) if state.finished().is_some() => Ok(None),
            Ok(state) => Ok(state.current_epoch().map(|epoch| epoch.driver.clone())),
            Err(
                Error::NothingToResume { .. } | Error::Damaged { .. } | Error::MissingObject { .. },
            ) => Ok(None),
            Err(error) => Err(error),
        },
    }
}

fn stop_driver(
    driver: &DriverIdentity,
    lock: &Path,
    holder: Holder,
    options: &StopOptions,
    report: &mut StopReport,
) {
    let DriverIdentity { host, pid, .. } = driver;
    let path = lock.display();
    match (driver.presence(), holder) {
        // Whatever process has that number and start time now, it does not hold the job.
        (_, Holder::Nobody) | (Presence::Gone, Holder::Unknown) => report.success = true,
        (Presence::Gone, Holder::Somebody) => report.errors.push(format!(
            "`{path}` is held by another process than the heartbeat names, which is dead: the job has a driver that is \
             just starting, or somebody wrote the heartbeat; look again"
        )),
        (Presence::OtherNamespace, _) => report.errors.push(format!(
            "the job is driven by process {pid} of another container on this machine: stop it there"
        )),
        (Presence::Elsewhere | Presence::OtherBoot, _) => report.errors.push(format!(
            "the job is driven by process {pid} on host {host}: stop it there; \
             if that host is dead, there is nothing to stop, and `coldpress process … --take-over` resumes the job"
        )),
        (Presence::Unknown, _) => report.errors.push(format!(
            "process {pid} cannot be identified as the job's driver; \
             ask the user who started the job to stop it"
        )),
        (Presence::Running, _) if *pid == std::process::id() => report
            .errors
            .push("the job is driven by this very process".to_owned()),
        (Presence::Running, _) => match Target::open(driver, lock) {
            Some(target) => {
                report.processes_found = 1;
                let workers = Workers::of(driver);
                let ended = end(&target, options, report);
                match ended.and_then(|()| workers.have_ended_within(AFTER_KILL)) {
                    Ok(()) => {
                        report.processes_terminated = 1;
                        report.success = true;
                    }
                    Err(problem) => report.errors.push(problem),
                }
            }
            // It ended between two looks.
            None if driver.presence() == Presence::Gone => report.success = true,
            None => report.errors.push(format!(
                "process {pid}, which the heartbeat names, does not hold `{path}`, so it cannot be identified as the \
                 job's driver and is left alone; `fuser {path}` tells which process holds the lock"
            )),
        },
    }
}

fn end(
    target: &Target<'_>,
    options: &StopOptions,
    report: &mut StopReport,
) -> std::result::Result<(), String> {
    let pid = target.pid();
    let refused = |error: rustix::io::Errno| format!("cannot signal process {pid}: {error}");
    if !options.force {
        let begun = Instant::now();
        target.signal(Signal::TERM).map_err(refused)?;
        report.actions.push(format!("asked process {pid} to stop"));
        if target.leaves_within(options.timeout) {
            let seconds = begun.elapsed().as_secs_f64();
            report
                .actions
                .push(format!("it ended after {seconds:.1} s"));
            return Ok(());
        }
        let seconds = options.timeout.as_secs_f64();
        report
            .actions
            .push(format!("it still ran after {seconds} s"));
    }
    target.signal(Signal::KILL).map_err(refused)?;
    report.killed = true;
    report.actions.push(format!("killed process {pid}"));
    if target.leaves_within(AFTER_KILL) {
        return Ok(());
    }
    if pid == 1 {
        return Err(
            "process 1 of a container cannot be killed from inside it, and goes on: stop the container".to_owned(),
        );
    }
    Err(format!("process {pid} was killed and has not ended yet"))
}
