//! What is read of a checkpoint.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// What of a checkpoint is wanted.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The keys; none means all.
    pub(super) keys: Option<Arc<HashSet<String>>>,
    pub(super) rows: Range<u64>,
}

impl Wanted {
    pub(super) const ALL: Self = Self {
        keys: None,
        rows: 0..u64::MAX,
    };

    pub(super) fn has_all_keys(&self) -> bool {
        self.keys.is_none()
    }
}
