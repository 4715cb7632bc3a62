//! One pass over the event log, which collects everything that only events have.

use std::collections::BTreeMap;

use coldpress_events::{Event, EventKind};
use coldpress_job::Layout;

use super::attempts::AttemptLog;
use super::errors::FailureLog;
use super::event_rows::EventLog;
use super::limits::Limits;
use super::resources::ResourceLog;
use super::worker_time::WorkerTimeLog;
use crate::history::{History, each_event};

/// The facts that the events report; all of them may be missing. Their size is bounded by the [`Limits`] and by the partitions.
#[derive(Clone)]
pub(super) struct LogPass {
    pub(super) history: History,
    pub(super) attempts: AttemptLog,
    pub(super) resources: ResourceLog,
    pub(super) failures: FailureLog,
    pub(super) rows: EventLog,
    pub(super) worker_time: WorkerTimeLog,
    /// The seconds that the decisions of whole-dataset operators took, by their places in the recipe.
    pub(super) barrier_seconds: BTreeMap<u32, f64>,
}

impl LogPass {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            history: History::default(),
            attempts: AttemptLog::new(limits.attempts),
            resources: ResourceLog::new(limits.points),
            failures: FailureLog::default(),
            rows: EventLog::new(limits.events),
            worker_time: WorkerTimeLog::default(),
            barrier_seconds: BTreeMap::new(),
        }
    }

    pub(super) fn over(layout: &Layout, limits: &Limits) -> Self {
        let mut pass = Self::new(limits);
        pass.history.remark = each_event(layout, |event| pass.take(event));
        pass
    }

    pub(super) fn take(&mut self, event: &Event) {
        // Nothing from before a new generation counts.
        if event.kind == EventKind::JobStart {
            self.attempts.clear();
            self.failures = FailureLog::default();
            self.worker_time = WorkerTimeLog::default();
            self.barrier_seconds.clear();
        }
        if event.kind == EventKind::BarrierComplete
            && let (Some(place), Some(seconds)) = (event.operation_idx, event.duration)
        {
            self.barrier_seconds.insert(place, seconds);
        }
        self.history.take(event);
        self.attempts.take(event);
        self.resources.take(event);
        self.failures.take(event);
        self.rows.take(event);
        self.worker_time.take(event);
    }
}
