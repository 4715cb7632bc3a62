//! What workers are at, for those who watch.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use coldpress_partition::Task;
use serde::{Deserialize, Serialize};

use crate::attempt::Assignment;

/// What workers are at while they work: to show, not to count on. It says nothing about what is published.
#[derive(Debug, Default)]
pub struct Progress(Mutex<Ways>);

#[derive(Debug, Default)]
struct Ways {
    /// Records of the partitions that are published.
    published: f64,
    /// How far the others are, as the last attempt that came further left them, in records.
    reached: BTreeMap<Task, f64>,
    /// The attempts at work.
    at_work: BTreeMap<Task, AtWork>,
}

/// An attempt at work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AtWork {
    /// What is worked on.
    pub task: Task,
    /// The number of the attempt.
    pub attempt: u32,
    /// The address of the machine, if it may be another one than the driver's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<IpAddr>,
    /// Records of the partition.
    pub records: u64,
    /// Records that were read so far.
    pub read: u64,
    /// The operator at work, by its place in the recipe; none before the first.
    pub operation: Option<u32>,
    /// The operators that have begun, and when in seconds since 1970, in this order.
    pub begun: Vec<(u32, f64)>,
    /// The part of the whole way that lay behind the attempt when it began, from 0 to 1.
    pub from: f64,
    /// The part where it ends.
    pub to: f64,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// The result is published.
    End,
    /// The attempt came to its gate.
    Gate,
    /// Nothing that counts.
    Nothing,
}

impl Progress {
    /// An attempt begins to work, with so many operators applied already, and ends at `gate` or with the result.
    pub(crate) fn begin(&self, work: Assignment<'_>, applied: u32, gate: Option<u32>) {
        // Each record passes the operators of the stage and then goes to the result, which is one step more. An attempt that
        // begins before its stage, because the result of the one before is damaged, is at the beginning of its way.
        let chain = &work.attempt.chain;
        let step = |operators: u32| f64::from(operators.saturating_sub(chain.begin()));
        let steps = step(chain.end()) + 1.0;
        let to = gate.map_or(steps, step);
        self.put(AtWork {
            task: work.attempt.task,
            attempt: work.attempt.number,
            node: None,
            records: work.attempt.slice.records,
            read: 0,
            operation: None,
            begun: Vec::new(),
            from: step(applied) / steps,
            to: to / steps,
        });
    }

    /// The attempt at a task has read so many records more.
    pub(crate) fn read(&self, task: Task, records: u64) {
        if let Some(at_work) = self.ways().at_work.get_mut(&task) {
            at_work.read += records;
        }
    }

    /// An operator begins with a batch.
    pub(crate) fn enter(&self, task: Task, operation: u32) {
        let mut ways = self.ways();
        let Some(at_work) = ways.at_work.get_mut(&task) else {
            return;
        };
        at_work.operation = Some(operation);
        // They begin in their order, so the last one tells.
        let has_begun = at_work
            .begun
            .last()
            .is_some_and(|(last, _)| *last >= operation);
        if !has_begun {
            at_work.begun.push((operation, now_seconds()));
        }
    }

    /// Takes in what an attempt is at, as its worker says. Of two attempts at a task, the one that is further is shown.
    pub fn put(&self, at_work: AtWork) {
        let mut ways = self.ways();
        let known = ways.at_work.get(&at_work.task);
        let is_behind = known.is_some_and(|known| {
            known.attempt != at_work.attempt && known.records_through() > at_work.records_through()
        });
        if !is_behind {
            ways.at_work.insert(at_work.task, at_work);
        }
    }

    /// Takes out an attempt that counts for nothing, because another one at its task was faster.
    pub fn forget(&self, task: Task, attempt: u32) {
        let mut ways = self.ways();
        if ways.at_work.get(&task).map(|at_work| at_work.attempt) == Some(attempt) {
            ways.at_work.remove(&task);
        }
    }

    /// All attempts that have begun and have not been settled.
    #[must_use]
    pub fn at_work(&self) -> Vec<AtWork> {
        self.ways().at_work.values().cloned().collect()
    }

    /// Takes out the attempt at a task, which has ended.
    pub fn settle(&self, task: Task, reached: Reached) -> Option<AtWork> {
        let mut ways = self.ways();
        let at_work = ways.at_work.remove(&task)?;
        match reached {
            Reached::End => {
                ways.reached.remove(&task);
                ways.published += at_work.records as f64;
            }
            Reached::Gate => {
                ways.reached
                    .insert(task, at_work.records as f64 * at_work.to);
            }
            Reached::Nothing => {}
        }
        Some(at_work)
    }

    /// Records that are through, those on their way in part.
    #[must_use]
    pub fn records_through(&self) -> u64 {
        let ways = self.ways();
        let waiting = ways.reached.iter();
        let waiting = waiting.filter(|(task, _)| !ways.at_work.contains_key(task));
        let waiting: f64 = waiting.map(|(_, records)| records).sum();
        let at_work: f64 = ways.at_work.values().map(AtWork::records_through).sum();
        (ways.published + waiting + at_work) as u64
    }

    fn ways(&self) -> MutexGuard<'_, Ways> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl AtWork {
    fn records_through(&self) -> f64 {
        let read = self.read.min(self.records) as f64;
        self.records as f64 * self.from + read * (self.to - self.from)
    }
}

fn now_seconds() -> f64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.map_or(0.0, |since| since.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at_work(partition: u32, read: u64, from: f64, to: f64) -> AtWork {
        AtWork {
            task: Task::new(0, partition),
            attempt: 1,
            node: None,
            records: 100,
            read,
            operation: None,
            begun: Vec::new(),
            from,
            to,
        }
    }

    #[test]
    fn a_partition_that_is_read_several_times_is_through_once() {
        let progress = Progress::default();
        // Four gates and the end, and each attempt reads all records.
        for step in 0..5 {
            let (from, to) = (f64::from(step) / 5.0, f64::from(step + 1) / 5.0);
            progress.put(at_work(0, 50, from, to));
            assert_eq!(progress.records_through(), 20 * step as u64 + 10);
            progress.put(at_work(0, 100, from, to));
            assert_eq!(progress.records_through(), 20 * (step as u64 + 1));
            let reached = if step < 4 {
                Reached::Gate
            } else {
                Reached::End
            };
            progress.settle(Task::new(0, 0), reached);
            assert_eq!(progress.records_through(), 20 * (step as u64 + 1));
        }
        assert!(progress.at_work().is_empty());
    }

    #[test]
    fn what_failed_counts_for_nothing() {
        let progress = Progress::default();
        progress.put(at_work(0, 70, 0.0, 1.0));
        progress.put(at_work(1, 30, 0.5, 1.0));
        assert_eq!(progress.records_through(), 70 + 65);
        progress.settle(Task::new(0, 0), Reached::Nothing);
        assert_eq!(progress.records_through(), 65);
    }

    #[test]
    fn of_two_attempts_the_one_that_is_further_is_shown() {
        let progress = Progress::default();
        let attempt = |attempt, read| AtWork {
            attempt,
            ..at_work(0, read, 0.0, 1.0)
        };
        progress.put(attempt(1, 60));
        progress.put(attempt(2, 10));
        assert_eq!(progress.records_through(), 60);
        progress.put(attempt(2, 70));
        progress.put(attempt(1, 61));
        assert_eq!(progress.records_through(), 70);
        progress.forget(Task::new(0, 0), 1);
        assert_eq!(progress.at_work().len(), 1);
        progress.settle(Task::new(0, 0), Reached::End);
        // What the other says after that is taken out with it.
        progress.put(attempt(1, 62));
        progress.forget(Task::new(0, 0), 1);
        assert_eq!(progress.records_through(), 100);
    }

    #[test]
    fn operators_begin_once_and_in_order() {
        let progress = Progress::default();
        progress.put(at_work(3, 0, 0.0, 1.0));
        for operation in [0, 1, 2, 0, 1, 2] {
            progress.enter(Task::new(0, 3), operation);
        }
        let found = progress.settle(Task::new(0, 3), Reached::End).unwrap();
        let begun: Vec<u32> = found
            .begun
            .iter()
            .map(|(operation, _)| *operation)
            .collect();
        assert_eq!((begun, found.operation), (vec![0, 1, 2], Some(2)));
    }
}
