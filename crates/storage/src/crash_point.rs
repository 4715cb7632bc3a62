//! Named places where a test may kill the process.
//!
//! `COLDPRESS_CRASH_POINT=name` (or `name:3`) makes the process kill itself with `SIGKILL` when
//! [`crash_point!`](crate::crash_point!) of that name is reached for the first (third) time. There is no unwinding, no
//! flush and no destructor: what is on the disk then is what a crash leaves. Without the variable a
//! crash point costs one relaxed load.

use std::sync::atomic::{AtomicBool, Ordering};

pub use crate::armed_point::{VARIABLE, is_armed, is_due};
pub use crate::volatile::LOSES_VARIABLE;

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

/// Kills the process if this is the hit that the environment asks for.
#[cold]
pub fn hit(name: &str) {
    if is_due(name) {
        kill_self();
    }
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
