//! One try at one task, as a value that can be sent anywhere.

use coldpress_checkpoint::Manifest;
use coldpress_dataset::Source;
use coldpress_failure::ErrorClass;
use coldpress_operator::{ChainHash, Poison, StageChain};
use coldpress_partition::{Draw, Slice, Task};
use coldpress_record::Origin;
use coldpress_storage::{AttemptName, ObjectRef, Stores};
use serde::{Deserialize, Serialize};

use crate::error::AttemptError;
use crate::last_table::LastTable;
use crate::new_files::NewFiles;
use crate::spec::JobSpec;

/// One try at a task: what a worker must know besides the [`JobSpec`]. No record passes through it.
///
/// It is small whatever the dataset, because one is written for every try.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// The number of the driver that gave it out.
    pub epoch: u64,
    /// The number of the try under this driver, from 1.
    pub number: u32,
    /// The stage and the partition that are worked on.
    pub task: Task,
    /// Where the records of the partition are.
    pub slice: Slice,
    /// Which of them are drawn, where the recipe takes only some; none = all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draw: Option<Draw>,
    /// The chain hashes up to the end of the stage.
    pub chain: StageChain,
    /// Where to begin, the best first; the slice itself is always the last resort, where `from_input` allows it.
    pub starts: Vec<Start>,
    /// Whether the slice itself may be read.
    pub from_input: bool,
    /// Where the attempt ends, in operators: at a gate, which is one of its checkpoints; none = at the result.
    pub gate: Option<u32>,
    /// After how many operators a checkpoint is wanted, rising.
    pub checkpoints: Vec<u32>,
    /// What was decided about the rows of the partition at each of the barriers before the stage; none where other rows were
    /// placed in the partition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Option<ObjectRef>>,
    /// The records that killed workers: they go to quarantine where they did.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub poison: Vec<Poison>,
    /// Whether a worker process reports each record that it takes in hand, to find one that kills it.
    #[serde(default)]
    pub isolated: bool,
    /// Whether its result may be packed with those of others, so that it is durable only with them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub packed: bool,
}

/// Work of an earlier attempt to go on from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Start {
    /// What operators did to the slice, to be done again.
    Delta {
        /// Operators applied.
        operation: u32,
        /// The files that lead there from the slice, in order.
        files: Vec<ObjectRef>,
    },
    /// A checkpoint of whole records.
    Checkpoint {
        /// Operators applied.
        operation: u32,
        /// The file.
        file: ObjectRef,
    },
    /// The rows that an earlier recipe, a prefix of this one, ended with.
    Result {
        /// Operators applied.
        operation: u32,
        /// The rows; their name says their form.
        rows: ObjectRef,
        /// Their origins and statistics.
        index: ObjectRef,
    },
}

impl Start {
    /// Operators applied.
    pub fn operation(&self) -> u32 {
        match self {
            Self::Delta { operation, .. }
            | Self::Checkpoint { operation, .. }
            | Self::Result { operation, .. } => *operation,
        }
    }

    /// The file that the records come from; of several, the last.
    pub fn file(&self) -> Option<&ObjectRef> {
        match self {
            Self::Delta { files, .. } => files.last(),
            Self::Checkpoint { file, .. } => Some(file),
            Self::Result { rows, .. } => Some(rows),
        }
    }
}

impl Attempt {
    /// What the names of the attempt's files begin with.
    pub fn name(&self) -> AttemptName {
        AttemptName::new(self.task.partition, self.epoch, self.number).in_stage(self.task.stage)
    }
}

/// An attempt with what it refers to: the job that it is of, the stores of its files, and the source that its slice is in.
#[derive(Clone, Copy)]
pub(crate) struct Assignment<'a> {
    pub(crate) spec: &'a JobSpec,
    pub(crate) stores: &'a Stores,
    /// Where the files of its result go.
    pub(crate) results: NewFiles<'a>,
    /// The columnar file that was read last.
    pub(crate) last_table: &'a LastTable,
    pub(crate) attempt: &'a Attempt,
    pub(crate) source: &'a Source,
    /// The chain hash before the first operator.
    pub(crate) base: ChainHash,
}

impl<'a> Assignment<'a> {
    pub(crate) fn new(
        spec: &'a JobSpec,
        stores: &'a Stores,
        last_table: &'a LastTable,
        attempt: &'a Attempt,
    ) -> Result<Self, AttemptError> {
        let (index, count) = (attempt.slice.source, spec.sources.len());
        let Some(source) = spec.sources.get(index as usize) else {
            return Err(AttemptError::new(
                ErrorClass::System,
                format!(
                    "{} refers to source {index}, but the job has {count}",
                    attempt.task
                ),
            ));
        };
        let end = attempt.chain.end();
        let count = spec.operators.len();
        let base = attempt.chain.after(0);
        let Some(base) = base.filter(|_| end as usize <= count) else {
            return Err(AttemptError::new(
                ErrorClass::System,
                format!(
                    "{} has {end} operators, but the job has {count}",
                    attempt.task
                ),
            ));
        };
        Ok(Self {
            spec,
            stores,
            results: NewFiles::apart(stores),
            last_table,
            attempt,
            source,
            base,
        })
    }

    /// The source that a record is from: where records were placed in other partitions, maybe not that of the slice.
    pub(crate) fn source_of(&self, origin: &Origin) -> &'a Source {
        let source = self.spec.sources.get(origin.source as usize);
        source.unwrap_or(self.source)
    }

    /// The chain hash after this many operators of the recipe.
    ///
    /// # Errors
    /// For a number outside of the stage, which only a file of something else can have led to.
    pub(crate) fn chain_after(&self, operation: u32) -> Result<ChainHash, AttemptError> {
        let hash = self.attempt.chain.after(operation);
        hash.ok_or_else(AttemptError::of_other_work)
    }

    /// Returns whether earlier work has the traces that are wanted.
    fn has_trace(&self, manifest: &Manifest) -> bool {
        let traced = manifest.trace.as_ref();
        let by = traced.map(|traced| (traced.by.as_str(), traced.most));
        let wanted = self.spec.trace.as_ref();
        wanted.is_none_or(|wanted| wanted.takes(manifest.operation, by))
    }

    /// Makes sure that the attempt can go on from what an earlier one left after this many operators.
    pub(crate) fn check_start(
        &self,
        manifest: &Manifest,
        operation: u32,
    ) -> Result<(), AttemptError> {
        let chain = self.attempt.chain.after(operation);
        let fits = manifest.operation == operation
            && manifest.partition == self.attempt.task.partition
            && manifest.slice == self.attempt.slice.digest
            && chain.is_some_and(|chain| manifest.chain == chain.to_string())
            && (manifest.dropped.is_some() || !self.spec.keep_dropped)
            && self.has_trace(manifest);
        match fits {
            true => Ok(()),
            false => Err(AttemptError::of_other_work()),
        }
    }
}

#[cfg(test)]
mod tests {
    use coldpress_operator::Stage;
    use coldpress_storage::{Digest, FileStamp};

    use super::*;

    /// Everything that grows with the dataset is in the spec: an attempt stays small, however many files a source has.
    #[test]
    fn an_attempt_is_short_whatever_the_dataset() {
        let digest = Digest(u128::MAX);
        let stamp = FileStamp {
            length: u64::MAX,
            digest,
        };
        let file = |name: &str| ObjectRef {
            key: format!("{name}_p999999.e999999.a999.parquet")
                .parse()
                .unwrap(),
            stamp,
        };
        let attempt = Attempt {
            epoch: 999_999,
            number: 999,
            task: Task::new(9, u32::MAX),
            slice: Slice {
                source: u32::MAX,
                start: u64::MAX,
                end: u64::MAX,
                records: 10_000,
                digest,
                metadata: Some(digest),
                seek: Some(u64::MAX),
                decoded_bytes: Some(u64::MAX),
                marks: vec![u64::MAX; 10],
                copy: Some(Box::new(file("partitions/copy"))),
            },
            draw: Some(Draw {
                first: u64::MAX,
                of: u64::MAX,
                drawn: u64::MAX,
                key: u64::MAX,
            }),
            chain: StageChain::of(&Stage::cut(20, &[])[0], &[ChainHash::base(""); 21]).unwrap(),
            starts: vec![
                Start::Delta {
                    operation: 9,
                    files: vec![file("delta"), file("delta"), file("delta")],
                },
                Start::Checkpoint {
                    operation: 6,
                    file: file("checkpoint_op006_some_long_filter"),
                },
                Start::Result {
                    operation: 3,
                    rows: file("results/rows"),
                    index: file("results/index"),
                },
            ],
            from_input: true,
            gate: Some(20),
            checkpoints: (1..=20).collect(),
            decisions: vec![Some(file("results/decision")), None],
            poison: Vec::new(),
            isolated: true,
            packed: true,
        };
        let json = serde_json::to_string(&attempt).unwrap();
        assert!(json.len() < 4096, "{} bytes: {json}", json.len());
        assert_eq!(serde_json::from_str::<Attempt>(&json).unwrap(), attempt);
    }
}
