//! What a barrier is resolved from, and what comes of it.

use std::path::PathBuf;
use std::sync::Arc;

use coldpress_barrier::Verdict;
use coldpress_job::{PlacedRows, Removals, TraceEntry};
use coldpress_operator::{ChainHash, Pipeline, Rule, Shared};
use coldpress_record::OperatorLedger;
use coldpress_storage::{AttemptName, Digest, ObjectRef, Packing, Place, StoreWriter, Stores};
use coldpress_worker::{JobSpec, JudgedResult, TraceSpec, obstacle};

use super::telling::Telling;
use crate::error::{Error, ErrorKind, Result};

/// How the names of files end that say what was decided.
pub(crate) const DECISION: &str = ".decision";

/// How the names of files end that list which records were removed.
pub(crate) const DUPLICATES: &str = ".duplicates";

/// Everything that is needed to resolve a barrier.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    /// The operator's name.
    pub(crate) operator: String,
    /// How it judges.
    pub(crate) rule: Rule,
    /// The signatures of each partition, in order.
    pub(crate) signatures: Vec<ObjectRef>,
    /// Whether nothing is left to do behind the barrier but to leave rows out, which the merge can do.
    pub(crate) settles: bool,
    /// What is needed where the operator places rows; none where it cannot.
    pub(crate) moves: Option<Moves>,
    /// What is needed to say what is removed; none where nothing is.
    pub(crate) telling: Option<Telling>,
    /// The context for tracing what is removed; none if nothing is traced.
    pub(crate) traced: Option<TracedPairs>,
    /// The stores of the job.
    pub(crate) stores: Stores,
    /// The folder where what does not fit into memory is sorted.
    pub(crate) folder: PathBuf,
    /// The stage that ends at the barrier.
    pub(crate) stage: u32,
    /// The driver's epoch.
    pub(crate) epoch: u64,
    /// Which of the driver's cases it is, from 1: the files of no two of them have the same names.
    pub(crate) number: u32,
    /// The memory that may be used.
    pub(crate) memory_bytes: u64,
    /// How many threads may be used.
    pub(crate) threads: usize,
}

/// The context for tracing what a deduplicator removes.
#[derive(Clone, Debug)]
pub(crate) struct TracedPairs {
    pub(crate) spec: TraceSpec,
    /// The operator's place in the recipe.
    pub(crate) place: u32,
    /// Rows and indexes of the results, in the order of the partitions.
    pub(crate) results: Vec<(ObjectRef, ObjectRef)>,
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
    /// What the operator did to the records of each partition, where the merge does the rest.
    pub(crate) settled: Vec<OperatorLedger>,
    /// What identifies all of them.
    pub(crate) digest: Digest,
    /// Where the records of all partitions together went.
    pub(crate) ledger: OperatorLedger,
    /// What was removed, for people.
    pub(crate) removals: Option<Removals>,
    /// The list of what was removed.
    pub(crate) duplicates: Option<ObjectRef>,
    /// Some of what was removed, where it is traced.
    pub(crate) trace: Option<TraceEntry>,
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
    /// Writes the decision about a partition, as a member of a pack: there is one for each partition, and each is small.
    pub(super) fn write(
        &self,
        partition: u32,
        verdict: &Verdict,
        packing: &mut Packing,
    ) -> Result<ObjectRef> {
        let name = AttemptName::new(partition, self.epoch, self.number);
        let name = name.in_stage(self.stage).suffix(DECISION);
        let begun = packing.put_new(Place::Signatures, &name);
        let (name, mut file) = begun.map_err(|error| self.because(error))?;
        let written = verdict.write(&mut file);
        written.map_err(|error| self.because(error))?;
        let stamp = file.finish().map_err(|error| self.because(error))?;
        Ok(ObjectRef::new(Place::Signatures, name, stamp))
    }

    /// Makes the decisions in a pack durable.
    pub(super) fn finish_pack(&self, packing: Packing) -> Result<()> {
        let finished = packing.finish(|place, name| self.stores.put_new(place, name));
        finished.map_err(|error| self.because(error))
    }

    /// Begins a file of this decision.
    pub(super) fn begin(&self, partition: u32, ending: &str) -> Result<Box<dyn StoreWriter>> {
        let name = AttemptName::new(partition, self.epoch, self.number);
        let name = name.in_stage(self.stage).suffix(ending).object();
        let begun = name.and_then(|name| self.stores.put_new(Place::Signatures, &name));
        begun.map_err(|error| self.because(error))
    }

    /// Makes a file of this decision durable.
    pub(super) fn finish(&self, file: Box<dyn StoreWriter>) -> Result<ObjectRef> {
        let name = file.name().clone();
        let stamp = file.finish().map_err(|error| self.because(error))?;
        Ok(ObjectRef::new(Place::Signatures, name, stamp))
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

/// Why signatures cannot be read: they are damaged, or nothing can be read at all.
pub(super) fn unreadable(partition: u32, error: &(dyn std::error::Error + 'static)) -> Unresolved {
    match obstacle(error) {
        Some(explanation) => Error::new(ErrorKind::Failed, explanation).into(),
        None => Unresolved::Damaged {
            partition,
            reason: error.to_string(),
        },
    }
}
