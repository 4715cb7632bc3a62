//! A single event: its fields, its builder, and its format on disk.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::time::now_seconds;
use crate::{EventKind, Level};

/// The version of the format on disk that this release writes, and the newest that it reads.
pub const SCHEMA_VERSION: u32 = 1;

/// The record of something that happened.
///
/// The fields are those of a line of `events.jsonl`, in this order; fields that are `None` are left out. The log fills in
/// `sequence`, `event_id`, `job_id`, `level`, `process_id` and `thread_id` if they are missing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Event {
    /// The version of the format on disk; 0 in files of Data-Juicer.
    pub schema_version: u32,
    /// The number of the event in its job's log, ascending from 1; 0 until the log has taken it.
    pub sequence: u64,
    /// A unique name.
    pub event_id: String,
    /// The kind of event.
    #[serde(rename = "event_type")]
    #[doc(alias = "event_type")]
    pub kind: EventKind,
    /// The time in seconds since 1970, UTC.
    pub timestamp: f64,
    /// The importance; see [`Event::level`] for events without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<Level>,
    /// A description for people.
    pub message: String,
    /// The job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_id: Option<String>,
    /// The partition, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub partition_id: Option<u64>,
    /// The operator's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    /// The operator's place in the recipe, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_idx: Option<u32>,
    /// The number of the attempt, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The number of retries so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_count: Option<u32>,
    /// A status, in the terms of the job or the partition.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The duration in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The number of records that went in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_rows: Option<u64>,
    /// The number of records that came out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_rows: Option<u64>,
    /// The checkpoint that was written or read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checkpoint_path: Option<String>,
    /// The file that was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_path: Option<String>,
    /// The error message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The class of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_type: Option<String>,
    /// The location of the error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stack_trace: Option<String>,
    /// The number of partitions of the job.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_partitions: Option<u64>,
    /// The number of partitions that are done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub successful_partitions: Option<u64>,
    /// The number of partitions that failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_partitions: Option<u64>,
    /// The duration of the job in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_duration: Option<f64>,
    /// Any further facts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Map<String, Value>>,
    /// The processes' use of the machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_usage: Option<Map<String, Value>>,
    /// The speed of the work.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub performance_metrics: Option<PerformanceMetrics>,
    /// The process that the event happened in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process_id: Option<u32>,
    /// The thread that the event happened in, as the system numbers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<u64>,
}

/// The speed of some work.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PerformanceMetrics {
    /// Input records per second.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throughput: Option<f64>,
    /// The share of the records that did not come out: 0.1 if 10 % were dropped; negative if there are more records than before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction_ratio: Option<f64>,
    /// Other measurements.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl Event {
    /// Returns an event of this kind that happens now, in this thread.
    #[must_use]
    pub fn new(kind: EventKind, message: impl Into<String>) -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            kind,
            timestamp: now_seconds(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// Sets the level, if it differs from that of the kind.
    #[must_use]
    pub fn with_level(mut self, level: Level) -> Self {
        self.level = Some(level);
        self
    }

    /// Sets the time, in seconds since 1970, UTC.
    #[must_use]
    pub fn at(mut self, timestamp: f64) -> Self {
        self.timestamp = timestamp;
        self
    }

    /// Sets the partition, from 0.
    #[must_use]
    pub fn partition(mut self, partition: impl Into<u64>) -> Self {
        self.partition_id = Some(partition.into());
        self
    }

    /// Sets the operator: its name and its place in the recipe, from 0.
    #[must_use]
    pub fn operation(mut self, name: impl Into<String>, index: u32) -> Self {
        self.operation_name = Some(name.into());
        self.operation_idx = Some(index);
        self
    }

    /// Sets the number of the attempt, from 1, and with it that of the retries.
    #[must_use]
    pub fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = Some(attempt);
        self.retry_count = Some(attempt.saturating_sub(1));
        self
    }

    /// Sets the number of attempts that failed before, if that isn't all the attempts before this one.
    #[must_use]
    pub fn retries(mut self, count: u32) -> Self {
        self.retry_count = Some(count);
        self
    }

    /// Sets the status.
    #[must_use]
    pub fn status(mut self, status: impl Into<String>) -> Self {
        self.status = Some(status.into());
        self
    }

    /// Sets the duration in seconds.
    #[must_use]
    pub fn duration_seconds(mut self, seconds: f64) -> Self {
        self.duration = Some(seconds);
        self
    }

    /// Sets the numbers of records that went in and came out.
    #[must_use]
    pub fn rows(mut self, input: u64, output: u64) -> Self {
        self.input_rows = Some(input);
        self.output_rows = Some(output);
        self
    }

    /// Sets the checkpoint's path.
    #[must_use]
    pub fn checkpoint_path(mut self, path: impl Into<String>) -> Self {
        self.checkpoint_path = Some(path.into());
        self
    }

    /// Sets the path of the file that was written.
    #[must_use]
    pub fn output_path(mut self, path: impl Into<String>) -> Self {
        self.output_path = Some(path.into());
        self
    }

    /// Sets the class and the message of the error.
    #[must_use]
    pub fn error(mut self, error_type: impl Into<String>, message: impl Into<String>) -> Self {
        self.error_type = Some(error_type.into());
        self.error_message = Some(message.into());
        self
    }

    /// Sets the location of the error.
    #[must_use]
    pub fn stack_trace(mut self, trace: impl Into<String>) -> Self {
        self.stack_trace = Some(trace.into());
        self
    }

    /// Sets the numbers of partitions: all, done, failed.
    #[must_use]
    pub fn partitions(mut self, total: u64, successful: u64, failed: u64) -> Self {
        self.total_partitions = Some(total);
        self.successful_partitions = Some(successful);
        self.failed_partitions = Some(failed);
        self
    }

    /// Sets the duration of the whole job in seconds.
    #[must_use]
    pub fn job_duration_seconds(mut self, seconds: f64) -> Self {
        self.job_duration = Some(seconds);
        self
    }

    /// Adds one value to the metadata.
    #[must_use]
    pub fn metadata(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let metadata = self.metadata.get_or_insert_default();
        metadata.insert(key.into(), value.into());
        self
    }

    /// Adds one value to the use of resources.
    #[must_use]
    pub fn resource(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        let resources = self.resource_usage.get_or_insert_default();
        resources.insert(key.into(), value.into());
        self
    }

    /// Sets the measurements, if they differ from those that follow from rows and duration.
    #[must_use]
    pub fn performance(mut self, metrics: PerformanceMetrics) -> Self {
        self.performance_metrics = Some(metrics);
        self
    }

    /// Sets the process and the thread, for an event that happened in another process.
    #[must_use]
    pub fn process(mut self, process_id: u32, thread_id: u64) -> Self {
        self.process_id = Some(process_id);
        self.thread_id = Some(thread_id);
        self
    }

    /// Returns the stage of the event, from 0; `None` if the event has none, as in the first stage.
    #[must_use]
    pub fn stage(&self) -> Option<u64> {
        self.metadata.as_ref()?.get("stage")?.as_u64()
    }

    /// Returns the level of the event, or else that of its kind.
    #[must_use]
    pub fn level(&self) -> Level {
        self.level.unwrap_or_else(|| self.kind.level())
    }

    /// Returns the number of input records per second, if known.
    #[must_use]
    pub fn throughput(&self) -> Option<f64> {
        self.performance_metrics.as_ref()?.throughput
    }

    /// Returns the share of the records that did not come out, if known.
    #[must_use]
    pub fn reduction_ratio(&self) -> Option<f64> {
        self.performance_metrics.as_ref()?.reduction_ratio
    }

    /// Sets the process and the thread, unless they are already known.
    pub(crate) fn fill_thread(&mut self) {
        if self.process_id.is_none() {
            self.process_id = Some(std::process::id());
            self.thread_id = Some(current_thread_id());
        }
    }

    /// Computes the measurements from rows and duration, unless they are already known.
    pub(crate) fn fill_performance(&mut self) {
        let (None, Some(input), Some(output)) =
            (&self.performance_metrics, self.input_rows, self.output_rows)
        else {
            return;
        };
        let (input, output) = (input as f64, output as f64);
        let duration = self.duration.filter(|duration| *duration > 0.0);
        self.performance_metrics = Some(PerformanceMetrics {
            throughput: duration.map(|duration| input / duration),
            reduction_ratio: (input > 0.0).then(|| (input - output) / input),
            other: Map::new(),
        });
    }

    /// Cuts fields that would make a line too long for a reader.
    pub(crate) fn shorten(&mut self, limit_bytes: usize) {
        let texts = [
            Some(&mut self.message),
            self.error_message.as_mut(),
            self.stack_trace.as_mut(),
            self.operation_name.as_mut(),
            self.status.as_mut(),
            self.checkpoint_path.as_mut(),
            self.output_path.as_mut(),
            self.error_type.as_mut(),
        ];
        for text in texts.into_iter().flatten() {
            if text.len() > limit_bytes {
                text.truncate(text.floor_char_boundary(limit_bytes));
                text.push_str(" … (cut)");
            }
        }
        self.resource_usage = None;
        self.performance_metrics = None;
        let cut = ("cut".to_owned(), Value::Bool(true));
        self.metadata = Some(Map::from_iter([cut]));
    }
}

impl Default for Event {
    /// Returns an empty event, for the fields that are missing in a file.
    fn default() -> Self {
        Self {
            schema_version: 0,
            sequence: 0,
            event_id: String::new(),
            kind: EventKind::Other("".into()),
            timestamp: 0.0,
            level: None,
            message: String::new(),
            job_id: None,
            partition_id: None,
            operation_name: None,
            operation_idx: None,
            attempt: None,
            retry_count: None,
            status: None,
            duration: None,
            input_rows: None,
            output_rows: None,
            checkpoint_path: None,
            output_path: None,
            error_message: None,
            error_type: None,
            stack_trace: None,
            total_partitions: None,
            successful_partitions: None,
            failed_partitions: None,
            job_duration: None,
            metadata: None,
            resource_usage: None,
            performance_metrics: None,
            process_id: None,
            thread_id: None,
        }
    }
}

/// Returns the system's number for this thread, which is looked up once per thread.
fn current_thread_id() -> u64 {
    thread_local! {
        static ID: Cell<u64> = const { Cell::new(0) };
    }
    ID.with(|id| {
        if id.get() == 0 {
            id.set(system_thread_id().unwrap_or_else(own_thread_id));
        }
        id.get()
    })
}

/// Reads the number of this thread from a link `{process}/task/{thread}`, as on Linux.
fn system_thread_id() -> Option<u64> {
    let link = std::fs::read_link("/proc/thread-self").ok()?;
    link.file_name()?.to_str()?.parse().ok()
}

fn own_thread_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_values_are_left_out() {
        let event = Event::new(EventKind::OpFailed, "m")
            .at(1.5)
            .partition(3_u32);
        let json = serde_json::to_string(&event).unwrap();
        let expected = r#"{"schema_version":1,"sequence":0,"event_id":"","event_type":"op_failed","timestamp":1.5,"message":"m","partition_id":3}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
    }

    #[test]
    fn measurements_follow_from_rows_and_duration() {
        let mut event = Event::new(EventKind::OpComplete, "").rows(200, 150);
        event.fill_performance();
        assert_eq!(
            (event.throughput(), event.reduction_ratio()),
            (None, Some(0.25))
        );
        let mut event = Event::new(EventKind::OpComplete, "")
            .rows(0, 0)
            .duration_seconds(2.0);
        event.fill_performance();
        assert_eq!(
            (event.throughput(), event.reduction_ratio()),
            (Some(0.0), None)
        );
        let mut event = Event::new(EventKind::OpComplete, "")
            .rows(10, 20)
            .duration_seconds(2.0);
        event.fill_performance();
        assert_eq!(
            (event.throughput(), event.reduction_ratio()),
            (Some(5.0), Some(-1.0))
        );
    }

    #[test]
    fn threads_differ() {
        let here = current_thread_id();
        assert_eq!(here, current_thread_id());
        let there = std::thread::spawn(current_thread_id).join().unwrap();
        assert_ne!(here, there);
    }

    #[test]
    fn a_long_event_is_cut_at_a_letter() {
        let mut event = Event::new(EventKind::Info, "ä".repeat(100)).metadata("k", 1);
        event.shorten(11);
        assert_eq!(event.message, "äääää … (cut)");
        assert_eq!(event.metadata.unwrap()["cut"], true);
    }
}
