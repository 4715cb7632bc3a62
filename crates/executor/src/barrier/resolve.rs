//! From the signatures of all partitions to a decision file for each, or to the rows that each has from here on.

use std::sync::atomic::AtomicBool;

use coldpress_barrier::{Answer, GoneWriter, Room, SignatureReader, answer};
use coldpress_job::Removed;
use coldpress_record::OperatorLedger;
use coldpress_storage::{Digest, Hasher, crash_point};
use coldpress_worker::{BarrierFile, OpenFiles};

use super::case::{Case, Resolved, Unresolved, unreadable};
use super::duplicates::list;
use super::names::Names;
use super::place::place;
use super::removals::removals;
use crate::error::Result;

/// Resolves a barrier, in threads of its own.
pub(super) fn resolve(case: &Case, stop: &AtomicBool) -> Result<Resolved, Unresolved> {
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(case.threads)
        .build();
    let pool = pool.map_err(|error| case.because(error))?;
    pool.install(|| resolve_in_pool(case, stop))
}

fn resolve_in_pool(case: &Case, stop: &AtomicBool) -> Result<Resolved, Unresolved> {
    let room = Room::new(case.memory_bytes, &case.folder, stop);
    // A decision over damaged signatures would be wrong without a word, so each is proven first.
    let open = OpenFiles::default();
    let opened = case.signatures.iter().zip(0..).map(|(file, partition)| {
        BarrierFile::open(&case.stores, file, &open).map_err(|error| unreadable(partition, &error))
    });
    let opened: Vec<BarrierFile> = opened.collect::<Result<_, _>>()?;
    let readers = opened.iter().zip(0..).map(|(file, partition)| {
        SignatureReader::open(file).map_err(|error| unreadable(partition, &error))
    });
    let readers: Vec<_> = readers.collect::<Result<_, _>>()?;
    crash_point!("barrier.judge");
    let found = answer(&readers, &case.rule, &room).map_err(|error| case.because(error))?;
    crash_point!("barrier.judged");
    let mut judgement = match found {
        Answer::InPlace(judgement) => judgement,
        Answer::Moved(arrangement) => return place(case, &readers, arrangement, &room, stop),
    };
    let mut hasher = Hasher::new();
    let mut resolved = Resolved {
        files: Vec::new(),
        placed: Vec::new(),
        digest: Digest(0),
        ledger: OperatorLedger {
            name: case.operator.clone(),
            ..OperatorLedger::default()
        },
        removals: None,
        duplicates: None,
    };
    let telling = case.telling.as_ref();
    let gone = telling.map(|_| GoneWriter::new(&room)).transpose();
    let mut gone = gone.map_err(|error| case.because(error))?;
    let mut of_partitions = Vec::new();
    while let Some(verdict) = judgement
        .next_verdict()
        .map_err(|error| case.because(error))?
    {
        let partition = resolved.files.len();
        let file = case.write(partition as u32, &verdict)?;
        hasher.update(&file.stamp.length.to_le_bytes());
        hasher.update(file.stamp.digest.to_string().as_bytes());
        let decision = &verdict.decision;
        let ledger = &mut resolved.ledger;
        let (removed, unsigned) = (
            verdict.kept_for.len() as u64,
            decision.unsigned().len() as u64,
        );
        ledger.records_in += decision.rows();
        ledger.dropped += removed;
        ledger.quarantined += unsigned;
        ledger.out += decision.rows() - removed - unsigned;
        resolved.files.push(file);
        if let Some(gone) = &mut gone {
            let first = ledger.records_in - decision.rows();
            let rows = (0..decision.rows()).filter(|row| !decision.stays(*row));
            let mut pairs = rows.zip(&verdict.kept_for);
            let gone = pairs.try_for_each(|(row, kept)| gone.push(first + row, *kept));
            gone.map_err(|error| case.because(error))?;
        }
        of_partitions.push(Removed {
            records: decision.rows(),
            removed,
        });
        crash_point!("barrier.decision");
    }
    resolved.digest = hasher.stamp().digest;
    if let (Some(gone), Some(telling)) = (gone, telling) {
        let mut gone = gone
            .finish(resolved.ledger.records_in)
            .map_err(|error| case.because(error))?;
        let names = Names::new(case, telling, &readers);
        resolved.removals = Some(removals(&names, &mut gone, &of_partitions, &room)?);
        if telling.lists_duplicates {
            resolved.duplicates = Some(list(&names, &mut gone, &room)?);
            crash_point!("barrier.duplicates");
        }
    }
    Ok(resolved)
}
