//! What is told, every so often, of the machine and of how fast the job comes on.

use coldpress_events::{Event, EventKind, PerformanceMetrics};
use coldpress_job::JobState;
use coldpress_worker::Progress;
use serde_json::Map;

use super::Teller;
use crate::space::DiskEstimate;
use crate::usage::{Usage, UsageMeter};

/// What was measured last, to compare with.
pub(super) struct Samples {
    meter: UsageMeter,
    /// Records that were through.
    records: u64,
}

impl Samples {
    pub(super) fn begin() -> Self {
        Self {
            meter: UsageMeter::begin(),
            records: 0,
        }
    }
}

impl Teller<'_> {
    /// Tells what this process and its workers use of the machine and how many records come through, every
    /// `resource_sample_seconds`.
    pub(in crate::driver) fn sample(&mut self, workers: &[u32], progress: &Progress) {
        let every = self.executor.prepared.recipe.events.resource_sample_seconds;
        let seconds = self.samples.meter.seconds();
        if every <= 0.0 || seconds < every {
            return;
        }
        if let Some(usage) = self.samples.meter.sample(workers) {
            self.emit(self.resource_usage(usage));
        }
        let records = progress.records_through();
        // What an attempt was through with counts no more once it fails.
        let more = records.saturating_sub(self.samples.records);
        self.samples.records = records;
        let throughput = more as f64 / seconds;
        let event = Event::new(EventKind::Throughput, format!("{throughput:.0} records/s"))
            .duration_seconds(seconds)
            .metadata("records", more)
            .performance(PerformanceMetrics {
                throughput: Some(throughput),
                reduction_ratio: None,
                other: Map::new(),
            });
        self.emit(event);
    }

    fn resource_usage(&self, usage: Usage) -> Event {
        let megabytes = |bytes: u64| bytes / 1_000_000;
        let disks = self.executor.prepared.disks(&DiskEstimate::default());
        let free = disks.iter().map(|disk| disk.free_bytes).min();
        let (memory, cpu) = (megabytes(usage.memory_bytes), usage.cpu_percent.round());
        let event = Event::new(
            EventKind::ResourceUsage,
            format!("{memory} MB of memory, {cpu} % of a core"),
        )
        .resource("memory_mb", memory)
        .resource("cpu_percent", cpu)
        .resource("disk_read_mb", megabytes(usage.read_bytes))
        .resource("disk_written_mb", megabytes(usage.written_bytes));
        match free {
            Some(free) => event.resource("disk_free_mb", megabytes(free)),
            None => event,
        }
    }

    /// Tells how each operator did over the whole job.
    pub(super) fn operators_measured(&self, state: &JobState) {
        let operators = crate::summary::performance(state);
        let all: f64 = operators.iter().map(|one| one.seconds).sum();
        for one in operators {
            let message = format!(
                "{} records in, {} out, in {:.3} s of work",
                one.records_in, one.records_out, one.seconds
            );
            let event = Event::new(EventKind::PerformanceMetric, message)
                .operation(one.name, one.index)
                .duration_seconds(one.seconds)
                .rows(one.records_in, one.records_out);
            let share = one.seconds / all;
            self.emit(match share.is_finite() {
                true => event.metadata("share_of_work", (share * 1e4).round() / 1e4),
                false => event,
            });
        }
    }
}
