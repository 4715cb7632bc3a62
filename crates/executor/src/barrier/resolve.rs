//! From the signatures of all partitions to a decision file for each, or to the rows that each has from here on.

use std::sync::atomic::AtomicBool;

use coldpress_barrier::{Answer, GoneWriter, Room, SignatureReader, Verdict, answer};
use coldpress_job::Removed;
use coldpress_record::{Ledger, OperatorLedger};
use coldpress_storage::{Hasher, ObjectRef, Packing, crash_point};
use coldpress_worker::{BarrierFile, OpenFiles};

use super::case::{Case, Resolved, Unresolved, unreadable};
use super::duplicates::list;
use super::names::Names;
use super::pairs::PairSample;
use super::place::place;
use super::removals::removals;
use crate::error::Result;

/// What the names of packs of decisions say that they hold.
const PACKS: &str = "decisions";
/// The bytes of a pack, at most, but for its last decision.
const PACK_BYTES: usize = 4 << 20;
/// The decisions of a pack, at most.
const PACK_FILES: u32 = 1024;

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
    let telling = case.telling.as_ref();
    let gone = telling.map(|_| GoneWriter::new(&room)).transpose();
    let mut gone = gone.map_err(|error| case.because(error))?;
    let mut pairs = case.traced.as_ref().map(PairSample::new);
    let mut decided = Decided::new(case);
    while let Some(verdict) = judgement
        .next_verdict()
        .map_err(|error| case.because(error))?
    {
        // There may be very many, and nobody waits for all of them who asked for a stop.
        room.look().map_err(|error| case.because(error))?;
        if let Some(gone) = &mut gone {
            decided
                .note_gone(&verdict, gone)
                .map_err(|error| case.because(error))?;
        }
        if let Some(pairs) = &mut pairs {
            pairs.note(&verdict, decided.sum.operators[0].records_in);
        }
        decided.take(&verdict)?;
        crash_point!("barrier.decision");
    }
    let (mut resolved, of_partitions) = decided.finish()?;
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
    if let Some(pairs) = pairs {
        let rows: Vec<u64> = readers.iter().map(SignatureReader::rows).collect();
        resolved.trace = Some(pairs.finish(case, &rows)?);
    }
    Ok(resolved)
}

/// What was decided about the partitions so far.
struct Decided<'c> {
    case: &'c Case,
    files: Vec<ObjectRef>,
    /// The files that are not durable yet.
    packing: Packing,
    /// What the operator does to each partition, and whether that is only to leave rows out.
    ledgers: Vec<OperatorLedger>,
    leaves_out: bool,
    hasher: Hasher,
    sum: Ledger,
}

impl<'c> Decided<'c> {
    fn new(case: &'c Case) -> Self {
        Self {
            case,
            files: Vec::new(),
            packing: Packing::labelled(PACKS),
            ledgers: Vec::new(),
            leaves_out: true,
            hasher: Hasher::new(),
            sum: Ledger::new([case.operator.as_str()]),
        }
    }

    /// Notes which records of the next partition go, and for which ones.
    fn note_gone(&self, verdict: &Verdict, gone: &mut GoneWriter) -> coldpress_barrier::Result<()> {
        let (decision, first) = (&verdict.decision, self.sum.operators[0].records_in);
        let rows = (0..decision.rows()).filter(|row| !decision.stays(*row));
        let mut pairs = rows.zip(&verdict.kept_for);
        pairs.try_for_each(|(row, kept)| gone.push(first + row, *kept))
    }

    /// Writes what was decided about the next partition.
    fn take(&mut self, verdict: &Verdict) -> Result<()> {
        let partition = self.files.len() as u32;
        let file = self.case.write(partition, verdict, &mut self.packing)?;
        if self.packing.bytes() > PACK_BYTES || (partition + 1).is_multiple_of(PACK_FILES) {
            self.finish_pack()?;
        }
        self.hasher.update(&file.stamp.length.to_le_bytes());
        self.hasher.update(file.stamp.digest.to_string().as_bytes());
        self.files.push(file);
        let decision = &verdict.decision;
        // Records without a signature and cut ones need the operator's own hand.
        self.leaves_out &= decision.unsigned().is_empty() && decision.cuts().is_empty();
        let (dropped, quarantined) = (
            verdict.kept_for.len() as u64,
            decision.unsigned().len() as u64,
        );
        let mut one = Ledger::new([self.case.operator.as_str()]);
        one.operators[0] = OperatorLedger {
            records_in: decision.rows(),
            dropped,
            quarantined,
            out: decision.rows() - dropped - quarantined,
            ..one.operators[0].clone()
        };
        self.sum.add(&one);
        self.ledgers.append(&mut one.operators);
        Ok(())
    }

    /// Makes the files so far durable.
    fn finish_pack(&mut self) -> Result<()> {
        let packing = std::mem::replace(&mut self.packing, Packing::labelled(PACKS));
        self.case.finish_pack(packing)
    }

    fn finish(mut self) -> Result<(Resolved, Vec<Removed>)> {
        self.finish_pack()?;
        let removed = |ledger: &OperatorLedger| Removed {
            records: ledger.records_in,
            removed: ledger.dropped,
        };
        let of_partitions = self.ledgers.iter().map(removed).collect();
        let is_settled = self.case.settles && self.leaves_out;
        let resolved = Resolved {
            files: self.files,
            placed: Vec::new(),
            settled: if is_settled { self.ledgers } else { Vec::new() },
            digest: self.hasher.stamp().digest,
            ledger: self.sum.operators.remove(0),
            removals: None,
            duplicates: None,
            trace: None,
        };
        Ok((resolved, of_partitions))
    }
}
