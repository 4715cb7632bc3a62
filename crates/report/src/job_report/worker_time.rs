//! The time of the workers: what they worked on, and what they waited for.

use coldpress_events::{Event, EventKind};
use serde::Serialize;

/// The use of the workers' time, over all runs that have ended. Only the event log has it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WorkerTime {
    /// The runs that are counted.
    pub runs: u32,
    /// The seconds that the workers were available, added up.
    pub seconds: f64,
    /// The uses of the time, in the order of `docs/observability.md`.
    pub shares: Vec<WorkerShare>,
}

/// One use of the workers' time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerShare {
    /// Its name in the events, as in `checkpoints` or `wait_plan`.
    pub name: &'static str,
    /// The seconds, over all workers.
    pub seconds: f64,
    /// The share of the workers' time.
    pub share: f64,
}

/// All uses of time, with their descriptions for people.
pub(super) const NAMES: [(&str, &str); 13] = [
    ("operators", "run operators"),
    ("reading", "read the input"),
    ("checkpoints", "wait for checkpoint writes"),
    ("results", "wait for results to be written"),
    ("failed_attempts", "work on attempts that fail"),
    ("other_work", "do other work"),
    ("wait_driver", "wait for the driver"),
    ("wait_plan", "wait for the input to be cut"),
    ("wait_barrier", "wait for whole-dataset operators"),
    ("wait_memory", "wait for memory"),
    ("wait_retry", "wait for retries"),
    ("wait_last_partitions", "wait for the last partitions"),
    ("wait_export", "wait for the export"),
];

/// Sums the times that the events of runs report.
#[derive(Clone, Debug, Default)]
pub(super) struct WorkerTimeLog {
    runs: u32,
    seconds: f64,
    spent: [f64; NAMES.len()],
}

impl WorkerTimeLog {
    pub(super) fn take(&mut self, event: &Event) {
        if event.kind != EventKind::PerformanceMetric {
            return;
        }
        let metadata = event.metadata.as_ref();
        let number = |name: &str| {
            let number = metadata?.get(name)?.as_f64()?;
            (number.is_finite() && number >= 0.0).then_some(number)
        };
        let Some(seconds) = number("worker_seconds") else {
            return;
        };
        self.runs += 1;
        self.seconds += seconds;
        for (spent, (name, _)) in self.spent.iter_mut().zip(NAMES) {
            *spent += number(name).unwrap_or(0.0);
        }
    }

    /// Returns the sums; none if no run has reported any.
    pub(super) fn finish(self) -> Option<WorkerTime> {
        let all = self.seconds;
        let shares = NAMES
            .iter()
            .zip(self.spent)
            .map(|((name, _), seconds)| WorkerShare {
                name,
                seconds,
                share: seconds / all,
            });
        (all > 0.0).then(|| WorkerTime {
            runs: self.runs,
            seconds: all,
            shares: shares.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_added_up_and_other_metrics_are_not() {
        let mut log = WorkerTimeLog::default();
        log.take(&Event::new(EventKind::PerformanceMetric, "").operation("a", 0));
        log.take(&Event::new(EventKind::Info, "").metadata("worker_seconds", 9.0));
        for checkpoints in [1.0, 2.0] {
            let event = Event::new(EventKind::PerformanceMetric, "")
                .metadata("worker_seconds", 10.0)
                .metadata("checkpoints", checkpoints)
                .metadata("reading", "much");
            log.take(&event);
        }
        let time = log.finish().unwrap();
        assert_eq!((time.runs, time.seconds, time.shares.len()), (2, 20.0, 13));
        let on_checkpoints = &time.shares[2];
        assert_eq!(
            (
                on_checkpoints.name,
                on_checkpoints.seconds,
                on_checkpoints.share
            ),
            ("checkpoints", 3.0, 0.15)
        );
        assert_eq!(WorkerTimeLog::default().finish(), None);
    }
}
