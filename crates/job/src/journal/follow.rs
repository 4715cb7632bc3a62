//! Reading a journal repeatedly while its driver writes it.

use std::path::PathBuf;

use coldpress_storage::{LogReader, TornTail};

use super::files::{self, EpochFile};
use super::position::Position;
use super::replay::Reading;
use super::segments;
use super::state::JobState;
use crate::layout::Layout;
use crate::{Error, Result};

/// The state of a job for callers that look at it repeatedly. Each look reads only what was added since the last one.
#[derive(Debug)]
pub struct JournalFollower {
    layout: Layout,
    dir: PathBuf,
    followed: Option<Followed>,
}

/// The part of the journal that was read so far.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) reading: Reading,
    pub(super) position: Position,
}

impl JournalFollower {
    /// Follows the journal of this job. Nothing is read yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        Self {
            layout: layout.clone(),
            dir: layout.journal_dir(),
            followed: None,
        }
    }

    /// Returns the current state of the job.
    ///
    /// # Errors
    /// Those of [`Journal::read`](super::Journal::read). After an error, the next look reads the journal from its start.
    pub fn look(&mut self) -> Result<&JobState> {
        let read = self.read();
        let followed = segments::naming_object(&self.layout, read)?;
        Ok(self.followed.insert(followed).reading.state())
    }

    fn read(&mut self) -> Result<Followed> {
        let listing = files::list_before(&self.dir, u64::MAX)?;
        match self.followed.take() {
            // Another driver has sealed what was read, perhaps not all of it.
            Some(followed) if followed.position.is_newest(&listing) => followed.read_on(&listing),
            _ => Followed::begin(listing)?.ok_or_else(|| Error::NothingToResume {
                path: self.dir.clone(),
            }),
        }
    }
}

impl Followed {
    /// Reads everything; none if no driver has begun yet.
    pub(super) fn begin(listing: Vec<EpochFile>) -> Result<Option<Self>> {
        let (mut reading, newest) = Reading::before_newest(&listing)?;
        let Some(newest) = newest else {
            return Ok(None);
        };
        let mut reader = LogReader::open(&newest.path, None, TornTail::Allow)?;
        reading.drain(&newest, &mut reader)?;
        reading.check()?;
        let position = Position {
            listing,
            newest,
            reader,
        };
        Ok(Some(Self { reading, position }))
    }

    fn read_on(mut self, listing: &[EpochFile]) -> Result<Self> {
        let position = &mut self.position;
        if !position.is_at_end(listing) {
            position.reader.resume()?;
            self.reading.drain(&position.newest, &mut position.reader)?;
            self.reading.check()?;
        }
        Ok(self)
    }
}
