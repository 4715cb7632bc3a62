//! Reads a log while it grows.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use crate::query::EventReader;
use crate::{Event, EventFilter, Result, read_events};

/// Reads the events of the log in this folder, and continues with those that are added, until `stop` returns true.
///
/// `stop` is called each time that all events have been read, before the wait of `interval`. After it returns true, events that
/// were added in the meantime are still read. The log need not exist yet.
///
/// # Errors
///
/// As for [`read_events`].
pub fn follow<F: FnMut() -> bool>(
    folder: impl AsRef<Path>,
    filter: EventFilter,
    interval: Duration,
    stop: F,
) -> Result<Follow<F>> {
    Ok(Follow {
        reader: read_events(folder, filter)?,
        interval,
        stop,
        is_stopping: false,
        ended: false,
    })
}

/// The events of a log that grows; see [`follow`].
pub struct Follow<F> {
    reader: EventReader,
    interval: Duration,
    stop: F,
    is_stopping: bool,
    ended: bool,
}

impl<F> Follow<F> {
    /// Returns the number of lines so far that were not events.
    #[must_use]
    pub fn damaged_lines(&self) -> u64 {
        self.reader.damaged_lines()
    }
}

impl<F: FnMut() -> bool> Iterator for Follow<F> {
    type Item = Result<Event>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.ended {
            if let Some(item) = self.reader.poll().transpose() {
                self.ended = item.is_err();
                return Some(item);
            }
            if self.is_stopping {
                self.ended = true;
            } else if (self.stop)() {
                self.is_stopping = true;
            } else {
                std::thread::sleep(self.interval);
            }
        }
        None
    }
}

impl<F> fmt::Debug for Follow<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("reader", &self.reader)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}
