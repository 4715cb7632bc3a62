//! How one attempt at one task is run: a small serialisable [`Attempt`] in, an [`Outcome`] out.
//!
//! What is the same for all attempts of a job is its [`JobSpec`], which a worker gets once. A [`Worker`] reads the slice, or goes on from a checkpoint; runs the operators over it batch by batch; sets aside
//! what fails; tees off checkpoints; and writes the rows that come out. All its files are new and durable, and carry
//! epoch and attempt in their names, so that a late worker can only write names that nobody cites. They go through the
//! job's [`Stores`](coldpress_storage::Stores), wherever those are.
//!
//! It does not know the journal: it cannot publish anything.

mod attempt;
mod barrier;
mod death;
mod dropped;
mod error;
mod follow;
mod input;
mod intermediate;
mod last_table;
mod lease;
mod new_files;
mod obstacle;
mod outcome;
mod output;
mod pick;
mod placing;
mod progress;
mod protocol;
mod quarantine;
mod queue;
mod segment;
mod serve;
mod signals;
mod spec;
mod tee;
mod times;
mod trace;
mod trace_spec;
mod underway;
mod worker;

pub use attempt::{Attempt, Start};
pub use barrier::{BarrierFile, OpenFiles};
pub use death::{CANNOT_GO_ON, InHand, WorkerDeath};
pub use error::{AttemptError, BlamedOperator, FailureKind};
pub use follow::{FollowEffect, FollowEvent, Followed, FollowedWay, Follower, ScannedRecord};
pub use lease::{LeaseKeeper, LeaseTerms};
pub use obstacle::obstacle;
pub use outcome::{CheckpointOutcome, Outcome, ResultFiles};
pub use pick::{Picked, pick_rows};
pub use placing::{JudgedResult, PLACED, PlacedPartition, Placing, PlacingError};
pub use progress::{AtWork, Progress, Reached};
pub use protocol::{FromWorker, ToWorker, WORKER_ARGUMENT, receive, send};
pub use quarantine::{QUARANTINE_SCHEMA, QuarantineEntry};
pub use queue::{Answer, work_off};
pub use serve::serve_if_asked;
pub use spec::{CheckpointForm, IntermediateForm, JobSpec};
pub use times::FileTimes;
pub use trace::{TraceError, TraceLine, read_trace, trace_bytes};
pub use trace_spec::TraceSpec;
pub use underway::Watch;
pub use worker::{Worker, WorkerContext};
