//! The end of an attempt: everything durable, in the order in which one thing cites another.

use coldpress_checkpoint::Manifest;
use coldpress_failure::ErrorClass;
use coldpress_operator::{Chain, Tally};

use crate::attempt::Assignment;
use crate::error::AttemptError;
use crate::intermediate::Intermediate;
use crate::outcome::Outcome;
use crate::output::ResultWriter;
use crate::segment::Segment;
use crate::tee::Tee;

/// What an attempt has made, not yet durable.
pub(crate) struct Made {
    pub(crate) tally: Tally,
    pub(crate) manifest: Manifest,
    pub(crate) segments: Vec<Segment>,
    pub(crate) tee: Tee,
    pub(crate) intermediate: Option<Intermediate>,
    /// None of an attempt that ends at a gate.
    pub(crate) result: Option<ResultWriter>,
    pub(crate) resumed_at: u32,
}

impl Made {
    /// Makes everything durable, in the order in which one thing cites another.
    pub(crate) fn finish(
        self,
        work: Assignment<'_>,
        chain: &Chain,
    ) -> Result<Outcome, AttemptError> {
        let Self {
            mut tally,
            mut manifest,
            ..
        } = self;
        if let Some(gate) = work.attempt.gate {
            // Nothing came to the operators behind it.
            tally.ledger.operators.truncate(gate as usize);
        }
        check_ledger(work, &tally, &manifest)?;
        manifest.ledger = tally.ledger;
        let mut points = Vec::new();
        for segment in self.segments {
            let is_point = segment.is_point;
            segment.finish(&mut manifest)?;
            points.extend(is_point.then(|| manifest.clone()));
        }
        manifest.chain = work.attempt.chain[manifest.operation as usize].to_string();
        if let Some(intermediate) = self.intermediate {
            intermediate.finish(work, &manifest)?;
        }
        let checkpoints = self.tee.finish(work, points, &manifest, chain)?;
        let result = self.result.map(|result| result.finish(manifest.clone()));
        Ok(Outcome {
            task: work.attempt.task,
            attempt: work.attempt.number,
            result: result.transpose()?,
            checkpoints,
            quarantine: manifest.quarantine,
            dropped: manifest.dropped,
            seen: manifest.seen,
            ledger: manifest.ledger,
            unreadable: manifest.unreadable,
            error_marks: manifest.error_marks,
            resumed_at: self.resumed_at,
            set_aside: Vec::new(),
            nanos: tally.nanos,
        })
    }
}

/// Every record must have come to exactly one place, and as many be read as were planned.
fn check_ledger(
    work: Assignment<'_>,
    tally: &Tally,
    manifest: &Manifest,
) -> Result<(), AttemptError> {
    tally
        .ledger
        .check()
        .map_err(|imbalance| AttemptError::new(ErrorClass::Processing, imbalance.to_string()))?;
    let read = tally.ledger.records + manifest.unreadable.len() as u64;
    let planned = work.attempt.slice.records;
    if read != planned {
        let message = format!("{planned} records were planned and {read} were read");
        return Err(AttemptError::new(ErrorClass::Processing, message));
    }
    Ok(())
}
