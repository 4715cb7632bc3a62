//! The views of the job on disk: files that can be made again, for people and other programs.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use coldpress_events::{Event, EventKind};
use coldpress_failure::full_message;
use coldpress_job::{
    FieldsView, JobState, OperatorAtWork, Status, dataset_mapping_view, final_mapping_report_view,
    progress_view_to_write,
};
use coldpress_storage::{replace_unsynced, replace_unsynced_with};
use coldpress_worker::AtWork;
use serde::Serialize;

use super::Teller;
use crate::prometheus::{JobMetrics, prometheus_text};

/// How often the views are written while the job runs.
const VIEWS_EVERY: Duration = Duration::from_secs(2);

/// Attempts at work, at most, that the summary shows.
const SHOWN_AT_WORK: usize = 1000;

/// Partitions, at most, that views list as people like to read it.
const MANY_PARTITIONS: u32 = 10_000;

/// The time between two times is this many times the time that it takes.
const VIEWS_SHARE: u32 = 25;

impl Teller<'_> {
    /// Returns whether it is time to write the views of a job that runs.
    pub(in crate::driver) fn are_views_due(&self) -> bool {
        Instant::now() >= self.views_due
    }

    /// Writes the views of a job that runs, with what its workers are at.
    pub(in crate::driver) fn write_views_of_work(&mut self, at_work: &[AtWork], state: &JobState) {
        let names = self.executor.prepared.operator_names();
        // Attempts that wait for others to become durable with them are among these: thousands, and through with their work.
        let at_work = at_work.iter().take(SHOWN_AT_WORK);
        let at_work = at_work.map(|one| operator_at_work(one, &names));
        self.summary.at_work = at_work.collect();
        self.write_views(state, Status::Running, None);
    }

    /// Writes the views of the job.
    ///
    /// One that cannot be written is told and costs nothing: the journal is the truth.
    pub(in crate::driver) fn write_views(
        &mut self,
        state: &JobState,
        status: Status,
        error: Option<String>,
    ) {
        let begun = Instant::now();
        self.summary.status = status;
        self.summary.error_message = error;
        self.summary.totals = state.totals();
        let now = coldpress_events::time::now_seconds();
        if status.is_terminal() {
            self.summary.at_work.clear();
            let end = *self.summary.end_time.get_or_insert(now);
            self.summary.duration = Some(end - self.summary.start_time);
        }
        if !self.has_kept_times {
            let end = self.summary.end_time.unwrap_or(now);
            let run = (end - self.summary.run_start_time).max(0.0);
            self.summary.seconds_at_work = self.summary.earlier_seconds + run;
        }
        let layout = &self.executor.layout;
        if let Err(error) = self.summary.write(layout) {
            self.out_of_date(error);
        }
        if status.is_terminal() || Instant::now() >= self.mapping_due {
            let begun = Instant::now();
            self.write_list(
                layout.dataset_mapping(),
                state,
                &dataset_mapping_view(state, &self.decisions),
            );
            self.mapping_due = Instant::now() + begun.elapsed().saturating_mul(VIEWS_SHARE);
        }
        if status.is_terminal() {
            self.write_list(
                layout.final_mapping_report(),
                state,
                &final_mapping_report_view(state, &self.decisions),
            );
        }
        self.write_metrics(state);
        self.send_spans_when_due();
        // The views of very many partitions take long to write: no more than a share of the driver's time goes there.
        let pause = VIEWS_EVERY.max(begun.elapsed().saturating_mul(VIEWS_SHARE));
        self.views_due = Instant::now() + pause;
    }

    /// Writes `checkpoint_{seconds}.json` once the plan is complete. Of very many partitions that would be hundreds of megabytes
    /// to say that nothing is done yet.
    pub(in crate::driver) fn write_progress_after_planning(&self, state: &JobState) {
        if state.partition_count() <= MANY_PARTITIONS {
            self.write_progress(state);
        }
    }

    /// Writes `checkpoint_{seconds}.json`: before the merge, and on a stop.
    pub(in crate::driver) fn write_progress(&self, state: &JobState) {
        let now = coldpress_events::time::now_seconds();
        let folder = self.executor.layout.checkpoint_dir();
        let path = folder.join(format!("checkpoint_{}.json", now as u64));
        self.write_list(path, state, &progress_view_to_write(state, now));
    }

    /// Writes `metadata/schema.json`.
    pub(in crate::driver) fn write_fields(&self, fields: &FieldsView) {
        self.write_view(self.executor.layout.schema(), fields);
    }

    /// Writes the file for Prometheus, if the recipe asks for one.
    fn write_metrics(&mut self, state: &JobState) {
        let Some(path) = &self.executor.prepared.recipe.events.metrics_path else {
            return;
        };
        let operators = crate::summary::performance(state);
        let text = prometheus_text(&[JobMetrics::of_summary(&self.summary, operators)]);
        if let Err(error) = replace_unsynced(path, text.as_bytes())
            && !std::mem::replace(&mut self.has_metrics_failed, true)
        {
            let error = full_message(&error);
            self.warn(format!("`metrics_path` cannot be written: {error}"));
        }
    }

    fn write_view(&self, path: PathBuf, view: &impl Serialize) {
        self.is_written(replace_unsynced_with(path, |file| {
            serde_json::to_writer_pretty(file, view).map_err(std::io::Error::from)
        }));
    }

    /// Writes a view that lists all partitions. Very many of them come without spaces and line ends, which would be a quarter
    /// of the file.
    fn write_list(&self, path: PathBuf, state: &JobState, view: &impl Serialize) {
        if state.partition_count() <= MANY_PARTITIONS {
            return self.write_view(path, view);
        }
        self.is_written(replace_unsynced_with(path, |file| {
            serde_json::to_writer(file, view).map_err(std::io::Error::from)
        }));
    }

    fn is_written(&self, written: coldpress_storage::Result<()>) {
        if let Err(error) = written {
            self.out_of_date(full_message(&error));
        }
    }

    fn out_of_date(&self, error: impl std::fmt::Display) {
        let message = format!("a view of the job is out of date: {error}");
        self.emit(Event::new(EventKind::Warning, message));
    }
}

fn operator_at_work(at_work: &AtWork, names: &[String]) -> OperatorAtWork {
    let operation = at_work.operation.unwrap_or(0);
    let mut begun = at_work.begun.iter();
    let name = names.get(operation as usize);
    OperatorAtWork {
        partition_id: at_work.task.partition,
        attempt: at_work.attempt,
        node: at_work.node.map(|node| node.to_string()),
        operation_name: name.cloned().unwrap_or_default(),
        operation_idx: operation,
        start_time: begun
            .find(|(begun, _)| *begun == operation)
            .map(|(_, when)| *when),
        records_read: at_work.read,
    }
}
