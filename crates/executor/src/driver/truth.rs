//! The truth about the job: its journal, and the state that follows from it.

use coldpress_job::{JobState, Journal, JournalRecord, KeptFigures, Layout};
use coldpress_operator::ChainHash;

use crate::error::Result;

/// The journal of this driver and the state that it leads to. They change together: nothing gets into the state that is
/// not in the journal, and nothing into the journal that cannot be true.
pub(super) struct Truth {
    journal: Journal,
    state: JobState,
    figures: KeptFigures,
}

impl Truth {
    pub(super) fn new(layout: &Layout, journal: Journal, state: JobState) -> Self {
        Self {
            journal,
            state,
            figures: KeptFigures::new(layout),
        }
    }

    /// Queues a journal record and takes it into the state; durable and to be acted on only after [`Self::sync`].
    pub(super) fn record(&mut self, record: JournalRecord) -> Result<()> {
        self.journal.record(&mut self.state, &record)?;
        self.figures.take(self.journal.epoch(), &record);
        Ok(())
    }

    /// Makes all queued records durable.
    pub(super) fn sync(&mut self) -> Result<()> {
        self.journal.sync()?;
        self.figures.write_when_due(&self.journal, &self.state);
        Ok(())
    }

    /// All that is true about the job.
    pub(super) fn state(&self) -> &JobState {
        &self.state
    }

    /// The epoch of this driver.
    pub(super) fn epoch(&self) -> u64 {
        self.journal.epoch()
    }

    /// Makes sure that no other driver has taken the job. Before anything that cannot be undone.
    pub(super) fn check_epoch(&self) -> Result<()> {
        Ok(self.journal.check_epoch()?)
    }

    /// The chain hashes of the recipe in force, before the first operator and after each, as far as they are known.
    pub(super) fn chain(&self) -> &[ChainHash] {
        let recipe = self.state.recipe();
        recipe.map_or(&[], |recipe| &recipe.chain)
    }
}
