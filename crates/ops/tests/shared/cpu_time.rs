//! The processor time of this thread. The clock stops while other threads and programs have the processor, so that a time means
//! the same on a busy machine.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// Returns the processor time that `work` takes, and what it returns.
pub(crate) fn time_of<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let begun = now();
    let result = work();
    (now() - begun, result)
}

fn now() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
