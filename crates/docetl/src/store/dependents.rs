//! Checkpoints that are stored as what changed since others.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::intermediate::IntermediateStore;
use crate::{CheckpointName, Format, Result};

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
    fn find(store: &IntermediateStore) -> Result<Self> {
        let begun = Instant::now();
        let mut by_base: HashMap<_, Vec<_>> = HashMap::new();
        for name in store.names_of(Format::Parquet)? {
            if let Some(base) = store.base_of(&name)? {
                by_base.entry(base).or_default().push(name);
            }
        }
        let took = begun.elapsed();
        let used_for = match took < AT_ONCE {
            true => Duration::ZERO,
            false => took * USED_FOR,
        };
        Ok(Self {
            by_base,
            until: Instant::now() + used_for,
        })
    }
}

impl IntermediateStore {
    /// Returns the checkpoints that are stored as what changed since another one.
    ///
    /// In a large directory those that another process saved in the last moments may be missing.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if a folder cannot be read.
    pub fn dependents(&self, name: &CheckpointName) -> Result<Vec<CheckpointName>> {
        let mut known = self.known_dependents();
        let known = match known.take().filter(|known| Instant::now() < known.until) {
            Some(fresh) => known.insert(fresh),
            None => known.insert(Dependents::find(self)?),
        };
        let found = known.by_base.get(name).cloned().unwrap_or_default();
        let mut dependents = Vec::new();
        for dependent in found {
            // It may have been stored whole since.
            if self.base_of(&dependent)?.as_ref() == Some(name) {
                dependents.push(dependent);
            }
        }
        Ok(dependents)
    }

    /// Forgets which checkpoints are changes of others, because that has changed.
    pub(super) fn forget_dependents(&self) {
        *self.known_dependents() = None;
    }
}
