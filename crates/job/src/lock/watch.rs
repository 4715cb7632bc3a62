//! Watching whether the driver on another host is still alive.

use std::time::{Duration, Instant};

use super::LockOptions;
use super::heartbeat::{self, Pulse};
use crate::driver::{DriverIdentity, Presence};
use crate::{Error, Result};

/// The number of its own beats in which another host of the same name must show that it is alive.
const BEATS_OF_A_NAMESAKE: u32 = 4;

/// The driver that had the job before.
#[derive(Debug, Default)]
pub(super) struct Before {
    /// The driver that did not release it, as far as its heartbeat can be read.
    pub(super) dead: Option<DriverIdentity>,
    /// True if only its heartbeat showed that it is dead.
    pub(super) took_over: bool,
}

impl Before {
    fn died(driver: DriverIdentity) -> Result<Self> {
        Ok(Self {
            dead: Some(driver),
            took_over: false,
        })
    }

    fn taken_over(dead: Option<DriverIdentity>) -> Result<Self> {
        Ok(Self {
            dead,
            took_over: true,
        })
    }
}

/// Checks that no other driver is alive, and returns the driver that had the job before.
///
/// `locked` says that we hold the lock on this host, so that no other process on it can drive.
pub(super) fn exclude_others(
    pulse: &Pulse,
    us: &DriverIdentity,
    options: &LockOptions,
    locked: bool,
) -> Result<Before> {
    let Some(bytes) = pulse.read_bytes()? else {
        return Ok(Before::default());
    };
    let heartbeat = match heartbeat::parse(&pulse.path(), &bytes) {
        Ok(heartbeat) => heartbeat,
        Err(Error::UnreadableHeartbeat { .. }) if options.take_over => {
            return match stands_still(pulse, &bytes, options.still_for)? {
                true => Before::taken_over(None),
                false => Err(Error::UnreadableHeartbeat {
                    path: pulse.path(),
                    reason: "is being written by another program".to_owned(),
                }),
            };
        }
        Err(error) => return Err(error),
    };
    if heartbeat.released {
        return Ok(Before::default());
    }
    let driver = heartbeat.driver;
    match driver.presence() {
        Presence::Gone => Before::died(driver),
        // The lock is ours, so an earlier holder that is this very process has let go of it. If the system does not show which
        // process has the number now, that process is not the holder.
        Presence::Unknown if locked => Before::died(driver),
        Presence::Running if locked && driver.is_same_process(us) => Before::died(driver),
        // This is a living process without the lock: somebody removed the lock file under it.
        Presence::Running | Presence::Unknown => {
            match options.take_over && locked && stands_still(pulse, &bytes, options.still_for)? {
                true => Before::taken_over(Some(driver)),
                false => Err(Error::Running {
                    driver: Box::new(driver),
                }),
            }
        }
        // The lock would reveal a driver in another container on this machine, unless somebody removed its file.
        Presence::OtherBoot | Presence::OtherNamespace => {
            match stands_still(pulse, &bytes, options.beat_every * BEATS_OF_A_NAMESAKE)? {
                true => Before::died(driver),
                false => Err(elsewhere(driver)),
            }
        }
        Presence::Elsewhere if !options.take_over => Err(elsewhere(driver)),
        Presence::Elsewhere => match stands_still(pulse, &bytes, options.still_for)? {
            true => Before::taken_over(Some(driver)),
            false => Err(elsewhere(driver)),
        },
    }
}

fn elsewhere(driver: DriverIdentity) -> Error {
    Error::RunningElsewhere {
        driver: Box::new(driver),
    }
}

/// Returns whether the file stays unchanged for this long, by our clock, or its driver lets go.
fn stands_still(pulse: &Pulse, bytes: &[u8], period: Duration) -> Result<bool> {
    let started = Instant::now();
    let pause = (period / 20).clamp(Duration::from_millis(1), Duration::from_millis(500));
    while started.elapsed() < period {
        std::thread::sleep(pause);
        match pulse.read_bytes()? {
            Some(now) if now == bytes => {}
            Some(now) => {
                return Ok(heartbeat::parse(&pulse.path(), &now).is_ok_and(|now| now.released));
            }
            None => return Ok(true),
        }
    }
    Ok(true)
}
