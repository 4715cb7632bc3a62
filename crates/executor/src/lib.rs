//! Who does what, when: drives a job from its recipe to its export.
//!
//! An [`ExecutorBuilder`] takes a recipe, the operators it may name, and optionally stores of its own and a
//! [`Backend`]; the [`Executor`] it builds plans the job or resumes it, gives attempts to workers as the pure
//! [`Scheduler`] says, publishes what they made by appending to the job's journal, merges the results in order, checks
//! that every record is accounted for, and commits the export.
//!
//! Only the driver in here publishes; it does so before anyone acts on it, and a driver that lost the job publishes into
//! nothing. It knows nothing of the command line, and prints nothing.

mod analysis;
mod backend;
mod barrier;
mod cleaning;
mod comparing;
mod cut;
mod driver;
mod encryption;
mod error;
mod executor;
mod follow;
mod inputs;
mod jobs_diff;
mod judge;
mod known_chain;
mod labels;
mod lift;
mod list_diff;
mod memory;
mod merge;
mod mixing;
mod otlp;
mod outputs;
mod planned_sources;
mod prepare;
mod preview;
mod prometheus;
mod reachable;
mod reading;
mod remote;
mod replay;
mod report;
mod retention;
mod run;
mod scheduler;
mod space;
mod spec;
mod spelled;
mod starts;
mod summary;
mod trace;
mod traffic;
mod usage;
mod validators;
mod watch;

pub use analysis::{PassedOver, text_filters};
pub use backend::{
    Backend, Finished, LastWords, LocalBackend, ProcessBackend, ProcessEnd, Running, WorkerId,
};
pub use cleaning::{CleanOptions, Cleaned, CleanedFile, clean_job, forget_checkpoints};
pub use comparing::{Answer, Difference, OperatorComparison};
pub use error::{Error, ErrorKind, Result};
pub use executor::{Executor, ExecutorBuilder, LiveEvents, StopHandle};
pub use follow::{
    Bound, DiffPart, Effect, Fate, FieldChange, FollowOptions, NamedDuplicate, OperatorStep,
    RecordBranch, RecordHistories, RecordHistory, RecordQuery, TextDiff, follow_records,
};
pub use jobs_diff::{ChangedRecord, DiffOptions, DiffRecord, JobsDiff, diff_jobs};
pub use judge::{Judge, TooManyErrors};
pub use lift::{Lifted, LiftedRecord, lift_verdicts};
pub use list_diff::{Stretch, compare_lists};
pub use outputs::list::{Content, Output, Outputs};
pub use prepare::Prepared;
pub use preview::Preview;
pub use prometheus::{JobMetrics, prometheus_text};
pub use replay::{
    ReplayOptions, Replayed, ReplayedClass, ReplayedOperator, ReplayedSample, replay_quarantine,
};
pub use report::{
    Deduplication, DuplicateCluster, ErrorSummary, FailedPartition, Loss, OperatorPerformance,
    OtherSources, RecordPlace, RemovedFrom, Report, UnreadablePart, deduplication, losses,
};
pub use scheduler::{AfterFailure, Next, Scheduler, Step, VOIDED_AT_MOST};
pub use space::{DiskEstimate, DiskSpace, StoreSpace};
pub use spelled::{counted, grouped};
pub use summary::performance;
pub use traffic::Traffic;
