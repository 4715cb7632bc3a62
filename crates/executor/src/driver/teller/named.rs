//! How events name attempts and tasks.

use coldpress_events::{Event, EventKind};
use coldpress_partition::Task;

use crate::backend::WorkerId;

/// An attempt as events name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::driver) struct Try {
    pub(in crate::driver) task: Task,
    /// The number of the attempt, from 1.
    pub(in crate::driver) number: u32,
    /// Attempts at the task that failed before, in this run.
    pub(in crate::driver) retries: u32,
    /// The worker that ran it; none before it has ended.
    pub(in crate::driver) worker: Option<WorkerId>,
}

impl Try {
    /// Makes an event of this attempt.
    pub(super) fn event(self, kind: EventKind, message: impl Into<String>) -> Event {
        let event = of_task(Event::new(kind, message), self.task)
            .attempt(self.number)
            .retries(self.retries);
        let Some(worker) = self.worker else {
            return event;
        };
        let event = event.metadata("worker", worker.number);
        let event = match worker.process {
            Some(process) => event.metadata("worker_process", process),
            None => event,
        };
        match worker.node {
            Some(node) => event.metadata("worker_node", node.to_string()),
            None => event,
        }
    }
}

/// Makes an event of this task. It names the stage except for the first, so a job with one stage has events without stages.
pub(in crate::driver) fn of_task(event: Event, task: Task) -> Event {
    let event = event.partition(task.partition);
    match task.stage {
        0 => event,
        stage => event.metadata("stage", stage),
    }
}
