//! Everything that people want to know about a job, as one value. The text, the JSON and the page are made only from it.

mod attempts;
mod columns;
mod environment;
mod errors;
mod errors_over_time;
mod event_rows;
mod files_of_duplicates;
mod findings;
mod limits;
mod log_pass;
mod mixture;
mod operators;
mod overview;
mod pace;
mod partitions;
mod places;
mod quarantine;
mod reader;
mod recipe_texts;
mod resources;
mod samples;
mod statistics;
mod stragglers;
mod summary_of_values;
pub(crate) mod thresholds;
mod worker_time;

use std::cell::Cell;
use std::time::Instant;

use coldpress_executor::{Deduplication, Loss, deduplication};
use coldpress_job::{
    Error as JobError, FieldsView, JobState, JobView, JournalFollower, Layout, open_stores,
};
use coldpress_operator::Registry;
use coldpress_storage::{StoreSchemes, Stores, read_small};
use serde::Serialize;

pub use attempts::Timeline;
pub use columns::PartitionColumns;
pub use environment::{DriverRow, Environment};
pub use errors::{ErrorGroup, Errors, FailedPart, Recovery, UnreadPart};
pub use errors_over_time::{ErrorsOfClass, ErrorsOverTime};
pub use event_rows::{EventRow, EventRows, KindCount};
pub use findings::Finding;
pub use limits::Limits;
pub use mixture::MixedPath;
pub use operators::{OperatorCounts, OperatorRow};
pub use overview::Overview;
pub use pace::PacePoint;
pub use quarantine::{QuarantineReason, QuarantineSample, QuarantineView};
pub use reader::JobReader;
pub use recipe_texts::RecipeTexts;
pub use resources::Series;
pub use samples::{OperatorSamples, Sample};
pub use statistics::{FilterVerdict, Statistic, Statistics};
pub use stragglers::Straggler;
pub use summary_of_values::{Bins, ValueCount};
pub use thresholds::Threshold;
pub use worker_time::{WorkerShare, WorkerTime};

use crate::error::Result;
use crate::monitor::take_damage;
use crate::quantity::plain;
use log_pass::LogPass;
use places::Places;

/// The version of the JSON form of a [`JobReport`].
pub const REPORT_SCHEMA: u32 = 1;

/// Everything that people want to know about a job. `docs/observability.md` describes the JSON form.
///
/// Its size is bounded whatever the size of the job; see [`Limits`]. A section that shows only a part says so.
#[derive(Clone, Debug, Serialize)]
pub struct JobReport {
    /// The version of this form.
    pub schema_version: u32,
    /// The time at which it was made, in seconds since 1970.
    pub made_at: f64,
    /// The release that made it.
    pub made_by: String,
    /// The job as a whole.
    pub overview: Overview,
    /// Findings, a sentence each, with advice.
    pub findings: Vec<Finding>,
    /// The recipe's operators, with their effects on the records.
    pub operators: Vec<OperatorRow>,
    /// The records that deduplicators removed, and their sources.
    pub deduplication: Vec<Deduplication>,
    /// Sources of which deduplicators removed nearly all.
    pub losses: Vec<Loss>,
    /// The paths of a mixed dataset, and the records from each. Empty if the recipe mixes nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mixture: Vec<MixedPath>,
    /// The partitions, column by column.
    pub partitions: PartitionColumns,
    /// The times of attempts.
    pub timeline: Timeline,
    /// Partitions that took far longer than others, the slowest first.
    pub stragglers: Vec<Straggler>,
    /// The use of the workers' time; none without an event log.
    pub worker_time: Option<WorkerTime>,
    /// The publications over time.
    pub pace: Vec<PacePoint>,
    /// The resources of the machine that the processes used, over time.
    pub resources: Vec<Series>,
    /// The distributions of the statistics of filters.
    pub statistics: Statistics,
    /// Records that operators changed, dropped or found to be duplicates.
    pub samples: Vec<OperatorSamples>,
    /// The failures and their consequences.
    pub errors: Errors,
    /// Records that were set aside.
    pub quarantine: QuarantineView,
    /// The types of the dataset's fields, if the job has determined them.
    pub fields: Option<FieldsView>,
    /// The recipe.
    pub recipe: RecipeTexts,
    /// The machines and drivers of the job.
    pub environment: Environment,
    /// The events.
    pub events: EventRows,
    /// Faults in the files of the job because of which something is missing here.
    pub remarks: Vec<String>,
    /// The damage of the journal; what the journal says is then not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
}

/// The context of a report besides the job.
#[derive(Debug)]
pub struct ReportOptions<'a> {
    /// The operators, for their kinds and for the statistics by which filters decide. Operators that it does not know are left out.
    pub registry: &'a Registry,
    /// The stores that the job's files may be in.
    pub schemes: &'a StoreSchemes,
    /// The bounds on what is shown.
    pub limits: Limits,
}

/// The input of a section.
struct Source<'a> {
    layout: &'a Layout,
    job: &'a JobView,
    state: &'a JobState,
    /// None if the stores cannot be opened.
    stores: Option<&'a Stores>,
    places: Places,
    registry: &'a Registry,
    limits: &'a Limits,
    /// The time after which no more files of results are read.
    deadline: Option<Instant>,
    /// True if something was left out because of the deadline.
    is_cut: Cell<bool>,
}

/// Collects everything about a job. It writes nothing, and may be called while the job runs.
///
/// A file that cannot be read is left out and named in [`JobReport::remarks`].
///
/// # Errors
/// Fails when neither journal nor summary can be read, or when a newer release wrote them.
pub fn job_report(layout: &Layout, options: &ReportOptions<'_>) -> Result<JobReport> {
    let log = LogPass::over(layout, &options.limits);
    report_with(&mut JournalFollower::new(layout), layout, options, log)
}

/// Makes the report of a job whose events have already been read, from what its journal says now.
fn report_with(
    journal: &mut JournalFollower,
    layout: &Layout,
    options: &ReportOptions<'_>,
    log: LogPass,
) -> Result<JobReport> {
    let job = JobView::of(layout.clone())?;
    let mut remarks = job.remarks.clone();
    let nothing = JobState::default();
    let mut damage = None;
    let state = match journal.look() {
        Ok(state) => state,
        Err(error @ JobError::NewerSchema { .. }) => return Err(error.into()),
        Err(error) => {
            damage = take_damage(&error, &mut remarks);
            &nothing
        }
    };
    let stores = open_stores(layout, state, options.schemes);
    if let Err(error) = &stores {
        remarks.push(format!("statistics and quarantine are left out: {error}"));
    }
    let source = Source {
        layout,
        job: &job,
        state,
        stores: stores.as_ref().ok(),
        places: Places::of(state),
        registry: options.registry,
        limits: &options.limits,
        deadline: Instant::now().checked_add(options.limits.reading),
        is_cut: Cell::new(false),
    };
    remarks.extend(log.history.remark.clone());
    let mut report = source.report(log, &mut remarks);
    if source.is_cut.get() {
        let job_dir = layout.shown();
        let command = format!(
            "`coldpress report {}{} --html {}`",
            layout.job_id(),
            findings::base_dir(&job_dir),
            plain(&layout.page().display().to_string())
        );
        if report.statistics.list.is_empty() {
            report.statistics.left_out = Some(format!(
                "To save time, the statistics were not read; {command} writes this page with them."
            ));
        }
        remarks.push(format!(
            "to save time, not all statistics and samples were read; {command} reads them"
        ));
    }
    remarks.dedup();
    report.remarks = remarks;
    report
        .findings
        .splice(0..0, damage.as_deref().map(findings::damage));
    report.damage = damage;
    Ok(report)
}

impl Source<'_> {
    /// Returns whether the time for reading files of results is over, so that the caller leaves out the rest.
    fn is_late(&self) -> bool {
        let is_late = self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline);
        self.is_cut.set(self.is_cut.get() || is_late);
        is_late
    }

    fn report(&self, log: LogPass, remarks: &mut Vec<String>) -> JobReport {
        let recipe = recipe_texts::texts(self.layout, remarks);
        let calls = thresholds::calls(recipe.resolved.as_deref(), self.registry);
        let operators = operators::operators(self, &calls, &log.barrier_seconds);
        let mut deduplication = deduplication(self.state);
        let losses = coldpress_executor::losses(&deduplication);
        files_of_duplicates::shorten(&mut deduplication, remarks);
        let shown = partitions::shown(self.state, self.limits.partitions);
        let stragglers = stragglers::stragglers(self.state);
        let pace = pace::pace(self.state, self.limits.points);
        let overview = overview::overview(self, &log.history, &pace);
        let errors = errors::errors(self, &log.failures);
        let quarantine = quarantine::quarantine(self, remarks);
        let timeline = log.attempts.timeline(self);
        let mut report = JobReport {
            schema_version: REPORT_SCHEMA,
            made_at: coldpress_events::time::now_seconds(),
            made_by: format!("coldpress {}", env!("CARGO_PKG_VERSION")),
            losses,
            deduplication,
            mixture: mixture::mixture(self),
            partitions: columns::columns(self, &shown),
            timeline,
            stragglers,
            worker_time: log.worker_time.finish(),
            pace,
            resources: log.resources.series(),
            statistics: statistics::statistics(self, &calls, remarks),
            samples: samples::samples(self, remarks),
            errors,
            quarantine,
            fields: fields(self.layout),
            environment: environment::environment(self),
            events: log.rows.finish(),
            findings: Vec::new(),
            overview,
            operators,
            recipe,
            remarks: Vec::new(),
            damage: None,
        };
        report.findings = findings::findings(&report);
        report
    }
}

/// The largest file that is read: one with very many field names.
const MAX_FIELDS_BYTES: u64 = 64 << 20;

fn fields(layout: &Layout) -> Option<FieldsView> {
    let json = read_small(layout.schema(), MAX_FIELDS_BYTES).ok()?;
    serde_json::from_slice(&json).ok()
}
