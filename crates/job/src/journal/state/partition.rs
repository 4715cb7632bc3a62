//! The state of one partition.

use std::fmt;

use coldpress_operator::ChainHash;
use coldpress_partition::PlannedPartition;
use serde::{Deserialize, Serialize};

use crate::journal::record::{
    CheckpointEntry, GateReached, PartitionFailure, PoisonFound, Publication, PublishedCheckpoint,
};

/// The status of a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartitionStatus {
    /// Nothing was begun.
    Pending,
    /// The driver at work has given out an attempt at it.
    Processing,
    /// Its result is published.
    Completed,
    /// It is out of retries.
    Failed,
}

impl fmt::Display for PartitionStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Processing => "processing",
            Self::Completed => "completed",
            Self::Failed => "failed",
        })
    }
}

#[derive(Clone, Debug, PartialEq)]
pub(super) struct PartitionState {
    pub(super) planned: PlannedPartition,
    pub(super) attempts: u32,
    /// The newest attempt: its epoch and its number.
    pub(super) last_attempt: Option<(u64, u32)>,
    /// The stage of the newest attempt.
    pub(super) last_stage: u32,
    /// The time when the newest driver that worked on it began to, in milliseconds since 1970.
    pub(super) begun_millis: u64,
    /// True if the outcome of the newest attempt is not known.
    pub(super) is_open: bool,
    /// The number of attempts that followed a failed one.
    pub(super) retries: u32,
    /// All results, oldest first. Checkpoints of older recipes may become useful again.
    pub(super) publications: Vec<Publication>,
    /// All gates that were reached, oldest first.
    pub(super) gates: Vec<GateReached>,
    /// The records that killed workers.
    pub(super) poison: Vec<PoisonFound>,
    /// The last failure, with the final chain hash of the recipe that it failed under.
    pub(super) failure: Option<Box<(ChainHash, PartitionFailure)>>,
}

impl PartitionState {
    pub(super) fn new(planned: PlannedPartition) -> Self {
        Self {
            planned,
            attempts: 0,
            last_attempt: None,
            last_stage: 0,
            begun_millis: 0,
            is_open: false,
            retries: 0,
            publications: Vec::new(),
            gates: Vec::new(),
            poison: Vec::new(),
            failure: None,
        }
    }

    /// Forgets the work whose chain is not one of these. Checkpoints that led to a forgotten result stay.
    pub(super) fn keep_to(&mut self, chains: &[ChainHash]) {
        let counts = |entry: &CheckpointEntry| chains.contains(&entry.chain);
        let publications = std::mem::take(&mut self.publications);
        let (kept, beyond): (Vec<_>, Vec<_>) = publications
            .into_iter()
            .partition(|publication| chains.contains(&publication.chain));
        self.publications = kept;
        self.gates.extend(beyond.into_iter().map(GateReached::from));
        for gate in &mut self.gates {
            gate.checkpoints.retain(counts);
        }
    }

    /// Forgets the records that killed workers, with the results and checkpoints that may lack them. Returns the first operator in
    /// which they killed a worker, if there were such results.
    pub(super) fn lift_poison(&mut self) -> Option<u32> {
        let found = std::mem::take(&mut self.poison);
        let first = found.iter().map(|found| found.operation).min()?;
        let results = std::mem::take(&mut self.publications);
        let (lacking, whole): (Vec<_>, Vec<_>) = results
            .into_iter()
            .partition(|result| result.is_work_of(first));
        self.publications = whole;
        let lacks_any = !lacking.is_empty();
        self.gates
            .extend(lacking.into_iter().map(GateReached::from));
        for gate in &mut self.gates {
            gate.checkpoints.retain(|entry| entry.operation <= first);
        }
        lacks_any.then_some(first)
    }

    pub(super) fn nanos_until(&self, operation: u32, chain: ChainHash) -> Option<&[u64]> {
        let leads_there = |entries: &[CheckpointEntry]| {
            let mut entries = entries.iter();
            entries.any(|entry| (entry.operation, entry.chain) == (operation, chain))
        };
        let results = self.publications.iter().rev();
        let results = results
            .filter(|result| result.chain == chain || leads_there(&result.checkpoints))
            .map(|result| ((result.epoch, result.attempt), &result.nanos));
        let gates = self.gates.iter().rev();
        let gates = gates
            .filter(|gate| leads_there(&gate.checkpoints))
            .map(|gate| ((gate.epoch, gate.attempt), &gate.nanos));
        let newest = results.chain(gates).max_by_key(|(attempt, _)| *attempt);
        newest.map(|(_, nanos)| nanos.as_slice())
    }

    pub(super) fn has(&self, chain: ChainHash) -> bool {
        let mut publications = self.publications.iter();
        publications.any(|publication| publication.chain == chain)
    }

    /// Returns all checkpoints, the newest attempt's first, and within an attempt the deepest first.
    pub(super) fn checkpoints(&self) -> impl Iterator<Item = PublishedCheckpoint<'_>> {
        let gates = self.gates.iter().map(|gate| {
            let entries = gate.checkpoints.as_slice();
            let kept = (gate.trace.as_ref(), gate.dropped.is_some());
            ((gate.epoch, gate.attempt), kept, entries)
        });
        let results = self.publications.iter().map(|result| {
            let entries = result.checkpoints.as_slice();
            let kept = (result.trace.as_deref(), result.dropped.is_some());
            ((result.epoch, result.attempt), kept, entries)
        });
        let mut attempts: Vec<_> = results.chain(gates).collect();
        // The sort is stable, so a later publication stays later.
        attempts.sort_by_key(|(attempt, ..)| *attempt);
        let newest = attempts.into_iter().rev();
        newest.flat_map(|(_, (trace, keeps_dropped), entries)| {
            let published = move |entry| PublishedCheckpoint {
                entry,
                trace,
                keeps_dropped,
            };
            entries.iter().rev().map(published)
        })
    }
}
