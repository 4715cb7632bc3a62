//! Where the time of an attempt goes besides its operators.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

/// The time that an attempt spent on files, in nanoseconds; what is left of its duration went to the operators.
///
/// Measured once a batch, so it costs nothing that could be noticed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileTimes {
    /// Reading and decoding the input, or what an earlier attempt left.
    pub reading_nanos: u64,
    /// Writing checkpoints, and making them durable.
    pub checkpoint_nanos: u64,
    /// Writing results and what lies beside them, and making them durable.
    pub result_nanos: u64,
}

/// Runs `work` and adds the time that it takes to `nanos`.
pub(crate) fn timed<T>(nanos: &mut u64, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let result = work();
    *nanos += nanos_of(begun.elapsed());
    result
}

/// Returns a duration in nanoseconds, which last for 584 years.
pub(crate) fn nanos_of(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
