//! Tracks the checkpoints that are stored as changes since others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::CheckpointName;

/// The dependent checkpoints by their base, as they were a short time ago.
///
/// Finding them means opening every file. A caller that removes thousands of checkpoints cannot do that for each, so they are found
/// again only once that takes a small part of the total time.
#[derive(Debug)]
pub(super) struct Dependents {
    by_base: HashMap<CheckpointName, Vec<CheckpointName>>,
    /// The time at which the result becomes too old.
    until: Instant,
}

/// The time for which the result is used, as a multiple of the time that it took.
const USED_FOR: u32 = 20;
/// If finding them takes less than this, they are found each time.
const AT_ONCE: Duration = Duration::from_millis(1);

impl Dependents {
    /// Returns those that were found since `begun`, each with its base.
    pub(super) fn found_since(
        begun: Instant,
        found: impl IntoIterator<Item = (CheckpointName, CheckpointName)>,
    ) -> Self {
        let mut by_base: HashMap<_, Vec<_>> = HashMap::new();
        for (dependent, base) in found {
            by_base.entry(base).or_default().push(dependent);
        }
        let took = begun.elapsed();
        let used_for = match took < AT_ONCE {
            true => Duration::ZERO,
            false => took * USED_FOR,
        };
        Self {
            by_base,
            until: Instant::now() + used_for,
        }
    }

    pub(super) fn are_fresh(&self) -> bool {
        Instant::now() < self.until
    }

    /// Returns those that are changes since this one.
    pub(super) fn of(&self, base: &CheckpointName) -> Vec<CheckpointName> {
        self.by_base.get(base).cloned().unwrap_or_default()
    }
}
