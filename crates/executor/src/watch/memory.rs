//! Memory while a job is worked on: attempts wait for it, and the first partition that is large for it is told.

use std::time::{Duration, Instant};

use coldpress_config::PartitionSettings;
use coldpress_partition::Slice;

use crate::memory::{Admission, CLOSED_ABOVE, MemoryGate, OPEN_BELOW, resident_bytes};

/// How often the memory in use is looked at, at most.
const EVERY: Duration = Duration::from_millis(100);

/// What is remembered of the memory in use from one look to the next.
#[derive(Debug)]
pub(crate) struct MemoryWatch {
    gate: MemoryGate,
    looked: Option<Instant>,
    used_bytes: u64,
    /// Workers that may work at once.
    workers: usize,
    /// Whether a partition that is large for the memory was told.
    is_large_told: bool,
}

/// Whether another attempt may begin, and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Room {
    /// It may; whether memory was short until now.
    Enough { is_new: bool },
    /// It must wait, with a warning the first time.
    Short { warning: Option<String> },
}

impl MemoryWatch {
    pub(crate) fn new(limit_bytes: u64, workers: usize) -> Self {
        Self {
            gate: MemoryGate::new(limit_bytes),
            looked: None,
            used_bytes: 0,
            workers,
            is_large_told: false,
        }
    }

    /// Returns whether another attempt must wait while so many run, as far as is known.
    pub(crate) fn holds_back(&self, running: usize) -> bool {
        self.gate.holds_back(running)
    }

    /// Returns whether there is memory for another attempt while so many run, in this process and these others.
    pub(crate) fn room(&mut self, running: usize, others: &[u32]) -> Room {
        let was_short = self.holds_back(1);
        self.look(others);
        let is_new = was_short && !self.holds_back(1);
        match self.gate.admit(running) {
            Admission::Begin => Room::Enough { is_new },
            Admission::Wait { first } => Room::Short {
                warning: first.then(|| self.shortage()),
            },
        }
    }

    fn look(&mut self, others: &[u32]) {
        if self.looked.is_some_and(|then| then.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        self.used_bytes = resident_bytes(others);
        self.gate.note(self.used_bytes);
    }

    fn shortage(&self) -> String {
        format!(
            "{} MB of memory are in use, above {CLOSED_ABOVE} % of the limit of {} MB: partitions wait until it \
             is below {OPEN_BELOW} %; lower `np` or `partition.size`, or raise `memory_limit_mb`",
            self.used_bytes >> 20,
            self.gate.limit_bytes() >> 20
        )
    }

    /// Returns how many workers are left after one was killed as if for want of memory, with a warning if they are
    /// fewer now.
    pub(crate) fn use_fewer_workers(&mut self) -> (usize, Option<String>) {
        let now = self.workers.saturating_sub(1).max(1);
        let warning = (now < self.workers).then(|| {
            let workers = if now == 1 {
                "worker goes"
            } else {
                "workers go"
            };
            format!(
                "a worker process was killed, as the system does when memory runs out: {now} {workers} on"
            )
        });
        self.workers = now;
        (now, warning)
    }

    /// A warning about the first partition whose records are more than the share of the memory of each of `workers`.
    pub(crate) fn large_partition(
        &mut self,
        partition: u32,
        slice: &Slice,
        workers: usize,
        asked: &PartitionSettings,
    ) -> Option<String> {
        let share = self.gate.limit_bytes() / workers.max(1) as u64;
        let bytes = slice.bytes();
        if bytes <= share || self.is_large_told {
            return None;
        }
        self.is_large_told = true;
        let setting = match (asked.auto_configure, asked.num_of_partitions) {
            (true, _) => "lower `partition.target_size_mb`",
            (false, Some(_)) => "raise `partition.num_of_partitions`",
            (false, None) => "lower `partition.max_size_mb`",
        };
        Some(format!(
            "partition {partition} has {bytes} bytes of records, more than the {share} bytes of memory that each of {workers} \
             workers may take; {setting}, lower `np` or raise `memory_limit_mb`"
        ))
    }
}

/// Returns what is said when there is memory again.
pub(crate) fn enough_again() -> String {
    format!("less than {OPEN_BELOW} % of the memory is in use again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_memory_is_told_once() {
        let mut watch = MemoryWatch::new(1, 3);
        assert_eq!(watch.room(0, &[]), Room::Enough { is_new: false });
        let Room::Short { warning: Some(_) } = watch.room(1, &[]) else {
            panic!("there is no room")
        };
        assert_eq!(watch.room(1, &[]), Room::Short { warning: None });
    }

    #[test]
    fn one_worker_is_always_left() {
        let mut watch = MemoryWatch::new(1, 3);
        let (left, warning) = watch.use_fewer_workers();
        assert!(left == 2 && warning.unwrap().contains("2 workers go on"));
        let (left, warning) = watch.use_fewer_workers();
        assert!(left == 1 && warning.unwrap().contains("1 worker goes on"));
        assert_eq!(watch.use_fewer_workers(), (1, None));
    }
}
