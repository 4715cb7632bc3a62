//! The right to drive a job: a file lock within a host, a heartbeat between hosts.

mod heartbeat;
pub(crate) mod request;
mod watch;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use coldpress_storage::{FileLock, Holder, spawn};

use crate::driver::{DriverIdentity, Presence};
use crate::layout::Layout;
use crate::{Error, Result};
use heartbeat::{Beat, Heartbeat};
use watch::Before;

pub use heartbeat::HEARTBEAT_SCHEMA;
pub(crate) use heartbeat::Pulse;

/// Options for locking a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOptions {
    /// True if the job may be taken over from a driver on another host whose heartbeat was seen to stop.
    pub take_over: bool,
    /// The time for which the heartbeat of a driver on another host must be still: 30 seconds by default. It is never less than a
    /// few beats of the slowest driver.
    pub still_for: Duration,
    /// The interval of this driver's heartbeat: 2 seconds by default.
    pub beat_every: Duration,
}

impl Default for LockOptions {
    fn default() -> Self {
        Self {
            take_over: false,
            still_for: Duration::from_secs(30),
            beat_every: Duration::from_secs(2),
        }
    }
}

/// The right to drive a job, held until it is dropped.
///
/// Within a host the lock on `job.lock` decides, which the system frees when its holder ends. Between hosts `job.heartbeat`
/// decides, whose counter a thread increments as long as the driver lives; a driver that ends properly marks it as released.
/// Neither guards the truth: the epochs of the journal keep a driver that lost the job without noticing from publishing.
#[derive(Debug)]
pub struct JobLock {
    driver: DriverIdentity,
    before: Before,
    pulse: Pulse,
    lost: Arc<AtomicBool>,
    asked_to_stop: Arc<AtomicBool>,
    stop: Option<SyncSender<()>>,
    thread: Option<JoinHandle<Beat>>,
    // It is freed last, after the heartbeat is marked. None on a file system without locks.
    _file: Option<FileLock>,
}

impl JobLock {
    /// Takes the job, or reports who has it. The folder of the job must exist.
    ///
    /// It waits up to a second for a driver that is just ending. It waits for some beats if a host of this name under another boot
    /// drove the job last, because that may be another machine. If a take-over is asked for and needed, it waits for
    /// [`LockOptions::still_for`].
    ///
    /// # Errors
    ///
    /// [`Error::Running`], [`Error::RunningElsewhere`], [`Error::LockHeld`] if another process drives the job;
    /// [`Error::UnreadableHeartbeat`] if this cannot be determined; [`Error::NewerSchema`]; [`Error::Storage`] if the files cannot
    /// be written.
    pub fn acquire(layout: &Layout, options: &LockOptions) -> Result<Self> {
        Self::acquire_as(layout, options, DriverIdentity::current())
    }

    fn acquire_as(layout: &Layout, options: &LockOptions, driver: DriverIdentity) -> Result<Self> {
        let pulse = Pulse::of(layout);
        let file = take_file_lock(&layout.lock(), &pulse)?;
        let before = watch::exclude_others(&pulse, &driver, options, file.is_some())?;
        let mut beat = Beat::new(pulse.clone(), driver.clone());
        beat.write()?;
        let lost = Arc::new(AtomicBool::new(false));
        let (stop, stopped) = sync_channel(1);
        let asked_to_stop = Arc::new(AtomicBool::new(false));
        let (every, flag) = (options.beat_every, Arc::clone(&lost));
        let (us, requests) = (driver.clone(), layout.bucket().cloned());
        let asked = Arc::clone(&asked_to_stop);
        let run = move || {
            while stopped.recv_timeout(every) == Err(RecvTimeoutError::Timeout) {
                if beat.is_taken() {
                    flag.store(true, Ordering::Release);
                    break;
                }
                // If a beat cannot be written, others do not see it, but the next one may succeed.
                let _ = beat.write();
                if let Some(bucket) = &requests
                    && request::is_there(bucket, &us)
                {
                    asked.store(true, Ordering::Release);
                }
            }
            beat
        };
        let thread = spawn("heartbeat", run)?;
        Ok(Self {
            driver,
            before,
            pulse,
            lost,
            asked_to_stop,
            stop: Some(stop),
            thread: Some(thread),
            _file: file,
        })
    }

    /// Returns the driver that holds the lock, which is this process.
    #[must_use]
    pub fn driver(&self) -> &DriverIdentity {
        &self.driver
    }

    /// Returns whether it was taken over from a driver that was not seen to end.
    #[must_use]
    pub fn took_over(&self) -> bool {
        self.before.took_over
    }

    /// Returns the driver that had the job before and did not release it: it was killed, or its machine stopped.
    #[must_use]
    pub fn dead_driver(&self) -> Option<&DriverIdentity> {
        self.before.dead.as_ref()
    }

    /// Returns whether another driver was seen to have taken over the job. Accesses no file.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.lost.load(Ordering::Acquire)
    }

    /// Returns whether somebody asked this driver to stop through the object store of the job. Accesses nothing.
    #[must_use]
    pub fn is_asked_to_stop(&self) -> bool {
        self.asked_to_stop.load(Ordering::Acquire)
    }

    /// Checks that the job still belongs to this driver.
    ///
    /// # Errors
    ///
    /// [`Error::RunningElsewhere`] if the heartbeat names another driver; [`Error::Storage`] or
    /// [`Error::UnreadableHeartbeat`] if it cannot be read.
    pub fn check(&self) -> Result<()> {
        match self.pulse.read()? {
            Some(heartbeat) if heartbeat.driver != self.driver => {
                self.lost.store(true, Ordering::Release);
                Err(Error::RunningElsewhere {
                    driver: Box::new(heartbeat.driver),
                })
            }
            _ => Ok(()),
        }
    }
}

impl Drop for JobLock {
    fn drop(&mut self) {
        // Dropping the sender ends the thread's wait.
        self.stop = None;
        let beat = self.thread.take().and_then(|thread| thread.join().ok());
        if let Some(mut beat) = beat
            && !self.is_lost()
            && !beat.is_taken()
        {
            // If the mark fails, a driver on another host only has to ask for --take-over.
            let _ = beat.release();
        }
    }
}

/// The driver of a job, seen from here without touching anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// This process on this host drives it.
    Here(DriverIdentity),
    /// This process on another host drives it, or did less than a minute ago.
    Elsewhere(DriverIdentity),
    /// Nobody drives it. Holds the last driver, if it left a heartbeat.
    Nobody(Option<DriverIdentity>),
}

impl Liveness {
    /// Looks at the heartbeat of the job, and at whether its lock is held.
    ///
    /// For a driver on this machine the lock decides, if it can be examined, because anyone may have written a heartbeat file. A
    /// driver on another host counts as alive while its heartbeat is less than a minute old by the clocks of the two hosts. That is
    /// good enough for display, but not for decisions.
    ///
    /// # Errors
    ///
    /// [`Error::UnreadableHeartbeat`], [`Error::NewerSchema`], [`Error::Storage`].
    pub fn of(layout: &Layout) -> Result<Self> {
        let pulse = Pulse::of(layout);
        let Some(heartbeat) = pulse.read()? else {
            return Ok(Self::Nobody(None));
        };
        let is_fresh = pulse.is_younger(&heartbeat, FRESH);
        let Heartbeat {
            driver, released, ..
        } = heartbeat;
        if released {
            return Ok(Self::Nobody(Some(driver)));
        }
        // A job in an object store may be driven with another stand-in, which has a lock of its own.
        let has_lock = layout.bucket().is_none() && driver.is_of_this_boot();
        let holder = match has_lock {
            true => FileLock::holder(layout.lock()).unwrap_or(Holder::Unknown),
            false => Holder::Unknown,
        };
        let is_driven = match (driver.presence(), holder) {
            (Presence::Gone, _) | (_, Holder::Nobody) => false,
            (Presence::Running, _) | (_, Holder::Somebody) => true,
            (_, Holder::Unknown) => is_fresh,
        };
        Ok(match driver.presence() {
            _ if !is_driven => Self::Nobody(Some(driver)),
            Presence::Running | Presence::Unknown => Self::Here(driver),
            _ => Self::Elsewhere(driver),
        })
    }

    /// Returns whether somebody drives the job.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        !matches!(self, Self::Nobody(_))
    }

    /// Returns the driver, or the last one.
    #[must_use]
    pub fn driver(&self) -> Option<&DriverIdentity> {
        match self {
            Self::Here(driver) | Self::Elsewhere(driver) => Some(driver),
            Self::Nobody(driver) => driver.as_ref(),
        }
    }
}

/// The age of a heartbeat up to which a driver on another host counts as alive.
const FRESH: Duration = Duration::from_secs(60);

/// Takes the lock between processes of this host; none if the file system has no locks.
fn take_file_lock(path: &Path, pulse: &Pulse) -> Result<Option<FileLock>> {
    const TRIES: u32 = 20;
    for _ in 0..TRIES {
        match FileLock::try_acquire(path) {
            Ok(lock) => return Ok(Some(lock)),
            Err(coldpress_storage::Error::Unsupported { .. }) => return Ok(None),
            Err(coldpress_storage::Error::Locked { .. }) => refuse_known_holder(pulse)?,
            Err(error) => return Err(error.into()),
        }
        // The holder has not said who it is yet, or has said that it is leaving.
        std::thread::sleep(Duration::from_millis(50));
    }
    Err(Error::LockHeld {
        path: path.to_path_buf(),
    })
}

fn refuse_known_holder(pulse: &Pulse) -> Result<()> {
    let Ok(Some(heartbeat)) = pulse.read() else {
        return Ok(());
    };
    let driver = Box::new(heartbeat.driver);
    match driver.presence() {
        _ if heartbeat.released => Ok(()),
        Presence::Running | Presence::Unknown => Err(Error::Running { driver }),
        Presence::Elsewhere | Presence::OtherBoot | Presence::OtherNamespace => {
            Err(Error::RunningElsewhere { driver })
        }
        Presence::Gone => Ok(()),
    }
}

#[cfg(test)]
mod tests;
