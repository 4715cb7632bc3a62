//! Where the records that all operators let through are in the export.

use std::collections::BTreeMap;

use coldpress_dataset::{
    Block, LineStream, Location, ResolveOptions, Source, TableFile, resolve_inputs,
};
use coldpress_job::{ExportIntent, PartitionStatus};
use coldpress_record::Lines;
use coldpress_storage::KeyPlace;

use super::history::Fate;
use super::opened::OpenedJob;
use crate::encryption::key_of_outputs;
use crate::error::Result;

/// Longer than any record.
const MAX_RECORD_BYTES: u64 = 1 << 30;

/// The export of a job, as far as records can be found in it.
pub(super) struct Exported<'a> {
    opened: &'a OpenedJob,
    intent: Option<&'a ExportIntent>,
    /// The number of the first row of each partition; none of one that is not in the export.
    first_rows: Vec<Option<u64>>,
    /// The shards and the number of rows in each, where there are several.
    shards: Option<Vec<(String, u64)>>,
}

impl<'a> Exported<'a> {
    pub(super) fn of(opened: &'a OpenedJob) -> Self {
        let state = &opened.state;
        let chain = state.final_chain();
        // An export of another recipe says nothing about this one.
        let committed = state.export().committed.as_ref();
        let intent = committed.filter(|intent| Some(intent.chain) == chain);
        let mut first = 0;
        let first_row = |partition| {
            let left_out = intent?.partitions_left_out.contains(&partition);
            let result = state.result_of(partition, chain?).filter(|_| !left_out)?;
            let begin = first;
            first += result.ledger.exported();
            Some(begin)
        };
        let first_rows = (0..state.partition_count()).map(first_row).collect();
        let shards = intent
            .filter(|intent| intent.directory)
            .map(|intent| opened.shards(&intent.path).unwrap_or_default());
        Self {
            opened,
            intent,
            first_rows,
            shards,
        }
    }

    /// Returns where in the export the record in this row of the partition's result is.
    pub(super) fn fate(&self, partition: u32, row: u64) -> Fate {
        let first = self.first_rows.get(partition as usize).copied().flatten();
        let (Some(intent), Some(first)) = (self.intent, first) else {
            return self.not_exported(partition);
        };
        let row = first + row;
        let Some(shards) = &self.shards else {
            return Fate::Exported {
                file: Some(intent.path.clone()),
                row: row + 1,
            };
        };
        let mut left = row;
        for (path, rows) in shards {
            if left < *rows {
                return Fate::Exported {
                    file: Some(path.clone()),
                    row: left + 1,
                };
            }
            left -= rows;
        }
        Fate::Exported {
            file: None,
            row: row + 1,
        }
    }

    fn not_exported(&self, partition: u32) -> Fate {
        self.opened.failed(partition).unwrap_or(Fate::Through)
    }
}

impl OpenedJob {
    fn key_of_outputs(&self) -> Option<KeyPlace> {
        key_of_outputs(&self.executor.prepared.recipe)
    }

    /// Returns the shards of an export, a folder or what begins with a URL, and how many rows are in each.
    fn shards(&self, folder: &str) -> Result<Vec<(String, u64)>> {
        let options = ResolveOptions {
            key: self.key_of_outputs(),
            ..ResolveOptions::default()
        };
        let schemes = &self.executor.schemes;
        let find = |path: &str| {
            let found = resolve_inputs(&[path.to_owned()], &options, schemes, &mut |_| Ok(true));
            found.map(|resolved| resolved.sources)
        };
        let sources = find(folder)?;
        let mut shards = Vec::new();
        for source in sources {
            let members: Vec<Source> = match source.members.as_slice() {
                [] => vec![source],
                // Small files are read as one.
                members => {
                    let member = |path: &Location| find(&path.display().to_string());
                    let found: Vec<Vec<Source>> = members
                        .iter()
                        .map(member)
                        .collect::<coldpress_dataset::Result<_>>()?;
                    found.into_iter().flatten().collect()
                }
            };
            for member in members {
                shards.push((member.path.display().to_string(), rows(&member)?));
            }
        }
        shards.sort();
        Ok(shards)
    }

    /// Returns the fate of all records of a partition that is out of retries; none for other partitions.
    pub(super) fn failed(&self, partition: u32) -> Option<Fate> {
        let failure = self.state.failure(partition)?;
        Some(Fate::InFailedPartition {
            error: failure.error.clone(),
        })
    }

    /// How far a partition is: of the last stage, for one that is completed.
    pub(super) fn status_of(&self, partition: u32) -> String {
        let status = self.state.partition_status(partition);
        let is_through = self
            .state
            .final_chain()
            .is_some_and(|chain| self.state.result_of(partition, chain).is_some());
        match status {
            Some(PartitionStatus::Completed) if !is_through => "waiting".to_owned(),
            Some(status) => status.to_string(),
            None => "not planned".to_owned(),
        }
    }

    /// How many partitions are in each such state.
    pub(super) fn unfinished(&self) -> BTreeMap<String, u32> {
        let mut counts = BTreeMap::new();
        for partition in 0..self.state.partition_count() {
            let status = self.status_of(partition);
            if status != "completed" && status != "failed" {
                *counts.entry(status).or_default() += 1;
            }
        }
        counts
    }
}

fn rows(source: &Source) -> coldpress_dataset::Result<u64> {
    if source.is_columnar() {
        return Ok(TableFile::open(source)?.rows());
    }
    let mut stream = LineStream::open(source, 0, None, MAX_RECORD_BYTES)?;
    let (mut lines, mut rows) = (Lines::new(0), 0);
    while stream.next_block(&mut lines)? != Block::End {
        rows += lines.records.len() as u64;
    }
    Ok(rows)
}
