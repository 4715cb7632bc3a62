//! The worker processes of a driver, which end when it does.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::driver::{DriverIdentity, Presence};

/// The processes that a driver started from its own program.
pub(super) struct Workers(Vec<DriverIdentity>);

impl Workers {
    /// Looks for the worker processes of a driver on this host. Finds none if the system has no list of children.
    pub(super) fn of(driver: &DriverIdentity) -> Self {
        let program = program_of(driver.pid);
        let children = children_of(driver.pid).into_iter();
        // Other programs that it has started may have to finish work of their own.
        let workers = children.filter(|pid| program.is_some() && program_of(*pid) == program);
        Self(workers.map(DriverIdentity::of_process).collect())
    }

    /// Waits until they have ended, at most this long.
    ///
    /// # Errors
    /// A sentence that names those still alive.
    pub(super) fn have_ended_within(&self, timeout: Duration) -> Result<(), String> {
        const PAUSE: Duration = Duration::from_millis(20);
        let started = Instant::now();
        loop {
            let alive = self.0.iter().filter(|one| one.presence() != Presence::Gone);
            let alive: Vec<String> = alive.map(|one| one.pid.to_string()).collect();
            if alive.is_empty() {
                return Ok(());
            }
            if started.elapsed() >= timeout {
                let alive = alive.join(", ");
                return Err(format!(
                    "the driver has ended, but not its worker processes: {alive}"
                ));
            }
            std::thread::sleep(PAUSE);
        }
    }
}

fn program_of(pid: u32) -> Option<PathBuf> {
    fs::read_link(Path::new("/proc").join(pid.to_string()).join("exe")).ok()
}

/// Returns the children of all threads of a process.
fn children_of(pid: u32) -> Vec<u32> {
    let threads = fs::read_dir(format!("/proc/{pid}/task"));
    let threads = threads.into_iter().flatten().flatten();
    let lists =
        threads.filter_map(|thread| fs::read_to_string(thread.path().join("children")).ok());
    let numbers = |list: String| -> Vec<u32> {
        let words = list.split_ascii_whitespace();
        words.filter_map(|word| word.parse().ok()).collect()
    };
    lists.flat_map(numbers).collect()
}
