//! Telling what happens: events, views, the report.

use std::time::{Duration, Instant};

use coldpress_dataset::Staged;
use coldpress_events::{Event, EventKind};
use coldpress_job::{Phase, Publication, Status, dataset_mapping, final_mapping_report};
use coldpress_partition::PlannedPartition;
use coldpress_storage::replace;
use coldpress_worker::{Attempt, AttemptError, Outcome, QuarantineEntry};

use super::{Driver, Exported};
use crate::report::{FailedPartition, Report};

impl Driver<'_> {
    pub(super) fn warn(&mut self, message: String) {
        self.events
            .emit(Event::new(EventKind::Warning, message.clone()));
        self.warnings.push(message);
    }

    fn decide(&mut self, decision: String) {
        self.events
            .emit(Event::new(EventKind::Info, decision.clone()));
        self.decisions.push(decision);
    }

    /// The results of the recipe in force, in partition order.
    pub(super) fn results(&self) -> impl Iterator<Item = &Publication> {
        (0..self.state.partition_count()).filter_map(|index| self.usable_result(index))
    }

    pub(super) fn has_unreadable(&self) -> bool {
        !self.state.damaged_sources().is_empty()
            || self.results().any(|result| !result.unreadable.is_empty())
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
        let cut = self.executor.prepared.cut.clone();
        let size = format!(
            "{} records or {} bytes, whichever comes first",
            cut.max_records, cut.max_bytes
        );
        self.decide(format!(
            "a partition holds at most {size}: `partition.size`, `partition.max_size_mb`"
        ));
        let (workers, backend) = (
            self.executor.prepared.workers,
            self.executor.backend.to_string(),
        );
        self.decide(format!("{workers} workers on {backend}: `np`, the machine's cores, `partition.max_concurrent_partitions`"));
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
        let index = attempt.partition.index;
        self.begun.insert(index, Instant::now());
        let records = attempt.partition.slice.records;
        let event = Event::new(EventKind::PartitionStart, format!("{records} records"))
            .partition(index)
            .attempt(attempt.attempt);
        self.events.emit(event);
        for (operation, call) in attempt.operators.iter().enumerate() {
            let event = Event::new(EventKind::OpStart, "records stream through")
                .partition(index)
                .operation(call.name.clone(), operation as u32)
                .attempt(attempt.attempt);
            self.events.emit(event);
        }
    }

    pub(super) fn announce_published(&mut self, outcome: &Outcome, seconds: f64) {
        let partition = outcome.partition;
        for reason in &outcome.set_aside {
            self.warn(format!(
                "partition {partition}: a checkpoint is no good and was left: {reason}"
            ));
        }
        if outcome.resumed_at > 0 {
            let message = format!("went on behind operator {}", outcome.resumed_at);
            let event = Event::new(EventKind::CheckpointLoad, message)
                .partition(partition)
                .attempt(outcome.attempt);
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
            if (operation as u32) < outcome.resumed_at {
                continue;
            }
            let message = format!("{} records in, {} out", ledger.records_in, ledger.out);
            let event = Event::new(EventKind::OpComplete, message)
                .partition(partition)
                .operation(ledger.name.clone(), operation as u32)
                .attempt(outcome.attempt)
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
        self.announce_partition_complete(outcome, seconds);
    }

    fn announce_partition_complete(&self, outcome: &Outcome, seconds: f64) {
        let (records, out) = (outcome.ledger.records, outcome.ledger.exported());
        let event = Event::new(
            EventKind::PartitionComplete,
            format!("{records} records in, {out} out"),
        )
        .partition(outcome.partition)
        .attempt(outcome.attempt)
        .duration_seconds(seconds)
        .rows(records, out)
        .output_path(outcome.rows.path.clone())
        .metadata("quarantined", outcome.ledger.quarantined());
        self.events.emit(event);
        if outcome.ledger.quarantined() > 0 {
            let message = format!("{} records are in quarantine", outcome.ledger.quarantined());
            self.events.emit(
                Event::new(EventKind::RecordQuarantined, message).partition(outcome.partition),
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
                .attempt(number),
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
    pub(super) fn sample_resources(&self, last: &mut Instant) {
        let every = self.executor.prepared.recipe.events.resource_sample_seconds;
        if every <= 0.0 || last.elapsed().as_secs_f64() < every {
            return;
        }
        *last = Instant::now();
        let Ok(usage) = std::fs::read_to_string("/proc/self/statm") else {
            return;
        };
        let pages: u64 = usage
            .split_whitespace()
            .nth(1)
            .and_then(|pages| pages.parse().ok())
            .unwrap_or_default();
        let memory_mb = pages * rustix::param::page_size() as u64 / 1_000_000;
        self.events.emit(
            Event::new(
                EventKind::ResourceUsage,
                format!("{memory_mb} MB of memory"),
            )
            .resource("memory_mb", memory_mb),
        );
    }

    /// Writes the views of the job: files that can be made again, for people and other programs.
    ///
    /// One that cannot be written is told and costs nothing: the journal is the truth.
    pub(super) fn write_views(&mut self, status: Status, error: Option<String>) {
        self.summary.status = status;
        self.summary.error_message = error;
        self.summary.totals = self.state.totals();
        if status.is_terminal() {
            let now = coldpress_events::time::now_seconds();
            self.summary.end_time = Some(now);
            self.summary.duration = Some(now - self.summary.start_time);
        }
        let layout = &self.executor.layout;
        let mut failures = Vec::new();
        if let Err(error) = self.summary.write(layout) {
            failures.push(error.to_string());
        }
        let mut view = |path: std::path::PathBuf, json: serde_json::Result<Vec<u8>>| {
            let written = json.map_err(|error| error.to_string());
            let written =
                written.and_then(|json| replace(path, &json).map_err(|error| error.to_string()));
            failures.extend(written.err());
        };
        view(
            layout.dataset_mapping(),
            serde_json::to_vec_pretty(&dataset_mapping(&self.state, &self.decisions)),
        );
        if status.is_terminal() {
            let report = final_mapping_report(&self.state, &self.decisions);
            view(
                layout.final_mapping_report(),
                serde_json::to_vec_pretty(&report),
            );
        }
        for failure in failures {
            self.events.emit(Event::new(
                EventKind::Warning,
                format!("a view of the job is out of date: {failure}"),
            ));
        }
    }

    /// The first record in quarantine, for an error message.
    pub(super) fn first_quarantined(&self) -> Option<String> {
        let file = self
            .results()
            .find_map(|result| result.quarantine.first())?;
        let text = std::fs::read_to_string(file.resolve(self.executor.layout.job_dir())).ok()?;
        let entry: QuarantineEntry = serde_json::from_str(text.lines().next()?).ok()?;
        let operator = entry
            .operator
            .map(|name| format!(" in {name}"))
            .unwrap_or_default();
        Some(format!(
            "{} at byte {}{operator}: {}",
            entry.path, entry.origin.position, entry.error
        ))
    }

    pub(super) fn report(&self, status: Status, exported: Option<Exported>) -> Report {
        let layout = &self.executor.layout;
        let already_complete = exported.as_ref().is_some_and(|exported| exported.already);
        let export_bytes = exported
            .as_ref()
            .map_or(0, |exported| exported.export_bytes);
        let mut so_far = coldpress_record::Ledger::default();
        self.results().for_each(|result| so_far.add(&result.ledger));
        let quarantined = self.results().any(|result| !result.quarantine.is_empty());
        let mut unreadable: Vec<_> = self
            .results()
            .flat_map(|result| result.unreadable.clone())
            .collect();
        unreadable.extend(self.state.damaged_sources().iter().map(|damage| {
            coldpress_record::Unreadable {
                source: damage.source,
                start: damage.position,
                length: 0,
                reason: damage.reason.clone(),
            }
        }));
        Report {
            job_id: layout.job_id().to_string(),
            status,
            already_complete,
            ledger: exported.map_or(so_far, |exported| exported.ledger),
            partitions: self.state.partition_count(),
            partitions_reused: self.reused,
            partitions_resumed: self.resumed,
            failed_partitions: self.failed_partitions(),
            unreadable,
            input_bytes: self
                .state
                .partitions()
                .map(|partition| partition.slice.end - partition.slice.start)
                .sum(),
            export_bytes,
            seconds: self.started.elapsed().as_secs_f64(),
            operators: crate::summary::performance(&self.state),
            warnings: self.warnings.clone(),
            export_path: self.executor.prepared.target.path().to_owned(),
            job_dir: layout.job_dir().to_owned(),
            checkpoint_dir: layout.checkpoint_dir().to_owned(),
            event_log: layout.events(),
            quarantine_dir: quarantined.then(|| layout.quarantine_dir()),
            resumption_command: self.executor.resumption_command(),
        }
    }

    fn failed_partitions(&self) -> Vec<FailedPartition> {
        let failed = self.state.failed().filter_map(|failure| {
            let slice = &self.state.partition(failure.partition)?.slice;
            Some(FailedPartition {
                partition: failure.partition,
                source: self.source_path(slice.source),
                start: slice.start,
                end: slice.end,
                records: slice.records,
                attempts: failure.attempts,
                error: failure.error.clone(),
            })
        });
        failed.collect()
    }
}
