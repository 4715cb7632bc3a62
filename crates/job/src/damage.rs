//! Looking for damage in the journals of jobs that are listed.

use std::fs;

use crate::journal::{JournalFollower, bring_journal};
use crate::listing::JobView;
use crate::{Error, Result};

/// The longest journal that is read for a list, in objects and in bytes.
const MOST_OBJECTS: usize = 16;
const MOST_BYTES: u64 = 4 << 20;

impl JobView {
    /// Returns the damage of the journal of a job that nobody drives; none if it is whole. Long journals are not read, because a
    /// list of many jobs would take too long. A look at such a job itself finds its damage.
    #[must_use]
    pub fn damage_for_list(&self) -> Option<Error> {
        if self.liveness.is_alive() {
            return None;
        }
        self.read_short_journal()
            .err()
            .filter(|error| error.is_damage())
    }

    fn read_short_journal(&self) -> Result<()> {
        let layout = &self.layout;
        let dir = layout.journal_dir();
        let lengths: Vec<u64> = match layout.bucket() {
            Some(bucket) => {
                let objects = bucket.store().list("journal/")?;
                objects.iter().map(|object| object.length).collect()
            }
            None => {
                let entries = fs::read_dir(&dir).into_iter().flatten().flatten();
                entries
                    .filter_map(|entry| Some(entry.metadata().ok()?.len()))
                    .collect()
            }
        };
        if lengths.len() > MOST_OBJECTS || lengths.iter().sum::<u64>() > MOST_BYTES {
            return Ok(());
        }
        if let Some(bucket) = layout.bucket() {
            let _turn = bucket.bringing();
            bring_journal(bucket, &dir)?;
        }
        JournalFollower::new(layout).look().map(drop)
    }
}
