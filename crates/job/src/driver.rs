//! The identity of the process that drives a job.

use std::fs;
use std::io;

use rustix::process::{Pid, test_kill_process};
use serde::{Deserialize, Serialize};

use crate::civil::now_millis;

/// The identity of a process, which distinguishes it from every other one, now and later.
///
/// A pid identifies a process only as long as it lives, because the system reuses numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DriverIdentity {
    /// The name of its host.
    pub host: String,
    /// The id of the host's boot; empty if the system has none.
    pub boot_id: String,
    /// Its process id.
    pub pid: u32,
    /// The start time, in clock ticks since the boot; 0 if the system does not say.
    pub start_time_ticks: u64,
    /// The time when it began to drive, in milliseconds since 1970, by its own clock.
    pub started_at_millis: u64,
    /// The namespace of its process id, as in a container; 0 if the system has none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub pid_namespace: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// The state of a process, as seen from this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It runs on this host.
    Running,
    /// It is dead. A zombie counts as dead, because it does nothing any more.
    Gone,
    /// A process with that number runs on this host, but the system does not reveal which one.
    Unknown,
    /// It ran on a host of this name under another boot: before a restart, or on another host of the same name.
    OtherBoot,
    /// It is a process of this machine in another container, so its number means a different process here.
    OtherNamespace,
    /// It is a process of another host.
    Elsewhere,
}

impl DriverIdentity {
    /// Returns the identity of this process, now.
    #[must_use]
    pub fn current() -> Self {
        Self::of_process(std::process::id())
    }

    /// Returns the identity of a process on this host, now.
    pub(crate) fn of_process(pid: u32) -> Self {
        Self {
            host: host_name(),
            boot_id: boot_id(),
            pid,
            start_time_ticks: read_stat(pid).map_or(0, |stat| stat.start_time_ticks),
            started_at_millis: now_millis(),
            pid_namespace: pid_namespace(),
        }
    }

    /// Returns whether both are the same process, whenever it began to drive.
    #[must_use]
    pub fn is_same_process(&self, other: &Self) -> bool {
        let key = |driver: &Self| (driver.pid, driver.start_time_ticks);
        key(self) == key(other) && self.host == other.host && self.boot_id == other.boot_id
    }

    /// Returns the state of this process, as seen from here.
    #[must_use]
    pub fn presence(&self) -> Presence {
        let same_boot = self.boot_id == boot_id();
        match (self.host == host_name(), same_boot) {
            (true, true) if self.is_of_other_namespace() => Presence::OtherNamespace,
            (true, true) => self.presence_here(),
            (true, false) => Presence::OtherBoot,
            // Containers on one machine share the boot but have process numbers of their own.
            (false, _) => Presence::Elsewhere,
        }
    }

    /// Returns whether it runs, or ran, on this machine since the last boot, so that its locks are visible here.
    pub(crate) fn is_of_this_boot(&self) -> bool {
        !self.boot_id.is_empty() && self.boot_id == boot_id()
    }

    fn is_of_other_namespace(&self) -> bool {
        let here = pid_namespace();
        // Drivers of earlier releases do not record the namespace.
        self.pid_namespace != 0 && here != 0 && self.pid_namespace != here
    }

    fn presence_here(&self) -> Presence {
        match read_stat(self.pid) {
            Ok(stat) if stat.is_dead() || stat.start_time_ticks != self.start_time_ticks => {
                Presence::Gone
            }
            Ok(_) => Presence::Running,
            // The system may hide the processes of other users, but it still knows of them.
            Err(_) if exists(self.pid) => Presence::Unknown,
            Err(_) => Presence::Gone,
        }
    }
}

/// Returns the pid in the system's form; none for a number that no process can have.
pub(crate) fn pid_of(pid: u32) -> Option<Pid> {
    // Zero and negative numbers mean groups. 1 is the first process of the system or of a container, and in a container it may be a
    // driver.
    let raw = i32::try_from(pid).ok().filter(|raw| *raw > 0)?;
    Pid::from_raw(raw)
}

fn exists(pid: u32) -> bool {
    match pid_of(pid).map(test_kill_process) {
        Some(Ok(())) => true,
        Some(Err(error)) => error == rustix::io::Errno::PERM,
        None => false,
    }
}

fn host_name() -> String {
    rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned()
}

/// Returns the system's number for the namespace of this process's id.
fn pid_namespace() -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self/ns/pid").map_or(0, |namespace| namespace.ino())
}

fn boot_id() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    start_time_ticks: u64,
}

impl Stat {
    fn is_dead(self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

fn read_stat(pid: u32) -> io::Result<Stat> {
    let bytes = fs::read(format!("/proc/{pid}/stat"))?;
    parse_stat(&String::from_utf8_lossy(&bytes)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Reads the fields 3 and 22 of `/proc/PID/stat`. The second field is the program's name in brackets, which may itself contain
/// blanks and brackets, so counting begins after the last bracket.
fn parse_stat(text: &str) -> Option<Stat> {
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let start_time_ticks = fields.nth(18)?.parse().ok()?;
    Some(Stat {
        state,
        start_time_ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_lines() {
        let line =
            |name: &str| format!("7 ({name}) S 1 7 7 0 -1 4 1 0 0 0 0 0 0 0 20 0 1 0 249564 3");
        let expected = Some(Stat {
            state: 'S',
            start_time_ticks: 249_564,
        });
        for name in ["cat", "a b", ") Z (", ")))", ""] {
            assert_eq!(parse_stat(&line(name)), expected, "{name}");
        }
        for text in ["", "7", "7 (cat", "7 (cat)", "7 (cat) S 1 2 3"] {
            assert_eq!(parse_stat(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_that_no_driver_can_have() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert_eq!(pid_of(pid), None, "{pid}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_process_is_told_from_its_namesakes() {
        let me = DriverIdentity::current();
        assert_eq!(me.presence(), Presence::Running);
        let check = |change: fn(&mut DriverIdentity), expected| {
            let mut other = me.clone();
            change(&mut other);
            assert_eq!(other.presence(), expected);
            assert!(!other.is_same_process(&me));
        };
        check(|driver| driver.start_time_ticks += 1, Presence::Gone);
        check(|driver| driver.pid = 0x3fff_ffff, Presence::Gone);
        check(|driver| driver.boot_id.push('x'), Presence::OtherBoot);
        check(|driver| driver.host.push('x'), Presence::Elsewhere);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_zombie_is_gone() {
        let mut child = std::process::Command::new("true").spawn().unwrap();
        let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !read_stat(child.id()).unwrap().is_dead() {
            assert!(std::time::Instant::now() < deadline, "`true` does not end");
            std::thread::yield_now();
        }
        let mut driver = DriverIdentity::current();
        driver.pid = child.id();
        driver.start_time_ticks = read_stat(child.id()).unwrap().start_time_ticks;
        assert_eq!(driver.presence(), Presence::Gone);
        child.wait().unwrap();
    }
}
