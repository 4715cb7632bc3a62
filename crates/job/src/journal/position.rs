//! The position up to which a reader has followed a journal.

use coldpress_storage::LogReader;

use super::files::EpochFile;

/// The place in the newest file of a journal up to which it was read.
#[derive(Debug)]
pub(super) struct Position {
    /// The files when reading began.
    pub(super) listing: Vec<EpochFile>,
    pub(super) newest: EpochFile,
    pub(super) reader: LogReader,
}

impl Position {
    /// Returns whether no driver has begun since. A driver that has created its file but written nothing to it has not begun.
    pub(super) fn is_newest(&self, listing: &[EpochFile]) -> bool {
        let later = |file: &&EpochFile| file.epoch > self.newest.epoch;
        let epochs =
            |listing: &[EpochFile]| listing.iter().map(|file| file.epoch).collect::<Vec<_>>();
        epochs(listing) == epochs(&self.listing)
            && listing
                .iter()
                .filter(later)
                .eq(self.listing.iter().filter(later))
    }

    /// Returns whether nothing was added to the newest file since it was read to its end.
    pub(super) fn is_at_end(&self, listing: &[EpochFile]) -> bool {
        let newest = listing.iter().find(|file| file.epoch == self.newest.epoch);
        newest.is_some_and(|file| file.length == self.reader.good_length())
    }
}
