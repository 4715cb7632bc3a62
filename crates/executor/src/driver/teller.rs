//! What a run says while it runs: events, warnings, and the views of the job on disk.

mod alerts;
mod attempts;
mod job;
mod lineage;
mod machine;
mod named;
mod spans;
mod together;
mod untold;
mod views;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::Instant;

use coldpress_config::LogLevel;
use coldpress_events::{Event, EventKind, EventLog, EventSink, Level, LogOptions};
use coldpress_job::{JobLock, JobSummary};
use coldpress_notify::Messenger;
use coldpress_partition::Task;
use coldpress_storage::{Stores, WaitListener, Waits};

use crate::error::{Error, ErrorKind, Result};
use crate::executor::Executor;
use crate::otlp::Origin;
use alerts::Alerts;
use machine::Samples;
use spans::Spans;
use together::Together;

pub(super) use attempts::attempts_in_words;
pub(super) use named::Try;

/// The voice of a run. Nothing depends on what it says: a log or a view that cannot be written costs history, not the job.
pub(super) struct Teller<'e> {
    executor: &'e Executor,
    /// For where files are, to tell people.
    stores: Stores,
    events: EventLog,
    summary: JobSummary,
    /// The summary of the run before, of a job that had ended.
    earlier: Option<JobSummary>,
    /// True where the times of the run before are those of the job.
    has_kept_times: bool,
    /// True once there is something to do.
    has_work_begun: bool,
    /// When the run began.
    started: Instant,
    warnings: Vec<String>,
    /// Why things are done as they are, a sentence each.
    decisions: Vec<String>,
    /// How many operators of the attempt at work on a task were said to have begun.
    told_operators: BTreeMap<Task, usize>,
    /// Small partitions that are published and not told of yet.
    together: Together,
    told_of_stop: bool,
    /// True once the file for Prometheus could not be written, which is told once.
    has_metrics_failed: bool,
    samples: Samples,
    alerts: Alerts,
    /// Sends messages to others; none before the first message.
    messenger: Option<Messenger>,
    /// For a collector of spans; none where the recipe names none.
    spans: Option<Spans>,
    /// The id of this run, for data catalogues.
    run_id: String,
    /// The name of this host.
    host: String,
    /// When the last barrier began to be resolved.
    barrier_begun: Instant,
    /// When the views of the job are written again.
    views_due: Instant,
    /// When the view of all partitions may be written again, which takes seconds where there are very many.
    mapping_due: Instant,
    /// When it is looked again which operators have begun.
    operators_due: Instant,
}

impl<'e> Teller<'e> {
    /// Opens the event log; who waits for the run's events gets them from here on. `is_new` where the job begins with this run.
    pub(super) fn open(
        executor: &'e Executor,
        stores: Stores,
        lock: &JobLock,
        started: Instant,
        is_new: bool,
    ) -> Result<Self> {
        let events = open_log(executor)?;
        executor.shared.begin_events(|| events.subscribe());
        let driver = lock.driver();
        let job_id = executor.layout.job_id().as_str();
        let run_id = lineage::run_id(job_id, driver.started_at_millis, driver.pid);
        let endpoint = executor.prepared.recipe.otlp.endpoint.as_deref();
        let spans = endpoint.map(|endpoint| {
            let origin = Origin {
                trace_id: run_id.replace('-', ""),
                job_id: job_id.to_owned(),
                host: driver.host.clone(),
                pid: driver.pid,
            };
            Spans::new(endpoint, origin)
        });
        let earlier = JobSummary::read(&executor.layout).ok().flatten();
        let mut summary = summary(executor, lock);
        if let Some(earlier) = earlier.as_ref().filter(|_| !is_new) {
            summary.follow(earlier);
        }
        Ok(Self {
            executor,
            stores,
            events,
            summary,
            earlier: earlier.filter(has_ended),
            has_kept_times: false,
            has_work_begun: false,
            started,
            warnings: Vec::new(),
            decisions: Vec::new(),
            told_operators: BTreeMap::new(),
            together: Together::default(),
            told_of_stop: false,
            has_metrics_failed: false,
            samples: Samples::begin(),
            alerts: Alerts::new(&executor.prepared.recipe.alerts.rules),
            messenger: None,
            spans,
            run_id,
            host: driver.host.clone(),
            barrier_begun: started,
            views_due: started,
            mapping_due: started,
            operators_due: started,
        })
    }

    /// For others who have something to tell.
    pub(super) fn sink(&self) -> EventSink {
        self.events.sink()
    }

    /// Logs news about silent servers for as long as the returned listener is held.
    pub(super) fn tells_waits(&self, waits: &Waits) -> Arc<WaitListener> {
        let sink = self.sink();
        let listener: Arc<WaitListener> = Arc::new(move |news| {
            let kind = match news.is_silence() {
                true => EventKind::Warning,
                false => EventKind::Info,
            };
            sink.emit(Event::new(kind, news.to_string()));
        });
        waits.listen(&listener);
        listener
    }

    pub(super) fn emit(&self, event: Event) {
        self.events.emit(event);
    }

    /// Says that something is odd: in the log, and again at the end of the run.
    pub(super) fn warn(&mut self, message: String) {
        self.warn_of(Event::new(EventKind::Warning, message));
    }

    /// As [`warn`](Self::warn), with an event that says what the warning is about.
    pub(super) fn warn_of(&mut self, event: Event) {
        let shared = &self.executor.shared.warnings;
        let mut shared = shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.push(event.message.clone());
        self.warnings.push(event.message.clone());
        self.emit(event);
    }

    pub(super) fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Says why something is done as it is.
    pub(super) fn decide(&mut self, decision: String) {
        self.emit(Event::new(EventKind::Info, decision.clone()));
        self.decisions.push(decision);
    }

    /// Takes over the decisions of the run that planned the job, which it has told.
    pub(super) fn recall(&mut self, decisions: &[String]) {
        self.decisions.extend_from_slice(decisions);
    }

    /// Ends the log. One that cannot be closed costs history, not the job.
    pub(super) fn close(mut self) {
        self.end_messages();
        let _ = self.events.close();
    }
}

fn open_log(executor: &Executor) -> Result<EventLog> {
    let asked = &executor.prepared.recipe.events;
    let level = match asked.log_level {
        LogLevel::Debug => Level::Debug,
        LogLevel::Info => Level::Info,
        LogLevel::Warning => Level::Warning,
        LogLevel::Error | LogLevel::Critical => Level::Error,
    };
    let options = LogOptions::default()
        .enabled(asked.enabled)
        .level(level)
        .max_log_size_bytes(asked.max_log_size_bytes)
        .backup_count(asked.backup_count);
    let layout = &executor.layout;
    let folder = layout.event_log_dir();
    EventLog::open(folder, layout.job_id().as_str(), options)
        .map_err(|error| Error::because(ErrorKind::Failed, "cannot open the event log", error))
}

fn has_ended(summary: &JobSummary) -> bool {
    summary.status.is_terminal() && summary.end_time.is_some()
}

/// The summary of a run that begins.
fn summary(executor: &Executor, lock: &JobLock) -> JobSummary {
    let recipe = &executor.prepared.recipe;
    let mut summary = JobSummary::begun(&executor.layout, lock.driver());
    let config_path = executor.options.config_path.as_ref();
    summary.config_file = config_path.map(|path| path.display().to_string());
    if !executor.has_event_log() {
        summary.event_log_file = None;
    }
    summary.event_log_url.clone_from(&executor.event_log_url);
    summary.executor_type = recipe.executor.kind.to_string();
    summary.resumption_command = executor.resumption_command();
    summary.dataset_path = recipe.dataset.shown_paths().collect::<Vec<_>>().join(", ");
    summary.export_path = executor.prepared.outputs.export().place().to_string();
    summary
}
