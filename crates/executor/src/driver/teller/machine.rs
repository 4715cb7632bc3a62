//! Regular reports on the machine and on the throughput of the job.

use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind, PerformanceMetrics};
use coldpress_job::{JobState, Phase};
use coldpress_worker::Progress;
use serde_json::Map;

use super::super::worker_time::WorkerTime;
use super::Teller;
use crate::space::DiskEstimate;
use crate::usage::{Usage, UsageMeter};
use crate::watch::alerts::Signal;

/// Seconds between two samples that are taken for rules alone.
const FOR_RULES_SECONDS: f64 = 5.0;

/// The previous measurements, to compare with.
pub(super) struct Samples {
    meter: UsageMeter,
    /// Records that were through.
    records: u64,
    /// The last time at which a record was seen to come through.
    moved: Instant,
}

impl Samples {
    pub(super) fn begin() -> Self {
        Self {
            meter: UsageMeter::begin(),
            records: 0,
            moved: Instant::now(),
        }
    }

    /// Records that came through since this was asked last.
    fn more(&mut self, records: u64) -> u64 {
        // What an attempt was through with counts no more once it fails.
        let more = records.saturating_sub(self.records);
        self.records = records;
        if more > 0 {
            self.moved = Instant::now();
        }
        more
    }
}

impl Teller<'_> {
    /// Measures what this process and its workers use of the machine and how many records come through, every
    /// `resource_sample_seconds`: for the log, and for rules of the recipe.
    pub(in crate::driver) fn sample(&mut self, workers: &[u32], progress: &Progress) {
        let asked = self.executor.prepared.recipe.events.resource_sample_seconds;
        let is_told = asked > 0.0;
        let every = if is_told { asked } else { FOR_RULES_SECONDS };
        let seconds = self.samples.meter.seconds();
        if seconds < every || !(is_told || self.alerts.watch.needs_samples()) {
            return;
        }
        let usage = self.samples.meter.sample(workers);
        let disks = self.executor.prepared.disks(&DiskEstimate::default());
        let free_mb = disks.iter().map(|disk| megabytes(disk.free_bytes)).min();
        let more = self.samples.more(progress.records_through());
        let throughput = more as f64 / seconds;
        if is_told {
            self.emit_sample(usage, free_mb, more, seconds);
        }
        if let Some(free_mb) = free_mb {
            self.signal(&Signal::DiskFree(free_mb as f64));
        }
        // While all partitions are through and are compared or merged, no record can come through.
        if self.summary.phase == Phase::Processing {
            let still_seconds = self.samples.moved.elapsed().as_secs_f64();
            self.signal(&Signal::Pace {
                throughput,
                still_seconds,
            });
        } else {
            self.samples.moved = Instant::now();
        }
    }

    fn emit_sample(&self, usage: Option<Usage>, free_mb: Option<u64>, more: u64, seconds: f64) {
        if let Some(usage) = usage {
            self.emit(resource_usage(usage, free_mb));
        }
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

    /// Reports what the workers spent their time on in this run, and what they waited for.
    pub(in crate::driver) fn workers_measured(&self, time: WorkerTime, now: Duration) {
        let (all, shares) = time.shares(now);
        if all <= 0.0 {
            return;
        }
        let rounded = |seconds: f64| (seconds * 1e6).round() / 1e6;
        let message = format!("{all:.3} seconds of all workers, by what they were spent on");
        let event = Event::new(EventKind::PerformanceMetric, message)
            .metadata("worker_seconds", rounded(all));
        let event = shares.into_iter().fold(event, |event, (name, seconds)| {
            event.metadata(name, rounded(seconds))
        });
        self.emit(event);
    }

    /// Reports the work of each operator over the whole job.
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

fn megabytes(bytes: u64) -> u64 {
    bytes / 1_000_000
}

fn resource_usage(usage: Usage, free_mb: Option<u64>) -> Event {
    let (memory, cpu) = (megabytes(usage.memory_bytes), usage.cpu_percent.round());
    let event = Event::new(
        EventKind::ResourceUsage,
        format!("{memory} MB of memory, {cpu} % of a core"),
    )
    .resource("memory_mb", memory)
    .resource("cpu_percent", cpu)
    .resource("disk_read_mb", megabytes(usage.read_bytes))
    .resource("disk_written_mb", megabytes(usage.written_bytes));
    match free_mb {
        Some(free) => event.resource("disk_free_mb", free),
        None => event,
    }
}
