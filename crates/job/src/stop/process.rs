//! A process that can be signalled without ever hitting another one with the same number.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, Instant};

use coldpress_storage::{FileLock, Holder};
use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, kill_process};

use crate::driver::{DriverIdentity, Presence, pid_of};

/// The driver, held by a handle that still refers to it after its number is reused.
pub(super) struct Target<'a> {
    driver: &'a DriverIdentity,
    /// The lock of the job, which the driver holds.
    lock: &'a Path,
    pid: Pid,
    /// None if the system has no such handles. A small window for hitting another process then remains.
    handle: Option<OwnedFd>,
}

impl<'a> Target<'a> {
    /// Opens the driver; none if it does not run on this host or does not have the job's lock.
    pub(super) fn open(driver: &'a DriverIdentity, lock: &'a Path) -> Option<Self> {
        let pid = pid_of(driver.pid)?;
        // The handle is taken first and the identity checked after it. Whatever process the handle refers to existed before the
        // check, and the check says which one it is.
        let handle = open_handle(pid);
        let is_it = driver.presence() == Presence::Running && has_open(driver.pid, lock);
        is_it.then_some(Self {
            driver,
            lock,
            pid,
            handle,
        })
    }

    pub(super) fn pid(&self) -> u32 {
        self.driver.pid
    }

    /// Sends a signal. Signalling a process that has ended has no effect and is not an error.
    pub(super) fn signal(&self, signal: Signal) -> rustix::io::Result<()> {
        let sent = match &self.handle {
            Some(handle) => signal_handle(handle, signal),
            None if self.has_ended() => Ok(()),
            None => kill_process(self.pid, signal),
        };
        match sent {
            Err(rustix::io::Errno::SRCH) => Ok(()),
            other => other,
        }
    }

    /// Waits until the process has ended or let go of the job, at most this long. Returns whether it has.
    pub(super) fn leaves_within(&self, timeout: Duration) -> bool {
        const PAUSE: Duration = Duration::from_millis(20);
        let started = Instant::now();
        while !self.has_ended() && !self.has_let_go() {
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(PAUSE));
        }
        true
    }

    /// Returns whether the process has let go of the job. A program that embeds Coldpress may continue without the job.
    fn has_let_go(&self) -> bool {
        matches!(FileLock::holder(self.lock), Ok(Holder::Nobody))
    }

    /// Returns whether the process has ended. A zombie has ended, even if its parent does not wait for it.
    fn has_ended(&self) -> bool {
        self.driver.presence() == Presence::Gone
    }
}

/// Returns whether a process has this file open, even if its name is gone.
#[cfg(target_os = "linux")]
fn has_open(pid: u32, file: &Path) -> bool {
    let wanted = fs::metadata(file).ok();
    let removed = format!("{} (deleted)", file.display());
    let is_it = |handle: &Path| match (&wanted, fs::metadata(handle)) {
        (Some(wanted), Ok(found)) => (found.dev(), found.ino()) == (wanted.dev(), wanted.ino()),
        (None, _) => fs::read_link(handle).is_ok_and(|name| name == Path::new(&removed)),
        (Some(_), Err(_)) => false,
    };
    let handles = fs::read_dir(format!("/proc/{pid}/fd"));
    let mut handles = handles.into_iter().flatten().flatten();
    handles.any(|handle| is_it(&handle.path()))
}

/// Returns true, because this system does not show it and the process must be taken at its word.
#[cfg(not(target_os = "linux"))]
fn has_open(_pid: u32, _file: &Path) -> bool {
    true
}

#[cfg(target_os = "linux")]
fn open_handle(pid: Pid) -> Option<OwnedFd> {
    rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).ok()
}

#[cfg(target_os = "linux")]
fn signal_handle(handle: &OwnedFd, signal: Signal) -> rustix::io::Result<()> {
    rustix::process::pidfd_send_signal(handle, signal)
}

#[cfg(not(target_os = "linux"))]
fn open_handle(_pid: Pid) -> Option<OwnedFd> {
    None
}

#[cfg(not(target_os = "linux"))]
fn signal_handle(_handle: &OwnedFd, _signal: Signal) -> rustix::io::Result<()> {
    Ok(())
}
