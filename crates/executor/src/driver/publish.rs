//! What an attempt made as records of the journal.

use std::sync::Arc;

use coldpress_checkpoint::{DroppedRows, Traced, TracedFile};
use coldpress_job::{
    CheckpointEntry, DroppedEntry, GateReached, Publication, TraceEntry, TraceFileEntry,
};
use coldpress_worker::{CheckpointOutcome, Outcome, ResultFiles};

use super::{Driver, now_millis};
use crate::error::Result;

impl Driver<'_> {
    /// The time that each operator took, of the work that the attempt went on from too.
    fn nanos(&self, outcome: &Outcome) -> Vec<u64> {
        let mut nanos = outcome.nanos.clone();
        let begun = outcome.resumed_at as usize;
        let chain = self.truth.chain().get(begun);
        let earlier = chain.and_then(|chain| {
            self.truth
                .state()
                .nanos_until(outcome.task.partition, outcome.resumed_at, *chain)
        });
        // There the operator at the barrier has signed the records, and is about to be applied.
        let barriers = self.executor.prepared.pipeline.barriers();
        let begins_at_barrier = barriers.contains(&outcome.resumed_at);
        for (nanos, earlier) in nanos
            .iter_mut()
            .zip(earlier.into_iter().flatten())
            .take(begun + usize::from(begins_at_barrier))
        {
            *nanos += earlier;
        }
        // The operator at the barrier is not one of the stage, but has signed its records.
        let end = barriers.get(outcome.task.stage as usize).copied();
        if let Some(nanos) = end.and_then(|end| nanos.get_mut(end as usize)) {
            *nanos += outcome.signing_nanos;
        }
        nanos
    }

    pub(super) fn publication(
        &self,
        outcome: &Outcome,
        result: &ResultFiles,
    ) -> Result<Publication> {
        let nanos = self.nanos(outcome);
        let slice = self
            .truth
            .state()
            .partition(outcome.task.partition)
            .map(|partition| partition.slice.digest);
        Ok(Publication {
            stage: outcome.task.stage,
            partition: outcome.task.partition,
            attempt: outcome.attempt,
            epoch: self.truth.epoch(),
            chain: self.end_of(outcome.task.stage)?,
            rows: result.rows.clone(),
            index: result.index.clone(),
            signatures: self
                .signatures_entry(outcome.task.stage, result.signatures.clone())
                .map(Box::new),
            uncompressed_bytes: result.uncompressed_bytes,
            checkpoints: outcome.checkpoints.iter().map(checkpoint_entry).collect(),
            quarantine: outcome.quarantine.clone(),
            dropped: dropped_entries(outcome.dropped.as_deref()),
            trace: outcome.trace.as_ref().map(trace_entry).map(Box::new),
            has_types: result.has_types,
            ledger: Arc::new(outcome.ledger.clone()),
            unreadable: outcome.unreadable.clone(),
            error_marks: outcome.error_marks.clone(),
            slice: slice.unwrap_or(coldpress_storage::Digest(0)),
            nanos,
            at_millis: now_millis(),
            placed: false,
            kept: None,
        })
    }

    pub(super) fn gate_reached(&self, outcome: &Outcome) -> GateReached {
        let nanos = self.nanos(outcome);
        let planned = self.truth.state().partition(outcome.task.partition);
        let slice = planned.map(|planned| planned.slice.digest);
        GateReached {
            stage: outcome.task.stage,
            partition: outcome.task.partition,
            attempt: outcome.attempt,
            epoch: self.truth.epoch(),
            checkpoints: outcome.checkpoints.iter().map(checkpoint_entry).collect(),
            quarantine: outcome.quarantine.clone(),
            dropped: dropped_entries(outcome.dropped.as_deref()),
            trace: outcome.trace.as_ref().map(trace_entry),
            slice: slice.unwrap_or(coldpress_storage::Digest(0)),
            nanos,
        }
    }
}

fn checkpoint_entry(made: &CheckpointOutcome) -> CheckpointEntry {
    CheckpointEntry {
        operation: made.operation,
        operator: made.operator.clone(),
        chain: made.chain,
        file: made.file.clone(),
        rows: made.rows,
        delta: made.delta,
        base: made.base.clone(),
    }
}

fn trace_entry(traced: &Traced) -> TraceEntry {
    let entry = |traced: &TracedFile| TraceFileEntry {
        begin: traced.begin,
        end: traced.end,
        file: traced.file.clone(),
    };
    TraceEntry {
        by: traced.by.clone(),
        most: traced.most,
        files: traced.files.iter().map(entry).collect(),
    }
}

fn dropped_entries(dropped: Option<&[DroppedRows]>) -> Option<Vec<DroppedEntry>> {
    let entry = |rows: &DroppedRows| DroppedEntry {
        operation: rows.operation,
        file: rows.file.clone(),
    };
    dropped.map(|dropped| dropped.iter().map(entry).collect())
}
