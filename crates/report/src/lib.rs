//! Views of a job for people. They are made from what it left on disk, and change nothing.
//!
//! - [`monitor()`] looks at a job, running or not, and returns a [`MonitorView`]. As JSON it has the fields of Data-Juicer's
//!   monitor, and as text ([`MonitorView::render`]) its layout. The counts come from the journal, so they are right without an
//!   event log. Facts that only events have (times, the operator at work) may be missing.
//! - [`render_report`] is the table at the end of a run, and [`render_unfinished`] the text after a run that failed.
//! - [`job_report()`] collects everything about a job in a [`JobReport`]; [`JobReport::render`] is its text and [`render_page`] its
//!   page. A [`JobReader`] does the same repeatedly, and reads no event twice.
//! - [`JobsView`] lists all jobs of a folder; [`render_jobs_page`] and [`render_job_page`] are the pages of a server.
//! - [`analysis()`] returns the statistics that an analysis computed: as text, JSON, CSV, Markdown and a list of operators.
//! - [`plan()`] describes what a run would do, from the recipe and a sample of its input.
//! - [`render_event`] formats one event as a line. [`quantity`] formats numbers, and [`Table`] aligns columns.
//!
//! ```
//! use coldpress_report::{Align, Table, quantity};
//!
//! let mut table = Table::new([("OPERATOR", Align::Left), ("RECORDS", Align::Right)]);
//! table.row(["clean_links_mapper".to_owned(), quantity::grouped(356_317)]);
//! assert_eq!(table.render(), "OPERATOR            RECORDS\nclean_links_mapper  356,317\n");
//! ```
//!
//! All texts fit a terminal of 80 columns as far as paths and messages allow, and contain no control characters from the data.
//! Nothing here prints.

mod error;

mod look;
pub mod quantity;
mod table;

mod duplicates;
mod history;
mod monitor;
mod monitor_text;

mod analysis;
mod job_report;
mod job_report_text;
mod jobs_view;
mod last_page;
mod page;

mod comparison;
mod comparison_text;
mod jobs_diff_text;
mod record_history_text;
mod replayed_text;

mod end_of_run;
mod event_line;
mod plan;
mod plan_text;

pub use analysis::{
    ANALYSIS_SCHEMA, Analysis, AnalysisOptions, Between, Described, FilterOutcome, Quantile,
    Values, analysis,
};
pub use coldpress_executor::{DiskEstimate, DiskSpace, StoreSpace, Traffic};
pub use comparison::{
    COMPARISON_SCHEMA, CountPair, InputDifference, JobComparison, JobFigures, KeyDifference,
    OperatorChange, OperatorFigures, OperatorPair, compare,
};
pub use end_of_run::{render_report, render_unfinished};
pub use error::{Error, Result};
pub use event_line::render_event;
pub use history::{CompletedOperation, CurrentOperation};
pub use job_report::{
    Bins, DriverRow, Environment, ErrorGroup, Errors, ErrorsOfClass, ErrorsOverTime, EventRow,
    EventRows, FailedPart, FilterVerdict, Finding, JobReader, JobReport, KindCount, Limits,
    MixedPath, OperatorCounts, OperatorRow, OperatorSamples, Overview, PacePoint, PartitionColumns,
    QuarantineReason, QuarantineSample, QuarantineView, REPORT_SCHEMA, RecipeTexts, Recovery,
    ReportOptions, Sample, Series, Statistic, Statistics, Straggler, Threshold, Timeline,
    UnreadPart, ValueCount, WorkerShare, WorkerTime, job_report,
};
pub use jobs_diff_text::render_jobs_diff;
pub use jobs_view::{JobRow, JobsView};
pub use last_page::{LastPage, write_last_page};
pub use look::Look;
pub use monitor::{
    FirstLook, Glance, GlanceDataset, JobWatch, MOST_LISTED, MonitorView, OverallProgress,
    PartitionAtWork, PartitionOutOfRetries, PartitionView, SavedCheckpoint, first_look, monitor,
};
pub use page::{
    Origin, Page, render_comparison_page, render_job_page, render_jobs_page, render_notice,
    render_page,
};
pub use plan::{PlanView, PlannedPath, PlannedSource, StageView, plan};
pub use plan_text::render_fields;
pub use record_history_text::render_histories;
pub use replayed_text::render_replayed;
pub use table::{Align, Table};
