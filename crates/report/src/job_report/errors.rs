//! Failures by class and operator, and their consequences.

use std::collections::{BTreeMap, BTreeSet};

use coldpress_events::{Event, EventKind};
use coldpress_failure::ErrorClass;
use coldpress_job::{JobState, PartitionStatus};
use serde::Serialize;

use super::Source;
use super::errors_over_time::{ErrorsOverTime, FailureTimes};
use super::limits::cut;

/// Failures and their consequences.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Failed attempts, by class and operator. Only the event log has them.
    pub groups: Vec<ErrorGroup>,
    /// The same by class and over time; none if no attempt failed.
    pub over_time: Option<ErrorsOverTime>,
    /// Partitions that are out of retries.
    pub failed_partitions: Vec<FailedPart>,
    /// The number of failed partitions.
    pub failed_total: u64,
    /// Parts of the input that could not be read.
    pub unreadable: Vec<UnreadPart>,
    /// The number of such parts.
    pub unreadable_total: u64,
    /// The measures against failures.
    pub recovery: Recovery,
}

/// Attempts that failed for the same class of reason in the same operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ErrorGroup {
    /// The class: `network`, `memory`, `processing`, `system`, `input`, `config`.
    pub class: String,
    /// The operator, if one is to blame.
    pub operator: Option<String>,
    /// The number of attempts.
    pub attempts: u64,
    /// The partition of the last one.
    pub partition: Option<u64>,
    /// The message.
    pub message: String,
    /// Advice.
    pub advice: Option<&'static str>,
}

/// A partition that is out of retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FailedPart {
    /// Its number.
    pub partition: u32,
    /// The file.
    pub source: String,
    /// The part of the source, as `bytes 0 to 40`.
    pub part: String,
    /// Its records.
    pub records: u64,
    /// Attempts made.
    pub attempts: u32,
    /// The class of the last error.
    pub class: String,
    /// The last error.
    pub error: String,
    /// Advice.
    pub advice: Option<&'static str>,
}

/// A part of the input that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadPart {
    /// The file.
    pub source: String,
    /// The part of the source.
    pub part: String,
    /// The reason.
    pub reason: String,
}

/// The measures against failures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Recovery {
    /// Attempts that followed a failed one.
    pub retries: u64,
    /// Partitions with a failed attempt. Only the event log has them.
    pub partitions_hit: u64,
    /// The part of them that is completed now.
    pub partitions_recovered: u64,
    /// The ratio of these two; none if no attempt failed.
    pub rate: Option<f64>,
    /// Drivers that continued the job after another.
    pub restarts: u64,
    /// The part of them that took over from a driver that was not seen to end.
    pub takeovers: u64,
    /// Attempts that started from a checkpoint. Only the event log has them.
    pub checkpoints_loaded: u64,
    /// Checkpoints that could not be used.
    pub checkpoints_rejected: u64,
    /// Records that killed workers and were set aside.
    pub deadly_records: u64,
}

/// The most groups, failed partitions and unreadable parts that are listed.
const LISTED: usize = 500;
const MESSAGE_CHARS: usize = 2_000;
const NAME_CHARS: usize = 100;

/// The failures in the events.
#[derive(Clone, Debug, Default)]
pub(super) struct FailureLog {
    groups: BTreeMap<(String, Option<String>), ErrorGroup>,
    times: FailureTimes,
    partitions: BTreeSet<u64>,
    loaded: u64,
    rejected: u64,
}

impl FailureLog {
    pub(super) fn take(&mut self, event: &Event) {
        match event.kind {
            EventKind::CheckpointLoad => self.loaded += 1,
            EventKind::CheckpointRejected => self.rejected += 1,
            EventKind::OpFailed => self.failed(event),
            _ => {}
        }
    }

    fn failed(&mut self, event: &Event) {
        self.partitions.extend(event.partition_id);
        let short = |name: &String| cut(name, NAME_CHARS);
        let class = event.error_type.as_ref().map(short).unwrap_or_default();
        let operator = event.operation_name.as_ref().map(short);
        self.times.take(&class, event.timestamp);
        let key = (class.clone(), operator.clone());
        if !self.groups.contains_key(&key) && self.groups.len() >= LISTED {
            return;
        }
        let known = self.groups.get(&key).map_or(0, |group| group.attempts);
        let message = event.error_message.as_deref().unwrap_or(&event.message);
        let group = ErrorGroup {
            advice: advice(&class),
            operator,
            attempts: known + 1,
            partition: event.partition_id,
            message: cut(message, MESSAGE_CHARS),
            class,
        };
        self.groups.insert(key, group);
    }
}

fn advice(class: &str) -> Option<&'static str> {
    class.parse::<ErrorClass>().ok().map(ErrorClass::advice)
}

pub(super) fn errors(source: &Source<'_>, log: &FailureLog) -> Errors {
    let mut groups: Vec<ErrorGroup> = log.groups.values().cloned().collect();
    groups.sort_by_key(|group| std::cmp::Reverse(group.attempts));
    let unreadable = || unreadable(source);
    Errors {
        groups,
        over_time: log.times.finish(),
        failed_partitions: failed(source).take(LISTED).collect(),
        failed_total: source.state.failed().count() as u64,
        unreadable: unreadable().take(LISTED).collect(),
        unreadable_total: unreadable().count() as u64,
        recovery: recovery(source.state, log),
    }
}

fn failed<'a>(source: &'a Source<'_>) -> impl Iterator<Item = FailedPart> + 'a {
    source.state.failed().filter_map(|failure| {
        let slice = &source.state.partition(failure.partition)?.slice;
        Some(FailedPart {
            partition: failure.partition,
            source: source.places.path(slice.source),
            part: source.places.part(slice.source, slice.start, slice.end),
            records: slice.records,
            attempts: failure.attempts,
            class: failure.class.clone(),
            error: cut(&failure.error, MESSAGE_CHARS),
            advice: advice(&failure.class),
        })
    })
}

fn unreadable<'a>(source: &'a Source<'_>) -> impl Iterator<Item = UnreadPart> + 'a {
    let results = (0..source.state.partition_count())
        .filter_map(|index| source.state.farthest_result(index))
        .flat_map(|(_, result)| &result.unreadable)
        .map(|torn| (torn.source, torn.start, torn.length, &torn.reason));
    let damaged = source.state.damaged_sources().iter();
    let damaged = damaged.map(|damage| (damage.source, damage.position, 0, &damage.reason));
    results
        .chain(damaged)
        .map(|(file, start, length, reason)| UnreadPart {
            source: source.places.path(file),
            part: match length {
                0 => format!("from {} on", source.places.place(file, start)),
                length => source
                    .places
                    .part(file, start, start.saturating_add(length)),
            },
            reason: cut(reason, MESSAGE_CHARS),
        })
}

fn recovery(state: &JobState, log: &FailureLog) -> Recovery {
    let is_completed = |id: &&u64| {
        let index = u32::try_from(**id).ok();
        let status = index.and_then(|index| state.partition_status(index));
        status == Some(PartitionStatus::Completed)
    };
    let hit = log.partitions.len() as u64;
    let recovered = log.partitions.iter().filter(is_completed).count() as u64;
    let indices = 0..state.partition_count();
    let deadly = indices
        .clone()
        .map(|index| state.poison(index).len() as u64);
    let takeovers = state.epochs().iter().filter(|epoch| epoch.takeover);
    Recovery {
        retries: indices.map(|index| u64::from(state.retries(index))).sum(),
        partitions_hit: hit,
        partitions_recovered: recovered,
        rate: (hit > 0).then(|| recovered as f64 / hit as f64),
        restarts: (state.epochs().len() as u64).saturating_sub(1),
        takeovers: takeovers.count() as u64,
        checkpoints_loaded: log.loaded,
        checkpoints_rejected: log.rejected,
        deadly_records: deadly.sum(),
    }
}
