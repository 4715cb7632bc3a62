//! How a worker process ended, in words and in kind.

use std::io;
use std::process::ExitStatus;

use coldpress_failure::ErrorClass;
use coldpress_worker::{AttemptError, InHand, WorkerDeath};

/// The failure of an attempt whose process ended before it.
pub(super) fn describe(
    status: io::Result<ExitStatus>,
    in_hand: Option<InHand>,
    oom_kills_before: Option<u64>,
    last_words: &str,
) -> AttemptError {
    let signal = status.as_ref().ok().and_then(signal_of);
    let is_kill = signal == Some(KILL);
    let how = match (&status, signal) {
        (_, Some(signal)) => format!("was killed by {}", name_of(signal)),
        (Ok(status), None) => format!("ended by itself ({status})"),
        (Err(error), None) => format!("ended: {error}"),
    };
    let why = match is_kill {
        true if oom_kills() > oom_kills_before => {
            "; the kernel killed a process because memory ran out: set `np` lower, or give the job more memory"
        }
        true => {
            "; the system does that when memory runs out: set `np` lower, or give the job more memory"
        }
        false => "",
    };
    let last_words = match last_words {
        "" => String::new(),
        words => format!("; it said: {words}"),
    };
    let class = match is_kill {
        true => ErrorClass::Memory,
        false => ErrorClass::Processing,
    };
    AttemptError {
        death: Some(WorkerDeath { signal, in_hand }),
        ..AttemptError::new(class, format!("the worker process {how}{why}{last_words}"))
    }
}

/// SIGKILL.
pub(crate) const KILL: i32 = 9;

#[cfg(unix)]
fn signal_of(status: &ExitStatus) -> Option<i32> {
    std::os::unix::process::ExitStatusExt::signal(status)
}

#[cfg(not(unix))]
fn signal_of(_: &ExitStatus) -> Option<i32> {
    None
}

/// A signal by number and, if it is one that ends a process in trouble, by name.
pub(crate) fn name_of(signal: i32) -> String {
    let name = match signal {
        4 => "SIGILL",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        11 => "SIGSEGV",
        15 => "SIGTERM",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

/// How often the kernel has killed something for want of memory since it was started; none where it does not say.
pub(super) fn oom_kills() -> Option<u64> {
    let counts = std::fs::read_to_string("/proc/vmstat").ok()?;
    let count = counts
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?;
    count.trim().parse().ok()
}
