//! The part of a checkpoint that a caller wants to read.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

/// The part of a checkpoint that a caller wants to read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// The keys; `None` means all.
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
