//! Recording what operators do to a batch, and doing it again.

use super::Batch;
use crate::delta::{ReplayError, replay};

impl Batch {
    /// Records from here on what happens to the rows, until [`Batch::end_record`].
    pub fn begin_record(&mut self) {
        self.recorder.begin(&self.selection, &self.stats);
    }

    /// Appends what happened since [`Batch::begin_record`], to be replayed on a batch that is as this one was then.
    pub fn end_record(&mut self, out: &mut Vec<u8>) {
        self.recorder.finish(&self.selection, &self.stats, out);
    }

    /// Does to the rows what a recorded part says. `fields` and `stats` tell which columns of this batch those of the part
    /// are; a statistic that this batch has no column for is passed over.
    ///
    /// # Errors
    /// [`ReplayError`] when the part is of other rows, or damaged; the batch is then of no use.
    pub fn replay(
        &mut self,
        part: &[u8],
        fields: &[usize],
        stats: &[Option<usize>],
    ) -> Result<(), ReplayError> {
        replay(self, part, fields, stats)
    }

    pub(super) fn record_split(&mut self, column: usize, children: &[(u32, u32, String)]) {
        if !self.recorder.is_active() {
            return;
        }
        let mut recorder = std::mem::take(&mut self.recorder);
        recorder.split(column, children, |row| {
            self.text(column, row as usize).unwrap_or_default()
        });
        self.recorder = recorder;
    }
}
