//! What the quarantine of a job says.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};

use coldpress_job::{GateReached, JobState, Journal, Layout, open_stores};
use coldpress_record::Origin;
use coldpress_storage::{ObjectRef, StoreSchemes, Stores};
use coldpress_worker::QuarantineEntry;

use super::opened::OpenedJob;
use crate::error::{Error, ErrorKind, Result};

/// The quarantine of a job so far: the files of its results in force. No other file in the folder counts.
pub(crate) struct QuarantineFiles {
    state: JobState,
    stores: Stores,
    /// The sources whose records are rows.
    columnar: BTreeSet<u32>,
}

impl QuarantineFiles {
    /// Opens the quarantine of a job. Its input does not matter.
    pub(crate) fn of(layout: &Layout, schemes: &StoreSchemes) -> Result<Self> {
        if !Journal::exists(layout)? {
            let message = format!("the job `{}` has no journal", layout.job_id());
            return Err(Error::new(ErrorKind::NoSuchJob, message));
        }
        let state = Journal::read(layout)?;
        let stores = open_stores(layout, &state, schemes)?;
        let slices = state.partitions().map(|planned| &planned.slice);
        // Only columnar files have metadata.
        let columnar = slices.filter(|slice| slice.metadata.is_some());
        let columnar = columnar.map(|slice| slice.source).collect();
        Ok(Self {
            state,
            stores,
            columnar,
        })
    }

    /// The place of a record in its file.
    pub(crate) fn place_of(&self, origin: &Origin) -> String {
        crate::report::place(self.columnar.contains(&origin.source), origin.position)
    }

    pub(crate) fn partitions(&self) -> u32 {
        self.state.partition_count()
    }

    /// Goes through the quarantine of a partition, entry by entry.
    pub(crate) fn each(
        &self,
        partition: u32,
        mut each: impl FnMut(QuarantineEntry) -> Result<()>,
    ) -> Result<()> {
        let result = self.state.farthest_result(partition);
        let files = result.iter().flat_map(|(_, result)| &result.quarantine);
        for file in files {
            entries(&self.stores, file, &mut each)?;
        }
        Ok(())
    }
}

impl OpenedJob {
    /// Why an operator failed on a record, if it did.
    pub(super) fn quarantine_entry(
        &self,
        partition: u32,
        operation: u32,
        origin: &Origin,
    ) -> Option<String> {
        let result = self.state.farthest_result(partition);
        let of_result = result.iter().flat_map(|(_, result)| &result.quarantine);
        // An attempt that ended at a gate has told where records went, and there may be no result yet.
        let is_of_this_recipe = |gate: &&GateReached| {
            let last = gate.checkpoints.last();
            last.is_some_and(|last| self.chain.get(last.operation as usize) == Some(&last.chain))
        };
        let gates = self.state.gates(partition).filter(is_of_this_recipe);
        let mut found = None;
        for file in of_result.chain(gates.flat_map(|gate| &gate.quarantine)) {
            let read = entries(&self.stores, file, &mut |entry: QuarantineEntry| {
                if entry.operation == Some(operation) && entry.origin == *origin {
                    found = Some(entry.error);
                }
                Ok(())
            });
            if read.is_err() || found.is_some() {
                break;
            }
        }
        found
    }

    /// The partition whose slice a record is in.
    pub(crate) fn partition_of(&self, origin: &Origin) -> Option<u32> {
        let partitions = 0..self.state.partition_count();
        // They are in the order of the dataset.
        let (mut low, mut high) = (partitions.start, partitions.end);
        while low < high {
            let middle = low + (high - low) / 2;
            let slice = &self.state.partition(middle)?.slice;
            let place = (slice.source, slice.end);
            match place <= (origin.source, origin.position) {
                true => low = middle + 1,
                false => high = middle,
            }
        }
        let slice = &self.state.partition(low)?.slice;
        let is_in = slice.source == origin.source && slice.start <= origin.position;
        is_in.then_some(low)
    }
}

fn entries(
    stores: &Stores,
    file: &ObjectRef,
    each: &mut impl FnMut(QuarantineEntry) -> Result<()>,
) -> Result<()> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        let message = format!("the quarantine `{file}` cannot be read");
        Error::because(ErrorKind::Failed, message, error)
    };
    let reader = stores.object(file).read();
    let reader = reader.map_err(|error| unreadable(error.into()))?;
    // Bytes after that length were not written by the job.
    for line in BufReader::new(reader.take(file.stamp.length)).lines() {
        let line = line.map_err(|error| unreadable(error.into()))?;
        let entry = serde_json::from_str(&line).map_err(|error| unreadable(error.into()))?;
        each(entry)?;
    }
    Ok(())
}
