//! Disk space and memory while the job is worked on: what the watches see is acted on here.

use std::time::Duration;

use coldpress_events::{Event, EventKind};
use coldpress_partition::SampledRecords;

use super::Driver;
use crate::error::Result;
use crate::scheduler::Scheduler;
use crate::space::DiskEstimate;
use crate::watch::memory::{Room, enough_again};

impl Driver<'_> {
    /// Looks at the free space of all disks that are written to, unless it was just done.
    ///
    /// # Errors
    /// When one has less than `min_free_disk_mb`.
    pub(super) fn watch_space(&mut self) -> Result<()> {
        if self.space.is_due() {
            let disks = self.executor.prepared.disks(&DiskEstimate::default());
            let warnings = self.space.look(disks)?;
            warnings
                .into_iter()
                .for_each(|warning| self.teller.warn(warning));
        }
        Ok(())
    }

    /// Warns of disks that have less room than the job may take.
    pub(super) fn compare_need(&mut self, need: &DiskEstimate) {
        let disks = self.executor.prepared.disks(need);
        let warnings = self.space.compare(&disks);
        warnings
            .into_iter()
            .for_each(|warning| self.teller.warn(warning));
    }

    /// Returns what is still to be written of a job whose plan is complete.
    pub(super) fn need_of_the_rest(&self) -> DiskEstimate {
        let (mut all, mut open, mut records) = (0_u64, 0_u64, 0_u64);
        for partition in self.truth.state().partitions() {
            let bytes = partition.slice.bytes();
            all += bytes;
            if self.usable_result(partition.index).is_none() {
                open += bytes;
                records += partition.slice.records;
            }
        }
        DiskEstimate {
            export: all,
            ..self.executor.prepared.disk_need(records, open, 0)
        }
    }

    /// Returns what a job writes that is begun, as far as a sample of its input tells.
    pub(super) fn need_of_all(&self, seen: &SampledRecords) -> DiskEstimate {
        let prepared = &self.executor.prepared;
        let limit = prepared.recipe.limit.unwrap_or(u64::MAX);
        let records = seen.estimated_records.max(1);
        let counted = limit.min(records) as f64 / records as f64;
        let estimated_bytes = (seen.estimated_bytes as f64 * counted) as u64;
        let length = |copied_only: bool| {
            let counted = self.sources.all().iter();
            let counted = counted.filter(|source| !copied_only || prepared.is_copied(source));
            counted.map(|source| source.identity.length).sum::<u64>()
        };
        let share = length(true) as f64 / length(false).max(1) as f64;
        let copied = (estimated_bytes as f64 * share) as u64;
        prepared.disk_need(limit.min(records), estimated_bytes, copied)
    }

    /// Returns whether what is ready must wait until less memory is in use, by this process and these others.
    pub(super) fn waits_for_memory(&mut self, scheduler: &Scheduler, others: &[u32]) -> bool {
        // Nothing would begin now anyway.
        if scheduler.wait(self.now()) > Duration::ZERO {
            return false;
        }
        match self.memory.room(scheduler.running(), others) {
            Room::Enough { is_new } => {
                if is_new {
                    let event = Event::new(EventKind::Info, enough_again());
                    self.teller.emit(event);
                }
                false
            }
            Room::Short { warning } => {
                warning
                    .into_iter()
                    .for_each(|warning| self.teller.warn(warning));
                true
            }
        }
    }
}
