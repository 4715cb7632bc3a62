//! What is told when a phase or the job ends: the views on disk, and the report.

use std::io::{BufRead as _, BufReader, Read as _};
use std::time::{Duration, Instant};

use coldpress_checkpoint::RowsReader;
use coldpress_dataset::Source;
use coldpress_events::{Event, EventKind};
use coldpress_job::{
    FieldsView, OperatorAtWork, Publication, Status, dataset_mapping, fields_view,
    final_mapping_report, progress_view,
};
use coldpress_partition::Slice;
use coldpress_record::FieldsSeen;
use coldpress_storage::{open_file, replace};
use coldpress_worker::{AtWork, Progress, QuarantineEntry};

use super::{Driver, Exported};
use crate::report::{FailedPartition, Report, UnreadablePart};

/// How often the views are written while the job runs.
const VIEWS_EVERY: Duration = Duration::from_secs(2);

/// The time between two times is this many times the time that it takes.
const VIEWS_SHARE: u32 = 25;

fn operator_at_work(at_work: &AtWork, names: &[String]) -> OperatorAtWork {
    let operation = at_work.operation.unwrap_or(0);
    let mut begun = at_work.begun.iter();
    let name = names.get(operation as usize);
    OperatorAtWork {
        partition_id: at_work.task.partition,
        attempt: at_work.attempt,
        operation_name: name.cloned().unwrap_or_default(),
        operation_idx: operation,
        start_time: begun
            .find(|(begun, _)| *begun == operation)
            .map(|(_, when)| *when),
        records_read: at_work.read,
    }
}

impl Driver<'_> {
    /// The results of the recipe in force, in partition order.
    pub(super) fn results(&self) -> impl Iterator<Item = &Publication> {
        (0..self.state.partition_count()).filter_map(|index| self.usable_result(index))
    }

    /// As [`Self::results`], those too that are not kept any more: for their counts.
    pub(super) fn counted(&self) -> impl Iterator<Item = &Publication> {
        let chain = self.final_chain();
        (0..self.state.partition_count()).filter_map(move |index| {
            self.usable_result(index).or_else(|| {
                let is_gone = self.state.published(index, chain).is_none()
                    && self.state.failure(index).is_none();
                let result = self.state.result_of(index, chain);
                result.filter(|_| is_gone)
            })
        })
    }

    /// Whether a part of the input is lost that may have been any number of records. What is longer than a record may be
    /// is such a part: where a reader is out of step it is all that follows.
    pub(super) fn has_unreadable(&self) -> bool {
        let is_part =
            |result: &Publication| !result.unreadable.is_empty() || result.ledger.too_long > 0;
        !self.missing.is_empty()
            || !self.state.damaged_sources().is_empty()
            || self.counted().any(is_part)
    }

    /// Tells how far running attempts are: which operators began, and every few seconds all views.
    pub(super) fn tell_progress(&mut self, progress: &Progress) {
        let at_work = progress.at_work();
        at_work
            .iter()
            .for_each(|at_work| self.announce_operators(at_work));
        if Instant::now() < self.views_due {
            return;
        }
        let names = self.executor.prepared.operator_names();
        let at_work = at_work
            .iter()
            .map(|at_work| operator_at_work(at_work, &names));
        self.summary.at_work = at_work.collect();
        self.write_views(Status::Running, None);
    }

    /// Writes the views of the job: files that can be made again, for people and other programs.
    ///
    /// One that cannot be written is told and costs nothing: the journal is the truth.
    pub(super) fn write_views(&mut self, status: Status, error: Option<String>) {
        let begun = Instant::now();
        self.summary.status = status;
        self.summary.error_message = error;
        self.summary.totals = self.state.totals();
        if status.is_terminal() {
            self.summary.at_work.clear();
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
        // The views of very many partitions take long to write: no more than a share of the driver's time goes there.
        let pause = VIEWS_EVERY.max(begun.elapsed().saturating_mul(VIEWS_SHARE));
        self.views_due = Instant::now() + pause;
    }

    /// Writes `checkpoint_{seconds}.json`: after planning, before the merge, and on a stop.
    pub(super) fn write_progress_view(&self) {
        let now = coldpress_events::time::now_seconds();
        let folder = self.executor.layout.checkpoint_dir();
        let path = folder.join(format!("checkpoint_{}.json", now as u64));
        let json = serde_json::to_vec_pretty(&progress_view(&self.state, now)).unwrap_or_default();
        if let Err(error) = replace(path, &json) {
            let message = format!("a view of the job is out of date: {error}");
            self.events.emit(Event::new(EventKind::Warning, message));
        }
    }

    /// Writes `metadata/schema.json` and gives back what it says.
    pub(super) fn write_fields_view(&mut self) -> FieldsView {
        let partitions = 0..self.state.partition_count();
        let (mut all, mut complete) = (FieldsSeen::default(), true);
        for partition in partitions {
            match self.fields_of(partition) {
                Some(seen) => all.join(&seen),
                None => complete = false,
            }
        }
        let view = fields_view(&all, complete, |source| self.source_path(source));
        let json = serde_json::to_vec_pretty(&view).unwrap_or_default();
        if let Err(error) = replace(self.executor.layout.schema(), &json) {
            let message = format!("a view of the job is out of date: {error}");
            self.events.emit(Event::new(EventKind::Warning, message));
        }
        view
    }

    /// What the fields of a partition hold: known from this run, or from the index of its result.
    fn fields_of(&self, partition: u32) -> Option<FieldsSeen> {
        if let Some(seen) = self.seen.get(&partition) {
            return Some(seen.clone());
        }
        let result = self.usable_result(partition)?;
        let path = self.executor.layout.locate(&result.index).ok()?;
        let index = RowsReader::open_file(&path, &result.index.stamp()).ok()?;
        Some(index.manifest().seen.clone())
    }

    /// The first record in quarantine, for an error message.
    pub(super) fn first_quarantined(&self) -> Option<String> {
        let file = self
            .results()
            .find_map(|result| result.quarantine.first())?;
        let opened = open_file(self.executor.layout.locate(file).ok()?).ok()?;
        let mut line = String::new();
        BufReader::new(opened.take(file.length))
            .read_line(&mut line)
            .ok()?;
        let entry: QuarantineEntry = serde_json::from_str(&line).ok()?;
        let operator = entry
            .operator
            .map(|name| format!(" in {name}"))
            .unwrap_or_default();
        Some(format!(
            "{} at {}{operator}: {}",
            entry.path,
            self.place(entry.origin.source, entry.origin.position),
            entry.error
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
        let quarantined = self.counted().any(|result| !result.quarantine.is_empty());
        Report {
            job_id: layout.job_id().to_string(),
            status,
            already_complete,
            ledger: exported.map_or(so_far, |exported| exported.ledger),
            partitions: self.state.partition_count(),
            partitions_reused: self.reused,
            partitions_resumed: self.resumed,
            failed_partitions: self.failed_partitions(),
            errors: self.errors.values().cloned().collect(),
            unreadable: self.unreadable(),
            input_bytes: self
                .state
                .partitions()
                .map(|partition| partition.slice.bytes())
                .sum(),
            export_bytes,
            seconds: self.started.elapsed().as_secs_f64(),
            operators: crate::summary::performance(&self.state),
            warnings: self.warnings.clone(),
            fields: None,
            companions: self
                .executor
                .prepared
                .companions
                .iter()
                .map(|companion| companion.target.path().to_owned())
                .collect(),
            export_path: self.executor.prepared.target.path().to_owned(),
            job_dir: layout.job_dir().to_owned(),
            checkpoint_dir: layout.checkpoint_dir().to_owned(),
            event_log: self.executor.has_event_log().then(|| layout.events()),
            quarantine_dir: quarantined.then(|| layout.quarantine_dir()),
            resumption_command: self.executor.resumption_command(),
        }
    }

    pub(super) fn unreadable(&self) -> Vec<UnreadablePart> {
        let part = |source: u32, start, length, reason: &String| UnreadablePart {
            source: self.source_path(source),
            start,
            length,
            reason: reason.clone(),
        };
        let torn = self.counted().flat_map(|result| &result.unreadable);
        let torn = torn.map(|torn| part(torn.source, torn.start, torn.length, &torn.reason));
        let damaged = self.state.damaged_sources().iter();
        let damaged = damaged.map(|damage| part(damage.source, damage.position, 0, &damage.reason));
        let missing = self.missing.iter().map(|file| UnreadablePart {
            source: file.path.display().to_string(),
            start: 0,
            length: 0,
            reason: file.reason.clone(),
        });
        torn.chain(damaged).chain(missing).collect()
    }

    fn failed_partitions(&self) -> Vec<FailedPartition> {
        let failed = self.state.failed().filter_map(|failure| {
            let slice = &self.state.partition(failure.partition)?.slice;
            Some(FailedPartition {
                partition: failure.partition,
                source: self.source_path(slice.source),
                part: self.describe(slice),
                start: slice.start,
                end: slice.end,
                records: slice.records,
                attempts: failure.attempts,
                error: failure.error.clone(),
            })
        });
        failed.collect()
    }

    fn describe(&self, slice: &Slice) -> String {
        let source = self.sources.get(slice.source as usize);
        source.map_or_else(String::new, |source| slice.describe(source))
    }

    /// A position in a source, for people: `byte 40`, or `row 3` of a columnar one.
    pub(super) fn place(&self, source: u32, position: u64) -> String {
        let source = self.sources.get(source as usize);
        let unit = match source.is_some_and(Source::is_columnar) {
            true => "row",
            false => "byte",
        };
        format!("{unit} {position}")
    }
}
