//! Removing checkpoints.

use std::collections::BTreeMap;
use std::time::{Instant, SystemTime};

use super::dependents::Dependents;
use super::files::Other;
use super::intermediate::IntermediateStore;
use super::list::Entry;
use super::writer::RecordWriter;
use crate::{CheckpointName, Format, Result};

/// The rule for which checkpoints are kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Retention {
    keep_last: Option<usize>,
    max_bytes: Option<u64>,
}

impl Retention {
    /// Returns a rule that keeps all.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the number of checkpoints that are kept, the last ones to be written.
    #[must_use]
    pub fn keep_last(mut self, checkpoints: usize) -> Self {
        self.keep_last = Some(checkpoints);
        self
    }

    /// Sets the total size of the checkpoints that are kept, the last ones to be written.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Returns the checkpoints of a listing that are removed, the oldest first.
    #[must_use]
    pub fn goes(&self, entries: &[Entry]) -> Vec<CheckpointName> {
        let mut checkpoints: BTreeMap<&CheckpointName, (SystemTime, u64)> = BTreeMap::new();
        for entry in entries {
            let (modified, bytes) = checkpoints
                .entry(&entry.name)
                .or_insert((entry.modified, 0));
            *modified = entry.modified.max(*modified);
            *bytes += entry.bytes;
        }
        let mut newest_first: Vec<_> = checkpoints.into_iter().collect();
        newest_first.sort_by(|(one, (modified, _)), (other, (later, _))| {
            (later, other).cmp(&(modified, one))
        });
        let mut total = 0u64;
        let stays = |(at, (_, (_, bytes))): &(usize, &(&CheckpointName, (SystemTime, u64)))| {
            total = total.saturating_add(*bytes);
            self.keep_last.is_none_or(|keep| *at < keep)
                && self.max_bytes.is_none_or(|max| total <= max)
        };
        let stay = newest_first.iter().enumerate().take_while(stays).count();
        let goes = newest_first[stay..].iter().rev();
        goes.map(|(name, _)| (*name).clone()).collect()
    }
}

impl IntermediateStore {
    /// Removes the checkpoints that a rule does not keep, and returns them, the oldest first.
    ///
    /// # Errors
    /// As for [`remove`](Self::remove).
    pub fn retain(&self, retention: Retention) -> Result<Vec<CheckpointName>> {
        let goes = retention.goes(&self.list()?);
        for name in &goes {
            self.remove(name)?;
        }
        Ok(goes)
    }

    /// Removes a checkpoint in both formats, and returns whether there was one. Checkpoints that are stored as changes since it are
    /// stored whole first.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) and [`Error::Write`](crate::Error::Write) if a file cannot be removed or written;
    /// the checkpoint then still exists.
    pub fn remove(&self, name: &CheckpointName) -> Result<bool> {
        self.free(name)?;
        let mut was_there = false;
        for format in Format::ALL {
            if let Some(found) = self.files().find(name, format)? {
                coldpress_storage::remove_durable(&found.path)?;
                was_there = true;
            }
        }
        Ok(was_there)
    }

    /// Returns the checkpoints that are stored as changes since another one.
    ///
    /// In a large directory, those that another process has saved just now may be missing.
    ///
    /// # Errors
    /// [`Error::Storage`](crate::Error::Storage) if a folder cannot be read.
    pub fn dependents(&self, name: &CheckpointName) -> Result<Vec<CheckpointName>> {
        let mut known = self.known_dependents();
        let known = match known.take().filter(Dependents::are_fresh) {
            Some(fresh) => known.insert(fresh),
            None => known.insert(self.find_dependents()?),
        };
        let mut dependents = Vec::new();
        for dependent in known.of(name) {
            // It may have been stored whole in the meantime.
            if self.base_of(&dependent)?.as_ref() == Some(name) {
                dependents.push(dependent);
            }
        }
        Ok(dependents)
    }

    fn find_dependents(&self) -> Result<Dependents> {
        let begun = Instant::now();
        let mut found = Vec::new();
        for name in self.names_of(Format::Parquet)? {
            found.extend(self.base_of(&name)?.map(|base| (name, base)));
        }
        Ok(Dependents::found_since(begun, found))
    }

    /// Stores whole all checkpoints that are stored as changes since another one, so that it can be removed.
    pub(super) fn free(&self, name: &CheckpointName) -> Result<()> {
        let dependents = self.dependents(name)?;
        dependents
            .iter()
            .try_for_each(|dependent| self.store_whole(dependent))
    }

    fn store_whole(&self, name: &CheckpointName) -> Result<()> {
        // Those that depend on this one come first, because they refer to the file that is replaced here.
        self.free(name)?;
        let mut reader = match self.reader(name) {
            Ok(Some(reader)) if reader.format() == Format::Parquet => reader,
            // Its JSON counts, or it cannot be read anyway, so nothing is lost.
            _ => return Ok(()),
        };
        let mut writer = RecordWriter::create(self.files(), name, Format::Parquet, self.options())?;
        while let Some(records) = reader.next_batch()? {
            writer.write_all(&records)?;
        }
        writer.finish_with(Other::Stays(reader.found().modified), |_| Ok(()))?;
        Ok(())
    }
}
