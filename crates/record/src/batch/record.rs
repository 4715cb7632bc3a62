//! Recording what operators do to a batch.

use super::Batch;
use crate::delta::WHOLE_RECORDS;

impl Batch {
    /// Records what happens to the rows from here on, until [`Batch::end_record`].
    pub fn begin_record(&mut self) {
        self.recorder.begin(&self.selection, &self.stats);
    }

    /// Appends what happened since [`Batch::begin_record`], to be replayed on a batch in the state that this one had then.
    pub fn end_record(&mut self, out: &mut Vec<u8>) {
        self.recorder.finish(&self.selection, &self.stats, out);
    }

    pub(super) fn record_split(&mut self, column: usize, children: &[(u32, u32, String)]) {
        if !self.recorder.is_active() {
            return;
        }
        let mut recorder = std::mem::take(&mut self.recorder);
        recorder.split(column, children, |row| match column {
            WHOLE_RECORDS => "",
            column => self.text(column, row as usize).unwrap_or_default(),
        });
        self.recorder = recorder;
    }
}
