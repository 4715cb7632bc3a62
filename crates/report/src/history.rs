//! What only the event log knows: when a partition was worked on, and what is at work now.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventFilter, EventKind, read_events};
use coldpress_job::Layout;
use serde::Serialize;

/// What the events tell of a job; all of it may be missing.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    partitions: BTreeMap<u64, PartitionHistory>,
    /// When the last event happened.
    pub(crate) last_event: Option<f64>,
    /// What is wrong with the log.
    pub(crate) remark: Option<String>,
}

/// What the events tell of one partition.
#[derive(Clone, Debug, Default)]
pub(crate) struct PartitionHistory {
    pub(crate) start_time: Option<f64>,
    pub(crate) end_time: Option<f64>,
    pub(crate) current: Option<CurrentOperation>,
    /// When checkpoints were saved, by the place of their operator.
    pub(crate) checkpoints: BTreeMap<u32, f64>,
}

/// An operator at work on a partition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CurrentOperation {
    /// Its name.
    pub name: String,
    /// Its place in the recipe, from 0.
    pub idx: u32,
    /// When it began, in seconds since 1970.
    pub start_time: f64,
}

impl History {
    /// Reads the log of a job as far as it can be read.
    pub(crate) fn read(layout: &Layout) -> Self {
        let mut history = Self::default();
        history.remark = each_event(layout, |event| history.take(event));
        history
    }

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
            // A new generation counts nothing of what was before it, and its partitions may be others.
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

/// Gives all events of a job's log to `take`, as far as they can be read, and returns what is wrong with the log.
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
    let damaged = events.damaged_lines();
    let lines = crate::quantity::counted(damaged, "line");
    (damaged > 0).then(|| format!("{lines} of the event log cannot be read"))
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
            }
            EventKind::OpStart => {
                // Records stream through all operators at once: the last that began stands for them.
                self.current = event.operation_name.clone().map(|name| CurrentOperation {
                    name,
                    idx: event.operation_idx.unwrap_or(0),
                    start_time: event.timestamp,
                });
            }
            EventKind::OpComplete => self.current = None,
            EventKind::CheckpointSave => {
                self.checkpoints
                    .extend(event.operation_idx.map(|index| (index, event.timestamp)));
            }
            _ => {}
        }
    }
}
