//! Facts that only the event log has: when a partition was worked on, and what is at work now.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventFilter, EventKind, EventReader, read_events};
use coldpress_job::Layout;
use serde::Serialize;

/// The history of a job according to its events. All of it may be missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    partitions: BTreeMap<u64, PartitionHistory>,
    /// The time of the last event.
    pub(crate) last_event: Option<f64>,
    /// The problem with the log, if any.
    pub(crate) remark: Option<String>,
}

/// The history of one partition according to the events.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionHistory {
    pub(crate) start_time: Option<f64>,
    pub(crate) end_time: Option<f64>,
    pub(crate) current: Option<CurrentOperation>,
    /// The operators that attempts finished up to a gate, by their places. A published result has its own list.
    pub(crate) completed: BTreeMap<u32, CompletedOperation>,
    /// The times when checkpoints were saved, by the place of their operator.
    pub(crate) checkpoints: BTreeMap<u32, f64>,
}

/// An operator that has finished with a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CompletedOperation {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub idx: u32,
    /// Seconds of work.
    pub duration: f64,
    /// Records that reached it.
    pub input_rows: u64,
    /// Records that left it.
    pub output_rows: u64,
    /// Records per second of work; 0 if no time was measured.
    pub throughput: f64,
    /// Share of the records that did not leave it.
    pub reduction_ratio: f64,
}

/// An operator at work on a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentOperation {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub idx: u32,
    /// The time when it began, in seconds since 1970.
    pub start_time: f64,
    /// The address of its machine, if that may differ from the driver's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

impl CurrentOperation {
    /// Returns its place in the recipe, and its machine.
    pub(crate) fn place(&self) -> String {
        match &self.node {
            Some(node) => format!("op {} on {node}", self.idx),
            None => format!("op {}", self.idx),
        }
    }
}

/// Reads as much of a job's log as possible, and then what is added to it.
#[derive(Debug)]
pub(crate) struct HistoryReader {
    layout: Layout,
    events: Option<EventReader>,
    history: History,
}

impl HistoryReader {
    pub(crate) fn new(layout: &Layout) -> Self {
        Self {
            layout: layout.clone(),
            events: None,
            history: History::default(),
        }
    }

    /// Returns what is known now.
    pub(crate) fn look(&mut self) -> &History {
        self.history.remark = self.read_on().err();
        &self.history
    }

    /// # Errors
    /// A description of the problem with the log, for people to read.
    fn read_on(&mut self) -> Result<(), String> {
        let not_complete = |error| format!("the event log is not complete: {error}");
        let events = match &mut self.events {
            Some(events) => events,
            none => {
                let folder = self.layout.event_log_dir();
                let events = read_events(folder, EventFilter::new()).map_err(not_complete)?;
                none.insert(events)
            }
        };
        while let Some(event) = events.poll().map_err(not_complete)? {
            self.history.take(&event);
        }
        damage_of(events)
    }
}

impl History {
    /// Returns what is known of a partition.
    pub(crate) fn partition(&self, index: u32) -> PartitionHistory {
        self.partitions
            .get(&u64::from(index))
            .cloned()
            .unwrap_or_default()
    }

    /// Takes the next event of the log.
    pub(crate) fn take(&mut self, event: &Event) {
        self.last_event = Some(event.timestamp);
        match event.kind {
            // Nothing from before a new generation counts, and its partitions may be different.
            EventKind::JobStart => self.partitions.clear(),
            EventKind::JobRestart => self
                .partitions
                .values_mut()
                .for_each(|partition| partition.current = None),
            _ => {}
        }
        if let Some(index) = event.partition_id {
            self.partitions.entry(index).or_default().take(event);
        }
    }
}

/// Passes all events of a job's log to `take`, as far as they can be read. Returns the problem with the log, if any.
pub(crate) fn each_event(layout: &Layout, mut take: impl FnMut(&Event)) -> Option<String> {
    let not_complete =
        |error: coldpress_events::Error| Some(format!("the event log is not complete: {error}"));
    let mut events = match read_events(layout.event_log_dir(), EventFilter::new()) {
        Ok(events) => events,
        Err(error) => return not_complete(error),
    };
    for event in &mut events {
        match event {
            Ok(event) => take(&event),
            Err(error) => return not_complete(error),
        }
    }
    damage_of(&events).err()
}

fn damage_of(events: &EventReader) -> Result<(), String> {
    let damaged = events.damaged_lines();
    let lines = crate::quantity::counted(damaged, "line");
    match damaged {
        0 => Ok(()),
        _ => Err(format!("{lines} of the event log cannot be read")),
    }
}

impl PartitionHistory {
    fn take(&mut self, event: &Event) {
        match event.kind {
            EventKind::PartitionStart => {
                self.start_time = Some(event.timestamp);
                self.end_time = None;
                self.current = None;
            }
            EventKind::PartitionComplete | EventKind::PartitionFailed => {
                self.end_time = Some(event.timestamp);
                self.current = None;
                self.completed.clear();
            }
            EventKind::OpStart => {
                // Records stream through all operators at once, so only the last one that began is shown.
                self.current = event.operation_name.clone().map(|name| CurrentOperation {
                    name,
                    idx: event.operation_idx.unwrap_or(0),
                    start_time: event.timestamp,
                    node: None,
                });
            }
            EventKind::OpComplete => {
                self.current = None;
                let completed = completed_operation(event);
                self.completed.extend(completed.map(|one| (one.idx, one)));
            }
            EventKind::CheckpointSave => {
                self.checkpoints
                    .extend(event.operation_idx.map(|index| (index, event.timestamp)));
            }
            _ => {}
        }
    }
}

fn completed_operation(event: &Event) -> Option<CompletedOperation> {
    Some(CompletedOperation {
        name: event.operation_name.clone()?,
        idx: event.operation_idx?,
        duration: event.duration.unwrap_or(0.0),
        input_rows: event.input_rows.unwrap_or(0),
        output_rows: event.output_rows.unwrap_or(0),
        throughput: event.throughput().unwrap_or(0.0),
        reduction_ratio: event.reduction_ratio().unwrap_or(0.0),
    })
}
