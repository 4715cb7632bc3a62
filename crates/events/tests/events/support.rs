//! Functions that the tests of the log share.

use std::path::Path;

use coldpress_events::{Event, EventFilter, EventKind, read_events};

/// Returns all events of a log, none of whose lines may be damaged.
#[track_caller]
pub(crate) fn all_events(folder: &Path) -> Vec<Event> {
    let mut reader = read_events(folder, EventFilter::new()).unwrap();
    let events: Vec<Event> = reader.by_ref().collect::<Result<_, _>>().unwrap();
    assert_eq!(reader.damaged_lines(), 0);
    events
}

/// Returns sequence numbers and messages.
pub(crate) fn outline(events: &[Event]) -> Vec<(u64, &str)> {
    let pair = |event: &'_ Event| event.sequence;
    let numbers = events.iter().map(pair);
    numbers
        .zip(events.iter().map(|event| event.message.as_str()))
        .collect()
}

/// Returns an event without special meaning.
pub(crate) fn note(message: impl Into<String>) -> Event {
    Event::new(EventKind::Info, message)
}
