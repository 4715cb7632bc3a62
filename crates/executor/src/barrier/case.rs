//! What a barrier is resolved from, and what comes of it.

use std::path::PathBuf;
use std::sync::Arc;

use coldpress_barrier::Verdict;
use coldpress_job::PlacedRows;
use coldpress_operator::{ChainHash, Pipeline, Rule, Shared};
use coldpress_record::OperatorLedger;
use coldpress_storage::{AttemptName, Digest, ObjectRef, Place, Stores};
use coldpress_worker::{JobSpec, JudgedResult, obstacle};

use crate::error::{Error, ErrorKind, Result};

/// How the names of files end that say what was decided.
pub(crate) const DECISION: &str = ".decision";

/// Everything that is needed to resolve a barrier.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The operator's name.
    pub(crate) operator: String,
    /// How it judges.
    pub(crate) rule: Rule,
    /// The signatures of each partition, in order.
    pub(crate) signatures: Vec<ObjectRef>,
    /// What is needed where the operator places rows; none where it cannot.
    pub(crate) moves: Option<Moves>,
    /// The stores of the job.
    pub(crate) stores: Stores,
    /// The folder where what does not fit into memory is sorted.
    pub(crate) folder: PathBuf,
    /// The stage that ends at the barrier.
    pub(crate) stage: u32,
    /// The driver's epoch.
    pub(crate) epoch: u64,
    /// Which of the decisions of the job it is, from 1: the files of no two of them have the same names.
    pub(crate) number: u32,
    /// The memory that may be used.
    pub(crate) memory_bytes: u64,
    /// How many threads may be used.
    pub(crate) threads: usize,
}

/// What is needed to place rows.
#[derive(Clone, Debug)]
pub(crate) struct Moves {
    /// What is the same for all attempts of the job.
    pub(crate) spec: Arc<JobSpec>,
    /// The recipe.
    pub(crate) pipeline: Pipeline,
    /// The models of the process.
    pub(crate) shared: Shared,
    /// The operator's place in the recipe.
    pub(crate) place: u32,
    /// The chain hash before it.
    pub(crate) last: ChainHash,
    /// The results, in the order of the partitions. Which of their rows have no signature is not known yet.
    pub(crate) results: Vec<JudgedResult>,
}

/// What was decided.
#[derive(Clone, Debug)]
pub(crate) struct Resolved {
    /// The decision of each partition, in order; none where rows were placed.
    pub(crate) files: Vec<ObjectRef>,
    /// The rows that each partition has from here on, in order; none where it keeps its own.
    pub(crate) placed: Vec<PlacedRows>,
    /// What identifies all of them.
    pub(crate) digest: Digest,
    /// Where the records of all partitions together went.
    pub(crate) ledger: OperatorLedger,
}

/// Why nothing was decided.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// The signatures of this partition are not what was published: they must be made again.
    Damaged { partition: u32, reason: String },
    /// The rows of this partition are not what was published: they must be made again.
    LostRows { partition: u32, reason: String },
    /// Something that has nothing to do with one partition.
    Failed(Error),
}

impl From<Error> for Unresolved {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Case {
    /// Writes the decision about a partition.
    pub(super) fn write(&self, partition: u32, verdict: &Verdict) -> Result<ObjectRef> {
        let name = AttemptName::new(partition, self.epoch, self.number);
        let name = name.in_stage(self.stage).suffix(DECISION).object();
        let written = name.and_then(|name| {
            let mut file = self.stores.put_new(Place::Signatures, &name)?;
            let written = verdict.write(&mut file);
            written.map_err(|error| coldpress_storage::Error::io("write", name.as_str(), error))?;
            Ok(ObjectRef::new(Place::Signatures, name, file.finish()?))
        });
        written.map_err(|error| self.because(error))
    }

    /// Says that the operator cannot decide, and why.
    pub(super) fn because(&self, error: impl std::error::Error + Send + Sync + 'static) -> Error {
        let mut message = format!("{} cannot decide about the dataset", self.operator);
        if let Some(explanation) = obstacle(&error) {
            message = format!("{message}: {explanation}");
            return Error::new(ErrorKind::Failed, message);
        }
        Error::because(ErrorKind::Failed, message, error)
    }
}
