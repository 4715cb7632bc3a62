//! Placing rows: what an operator at a barrier makes of the results of a stage where records come to lie in other
//! partitions, or become others.
//!
//! The rows of all results are read one after the other. Those that come out are sorted by their positions, on disk where
//! they do not fit into memory; the others are set aside where they were. Then each partition gets an equal slice of the
//! positions, in the form of a result; several threads write these at the same time.

mod arriving;
mod group;
mod hand_out;
mod packed;
mod slices;
mod take;
mod write;

use std::sync::atomic::{AtomicBool, Ordering};

use coldpress_barrier::{Arrangement, Arranger, Room};
use coldpress_operator::{ChainHash, Pipeline, Poison, Shared};
use coldpress_record::OperatorLedger;
use coldpress_storage::{AttemptName, ObjectRef, Stores, crash_point};

use crate::error::{AttemptError, FailureKind};
use crate::spec::JobSpec;

use hand_out::write_all;
use slices::Slices;
use take::{Flow, Taking};

/// What the names of files of placed rows say that they are.
pub const PLACED: &str = "placed";

/// The rows that an operator at a barrier places.
pub struct Placing<'a> {
    /// What is the same for all attempts of the job.
    pub spec: &'a JobSpec,
    /// The stores of the job.
    pub stores: &'a Stores,
    /// The recipe.
    pub pipeline: &'a Pipeline,
    /// The models of the process.
    pub shared: &'a Shared,
    /// The operator's place in the recipe.
    pub operator: u32,
    /// The chain hash after it.
    pub chain: ChainHash,
    /// The results that it places the rows of, in the order of the partitions.
    pub results: &'a [JudgedResult],
    /// The stage that they are of.
    pub stage: u32,
    /// The driver's epoch.
    pub epoch: u64,
    /// Which barrier of the driver it is: the files of no two of them have the same names.
    pub number: u32,
    /// The memory that may be used.
    pub memory_bytes: u64,
    /// The number of threads that may be used.
    pub threads: usize,
    /// Set when nobody wants it any more.
    pub stop: &'a AtomicBool,
}

/// The result of a partition that an operator at a barrier places the rows of.
#[derive(Clone, Debug)]
pub struct JudgedResult {
    /// The rows.
    pub rows: ObjectRef,
    /// Their origins and statistics.
    pub index: ObjectRef,
    /// The rows that have no signature, rising.
    pub unsigned: Vec<u64>,
    /// The records that killed workers as they were signed.
    pub poison: Vec<Poison>,
    /// The index of the source that the partition is a slice of.
    pub source: u32,
}

/// The rows that were placed in a partition, and what was set aside of those that it had before.
#[derive(Clone, Debug)]
pub struct PlacedPartition {
    /// The rows.
    pub rows: ObjectRef,
    /// Their origins and statistics.
    pub index: ObjectRef,
    /// Bytes of the rows before they were packed.
    pub uncompressed_bytes: u64,
    /// Whether the index says what the fields of the rows hold.
    pub has_types: bool,
    /// The records without a signature.
    pub quarantine: Option<ObjectRef>,
    /// The records that were dropped, where these are kept.
    pub dropped: Option<ObjectRef>,
    /// What the operator did to the records of the partition.
    pub ledger: OperatorLedger,
}

/// Why no rows were placed.
#[derive(Debug, thiserror::Error)]
pub enum PlacingError {
    /// The result of this partition is not what was published: it must be made again.
    #[error("the result of partition {partition} cannot be used: {reason}")]
    Damaged {
        /// The partition.
        partition: u32,
        /// In which way.
        reason: String,
    },
    /// Something that has nothing to do with one partition.
    #[error("{0}")]
    Failed(String),
}

/// What was set aside of the rows of a partition.
#[derive(Clone, Debug, Default)]
struct SetAside {
    quarantine: Option<ObjectRef>,
    dropped: Option<ObjectRef>,
    ledger: OperatorLedger,
}

impl Placing<'_> {
    /// Places the rows.
    ///
    /// # Errors
    /// [`PlacingError`]; whatever files were made are cited by nobody.
    pub fn place(
        &self,
        arrangement: Arrangement<'_>,
        room: &Room<'_>,
    ) -> Result<Vec<PlacedPartition>, PlacingError> {
        let slices = Slices::new(arrangement.count(), self.results.len() as u64);
        let is_grouped = arrangement.is_grouped();
        crash_point!("barrier.place");
        let (arranger, set_aside) = self.take(arrangement, slices, Arranger::new(room))?;
        crash_point!("barrier.taken");
        let records = arranger.finish().map_err(|error| failed(&error))?;
        write_all(self, records, is_grouped, slices, set_aside)
    }

    /// Takes the rows of all partitions, and sets aside what does not come out.
    fn take<'r>(
        &self,
        mut arrangement: Arrangement<'_>,
        slices: Slices,
        mut arranger: Arranger<'r>,
    ) -> Result<(Arranger<'r>, Vec<SetAside>), PlacingError> {
        let mut flow = Flow {
            next: 0,
            groups: 0,
            moved_in: vec![0; self.results.len()],
        };
        let mut set_aside = Vec::with_capacity(self.results.len());
        for (partition, result) in (0..).zip(self.results) {
            let mut taking = Taking::new(self, partition, result, slices)?;
            taking.take(&mut arrangement, &mut arranger, &mut flow)?;
            set_aside.push(taking.finish()?);
        }
        for ((partition, one), moved_in) in (0..).zip(&mut set_aside).zip(flow.moved_in) {
            let slice = slices.of(partition);
            one.ledger.moved_in = moved_in;
            one.ledger.out = slice.end - slice.start;
        }
        Ok((arranger, set_aside))
    }

    fn operator_name(&self) -> &str {
        let operator = self.pipeline.operators().get(self.operator as usize);
        operator.map_or("?", |operator| operator.name())
    }

    /// What the names of the files of a partition begin with.
    fn name(&self, partition: u32) -> AttemptName {
        AttemptName::new(partition, self.epoch, self.number)
            .in_stage(self.stage)
            .labelled(PLACED)
    }

    fn look(&self) -> Result<(), PlacingError> {
        match self.stop.load(Ordering::Relaxed) {
            true => Err(PlacingError::Failed("stopped".to_owned())),
            false => Ok(()),
        }
    }
}

/// Something that failed whichever partition it was about.
fn failed(error: &(dyn std::error::Error + 'static)) -> PlacingError {
    PlacingError::Failed(AttemptError::met(error).message)
}

/// A result that cannot be read, unless no file can be read where this one cannot.
fn unreadable(partition: u32, error: AttemptError) -> PlacingError {
    match error.kind {
        FailureKind::Obstacle | FailureKind::Outside => PlacingError::Failed(error.message),
        _ => PlacingError::Damaged {
            partition,
            reason: error.message,
        },
    }
}

impl From<AttemptError> for PlacingError {
    fn from(error: AttemptError) -> Self {
        Self::Failed(error.message)
    }
}
