//! Placing rows, where an operator gives records other places or makes others of them.

use std::sync::atomic::AtomicBool;

use coldpress_barrier::{Arrangement, ReadAt, Room, SignatureReader};
use coldpress_job::PlacedRows;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, Hasher};
use coldpress_worker::{JudgedResult, PlacedPartition, Placing, PlacingError};

use super::case::{Case, Moves, Resolved, Unresolved};
use crate::error::{Error, ErrorKind};

/// Places the rows of all partitions as an arrangement says.
pub(super) fn place<F: ReadAt + ?Sized>(
    case: &Case,
    signatures: &[SignatureReader<'_, F>],
    arrangement: Arrangement<'_>,
    room: &Room<'_>,
    stop: &AtomicBool,
) -> Result<Resolved, Unresolved> {
    let Some(moves) = &case.moves else {
        let message = format!("{} may not move records", case.operator);
        return Err(Error::new(ErrorKind::Failed, message).into());
    };
    let results = moves.results.iter().zip(signatures);
    let results: Vec<JudgedResult> = results
        .map(|(result, signatures)| JudgedResult {
            unsigned: signatures.unsigned().to_vec(),
            ..result.clone()
        })
        .collect();
    let digest = identity(signatures, &arrangement);
    let after = moves.pipeline.hashes_after(moves.place, moves.last, digest);
    let Some(chain) = after.first().copied() else {
        let message = format!("{} is not in the recipe", case.operator);
        return Err(Error::new(ErrorKind::Failed, message).into());
    };
    let placing = Placing {
        spec: &moves.spec,
        stores: &case.stores,
        pipeline: &moves.pipeline,
        shared: &moves.shared,
        operator: moves.place,
        chain,
        results: &results,
        stage: case.stage,
        epoch: case.epoch,
        number: case.number,
        memory_bytes: case.memory_bytes,
        threads: case.threads,
        stop,
    };
    let placed = placing.place(arrangement, room);
    let placed = placed.map_err(|error| unplaced(case, error))?;
    Ok(Resolved {
        files: Vec::new(),
        settled: Vec::new(),
        ledger: ledger(case, moves, &placed),
        placed: placed.into_iter().map(entry).collect(),
        digest,
        removals: None,
        duplicates: None,
        trace: None,
    })
}

/// What identifies where the records of these partitions come to lie: the same for the same records, in whatever form their
/// rows are written.
fn identity<F: ReadAt + ?Sized>(
    signatures: &[SignatureReader<'_, F>],
    arrangement: &Arrangement<'_>,
) -> Digest {
    let mut hasher = Hasher::new();
    hasher.update(&arrangement.identity().to_le_bytes());
    for partition in signatures {
        hasher.update(&partition.rows().to_le_bytes());
        hasher.update(&(partition.unsigned().len() as u64).to_le_bytes());
        let unsigned = partition.unsigned().iter();
        unsigned.for_each(|row| hasher.update(&row.to_le_bytes()));
    }
    hasher.stamp().digest
}

fn ledger(case: &Case, moves: &Moves, placed: &[PlacedPartition]) -> OperatorLedger {
    let mut sum = coldpress_record::Ledger::new([case.operator.as_str()]);
    for partition in placed {
        let mut one = coldpress_record::Ledger::new([]);
        one.operators.push(partition.ledger.clone());
        sum.add(&one);
    }
    debug_assert_eq!(placed.len(), moves.results.len());
    sum.operators.pop().unwrap_or_default()
}

fn entry(placed: PlacedPartition) -> PlacedRows {
    PlacedRows {
        rows: placed.rows,
        index: placed.index,
        uncompressed_bytes: placed.uncompressed_bytes,
        has_types: placed.has_types,
        quarantine: placed.quarantine,
        dropped: placed.dropped,
        ledger: placed.ledger,
    }
}

fn unplaced(case: &Case, error: PlacingError) -> Unresolved {
    match error {
        PlacingError::Damaged { partition, reason } => Unresolved::LostRows { partition, reason },
        PlacingError::Failed(reason) => {
            let message = format!("{} cannot place the records: {reason}", case.operator);
            Error::new(ErrorKind::Failed, message).into()
        }
    }
}
