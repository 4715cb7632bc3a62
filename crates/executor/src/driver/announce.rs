//! Telling what happens, as it happens: events.

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind};
use coldpress_export::Staged;
use coldpress_job::{Phase, Status};
use coldpress_partition::{CutSettings, PlannedPartition, Sizing};
use coldpress_worker::{AtWork, Attempt, AttemptError, Outcome};

use super::Driver;
use crate::memory::resident_bytes;
use crate::prepare::MAX_WORKERS;
use crate::report::Report;

impl Driver<'_> {
    pub(super) fn warn(&mut self, message: String) {
        self.events
            .emit(Event::new(EventKind::Warning, message.clone()));
        self.executor
            .shared
            .warnings
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(message.clone());
        self.warnings.push(message);
    }

    pub(super) fn decide(&mut self, decision: String) {
        self.events
            .emit(Event::new(EventKind::Info, decision.clone()));
        self.decisions.push(decision);
    }

    /// Tells where the dataset is cut, and why; the sentences go to the plan.
    pub(super) fn decide_cut(&mut self, cut: &CutSettings, sizing: Option<&Sizing>) -> Vec<String> {
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

    pub(super) fn announce_start(&mut self, resumed: bool) {
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
            .metadata("epoch", self.journal.epoch());
        self.events.emit(event);
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
        self.decide(format!("{workers} workers on {backend}, from `np`, the machine's cores and `partition.max_concurrent_partitions`"));
        let prepared = &self.executor.prepared;
        let asked = prepared.recipe.checkpoint.compression.to_string();
        let stored = prepared.checkpoint_compression.to_string();
        if stored == "none" && asked != stored {
            self.decide(format!(
                "checkpoints are not compressed, though `{asked}` is asked for: `arrow_memory_mapping`"
            ));
        }
        self.events.emit(Event::new(
            EventKind::ProcessingStart,
            "the pipeline starts",
        ));
        self.write_views(Status::Planning, None);
    }

    pub(super) fn enter(&mut self, phase: Phase) {
        self.summary.phase = phase;
        let status = if matches!(phase, Phase::Initialization | Phase::Loading) {
            Status::Planning
        } else {
            Status::Running
        };
        self.write_views(status, None);
    }

    pub(super) fn announce_partition(&self, partition: &PlannedPartition) {
        let slice = &partition.slice;
        let event = Event::new(
            EventKind::PartitionPlanned,
            format!(
                "{} records of {}",
                slice.records,
                self.source_path(slice.source)
            ),
        )
        .with_level(coldpress_events::Level::Debug)
        .partition(partition.index)
        .metadata("start", slice.start)
        .metadata("end", slice.end)
        .metadata("records", slice.records);
        self.events.emit(event);
    }

    pub(super) fn announce_plan(&self, partitions: u32, records: u64) {
        let message = format!("{records} records in {partitions} partitions");
        let event = Event::new(EventKind::PlanComplete, message)
            .partitions(u64::from(partitions), 0, 0)
            .metadata("records", records);
        self.events.emit(event);
    }

    pub(super) fn announce_attempt(&mut self, attempt: &Attempt) {
        let index = attempt.task.partition;
        self.begun.insert(index, Instant::now());
        let records = attempt.slice.records;
        let retries = self.retries_of(index);
        let event = Event::new(EventKind::PartitionStart, format!("{records} records"))
            .partition(index)
            .attempt(attempt.number)
            .retries(retries);
        self.events.emit(event);
    }

    /// Tells of the operators that have begun on a partition since this was told last.
    pub(super) fn announce_operators(&mut self, at_work: &AtWork) {
        let retries = self.retries_of(at_work.task.partition);
        let told = self
            .told_operators
            .entry(at_work.task.partition)
            .or_default();
        let begun = at_work.begun.iter().skip(*told);
        let operators = &self.executor.prepared.recipe.process;
        for (operation, when) in begun {
            let name = operators.get(*operation as usize).map(|call| &call.name);
            let event = Event::new(EventKind::OpStart, "first records arrived")
                .at(*when)
                .partition(at_work.task.partition)
                .operation(name.cloned().unwrap_or_default(), *operation)
                .attempt(at_work.attempt)
                .retries(retries);
            self.events.emit(event);
        }
        *told = at_work.begun.len();
    }

    /// How many attempts at a partition failed in this run. One that goes on from a gate is no retry.
    fn retries_of(&self, partition: u32) -> u32 {
        self.retries.get(&partition).copied().unwrap_or(0)
    }

    pub(super) fn announce_published(&mut self, outcome: &Outcome, seconds: f64) {
        self.announce_work(outcome);
        self.announce_partition_complete(outcome, seconds);
    }

    /// An attempt ended at its gate: its checkpoints count.
    pub(super) fn announce_gate(&mut self, outcome: &Outcome, seconds: f64) {
        self.announce_work(outcome);
        let behind = outcome.checkpoints.last().map_or(0, |last| last.operation);
        let message =
            format!("checkpoints published up to operator {behind}; work continues from there");
        let event = Event::new(EventKind::Info, message)
            .partition(outcome.task.partition)
            .attempt(outcome.attempt)
            .retries(self.retries_of(outcome.task.partition))
            .duration_seconds(seconds);
        self.events.emit(event);
    }

    fn announce_work(&mut self, outcome: &Outcome) {
        let partition = outcome.task.partition;
        for reason in &outcome.set_aside {
            self.warn(format!(
                "partition {partition}: a checkpoint is no good and was left: {reason}"
            ));
        }
        if outcome.resumed_at > 0 {
            let message = format!("continued after operator {}", outcome.resumed_at);
            let event = Event::new(EventKind::CheckpointLoad, message)
                .partition(partition)
                .attempt(outcome.attempt)
                .retries(self.retries_of(partition));
            self.events
                .emit(event.metadata("operations_applied", outcome.resumed_at));
        }
        for (operation, (ledger, nanos)) in outcome
            .ledger
            .operators
            .iter()
            .zip(&outcome.nanos)
            .enumerate()
        {
            let behind_gate = outcome.result.is_none() && *nanos == 0;
            if (operation as u32) < outcome.resumed_at || behind_gate {
                continue;
            }
            let message = format!("{} records in, {} out", ledger.records_in, ledger.out);
            let event = Event::new(EventKind::OpComplete, message)
                .partition(partition)
                .operation(ledger.name.clone(), operation as u32)
                .attempt(outcome.attempt)
                .retries(self.retries_of(partition))
                .duration_seconds(*nanos as f64 / 1e9)
                .rows(ledger.records_in, ledger.out);
            self.events.emit(event);
        }
        for checkpoint in &outcome.checkpoints {
            let path = self
                .executor
                .layout
                .checkpoint_dir()
                .join(&checkpoint.file.path);
            let event = Event::new(
                EventKind::CheckpointSave,
                format!("{} records", checkpoint.rows),
            )
            .partition(partition)
            .operation(
                checkpoint.operator.clone(),
                checkpoint.operation.saturating_sub(1),
            )
            .checkpoint_path(path.display().to_string());
            self.events.emit(event);
        }
    }

    fn announce_partition_complete(&self, outcome: &Outcome, seconds: f64) {
        let result = outcome.result.as_ref();
        let rows = result.map_or_else(String::new, |result| result.rows.path.clone());
        let (records, out) = (outcome.ledger.records, outcome.ledger.exported());
        let event = Event::new(
            EventKind::PartitionComplete,
            format!("{records} records in, {out} out"),
        )
        .partition(outcome.task.partition)
        .attempt(outcome.attempt)
        .retries(self.retries_of(outcome.task.partition))
        .duration_seconds(seconds)
        .rows(records, out)
        .output_path(rows)
        .metadata("quarantined", outcome.ledger.quarantined());
        self.events.emit(event);
        if outcome.ledger.quarantined() > 0 {
            let message = format!("{} records are in quarantine", outcome.ledger.quarantined());
            self.events.emit(
                Event::new(EventKind::RecordQuarantined, message).partition(outcome.task.partition),
            );
        }
    }

    pub(super) fn announce_attempt_failed(
        &self,
        partition: u32,
        number: u32,
        error: &AttemptError,
    ) {
        let event = Event::new(EventKind::OpFailed, format!("attempt {number} failed"))
            .partition(partition)
            .attempt(number)
            .retries(self.retries_of(partition))
            .error(error.class.to_string(), error.message.clone());
        let event = match &error.operator {
            Some(operator) => {
                let names = self.executor.prepared.operator_names();
                let index = names
                    .iter()
                    .position(|name| name == operator)
                    .unwrap_or_default();
                event.operation(operator.clone(), index as u32)
            }
            None => event,
        };
        self.events.emit(event);
    }

    pub(super) fn announce_retry(&self, partition: u32, number: u32, delay: Duration) {
        let message = format!("tried again in {:.1} seconds", delay.as_secs_f64());
        self.events.emit(
            Event::new(EventKind::Retry, message)
                .partition(partition)
                .attempt(number)
                .retries(self.retries_of(partition)),
        );
    }

    pub(super) fn announce_partition_failed(
        &mut self,
        partition: u32,
        attempts: u32,
        error: &AttemptError,
    ) {
        let event = Event::new(
            EventKind::PartitionFailed,
            format!("out of retries after {attempts} attempts"),
        )
        .partition(partition)
        .attempt(attempts)
        .retries(attempts.saturating_sub(1))
        .error(error.class.to_string(), error.message.clone());
        self.events.emit(event);
    }

    pub(super) fn announce_merge(&self) {
        self.events.emit(Event::new(
            EventKind::MergeStart,
            "the last results are merged",
        ));
    }

    pub(super) fn announce_export(&self, staged: &Staged) {
        let path = self.executor.prepared.target.path().display().to_string();
        let event = Event::new(
            EventKind::ExportCommitted,
            format!("{} bytes", staged.length),
        )
        .output_path(path);
        self.events
            .emit(event.metadata("digest", staged.digest.to_string()));
    }

    pub(super) fn announce_end(&self, report: &Report) {
        let (partitions, failed) = (
            u64::from(report.partitions),
            report.failed_partitions.len() as u64,
        );
        let (kind, message) = match report.status {
            Status::Stopped => (
                EventKind::JobStopped,
                "stopped; a resume goes on from here".to_owned(),
            ),
            _ => {
                self.events.emit(Event::new(
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
        let event = Event::new(kind, message)
            .status(report.status.to_string())
            .partitions(partitions, partitions - failed.min(partitions), failed)
            .rows(report.ledger.records, report.ledger.exported())
            .job_duration_seconds(report.seconds);
        self.events.emit(event);
    }

    pub(super) fn announce_failure(&self, message: &str) {
        self.events.emit(
            Event::new(EventKind::ProcessingError, "the pipeline failed").error("job", message),
        );
        let event = Event::new(
            EventKind::JobFailed,
            "failed; what was published stays good",
        )
        .error("job", message);
        self.events
            .emit(event.job_duration_seconds(self.started.elapsed().as_secs_f64()));
    }

    /// Tells the memory and processor time that this process uses, every so often.
    pub(super) fn sample_resources(&self, last: &mut Instant, workers: &[u32]) {
        let every = self.executor.prepared.recipe.events.resource_sample_seconds;
        if every <= 0.0 || last.elapsed().as_secs_f64() < every {
            return;
        }
        *last = Instant::now();
        let memory_mb = match resident_bytes(workers) {
            // The system does not tell.
            0 => return,
            bytes => bytes / 1_000_000,
        };
        self.events.emit(
            Event::new(
                EventKind::ResourceUsage,
                format!("{memory_mb} MB of memory"),
            )
            .resource("memory_mb", memory_mb),
        );
    }
}
