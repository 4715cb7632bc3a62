//! Memory while a job is worked on: attempts wait for it, and partitions that are large for it are told.

use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind};
use coldpress_partition::Slice;

use super::Driver;
use crate::memory::{Admission, CLOSED_ABOVE, MemoryGate, OPEN_BELOW, resident_bytes};
use crate::prepare::Prepared;
use crate::scheduler::Scheduler;

/// How often the memory in use is looked at, at most.
const EVERY: Duration = Duration::from_millis(100);

/// What is remembered of the memory in use from one look to the next.
#[derive(Debug)]
pub(super) struct MemoryWatch {
    gate: MemoryGate,
    looked: Option<Instant>,
    used_bytes: u64,
    /// Whether a partition that is large for the memory was told.
    is_large_told: bool,
}

impl MemoryWatch {
    pub(super) fn new(prepared: &Prepared) -> Self {
        Self {
            gate: MemoryGate::new(prepared.memory_limit_bytes()),
            looked: None,
            used_bytes: 0,
            is_large_told: false,
        }
    }

    /// Whether another attempt must wait while so many run, as far as is known.
    pub(super) fn holds_back(&self, running: usize) -> bool {
        self.gate.holds_back(running)
    }

    fn look(&mut self, others: &[u32]) {
        if self.looked.is_some_and(|then| then.elapsed() < EVERY) {
            return;
        }
        self.looked = Some(Instant::now());
        self.used_bytes = resident_bytes(others);
        self.gate.note(self.used_bytes);
    }
}

impl Driver<'_> {
    /// Whether what is ready must wait until less memory is in use, by this process and these others.
    pub(super) fn waits_for_memory(&mut self, scheduler: &Scheduler, others: &[u32]) -> bool {
        // Nothing would begin now anyway.
        if scheduler.wait(self.now()) > Duration::ZERO {
            return false;
        }
        let was_short = self.memory.holds_back(1);
        self.memory.look(others);
        if was_short && !self.memory.holds_back(1) {
            let message = format!("less than {OPEN_BELOW} % of the memory is in use again");
            self.events.emit(Event::new(EventKind::Info, message));
        }
        match self.memory.gate.admit(scheduler.running()) {
            Admission::Begin => false,
            Admission::Wait { first } => {
                if first {
                    let (used, limit) = (self.memory.used_bytes, self.memory.gate.limit_bytes());
                    self.warn(format!(
                        "{} MB of memory are in use, above {CLOSED_ABOVE} % of the limit of {} MB: partitions wait until it \
                         is below {OPEN_BELOW} %; lower `np` or `partition.size`, or raise `memory_limit_mb`",
                        used >> 20,
                        limit >> 20
                    ));
                }
                true
            }
        }
    }

    /// Tells the first partition whose records are more than a worker's share of the memory.
    pub(super) fn tell_large(&mut self, partition: u32, slice: &Slice) {
        let prepared = &self.executor.prepared;
        let limit = self.memory.gate.limit_bytes();
        let share = limit / prepared.workers.max(1) as u64;
        let bytes = slice.bytes();
        if bytes <= share || self.memory.is_large_told {
            return;
        }
        self.memory.is_large_told = true;
        let asked = &prepared.recipe.partition;
        let setting = match (asked.auto_configure, asked.num_of_partitions) {
            (true, _) => "lower `partition.target_size_mb`",
            (false, Some(_)) => "raise `partition.num_of_partitions`",
            (false, None) => "lower `partition.max_size_mb`",
        };
        let message = format!(
            "partition {partition} has {bytes} bytes of records, more than the {share} bytes of memory that each of {} workers \
             may take; {setting}, lower `np` or raise `memory_limit_mb`",
            prepared.workers
        );
        self.warn(message);
    }
}
