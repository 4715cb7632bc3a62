//! A process that can be signalled without ever hitting another one of the same number.

use std::time::{Duration, Instant};

use rustix::fd::OwnedFd;
use rustix::process::{Pid, Signal, kill_process};

use crate::driver::{DriverIdentity, Presence, pid_of};

/// The driver, held by a handle that goes on meaning it when its number is given again.
pub(super) struct Target<'a> {
    driver: &'a DriverIdentity,
    pid: Pid,
    /// None where the system has no such handles; the window is small then, but there.
    handle: Option<OwnedFd>,
}

impl<'a> Target<'a> {
    /// None if the driver does not run on this host.
    pub(super) fn open(driver: &'a DriverIdentity) -> Option<Self> {
        let pid = pid_of(driver.pid)?;
        // The handle is taken first and the identity checked behind it: whatever process the
        // handle means was there before the check, and the check says which one it is.
        let handle = open_handle(pid);
        let is_it = driver.presence() == Presence::Running;
        is_it.then_some(Self {
            driver,
            pid,
            handle,
        })
    }

    /// Sends a signal; to a process that has ended it is sent in vain, which is no error.
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

    /// Waits until the process has ended, for so long at most; says whether it has.
    pub(super) fn ends_within(&self, timeout: Duration) -> bool {
        const PAUSE: Duration = Duration::from_millis(20);
        let started = Instant::now();
        while !self.has_ended() {
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return false;
            }
            std::thread::sleep(left.min(PAUSE));
        }
        true
    }

    /// A zombie has ended, whoever neglects to wait for it.
    fn has_ended(&self) -> bool {
        self.driver.presence() == Presence::Gone
    }
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
