//! Watching whether the driver of another host still moves.

use std::path::Path;
use std::time::{Duration, Instant};

use super::LockOptions;
use super::heartbeat::{self, read_bytes};
use crate::driver::{DriverIdentity, Presence};
use crate::{Error, Result};

/// How many beats of its own a namesake of this host gets to show that it lives.
const BEATS_OF_A_NAMESAKE: u32 = 4;

/// Makes sure that no other driver lives; gives whether that needed a take-over.
///
/// `locked` says that the lock of this host is ours, so that no other process of it can drive.
pub(super) fn exclude_others(
    path: &Path,
    us: &DriverIdentity,
    options: &LockOptions,
    locked: bool,
) -> Result<bool> {
    let Some(bytes) = read_bytes(path)? else {
        return Ok(false);
    };
    let heartbeat = match heartbeat::parse(path, &bytes) {
        Ok(heartbeat) => heartbeat,
        Err(Error::UnreadableHeartbeat { .. }) if options.take_over => {
            return match stands_still(path, &bytes, options.still_for)? {
                true => Ok(true),
                false => Err(Error::UnreadableHeartbeat {
                    path: path.to_path_buf(),
                    reason: "is being written by another program".to_owned(),
                }),
            };
        }
        Err(error) => return Err(error),
    };
    if heartbeat.released {
        return Ok(false);
    }
    let driver = Box::new(heartbeat.driver);
    match driver.presence() {
        Presence::Gone => Ok(false),
        // The lock is ours, so an earlier holder of this very process has let go of it; and where
        // the system does not show which process has the number now, it is not the holder.
        Presence::Unknown if locked => Ok(false),
        Presence::Running if locked && driver.is_same_process(us) => Ok(false),
        // A living process without the lock: somebody removed the lock file under it.
        Presence::Running | Presence::Unknown => {
            match options.take_over && locked && stands_still(path, &bytes, options.still_for)? {
                true => Ok(true),
                false => Err(Error::Running { driver }),
            }
        }
        // Of another container on this machine the lock would tell, unless somebody removed its file.
        Presence::OtherBoot | Presence::OtherNamespace => {
            match stands_still(path, &bytes, options.beat_every * BEATS_OF_A_NAMESAKE)? {
                true => Ok(false),
                false => Err(Error::RunningElsewhere { driver }),
            }
        }
        Presence::Elsewhere if !options.take_over => Err(Error::RunningElsewhere { driver }),
        Presence::Elsewhere => match stands_still(path, &bytes, options.still_for)? {
            true => Ok(true),
            false => Err(Error::RunningElsewhere { driver }),
        },
    }
}

/// Returns whether the file stays as it is for so long, by our clock, or its driver lets go.
fn stands_still(path: &Path, bytes: &[u8], period: Duration) -> Result<bool> {
    let started = Instant::now();
    let pause = (period / 20).clamp(Duration::from_millis(1), Duration::from_millis(500));
    while started.elapsed() < period {
        std::thread::sleep(pause);
        match read_bytes(path)? {
            Some(now) if now == bytes => {}
            Some(now) => return Ok(heartbeat::parse(path, &now).is_ok_and(|now| now.released)),
            None => return Ok(true),
        }
    }
    Ok(true)
}
