//! Where the time of the workers of one run goes: what they work at, and what they wait for.

use std::collections::BTreeMap;
use std::time::Duration;

use coldpress_worker::Outcome;

/// The reason why workers have nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Wait {
    /// The next partition is not cut yet.
    Plan,
    /// A whole-dataset operator decides.
    Barrier,
    /// Less memory has to be in use before another attempt may begin.
    Memory,
    /// What is left failed before and is tried again later.
    Retry,
    /// The last partitions, of the stage or of the job, are at work elsewhere.
    LastPartitions,
    /// All partitions are through and are merged.
    Export,
}

impl Wait {
    /// All reasons, with their names in events.
    const NAMES: [(Self, &'static str); 6] = [
        (Self::Plan, "wait_plan"),
        (Self::Barrier, "wait_barrier"),
        (Self::Memory, "wait_memory"),
        (Self::Retry, "wait_retry"),
        (Self::LastPartitions, "wait_last_partitions"),
        (Self::Export, "wait_export"),
    ];
}

/// Adds up where the time of the workers goes. It is given the time and reads no clock.
///
/// The time that no reason explains is waiting for the driver: workers had nothing to do while the driver thought that they had.
#[derive(Debug)]
pub(super) struct WorkerTime {
    workers: usize,
    begun: Duration,
    /// When the workers were looked at last, how many had nothing to do then, and why.
    seen: (Duration, usize, Wait),
    waited: BTreeMap<Wait, Duration>,
    /// Time in attempts.
    busy: f64,
    operators: f64,
    reading: f64,
    checkpoints: f64,
    results: f64,
    failed: f64,
}

/// The time of the workers of a run in worker-seconds, by what it went to.
pub(super) type Shares = Vec<(&'static str, f64)>;

impl WorkerTime {
    pub(super) fn begin(workers: usize, now: Duration) -> Self {
        Self {
            workers,
            begun: now,
            seen: (now, 0, Wait::Plan),
            waited: BTreeMap::new(),
            busy: 0.0,
            operators: 0.0,
            reading: 0.0,
            checkpoints: 0.0,
            results: 0.0,
            failed: 0.0,
        }
    }

    /// Notes that from now on so many attempts are under way, and why not more.
    pub(super) fn see(&mut self, now: Duration, running: usize, why_no_more: Wait) {
        let (since, idle, why) = self.seen;
        if idle > 0 {
            let waited = now.saturating_sub(since) * idle as u32;
            *self.waited.entry(why).or_default() += waited;
        }
        self.seen = (now, self.workers.saturating_sub(running), why_no_more);
    }

    /// Notes that an attempt ended after so many seconds; without an outcome, it failed.
    pub(super) fn attempt_ended(&mut self, seconds: f64, outcome: Option<&Outcome>) {
        self.busy += seconds;
        let Some(outcome) = outcome else {
            self.failed += seconds;
            return;
        };
        let of_nanos = |nanos: u64| nanos as f64 / 1e9;
        let files = outcome.file_times;
        let operators: u64 = outcome.nanos.iter().sum();
        self.operators += of_nanos(operators + outcome.signing_nanos);
        self.reading += of_nanos(files.reading_nanos);
        self.checkpoints += of_nanos(files.checkpoint_nanos);
        self.results += of_nanos(files.result_nanos);
    }

    /// Returns the worker-seconds up to now, and what they went to, in the same unit.
    pub(super) fn shares(mut self, now: Duration) -> (f64, Shares) {
        let why = self.seen.2;
        self.see(now, 0, why);
        let all = now.saturating_sub(self.begun).as_secs_f64() * self.workers as f64;
        let waited: f64 = self.waited.values().map(Duration::as_secs_f64).sum();
        let known = self.operators + self.reading + self.checkpoints + self.results + self.failed;
        let mut shares = vec![
            ("operators", self.operators),
            ("reading", self.reading),
            ("checkpoints", self.checkpoints),
            ("results", self.results),
            ("failed_attempts", self.failed),
            ("other_work", (self.busy - known).max(0.0)),
            ("wait_driver", (all - self.busy - waited).max(0.0)),
        ];
        let waits = Wait::NAMES.iter().map(|(wait, name)| {
            let waited = self.waited.get(wait).copied().unwrap_or_default();
            (*name, waited.as_secs_f64())
        });
        shares.extend(waits);
        (all, shares)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn share(shares: &Shares, name: &str) -> f64 {
        let found = shares.iter().find(|(known, _)| *known == name);
        found.unwrap().1
    }

    #[test]
    fn time_without_work_has_a_reason_or_is_the_drivers() {
        let mut time = WorkerTime::begin(2, seconds(0));
        // Both work from 1 to 5, and one of them from 7 to 10.
        time.see(seconds(0), 0, Wait::Plan);
        time.see(seconds(1), 2, Wait::LastPartitions);
        time.attempt_ended(4.0, None);
        time.attempt_ended(4.0, None);
        // From 5 to 7 the driver believed them busy.
        time.see(seconds(7), 1, Wait::LastPartitions);
        time.attempt_ended(3.0, None);
        time.see(seconds(10), 0, Wait::Export);
        let (all, shares) = time.shares(seconds(11));
        assert_eq!(all, 22.0);
        for (name, expected) in [
            ("failed_attempts", 11.0),
            ("wait_plan", 2.0),
            ("wait_last_partitions", 3.0),
            ("wait_export", 2.0),
            ("wait_driver", 4.0),
            ("wait_retry", 0.0),
            ("other_work", 0.0),
        ] {
            assert_eq!(share(&shares, name), expected, "{name}");
        }
        let sum: f64 = shares.iter().map(|(_, share)| share).sum();
        assert_eq!(sum, all);
    }

    #[test]
    fn a_slot_more_than_workers_is_no_idle_worker() {
        let mut time = WorkerTime::begin(2, seconds(0));
        time.see(seconds(0), 3, Wait::Plan);
        time.attempt_ended(20.0, None);
        let (all, shares) = time.shares(seconds(10));
        assert_eq!((all, share(&shares, "wait_driver")), (20.0, 0.0));
    }
}
