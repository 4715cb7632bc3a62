//! The view of the figures that the driver of a large job keeps.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use coldpress_storage::replace_unsynced;

use super::state::{Figures, JobState};
use super::{Journal, JournalRecord};
use crate::layout::Layout;

/// The length of a journal that is read in a moment and needs no view.
const LEAST_BYTES: u64 = 4 << 20;

/// The growth of the journal after which the view is written again: as much as is read in a tenth of a second.
const STEP_BYTES: u64 = 8 << 20;

/// For a long journal, the view is written again once the journal has grown by this part of it (given as its inverse). Writing views
/// then costs no more than writing the journal.
const STEP_PART: u64 = 128;

/// The largest part of the driver's time for making the figures from the state, as its inverse.
const SHARE: u32 = 25;

/// The figures of the job that a driver works on, and their view, which is written once the journal is long.
///
/// If a view cannot be written, callers that look at the job need more time. Nothing else is lost.
#[derive(Debug)]
pub struct KeptFigures {
    view: PathBuf,
    least_bytes: u64,
    step_bytes: u64,
    /// None while the journal is short, and if they must be made from the state.
    figures: Option<Figures>,
    /// The length of the journal up to which the view counts.
    written: u64,
    /// The time when they may be made from the state again.
    due: Option<Instant>,
}

impl KeptFigures {
    /// Keeps the figures of this job. Nothing is written yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        Self {
            view: layout.figures(),
            least_bytes: LEAST_BYTES,
            step_bytes: STEP_BYTES,
            figures: None,
            written: 0,
            due: None,
        }
    }

    /// Sets how long the journal must be for a view to be worthwhile, and how much it grows between two views, in bytes. The
    /// default is 4 MiB and 8 MiB.
    #[must_use]
    pub fn steps(mut self, least_bytes: u64, step_bytes: u64) -> Self {
        (self.least_bytes, self.step_bytes) = (least_bytes, step_bytes);
        self
    }

    /// Takes in a record that was added to the journal.
    pub fn take(&mut self, epoch: u64, record: &JournalRecord) {
        if let Some(figures) = &mut self.figures
            && figures.apply(epoch, record).is_err()
        {
            self.figures = None;
        }
    }

    /// Writes the view if it is due and no record waits for its sync. Call it after each sync.
    pub fn write_when_due(&mut self, journal: &Journal, state: &JobState) {
        let length = journal.length();
        if length < self.least_bytes || journal.queued() > 0 {
            return;
        }
        let step = self.step_bytes.max(length / STEP_PART);
        let has_grown = length >= self.written.saturating_add(step);
        let is_over = state.finished().is_some() && length > self.written;
        let may_be_made = self.due.is_none_or(|due| Instant::now() >= due);
        let is_due = has_grown || is_over || (self.figures.is_none() && may_be_made);
        if !is_due {
            return;
        }
        if self.figures.is_none() && (may_be_made || is_over) {
            let begun = Instant::now();
            self.figures = Some(Figures::of(state));
            self.due = Some(begun + begun.elapsed().saturating_mul(SHARE).max(LEAST_PAUSE));
        }
        if let (Some(figures), Some(mark)) = (&self.figures, journal.mark()) {
            debug_assert_eq!(*figures, Figures::of(state), "figures are those of the job");
            if let Ok(view) = figures.to_view(&mark) {
                let _ = replace_unsynced(&self.view, &view);
            }
            self.written = length;
        }
    }
}

/// The least pause before the figures are made from the state again, even if making them took almost no time.
const LEAST_PAUSE: Duration = Duration::from_secs(1);
