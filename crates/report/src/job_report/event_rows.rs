//! Events as rows. If the log is long, only the most informative ones are kept.

use std::collections::{BTreeMap, VecDeque};

use coldpress_events::{Event, Level};
use serde::Serialize;

use super::limits::cut;

/// Events as rows, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct EventRows {
    /// The number of events in the log.
    pub total: u64,
    /// The number of events of each kind.
    pub kinds: Vec<KindCount>,
    /// The events that are shown: warnings and errors first, then the first and the last of the others.
    pub rows: Vec<EventRow>,
}

/// The number of events of a kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct KindCount {
    /// The kind.
    pub kind: String,
    /// The number of events.
    pub count: u64,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EventRow {
    /// Its number in the log.
    pub sequence: u64,
    /// The time, in seconds since 1970.
    pub time: f64,
    /// `DEBUG`, `INFO`, `WARNING` or `ERROR`.
    pub level: Level,
    /// Its kind.
    pub kind: String,
    /// The partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition: Option<u64>,
    /// The stage, from 0, if it isn't the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<u64>,
    /// The operator.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    /// The message.
    pub message: String,
    /// The error, if the message does not have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The place of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
}

/// The longest message that is kept, because a message may hold a whole record.
const MESSAGE_CHARS: usize = 1_000;
const TRACE_CHARS: usize = 4_000;
/// The longest name. None of ours is as long.
const NAME_CHARS: usize = 100;

/// The most kinds. Logs of other programs may have many.
const MOST_KINDS: usize = 200;

/// The events seen so far, and those of them that are shown.
#[derive(Clone)]
pub(super) struct EventLog {
    most: usize,
    total: u64,
    kinds: BTreeMap<String, u64>,
    first: Vec<EventRow>,
    last: VecDeque<EventRow>,
    /// The newest warnings and errors.
    odd: VecDeque<EventRow>,
}

impl EventLog {
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            total: 0,
            kinds: BTreeMap::new(),
            first: Vec::new(),
            last: VecDeque::new(),
            odd: VecDeque::new(),
        }
    }

    pub(super) fn take(&mut self, event: &Event) {
        self.total += 1;
        let kind = cut(event.kind.as_str(), NAME_CHARS);
        let has_room = self.kinds.len() < MOST_KINDS;
        match self.kinds.get_mut(&kind) {
            Some(count) => *count += 1,
            None if has_room => {
                self.kinds.insert(kind, 1);
            }
            None => {}
        }
        if event.level() >= Level::Warning {
            push_bounded(&mut self.odd, self.most / 2, || row(event));
        } else if self.first.len() < self.most / 8 {
            self.first.push(row(event));
        } else {
            push_bounded(&mut self.last, self.most / 8 * 3, || row(event));
        }
    }

    pub(super) fn finish(self) -> EventRows {
        let rows = self.first.into_iter().chain(self.last).chain(self.odd);
        let mut rows: Vec<EventRow> = rows.collect();
        rows.sort_by(|a, b| a.sequence.cmp(&b.sequence).then(a.time.total_cmp(&b.time)));
        let kinds = self.kinds.into_iter();
        EventRows {
            total: self.total,
            kinds: kinds
                .map(|(kind, count)| KindCount { kind, count })
                .collect(),
            rows,
        }
    }
}

/// Appends to a queue, and drops its oldest row when it is full.
fn push_bounded(queue: &mut VecDeque<EventRow>, most: usize, row: impl FnOnce() -> EventRow) {
    if queue.len() >= most.max(1) {
        queue.pop_front();
    }
    queue.push_back(row());
}

fn row(event: &Event) -> EventRow {
    let error = event.error_message.as_deref();
    let error = error.filter(|error| !event.message.contains(error));
    let trace = event.stack_trace.as_deref();
    EventRow {
        sequence: event.sequence,
        time: event.timestamp,
        level: event.level(),
        kind: cut(event.kind.as_str(), NAME_CHARS),
        partition: event.partition_id,
        stage: event.stage(),
        operator: event
            .operation_name
            .as_deref()
            .map(|name| cut(name, NAME_CHARS)),
        message: cut(&event.message, MESSAGE_CHARS),
        error: error.map(|error| cut(error, MESSAGE_CHARS)),
        stack_trace: trace.map(|trace| cut(trace, TRACE_CHARS)),
    }
}

#[cfg(test)]
mod tests {
    use coldpress_events::EventKind;

    use super::*;

    #[test]
    fn of_a_long_log_warnings_and_both_ends_are_shown() {
        let mut log = EventLog::new(80);
        for sequence in 1..=10_000 {
            let kind = match sequence {
                500 => EventKind::OpFailed,
                _ => EventKind::Info,
            };
            let mut event = Event::new(kind, "m");
            event.sequence = sequence;
            log.take(&event);
        }
        let rows = log.finish();
        let shown: Vec<u64> = rows.rows.iter().map(|row| row.sequence).collect();
        assert_eq!(rows.total, 10_000);
        assert!(shown.is_sorted() && shown.contains(&500) && shown.contains(&10_000));
        assert_eq!((shown.first(), shown.len()), (Some(&1), 41));
    }
}
