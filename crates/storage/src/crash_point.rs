//! Named places where a test may kill the process.
//!
//! `COLDPRESS_CRASH_POINT=name` (or `name:3`) makes the process kill itself with `SIGKILL` when
//! [`crash_point!`](crate::crash_point!) of that name is reached for the first (third) time. There is no unwinding, no
//! flush and no destructor: what is on the disk then is what a crash leaves. Without the variable a
//! crash point costs one relaxed load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};

pub use crate::volatile::LOSES_VARIABLE;

/// The environment variable that arms a crash point.
pub const VARIABLE: &str = "COLDPRESS_CRASH_POINT";

/// The environment variable that arms a crash point in the first worker process alone; that of the driver is not handed on.
const OF_WORKERS: &str = "COLDPRESS_WORKER_CRASH_POINT";

/// The crash point that a worker process is to be started with: of the first one that is asked for, where the environment
/// names one.
#[must_use]
pub fn plan_of_workers() -> Option<std::ffi::OsString> {
    static TAKEN: AtomicBool = AtomicBool::new(false);
    let plan = std::env::var_os(OF_WORKERS)?;
    (!TAKEN.swap(true, Ordering::Relaxed)).then_some(plan)
}

/// Names a place at which a test may kill the process.
///
/// ```
/// use coldpress_storage::crash_point;
///
/// crash_point!("example_between_two_steps");
/// ```
#[macro_export]
macro_rules! crash_point {
    ($name:expr) => {
        if $crate::crash_point::is_armed() {
            $crate::crash_point::hit($name);
        }
    };
}

const UNKNOWN: u8 = 0;
const OFF: u8 = 1;
const ON: u8 = 2;

static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
static ARMED: OnceLock<Option<ArmedPoint>> = OnceLock::new();

/// Returns whether the environment names any crash point; read once, at the first call.
#[inline]
#[must_use]
pub fn is_armed() -> bool {
    match STATE.load(Ordering::Relaxed) {
        OFF => false,
        ON => true,
        _ => read_environment(),
    }
}

/// Kills the process if this is the hit that the environment asks for.
#[cold]
pub fn hit(name: &str) {
    if is_due(name) {
        kill_self();
    }
}

/// Counts a hit, and tells whether it is the one that the environment asks for. For places that
/// must do half of something before they call [`kill_self`].
#[cold]
#[must_use]
pub fn is_due(name: &str) -> bool {
    ARMED
        .get()
        .and_then(Option::as_ref)
        .is_some_and(|point| point.counts(name))
}

/// Ends the process as a crash would.
pub fn kill_self() -> ! {
    crate::volatile::lose();
    #[cfg(unix)]
    {
        use rustix::process::{Signal, getpid, kill_process};
        // A process may always signal itself; should it fail, the abort below ends it as well.
        let _ = kill_process(getpid(), Signal::KILL);
    }
    std::process::abort()
}

struct ArmedPoint {
    name: String,
    at_hit: u64,
    hits: AtomicU64,
}

impl ArmedPoint {
    fn parse(text: &str) -> Option<Self> {
        let (name, at_hit) = match text.rsplit_once(':') {
            Some((name, count)) => (name, count.parse().ok()?),
            None => (text, 1),
        };
        (!name.is_empty() && at_hit > 0).then(|| Self {
            name: name.to_owned(),
            at_hit,
            hits: AtomicU64::new(0),
        })
    }

    fn counts(&self, name: &str) -> bool {
        self.name == name && self.hits.fetch_add(1, Ordering::Relaxed) + 1 == self.at_hit
    }
}

#[cold]
fn read_environment() -> bool {
    let point = ARMED.get_or_init(|| {
        std::env::var(VARIABLE)
            .ok()
            .and_then(|text| ArmedPoint::parse(&text))
    });
    let armed = point.is_some();
    STATE.store(if armed { ON } else { OFF }, Ordering::Relaxed);
    armed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<(&str, u64)>) {
        let point = ArmedPoint::parse(text);
        let found = point
            .as_ref()
            .map(|point| (point.name.as_str(), point.at_hit));
        assert_eq!(found, expected);
    }

    #[test]
    fn plans() {
        check("a", Some(("a", 1)));
        check("a:3", Some(("a", 3)));
        check("a:0", None);
        check("a:x", None);
        check("", None);
        check(":2", None);
    }

    #[test]
    fn the_asked_hit_counts_and_no_other() {
        let point = ArmedPoint::parse("a:2").unwrap();
        let hits = ["a", "b", "a", "a"].map(|name| point.counts(name));
        assert_eq!(hits, [false, false, true, false]);
    }
}
