//! The figures of a job for callers that look at it, from the view that its driver keeps and the end of the journal.

use std::path::PathBuf;

use coldpress_storage::{LogReader, TornTail, read_small};

use super::files::{self, EpochFile};
use super::follow::Followed;
use super::position::Position;
use super::replay::{check_seals, decode, read_head};
use super::segments;
use super::state::Figures;
use crate::layout::Layout;
use crate::{Error, Result};

/// The largest view that is read: that of a hundred million partitions.
const MAX_VIEW_BYTES: u64 = 1 << 30;

/// The figures of a job for callers that look at it once or repeatedly. The first look reads the view that the driver of a large
/// job keeps ([`KeptFigures`](super::KeptFigures)) and the journal since then; each later look reads only what was added.
///
/// The journal is the truth. It is read from its start if the view is missing, damaged, belongs to another journal, or is out of
/// date by more than records of plain work.
#[derive(Debug)]
pub struct FiguresFollower {
    layout: Layout,
    dir: PathBuf,
    view: PathBuf,
    followed: Option<(Figures, Position)>,
}

impl FiguresFollower {
    /// Follows the journal of this job. Nothing is read yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        Self {
            layout: layout.clone(),
            dir: layout.journal_dir(),
            view: layout.figures(),
            followed: None,
        }
    }

    /// Returns the figures of the job now.
    ///
    /// # Errors
    /// Those of [`Journal::read`](super::Journal::read), as far as the journal is read.
    pub fn look(&mut self) -> Result<&Figures> {
        let listing = files::list_before(&self.dir, u64::MAX)?;
        let known = self.followed.take();
        let known = known.filter(|(_, position)| position.is_newest(&listing));
        let followed = match known.and_then(|known| read_on(known, &listing)) {
            Some(followed) => followed,
            None => self.begin(listing)?,
        };
        Ok(&self.followed.insert(followed).0)
    }

    fn begin(&self, listing: Vec<EpochFile>) -> Result<(Figures, Position)> {
        // If the view cannot be used, the journal says what is wrong with the job, if anything is.
        if let Some(followed) = self.begin_with_view(&listing) {
            return Ok(followed);
        }
        let read = segments::naming_object(&self.layout, Followed::begin(listing))?;
        let read = read.ok_or_else(|| Error::NothingToResume {
            path: self.dir.clone(),
        })?;
        Ok((Figures::of(read.reading.state()), read.position))
    }

    /// Reads the view and what follows it in the journal; none if that is not possible.
    fn begin_with_view(&self, listing: &[EpochFile]) -> Option<(Figures, Position)> {
        let view = read_small(&self.view, MAX_VIEW_BYTES).ok()?;
        let (mut figures, mark) = Figures::from_view(&view)?;
        let (newest, started) = newest_begun(listing)?;
        check_seals(newest, &started, listing).ok()?;
        let length_of = |file: &EpochFile| {
            let name = files::name_of(file.epoch);
            let seal = started.sealed.iter().find(|seal| seal.file == name);
            seal.map(|seal| seal.length)
        };
        let mut followed = None;
        for file in listing.iter().filter(|file| file.epoch <= newest.epoch) {
            let sealed = length_of(file);
            if sealed.is_some_and(|sealed| sealed > file.length) {
                return None;
            }
            let mut reader = match file.epoch {
                epoch if epoch < mark.epoch => continue,
                epoch if epoch == mark.epoch => {
                    LogReader::open_at(&file.path, &mark, sealed, TornTail::Allow).ok()??
                }
                // The file up to which the view counts must exist; only the files after it are new.
                _ if followed.is_none() => return None,
                _ => LogReader::open(&file.path, sealed, TornTail::Allow).ok()?,
            };
            take(&mut figures, file, &mut reader)?;
            followed = Some(reader);
        }
        let position = Position {
            listing: listing.to_vec(),
            newest: newest.clone(),
            reader: followed?,
        };
        Some((figures, position))
    }
}

/// Returns the newest file that a driver began, with its first record.
fn newest_begun(listing: &[EpochFile]) -> Option<(&EpochFile, super::EpochStarted)> {
    for file in listing.iter().rev() {
        if let Some(started) = read_head(file, super::replay::Damage::Refuse).ok()? {
            return Some((file, started));
        }
    }
    None
}

fn read_on(
    (mut figures, mut position): (Figures, Position),
    listing: &[EpochFile],
) -> Option<(Figures, Position)> {
    if !position.is_at_end(listing) {
        position.reader.resume().ok()?;
        take(&mut figures, &position.newest, &mut position.reader)?;
    }
    Some((figures, position))
}

/// Takes in the rest of a file from its reader; none if the figures cannot follow from it.
fn take(figures: &mut Figures, file: &EpochFile, reader: &mut LogReader) -> Option<()> {
    for frame in reader.by_ref() {
        let frame = frame.ok()?;
        let record = decode(file, &frame).ok()?;
        figures.apply(frame.epoch, &record).ok()?;
    }
    Some(())
}
