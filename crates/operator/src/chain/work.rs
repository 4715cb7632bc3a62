//! The rows that an operator works on, and its progress.

use coldpress_record::Batch;

use super::step::Site;
use crate::splitter::ChildValue;
use crate::trace::Sample;

/// The progress of an operator in a batch. It is kept outside of the operator so that it survives a panic.
#[derive(Default)]
pub(super) struct BatchProgress {
    /// The index, among the rows, of the first that is not done.
    pub(super) at: usize,
    /// The number of rows, from there on, that a batch-level operator was called with; 0 outside of such a call.
    pub(super) called_with: usize,
    /// The index of the first row that a batch-level operator may again get together with others.
    pub(super) alone_until: usize,
    /// The rows that stay, for a filter.
    pub(super) kept: Vec<u32>,
    /// The rows that the operator failed on, with the errors.
    pub(super) failed: Vec<(u32, String)>,
    /// The children made so far: row, index among its siblings, text.
    pub(super) children: Vec<(u32, u32, String)>,
    /// The fields that children get in addition to their texts. Children are counted from the first one of the batch.
    pub(super) child_values: Vec<ChildValue>,
    /// Lines that a splitter writes beside the export.
    pub(super) aside: Vec<u8>,
    /// The number of rows for which a splitter made no child.
    pub(super) childless: u64,
}

impl BatchProgress {
    /// Finishes the current row as failed.
    pub(super) fn fail(&mut self, row: u32, error: String) {
        self.failed.push((row, error));
        self.at += 1;
    }

    /// Returns the rows that an operator which drops records neither kept nor failed on.
    pub(super) fn dropped(&self, rows: &[u32]) -> impl Iterator<Item = u32> {
        let mut kept = self.kept.iter().peekable();
        let mut failed = self.failed.iter().map(|(row, _)| row).peekable();
        rows.iter().copied().filter(move |row| {
            let stays = kept.next_if_eq(&row).is_some();
            !stays && failed.next_if_eq(&row).is_none()
        })
    }

    /// Notes that the operator failed. After a call with several records, each of them will be tried alone.
    ///
    /// Returns whether it was such a call. If not, it failed on the current row.
    pub(super) fn retry_alone(&mut self) -> bool {
        let called_with = std::mem::take(&mut self.called_with);
        if called_with > 1 {
            self.alone_until = self.at + called_with;
        }
        called_with > 1
    }
}

/// The rows that an operator works on.
pub(super) struct Work<'a> {
    pub(super) site: &'a Site,
    pub(super) batch: &'a mut Batch,
    pub(super) rows: &'a [u32],
    pub(super) progress: &'a mut BatchProgress,
    /// The operator's sample, if records are traced.
    pub(super) sample: Option<&'a mut Sample>,
}
