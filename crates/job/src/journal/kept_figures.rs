//! The view of the figures that the driver of a large job keeps.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use coldpress_storage::replace_unsynced;

use super::state::{Figures, JobState};
use super::{Journal, JournalRecord};
use crate::layout::Layout;

/// A journal of this length is read in a moment, so it needs no view.
const LEAST_BYTES: u64 = 4 << 20;

/// How much the journal grows until the view is written again: as much as is read in a tenth of a second.
const STEP_BYTES: u64 = 8 << 20;

/// Of a journal whose view has become large, this part is read again at most, so that writing views costs no more than writing
/// the journal does.
const STEP_PART: u64 = 128;

/// To make the figures from the state takes at most this part of the driver's time.
const SHARE: u32 = 25;

/// The figures of the job that a driver works on, and their view, which is written once the journal is long.
///
/// A view that cannot be written costs those time who look at the job, and nothing else.
#[derive(Debug)]
pub struct KeptFigures {
    view: PathBuf,
    least_bytes: u64,
    step_bytes: u64,
    /// None while the journal is short, and where they must be made from the state.
    figures: Option<Figures>,
    /// The length of the journal that the view counts up to.
    written: u64,
    /// When they may be made from the state again.
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

    /// Sets how long the journal must be for a view to be worth it, and how much it grows between two views, in bytes.
    /// Default: 4 MiB and 8 MiB.
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

    /// Writes the view if it is time to and no record waits for its sync; to be called after each.
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

const LEAST_PAUSE: Duration = Duration::from_secs(1);
