//! The identity, the files and the journal of a job.
//!
//! A job is one run of one recipe over one dataset. It has a [`JobId`], a [`Layout`] (the places of its files), and a [`Journal`],
//! which is the truth about it: what is planned and what is published. [`JobState`] is the pure replay of the journal. A
//! [`JobLock`] is the right to drive the job. [`JobSummary`] and the mapping files are views, made from the truth for readers.
//! [`list_jobs`] shows the jobs below a folder, and [`stop_job`] stops one.
//!
//! ```
//! use coldpress_job::{
//!     JobLock, JobPlan, Journal, JournalRecord, Layout, LockOptions, Mode, Status,
//! };
//! use coldpress_partition::CutSettings;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let layout = Layout::in_dir(folder.path(), "demo".parse()?)?;
//! layout.create()?;
//!
//! let lock = JobLock::acquire(&layout, &LockOptions::default())?;
//! let (mut journal, mut state) = Journal::open(&layout, &lock, Mode::New)?;
//! let records = [
//!     JournalRecord::JobPlanned(JobPlan {
//!         sources: Vec::new(),
//!         identity: "reader 1, no input".to_string(),
//!         plan_settings: CutSettings::default().into(),
//!         limit: None,
//!         decisions: Vec::new(),
//!         reading: None,
//!         mixing: None,
//!     }),
//!     JournalRecord::PlanCompleted { partitions: 0, records: 0 },
//!     JournalRecord::Finished { status: Status::Completed, error: None },
//! ];
//! for record in &records {
//!     journal.record(&mut state, record)?;
//! }
//! // Only now may anybody act on them.
//! journal.sync()?;
//!
//! let seen = Journal::read(&layout)?;
//! assert_eq!(seen, state);
//! assert!(seen.plan_complete());
//! assert_eq!(seen.finished().map(|finish| finish.status), Some(Status::Completed));
//! # Ok(())
//! # }
//! ```
//!
//! # On disk
//!
//! `job.heartbeat`, `job_summary.json`, the mapping files and the first record of each file of the journal carry a
//! `schema_version`; all are at version 1. A newer version is refused with an error that names both versions, and never
//! overwritten. Unknown fields are ignored.
//!
//! # Durability
//!
//! A record counts from the return of [`Journal::sync`]. Views are replaced atomically, and losing one loses no information.
//!
//! This crate does not know how work is executed, and it deletes nothing.

mod adopt;
mod bucket;
mod civil;
mod damage;
mod driver;
mod error;
mod folders;
mod id;
mod layout;

mod journal;
mod lock;

mod fields_view;
mod jobs_dir;
mod listed_again;
mod listing;
mod mapping;
mod one_by_one;
mod progress_view;
mod stamp;
mod stand_in;
mod status;
mod stop;
mod stores;
mod summary;
mod totals;

pub use adopt::{AdoptFrom, Adopted, adopt};
pub use bucket::{Scratch, url_of_job};
pub use driver::{DriverIdentity, Presence};
pub use error::{Error, Result};
pub use fields_view::{FIELDS_SCHEMA, FieldView, FieldsView, OddPlace, TypeCount, fields_view};
pub use folders::{OwnPlaces, is_moved_name, job_that_made};
pub use id::{InvalidJobId, JobId};
pub use jobs_dir::JobsDir;
pub use journal::{
    Adoption, BarrierResolved, ByField, CheckpointEntry, ClustersOfSize, DamagedSource,
    DroppedEntry, Epoch, EpochStarted, ExportIntent, ExportState, Figures, FiguresFollower, Finish,
    GateReached, JOURNAL_SCHEMA, JobPlan, JobState, Journal, JournalFollower, JournalRecord,
    KeptFigures, LargeCluster, Mode, NamedRecord, NotFromFigures, OfSource, OfValue, OutputIntent,
    Participants, PartitionFailure, PartitionStatus, PlacedRows, PlanSettings, PoisonFound,
    Publication, PublishedCheckpoint, Reading, RecipeInForce, Removals, Removed, SealedFile,
    SignaturesEntry, TraceEntry, TraceFileEntry, TraceIntent,
};
pub use layout::Layout;
pub use listed_again::JobListing;
pub use listing::{JobView, ListedJob, ShownStatus, list_jobs};
pub use lock::{HEARTBEAT_SCHEMA, JobLock, Liveness, LockOptions};
pub use mapping::{
    DatasetMapping, FinalMappingReport, MAPPING_SCHEMA, MappedPartition, MappedSource,
    OriginalDataset, PartitionDetail, ProcessingSummary, dataset_mapping, dataset_mapping_view,
    final_mapping_report, final_mapping_report_view,
};
pub use progress_view::{
    PROGRESS_SCHEMA, PartitionResult, ProgressView, progress_view, progress_view_to_write,
};
pub use stamp::JobStamp;
pub use stand_in::list_jobs_of_url;
pub use status::{Phase, Status};
pub use stop::{StopOptions, StopReport, stop_job};
pub use stores::open_stores;
pub use summary::{JobSummary, OperatorAtWork, SUMMARY_SCHEMA};
pub use totals::Totals;
