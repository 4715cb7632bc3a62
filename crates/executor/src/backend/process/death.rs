//! How a worker process ended, in words and in kind.

use std::collections::BTreeMap;
use std::io;
use std::process::ExitStatus;

use coldpress_failure::ErrorClass;
use coldpress_storage::Obstacle;
use coldpress_worker::{AttemptError, CANNOT_GO_ON, InHand, WorkerDeath};
use rustix::process::{Resource, getrlimit};

/// What is known of the end of a worker process, here or on another machine.
#[derive(Debug)]
pub struct ProcessEnd {
    /// How it ended.
    pub status: io::Result<ExitStatus>,
    /// What it said last.
    pub last_words: LastWords,
    /// Whether the kernel killed something for want of memory while it lived.
    pub kernel_killed: bool,
    /// The record that it had in hand.
    pub in_hand: Option<InHand>,
    /// How many records each operator had done with.
    pub done: BTreeMap<u32, u64>,
}

/// What a process wrote to its standard error.
#[derive(Debug, Default)]
pub struct LastWords {
    /// The last of it.
    pub text: String,
    /// Whether it told that it was refused memory.
    pub lacks_memory: bool,
}

/// Returns whether this is what the allocators of Rust and C++ say when they are refused memory.
pub(super) fn tells_of_memory(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    ["memory allocation of ", "std::bad_alloc"]
        .iter()
        .any(|words| text.contains(words))
}

/// Who or what ended a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    /// What it did itself: a record can be to blame.
    Itself,
    /// Memory ran out.
    Memory,
    /// It may not take the memory that it needs, and neither may the next one.
    MemoryLimit,
    /// Somebody or something else; also whatever no record can cause.
    Outside,
}

impl ProcessEnd {
    /// The failure of an attempt whose process ended before it.
    pub fn failure(self) -> AttemptError {
        let signal = self.signal();
        let cause = cause(signal, &self.status, &self.last_words, has_memory_limit());
        let message = self.describe(signal, cause);
        let how = match signal {
            Some(signal) => format!("by {}", name_of(signal)),
            None => "by ending it".to_owned(),
        };
        let class = match cause {
            Cause::Outside => return AttemptError::from_outside(message),
            Cause::MemoryLimit => {
                let advice = Obstacle::OutOfMemory.explain(None);
                return AttemptError::obstacle(format!("{message}: {advice}"));
            }
            Cause::Memory => ErrorClass::Memory,
            Cause::Itself => ErrorClass::Processing,
        };
        let death = WorkerDeath {
            is_for_memory: cause == Cause::Memory,
            how,
            in_hand: self.in_hand,
            done: self.done,
        };
        AttemptError {
            death: Some(Box::new(death)),
            ..AttemptError::new(class, message)
        }
    }

    /// The failure to start a process that ended before it answered.
    pub fn failure_to_start(self) -> AttemptError {
        let error = self.failure();
        match &error.death {
            // Of no other process would more be heard.
            Some(death) if !death.is_for_memory => AttemptError::obstacle(format!(
                "no worker process can be started: {}; the program must be able to run, and call `serve_if_asked` first in \
                 its `main`",
                error.message
            )),
            Some(_) => AttemptError {
                death: None,
                ..AttemptError::from_outside(error.message)
            },
            None => error,
        }
    }

    fn signal(&self) -> Option<i32> {
        let status = self.status.as_ref().ok()?;
        std::os::unix::process::ExitStatusExt::signal(status)
    }

    fn describe(&self, signal: Option<i32>, cause: Cause) -> String {
        let how = match (&self.status, signal) {
            (_, Some(signal)) => format!("was killed by {}", name_of(signal)),
            (Ok(status), None) => format!("ended by itself ({status})"),
            (Err(error), None) => format!("ended: {error}"),
        };
        let why = match (cause, signal) {
            (Cause::Memory, _) if self.kernel_killed => {
                "; the kernel killed a process because memory ran out: set `np` lower, or give the job more memory"
            }
            (Cause::Memory, Some(KILL)) => {
                "; the system does that when memory runs out: set `np` lower, or give the job more memory"
            }
            (Cause::Memory, _) => "; memory ran out: set `np` lower, or give the job more memory",
            _ => "",
        };
        let last_words = match self.last_words.text.as_str() {
            "" => String::new(),
            words => format!("; it said: {words}"),
        };
        format!("the worker process {how}{why}{last_words}")
    }
}

fn cause(
    signal: Option<i32>,
    status: &io::Result<ExitStatus>,
    last_words: &LastWords,
    has_memory_limit: bool,
) -> Cause {
    let lacks_memory = last_words.lacks_memory;
    match signal {
        Some(KILL) => Cause::Memory,
        Some(ABORT) if lacks_memory && has_memory_limit => Cause::MemoryLimit,
        Some(ABORT) if lacks_memory => Cause::Memory,
        // The worker itself makes sure that these come from nobody else.
        Some(4 | ABORT | 7 | 8 | 11) => Cause::Itself,
        Some(_) => Cause::Outside,
        None if status.is_err() || last_words.text.contains(CANNOT_GO_ON) => Cause::Outside,
        None => Cause::Itself,
    }
}

/// SIGKILL.
const KILL: i32 = 9;
/// SIGABRT.
const ABORT: i32 = 6;

/// Returns whether this process, and with it every process that it starts, may only take so much memory.
fn has_memory_limit() -> bool {
    [Resource::As, Resource::Data]
        .into_iter()
        .any(|resource| getrlimit(resource).current.is_some())
}

/// A signal by number and, unless it is a real-time one, by name.
fn name_of(signal: i32) -> String {
    let name = match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        3 => "SIGQUIT",
        4 => "SIGILL",
        5 => "SIGTRAP",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL",
        10 => "SIGUSR1",
        11 => "SIGSEGV",
        12 => "SIGUSR2",
        13 => "SIGPIPE",
        14 => "SIGALRM",
        15 => "SIGTERM",
        16 => "SIGSTKFLT",
        17 => "SIGCHLD",
        18 => "SIGCONT",
        19 => "SIGSTOP",
        20 => "SIGTSTP",
        21 => "SIGTTIN",
        22 => "SIGTTOU",
        23 => "SIGURG",
        24 => "SIGXCPU",
        25 => "SIGXFSZ",
        26 => "SIGVTALRM",
        27 => "SIGPROF",
        28 => "SIGWINCH",
        29 => "SIGIO",
        30 => "SIGPWR",
        31 => "SIGSYS",
        _ => return format!("signal {signal}"),
    };
    format!("signal {signal} ({name})")
}

/// Returns how often the kernel has killed something for want of memory since it was started; none where it does not
/// say.
pub(super) fn oom_kills() -> Option<u64> {
    let counts = std::fs::read_to_string("/proc/vmstat").ok()?;
    let count = counts
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill "))?;
    count.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn signals_have_names() {
        assert_eq!(name_of(10), "signal 10 (SIGUSR1)");
        let is_named = |signal: i32| name_of(signal).contains("(SIG");
        assert!((1..=31).all(is_named) && !is_named(34));
    }

    #[test]
    fn only_what_a_process_does_itself_can_be_a_records_doing() {
        let lost = "memory allocation of 99 bytes failed";
        let gone = format!("{CANNOT_GO_ON}: a pipe broke");
        for (raw, last_words, has_limit, expected) in [
            (4, "", false, Cause::Itself),
            (6, "", true, Cause::Itself),
            (7, "", false, Cause::Itself),
            (8, "", false, Cause::Itself),
            (11, "", false, Cause::Itself),
            (7 << 8, "", false, Cause::Itself),
            (1, "", false, Cause::Outside),
            (2, "", false, Cause::Outside),
            (3, "", false, Cause::Outside),
            (10, "", false, Cause::Outside),
            (14, "", false, Cause::Outside),
            (15, "", false, Cause::Outside),
            (24, "", false, Cause::Outside),
            (25, "", false, Cause::Outside),
            (1 << 8, &gone, false, Cause::Outside),
            (9, "", false, Cause::Memory),
            (6, lost, false, Cause::Memory),
            (6, lost, true, Cause::MemoryLimit),
        ] {
            let status = ExitStatus::from_raw(raw);
            let words = LastWords {
                text: last_words.to_owned(),
                lacks_memory: tells_of_memory(last_words.as_bytes()),
            };
            let found = cause(status.signal(), &Ok(status), &words, has_limit);
            assert_eq!(found, expected, "{raw} {last_words}");
        }
    }
}
