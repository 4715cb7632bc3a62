//! Numbers that distinguish models, for caches that are used with several models in turn.

use std::sync::atomic::{AtomicU64, Ordering};

/// Returns a number that no other model of the process has. It is not 0.
pub(crate) fn next() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    LAST.fetch_add(1, Ordering::Relaxed) + 1
}
