//! Checkpoints that are stored as what changed since others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::CheckpointName;

/// All of them by the checkpoint that they are changes of, as they were a short time ago.
///
/// To find them every file is opened. One that removes thousands of checkpoints cannot do that for each, so they are found
/// again only once that takes but a small part of the time.
#[derive(Debug)]
pub(super) struct Dependents {
    by_base: HashMap<CheckpointName, Vec<CheckpointName>>,
    /// The time at which they are too old.
    until: Instant,
}

/// They are used for this many times the time that it took to find them.
const USED_FOR: u32 = 20;
/// Where that takes no time, they are found each time.
const AT_ONCE: Duration = Duration::from_millis(1);

impl Dependents {
    /// Those that were found since `begun`, each with its base.
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

    /// Those that are changes of this one.
    pub(super) fn of(&self, base: &CheckpointName) -> Vec<CheckpointName> {
        self.by_base.get(base).cloned().unwrap_or_default()
    }
}
