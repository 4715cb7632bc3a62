//! What happened to a record: its way through the operators, done again without writing anything.
//!
//! The records that are asked for are looked up in the slices of the plan. Then the recipe that the job was run with is run
//! over the partitions that they are in, with the decisions of barriers; only the records that are asked for are looked at.
//! The output of an external operator is taken from the job's checkpoints, since it is not called again.

mod beyond;
mod branches;
mod changes;
mod exported;
mod found;
mod history;
mod named;
mod opened;
mod placed;
mod quarantined;
mod query;
mod search;
mod text_diff;
mod way;

use coldpress_assets::AssetFolders;
use coldpress_job::Layout;
use coldpress_operator::Registry;
use coldpress_storage::StoreSchemes;

use crate::error::Result;

pub use changes::FieldChange;
pub use history::{
    Bound, Effect, Fate, NamedDuplicate, OperatorStep, RecordBranch, RecordHistories, RecordHistory,
};
pub use query::RecordQuery;
pub use text_diff::{DiffPart, TextDiff};

pub(crate) use changes::{changes, value_of};
pub(crate) use opened::OpenedJob;
pub(crate) use quarantined::QuarantineFiles;
pub(crate) use search::records_at;
pub(crate) use text_diff::cut;

/// The context for following records besides the job.
#[derive(Debug)]
pub struct FollowOptions<'a> {
    /// The operators that the program knows.
    pub registry: &'a Registry,
    /// The stores that the job's files may be in.
    pub schemes: &'a StoreSchemes,
    /// The folders of models and word lists.
    pub asset_folders: AssetFolders,
    /// How many records are followed at most, of those that are found.
    pub most: usize,
}

/// Finds records of a job's input and says what happened to each, operator by operator. It writes nothing, and may be called
/// while the job runs.
///
/// # Errors
/// [`ErrorKind::NoSuchJob`](crate::ErrorKind::NoSuchJob) for a job without a journal;
/// [`ErrorKind::Refused`](crate::ErrorKind::Refused) when the input changed since the job was planned, or its journal cannot
/// be trusted; [`ErrorKind::Recipe`](crate::ErrorKind::Recipe) when the query or the job's recipe cannot be used;
/// [`ErrorKind::Failed`](crate::ErrorKind::Failed) when files cannot be read.
pub fn follow_records(
    layout: &Layout,
    query: &RecordQuery,
    options: &FollowOptions<'_>,
) -> Result<RecordHistories> {
    let opened = OpenedJob::open(layout, options)?;
    let found = search::search(&opened, query, options.most)?;
    way::histories(&opened, query, found)
}
