//! Tracing what a deduplicator removes: pairs of a record that goes and the one that stays for it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use coldpress_barrier::Verdict;
use coldpress_job::{TraceEntry, TraceFileEntry};
use coldpress_operator::{RecordExcerpt, Shown};
use coldpress_record::Origin;
use coldpress_worker::{FailureKind, Picked, TraceLine, pick_rows, trace_bytes};
use rayon::prelude::*;

use super::case::{Case, TracedPairs, Unresolved};
use crate::error::{Error, ErrorKind};

/// The extension of files of pairs.
const PAIRS: &str = ".trace";

/// The sample: of the clusters with the least ranks the record that stays, and the first one that goes.
pub(super) struct PairSample<'c> {
    traced: &'c TracedPairs,
    /// By rank and ordinal of the record that stays, the ordinal of the one that goes.
    pairs: BTreeMap<(u64, u64), u64>,
}

impl<'c> PairSample<'c> {
    pub(super) fn new(traced: &'c TracedPairs) -> Self {
        Self {
            traced,
            pairs: BTreeMap::new(),
        }
    }

    /// Takes what was decided about the next partition, whose first record has this ordinal.
    pub(super) fn note(&mut self, verdict: &Verdict, first: u64) {
        let decision = &verdict.decision;
        let settings = &self.traced.spec.settings;
        let rows = (0..decision.rows()).filter(|row| !decision.stays(*row));
        for (row, kept) in rows.zip(verdict.kept_for.iter().copied()) {
            let goes = first + row;
            if goes == kept {
                continue;
            }
            // Ordinals are the same however the dataset is cut. No record has such an origin.
            let rank = settings.rank(self.traced.place, &Origin::new(u32::MAX, kept));
            let last = self.pairs.last_key_value();
            let is_full = self.pairs.len() >= settings.most as usize;
            if is_full && last.is_some_and(|(last, _)| (rank, kept) > *last) {
                continue;
            }
            self.pairs.entry((rank, kept)).or_insert(goes);
            if self.pairs.len() > settings.most as usize {
                self.pairs.pop_last();
            }
        }
    }

    /// Finds the records and makes the pairs durable. `rows` are those of each partition.
    pub(super) fn finish(self, case: &Case, rows: &[u64]) -> Result<TraceEntry, Unresolved> {
        let (traced, settings) = (self.traced, &self.traced.spec.settings);
        let both = self
            .pairs
            .iter()
            .flat_map(|((_, kept), goes)| [*kept, *goes]);
        let found = find(case, traced, rows, both.collect())?;
        let lines = self.pairs.iter().filter_map(|((rank, kept), goes)| {
            let (kept, removed) = (found.get(kept)?, found.get(goes)?);
            let shown = Shown::Pair {
                kept: kept.1.clone(),
                removed: removed.1.clone(),
            };
            let origins = vec![kept.0.clone(), removed.0.clone()];
            Some(TraceLine::new(traced.place, *rank, origins, &shown))
        });
        let lines: Vec<TraceLine> = lines.collect();
        let mut entry = TraceEntry {
            by: traced.spec.by(),
            most: settings.most,
            files: Vec::new(),
        };
        if !lines.is_empty() {
            let mut file = case.begin(0, PAIRS)?;
            let put = file.put(&trace_bytes(&lines));
            put.map_err(|error| case.because(error))?;
            entry.files.push(TraceFileEntry {
                begin: traced.place,
                end: traced.place + 1,
                file: case.finish(file)?,
            });
        }
        Ok(entry)
    }
}

type Found = BTreeMap<u64, (Origin, RecordExcerpt)>;

/// Finds records by their ordinals. `rows` are those of each partition.
fn find(
    case: &Case,
    traced: &TracedPairs,
    rows: &[u64],
    mut ordinals: Vec<u64>,
) -> Result<Found, Unresolved> {
    ordinals.sort_unstable();
    ordinals.dedup();
    let (mut first, mut of_partitions) = (0, Vec::new());
    let mut rest = ordinals.as_slice();
    for (partition, rows) in (0..).zip(rows) {
        let here = rest.partition_point(|ordinal| *ordinal < first + rows);
        let (wanted, after) = rest.split_at(here);
        if !wanted.is_empty() {
            of_partitions.push((partition, first, wanted));
        }
        (first, rest) = (first + rows, after);
    }
    let found = Mutex::new(Found::new());
    let shown_bytes = traced.spec.settings.shown_bytes();
    let read = of_partitions
        .into_par_iter()
        .map(|(partition, first, wanted)| {
            let lost = |reason: String| Unresolved::LostRows { partition, reason };
            let result = traced.results.get(partition as usize);
            let (rows, index) = result.ok_or_else(|| lost("it has no result".to_owned()))?;
            let wanted: Vec<u64> = wanted.iter().map(|ordinal| ordinal - first).collect();
            let mut of_partition = Vec::new();
            let picked = pick_rows(&case.stores, rows, index, &wanted, |picked| {
                let Picked {
                    row,
                    origin,
                    record,
                } = picked;
                let excerpt = RecordExcerpt::of(&record, shown_bytes);
                of_partition.push((first + row, (origin, excerpt)));
            });
            picked.map_err(|error| match error.kind {
                FailureKind::Obstacle | FailureKind::Outside => {
                    Error::new(ErrorKind::Failed, error.message).into()
                }
                _ => lost(error.message),
            })?;
            let mut found = found
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            found.extend(of_partition);
            Ok::<(), Unresolved>(())
        });
    read.collect::<Result<(), Unresolved>>()?;
    Ok(found
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner))
}
