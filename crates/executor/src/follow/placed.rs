//! The new places of records after a barrier whose operator moves them.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use coldpress_barrier::{Answer, Room, SignatureReader, answer};
use coldpress_job::Publication;
use coldpress_storage::ObjectRef;
use coldpress_worker::{BarrierFile, OpenFiles};

use super::opened::OpenedJob;

/// Where a record ends up.
pub(super) enum Placed {
    /// The operator failed on it.
    Unsigned,
    /// At these places among all records that come out; none of one that does not.
    At(Vec<u64>),
}

/// Where the records of a stage end up, by their ordinals.
pub(super) struct Places {
    pub(super) is_grouped: bool,
    pub(super) places: BTreeMap<u64, Placed>,
}

impl OpenedJob {
    /// Finds out where records are after the barrier at the end of a stage, by judging its signatures again.
    pub(super) fn places(&self, stage: u32, ordinals: &[u64]) -> Result<Places, String> {
        let pipeline = &self.executor.prepared.pipeline;
        let place = pipeline.barriers().get(stage as usize).copied();
        let operator = place.and_then(|place| pipeline.operators().get(place as usize));
        let barrier = operator.and_then(|operator| operator.barrier());
        let barrier = barrier.ok_or("there is no such barrier")?;
        let files = self
            .signatures(stage)
            .ok_or("the signatures that decided it are not kept any more".to_owned())?;
        let unusable =
            |error: &dyn std::error::Error| format!("its signatures cannot be used: {error}");
        let open = OpenFiles::default();
        let opened = files.iter().map(|file| {
            BarrierFile::open(&self.stores, file, &open).map_err(|error| unusable(&error))
        });
        let opened: Vec<BarrierFile> = opened.collect::<Result<_, _>>()?;
        let readers = opened
            .iter()
            .map(|file| SignatureReader::open(file).map_err(|error| unusable(&error)));
        let readers: Vec<SignatureReader<'_, BarrierFile>> = readers.collect::<Result<_, _>>()?;
        let stop = AtomicBool::new(false);
        let memory = self.executor.prepared.memory_limit_bytes() / 4;
        // Nothing is written into the job's folder.
        let room = Room::new(memory, std::env::temp_dir(), &stop);
        let answer = answer(&readers, &barrier.rule, &room).map_err(|error| unusable(&error))?;
        let Answer::Moved(mut arrangement) = answer else {
            return Err("it does not move records now".to_owned());
        };
        let is_grouped = arrangement.is_grouped();
        let mut ordinals = ordinals.to_vec();
        ordinals.sort_unstable();
        ordinals.dedup();
        let (mut places, mut positions) = (BTreeMap::new(), Vec::new());
        for ordinal in ordinals {
            let found = match is_unsigned(&readers, ordinal) {
                true => Placed::Unsigned,
                false => {
                    let asked = arrangement.positions_of(ordinal, &mut positions);
                    asked.map_err(|error| unusable(&error))?;
                    Placed::At(positions.clone())
                }
            };
            places.insert(ordinal, found);
        }
        Ok(Places { is_grouped, places })
    }

    fn signatures(&self, stage: u32) -> Option<Vec<ObjectRef>> {
        let chain = self.state.recipe()?.end_of(stage)?;
        let file = |partition| {
            let entry = self
                .state
                .result_of(partition, chain)?
                .signatures
                .as_ref()?;
            let is_kept = !self.state.is_forgotten(&entry.file.key);
            is_kept.then(|| entry.file.clone())
        };
        (0..self.state.partition_count()).map(file).collect()
    }

    /// The results that a barrier's operator placed, in the order of the partitions.
    pub(super) fn placed_results(&self, stage: u32) -> Vec<Option<&Publication>> {
        let resolved = self.state.barrier(stage);
        let chain = resolved.and_then(|resolved| resolved.chain.first().copied());
        let result = |partition| self.state.result_of(partition, chain?);
        (0..self.state.partition_count()).map(result).collect()
    }
}

fn is_unsigned(readers: &[SignatureReader<'_, BarrierFile>], ordinal: u64) -> bool {
    let mut row = ordinal;
    for reader in readers {
        if row < reader.rows() {
            return reader.unsigned().binary_search(&row).is_ok();
        }
        row -= reader.rows();
    }
    false
}

/// The partition that a place is in, and the row there.
pub(super) fn partition_of(results: &[Option<&Publication>], position: u64) -> Option<(u32, u64)> {
    let mut row = position;
    for (partition, result) in (0..).zip(results) {
        let rows = placed_rows(result.as_ref()?);
        if row < rows {
            return Some((partition, row));
        }
        row -= rows;
    }
    None
}

/// How many rows were placed in a partition: its ledger ends with the operator that did.
fn placed_rows(result: &Publication) -> u64 {
    let last = result.ledger.operators.last();
    last.map_or(0, |ledger| ledger.out)
}
