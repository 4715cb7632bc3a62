//! The conditions for events that a reader wants.

use crate::{Event, EventKind, Level};

/// The conditions for events that a reader wants. Without any conditions, all events pass.
///
/// ```
/// use coldpress_events::{Event, EventFilter, EventKind};
///
/// let filter = EventFilter::new().kind(EventKind::OpFailed).partition(3).grep("timeout");
/// let event = Event::new(EventKind::OpFailed, "failed")
///     .partition(3_u64)
///     .error("network", "Timeout after 30 s");
/// assert!(filter.matches(&event));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EventFilter {
    /// The kinds that pass; empty = all.
    pub kinds: Vec<EventKind>,
    /// The partition.
    pub partition: Option<u64>,
    /// The stage, from 0. Its events are those of its partitions, and those that name it. Events about the whole job belong to no
    /// stage.
    pub stage: Option<u64>,
    /// The name of the operator.
    pub operation: Option<String>,
    /// The lowest level.
    pub level: Option<Level>,
    /// The earliest time, in seconds since 1970, UTC.
    pub since: Option<f64>,
    /// The time before which events must be, in seconds since 1970, UTC.
    pub until: Option<f64>,
    /// A text that must occur somewhere in the event, in any case.
    pub grep: Option<String>,
}

impl EventFilter {
    /// Returns a filter that lets all events pass.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Lets events of this kind pass as well.
    #[must_use]
    pub fn kind(mut self, kind: EventKind) -> Self {
        self.kinds.push(kind);
        self
    }

    /// Limits the filter to this partition.
    #[must_use]
    pub fn partition(mut self, partition: u64) -> Self {
        self.partition = Some(partition);
        self
    }

    /// Limits the filter to this stage, from 0.
    #[must_use]
    pub fn stage(mut self, stage: u64) -> Self {
        self.stage = Some(stage);
        self
    }

    /// Limits the filter to the operator with this name.
    #[must_use]
    pub fn operation(mut self, name: impl Into<String>) -> Self {
        self.operation = Some(name.into());
        self
    }

    /// Limits the filter to this level and those above.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Limits the filter to events at or after this time.
    #[must_use]
    pub fn since(mut self, seconds: f64) -> Self {
        self.since = Some(seconds);
        self
    }

    /// Limits the filter to events before this time.
    #[must_use]
    pub fn until(mut self, seconds: f64) -> Self {
        self.until = Some(seconds);
        self
    }

    /// Limits the filter to events that contain this text, in any case.
    #[must_use]
    pub fn grep(mut self, text: impl Into<String>) -> Self {
        self.grep = Some(text.into());
        self
    }

    /// Returns whether the event passes.
    #[must_use]
    pub fn matches(&self, event: &Event) -> bool {
        let is_operation = |name: &String| event.operation_name.as_ref() == Some(name);
        (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self
                .partition
                .is_none_or(|id| event.partition_id == Some(id))
            && self
                .stage
                .is_none_or(|stage| stage_of(event) == Some(stage))
            && self.operation.as_ref().is_none_or(is_operation)
            && self.level.is_none_or(|level| event.level() >= level)
            && self.since.is_none_or(|since| event.timestamp >= since)
            && self.until.is_none_or(|until| event.timestamp < until)
            && self.grep.as_ref().is_none_or(|text| contains(event, text))
    }
}

/// Returns the stage that an event belongs to. An event of a partition without a stage belongs to the first.
fn stage_of(event: &Event) -> Option<u64> {
    event.stage().or(event.partition_id.map(|_| 0))
}

fn contains(event: &Event, text: &str) -> bool {
    let text = text.to_lowercase();
    let found = |field: &str| field.to_lowercase().contains(&text);
    let fields = [
        Some(event.message.as_str()),
        event.error_message.as_deref(),
        event.error_type.as_deref(),
        event.operation_name.as_deref(),
        event.stack_trace.as_deref(),
        event.checkpoint_path.as_deref(),
        event.output_path.as_deref(),
        Some(event.kind.as_str()),
    ];
    fields.into_iter().flatten().any(found)
        || event
            .metadata
            .as_ref()
            .and_then(|metadata| serde_json::to_string(metadata).ok())
            .is_some_and(|json| found(&json))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_condition_keeps_its_own_out() {
        let event = Event::new(EventKind::OpFailed, "Broken pipe")
            .at(100.0)
            .partition(3_u64)
            .operation("clean_links_mapper", 1)
            .metadata("host", "Node-7");
        let new = EventFilter::new;
        let cases = [
            (new(), true),
            (new().kind(EventKind::OpFailed).kind(EventKind::Info), true),
            (new().kind(EventKind::Info), false),
            (new().partition(3), true),
            (new().partition(4), false),
            (new().stage(0), true),
            (new().stage(1), false),
            (new().operation("clean_links_mapper"), true),
            (new().operation("clean_links"), false),
            (new().level(Level::Error), true),
            (new().since(100.0).until(100.5), true),
            (new().since(100.1), false),
            (new().until(100.0), false),
            (new().grep("broken PIPE"), true),
            (new().grep("node-7"), true),
            (new().grep("op_failed"), true),
            (new().grep("other"), false),
            (new().partition(3).grep("other"), false),
        ];
        for (filter, expected) in cases {
            assert_eq!(filter.matches(&event), expected, "{filter:?}");
        }
        let quiet = Event::new(EventKind::Info, "");
        assert!(!new().level(Level::Warning).matches(&quiet));
        assert!(!new().partition(0).matches(&quiet));
        assert!(!new().stage(0).matches(&quiet));
        let later = Event::new(EventKind::BarrierStart, "").metadata("stage", 1);
        assert!(new().stage(1).matches(&later) && !new().stage(0).matches(&later));
    }
}
