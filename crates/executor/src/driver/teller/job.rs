//! What is told of the job as a whole.

use std::time::Instant;

use coldpress_events::{Event, EventKind, Level};
use coldpress_job::{DriverIdentity, ExportIntent, JobState, Phase, Status};
use coldpress_partition::{CutSettings, PlannedPartition, Sizing};
use coldpress_record::OperatorLedger;

use super::super::small::is_told_apart;
use super::{Teller, attempts_in_words};
use crate::prepare::MAX_WORKERS;
use crate::report::Report;
use crate::watch::alerts::Signal;

impl Teller<'_> {
    /// Tells where the dataset is cut, and why; the sentences go to the plan.
    pub(in crate::driver) fn decide_cut(
        &mut self,
        cut: &CutSettings,
        sizing: Option<&Sizing>,
    ) -> Vec<String> {
        let size = format!(
            "{} records or {} bytes, whichever comes first",
            cut.max_records, cut.max_bytes
        );
        let asked: u64 = cut.shares.iter().map(|share| share.partitions).sum();
        let decisions = match sizing {
            None if asked > 0 => vec![format!(
                "the dataset is cut into {asked} partitions of about the same size, as far as it has as many records: `partition.num_of_partitions`"
            )],
            None => vec![format!(
                "a partition holds at most {size}: `partition.size`, `partition.max_size_mb`"
            )],
            Some(sizing) => {
                let told = sizing.decisions.iter();
                told.map(|one| format!("{}: {}: {}", one.what, one.value, one.reason))
                    .collect()
            }
        };
        decisions
            .iter()
            .for_each(|decision| self.decide(decision.clone()));
        decisions
    }

    pub(in crate::driver) fn job_begins(&mut self, epoch: u64, resumed: bool) {
        let (kind, verb) = if resumed {
            (EventKind::JobRestart, "resumed")
        } else {
            (EventKind::JobStart, "started")
        };
        let job_id = self.executor.layout.job_id();
        let event = Event::new(kind, format!("job {job_id} {verb}"))
            .metadata("dataset_path", self.summary.dataset_path.clone())
            .metadata("export_path", self.summary.export_path.clone())
            .metadata("executor", self.executor.backend.to_string())
            .metadata("epoch", epoch);
        self.emit(event);
        let warnings = self.executor.prepared.recipe.warnings.clone();
        warnings
            .into_iter()
            .for_each(|warning| self.warn(warning.message));
        let (workers, backend) = (
            self.executor.prepared.workers,
            self.executor.backend.to_string(),
        );
        if let Some(asked) = self.executor.prepared.workers_not_started() {
            self.warn(format!(
                "`np: {asked}` is more than this release supports; {MAX_WORKERS} workers are started"
            ));
        }
        for name in self.executor.prepared.not_traced() {
            self.warn(format!(
                "`op_list_to_trace` names `{name}`, but selectors and groupers are not traced; `export_dropped` has what selectors leave out"
            ));
        }
        let plural = if workers == 1 { "" } else { "s" };
        self.decide(format!("{workers} worker{plural} on {backend}, from `np`, the machine's cores and `partition.max_concurrent_partitions`"));
        let prepared = &self.executor.prepared;
        let asked = prepared.recipe.checkpoint.compression.to_string();
        let stored = prepared.checkpoint_compression.to_string();
        if stored == "none" && asked != stored {
            self.decide(format!(
                "checkpoints are not compressed, though `{asked}` is asked for: `arrow_memory_mapping`"
            ));
        }
        self.emit(Event::new(
            EventKind::ProcessingStart,
            "the pipeline starts",
        ));
    }

    /// There is something to do. A run that finds the job complete is of no interest to catalogues of data.
    pub(in crate::driver) fn work_begins(&mut self) {
        self.has_work_begun = true;
        self.lineage_begins();
    }

    /// The job was complete before: how long it took stays as it was.
    pub(in crate::driver) fn keep_times(&mut self) {
        if let Some(earlier) = self.earlier.take() {
            self.summary.keep_times_of(&earlier);
            self.has_kept_times = true;
        }
    }

    /// Reports that the driver before did not release the job.
    pub(in crate::driver) fn lock_taken_over(&self, dead: &DriverIdentity) {
        let (pid, host) = (dead.pid, &dead.host);
        let message = format!("process {pid} of {host} drove the job and did not end it");
        let event = Event::new(EventKind::LockTakenOver, message);
        self.emit(event.metadata("pid", pid).metadata("host", host.clone()));
    }

    pub(in crate::driver) fn barrier_begins(
        &mut self,
        stage: u32,
        place: u32,
        operator: &str,
        records: u64,
    ) {
        let message = format!(
            "all partitions are through stage {}; their {records} records are compared",
            u64::from(stage) + 1
        );
        let event = Event::new(EventKind::BarrierStart, message)
            .operation(operator, place)
            .metadata("stage", stage)
            .metadata("records", records);
        self.emit(event);
        self.span_of_stage(stage);
        self.barrier_begun = Instant::now();
    }

    pub(in crate::driver) fn barrier_resolved(
        &mut self,
        stage: u32,
        place: u32,
        ledger: &OperatorLedger,
    ) {
        let (records, kept, next) = (ledger.records_in, ledger.out, u64::from(stage) + 2);
        let (dropped, quarantined) = (ledger.dropped, ledger.quarantined);
        let set_aside = match (dropped, quarantined) {
            (0, 0) => String::new(),
            (_, 0) => format!("; {dropped} are dropped"),
            _ => format!("; {dropped} are dropped and {quarantined} quarantined"),
        };
        let message = match (dropped, quarantined) {
            _ if ledger.absorbed > 0 || ledger.made > 0 => {
                format!("{records} records become {kept}{set_aside}; stage {next} begins")
            }
            (0, 0) => format!("all {records} records are kept; stage {next} begins"),
            (_, 0) => format!(
                "{kept} of {records} records are kept and {dropped} dropped; stage {next} begins"
            ),
            _ => format!(
                "{kept} of {records} records are kept, {dropped} dropped and {quarantined} quarantined; stage {next} \
                 begins"
            ),
        };
        let seconds = self.barrier_begun.elapsed().as_secs_f64();
        let event = Event::new(EventKind::BarrierComplete, message)
            .operation(&ledger.name, place)
            .duration_seconds(seconds)
            .rows(records, kept)
            .metadata("stage", stage)
            .metadata("records_in", ledger.records_in)
            .metadata("dropped", ledger.dropped)
            .metadata("quarantined", ledger.quarantined)
            .metadata("made", ledger.made)
            .metadata("absorbed", ledger.absorbed);
        self.emit(event);
        self.span_of_barrier(stage, seconds, ledger);
    }

    pub(in crate::driver) fn enter(&mut self, phase: Phase, state: &JobState) {
        self.summary.phase = phase;
        let status = if matches!(phase, Phase::Initialization | Phase::Loading) {
            Status::Planning
        } else {
            Status::Running
        };
        self.write_views(state, status, None);
    }

    pub(in crate::driver) fn plan_begins(&self, sources: usize) {
        let files = match sources {
            1 => "1 file".to_owned(),
            count => format!("{count} files"),
        };
        let message = format!("{files} to cut into partitions");
        self.emit(Event::new(EventKind::PlanStart, message).metadata("sources", sources));
    }

    pub(in crate::driver) fn partition_planned(&self, partition: &PlannedPartition, path: &str) {
        if self.events.keeps(Level::Debug) {
            self.emit(cut_of(partition, path));
        }
        let slice = &partition.slice;
        if !is_told_apart(partition.index, slice.bytes()) {
            return;
        }
        // Data-Juicer's snapshots know no partition without these two.
        let of_creation = |kind| {
            let event = Event::new(kind, format!("{} records", slice.records));
            let event = event.partition(partition.index);
            event.metadata("sample_count", slice.records)
        };
        self.emit(of_creation(EventKind::PartitionCreationStart));
        self.emit(of_creation(EventKind::PartitionCreationComplete));
    }

    pub(in crate::driver) fn plan_complete(&mut self, partitions: u32, records: u64) {
        let message = format!("{records} records in {partitions} partitions");
        let event = Event::new(EventKind::PlanComplete, message)
            .partitions(u64::from(partitions), 0, 0)
            .metadata("records", records);
        self.emit(event);
        // Writes the mapping with all partitions right away, for programs that read only that.
        self.views_due = Instant::now();
        self.mapping_due = self.views_due;
    }

    /// Reports once that someone asked the job to stop.
    pub(in crate::driver) fn stop_requested(&mut self, running: usize) {
        if !std::mem::replace(&mut self.told_of_stop, true) {
            let message = format!(
                "a stop was asked for; {} at work may end",
                attempts_in_words(running as u32)
            );
            self.emit(Event::new(EventKind::StopRequested, message));
        }
    }

    pub(in crate::driver) fn merge_begins(&self) {
        self.emit(Event::new(
            EventKind::MergeStart,
            "the last results are merged",
        ));
    }

    pub(in crate::driver) fn merge_complete(&mut self, records: u64, seconds: f64) {
        let message = format!("records merged: {records}");
        let event = Event::new(EventKind::MergeComplete, message).duration_seconds(seconds);
        self.emit(event.metadata("records", records));
        self.span_of_merge(seconds, records);
    }

    pub(in crate::driver) fn export_committed(&self, intent: &ExportIntent) {
        let path = self.executor.prepared.outputs.export().place().to_string();
        let event = Event::new(
            EventKind::ExportCommitted,
            format!("{} bytes", intent.length),
        )
        .output_path(path);
        self.emit(event.metadata("digest", intent.digest.to_string()));
    }

    pub(in crate::driver) fn job_ends(&mut self, report: &Report, state: &JobState) {
        self.operators_measured(state);
        let (partitions, failed) = (
            u64::from(report.partitions),
            report.failed_partitions.len() as u64,
        );
        let completed = u64::from(state.totals().completed);
        let (kind, message) = match report.status {
            Status::Stopped => (
                EventKind::JobStopped,
                "stopped; a resume goes on from here".to_owned(),
            ),
            _ => {
                self.emit(Event::new(
                    EventKind::ProcessingComplete,
                    "the pipeline is done",
                ));
                let ledger = &report.ledger;
                (
                    EventKind::JobComplete,
                    format!(
                        "{} records in, {} exported",
                        ledger.records,
                        ledger.exported()
                    ),
                )
            }
        };
        if self.has_work_begun {
            self.lineage_ends(report, report.status == Status::Stopped);
            self.span_of_run(&report.status.to_string(), None);
        }
        self.signal(&Signal::Ended(report.status));
        let event = Event::new(kind, message)
            .status(report.status.to_string())
            .partitions(partitions, completed, failed)
            .rows(report.ledger.records, report.ledger.exported())
            .job_duration_seconds(report.seconds);
        self.emit(event);
    }

    /// `is_news` where the job is worse off than before the run.
    pub(in crate::driver) fn job_failed(&mut self, message: &str, is_news: bool) {
        if self.has_work_begun {
            self.lineage_failed(message);
            self.span_of_run(&Status::Failed.to_string(), Some(message));
        }
        if is_news {
            self.signal(&Signal::Ended(Status::Failed));
        }
        self.emit(
            Event::new(EventKind::ProcessingError, "the pipeline failed").error("job", message),
        );
        let event = Event::new(
            EventKind::JobFailed,
            "failed; what was published stays good",
        )
        .error("job", message);
        self.emit(event.job_duration_seconds(self.started.elapsed().as_secs_f64()));
    }
}

/// That a partition was cut.
fn cut_of(partition: &PlannedPartition, path: &str) -> Event {
    let slice = &partition.slice;
    let message = format!("{} records of {path}", slice.records);
    Event::new(EventKind::PartitionPlanned, message)
        .with_level(Level::Debug)
        .partition(partition.index)
        .metadata("start", slice.start)
        .metadata("end", slice.end)
        .metadata("records", slice.records)
}
