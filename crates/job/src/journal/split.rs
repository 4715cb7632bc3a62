//! Splitting records that are too long for one line of the log.

use coldpress_record::OperatorLedger;
use coldpress_storage::{LogWriter, ObjectRef};
use serde::Serialize;

use super::record::{BarrierResolved, JobPlan, JournalRecord, PlacedRows};
use crate::Result;

/// The bytes of a list in one record: half of what a line may hold, to leave room for the other fields.
const PART_BYTES: usize = 32 << 20;

/// Queues a record as one line, or as several that mean the same.
pub(super) fn append(writer: &mut LogWriter, record: &JournalRecord) -> Result<()> {
    let too_long = match writer.append(record) {
        Ok(_) => return Ok(()),
        Err(error @ coldpress_storage::Error::TooLong { .. }) => error,
        Err(error) => return Err(error.into()),
    };
    if let JournalRecord::JobPlanned(plan) = record {
        return append_plan(writer, plan);
    }
    if let JournalRecord::BarrierResolved(resolved) = record {
        return append_decision(writer, resolved);
    }
    let Some(halves) = halves(record) else {
        return Err(too_long.into());
    };
    halves.iter().try_for_each(|half| append(writer, half))
}

/// Queues a long plan. The sources come first and the plan last, so that nothing is planned yet if a crash separates the lines.
fn append_plan(writer: &mut LogWriter, plan: &JobPlan) -> Result<()> {
    let mut parts = parts(&plan.sources);
    let rest = parts.pop().unwrap_or_default();
    let mut first = 0;
    for sources in parts {
        writer.append(&JournalRecord::SourcesPlanned {
            first: u32::try_from(first).unwrap_or(u32::MAX),
            sources: sources.to_vec(),
        })?;
        first += sources.len();
    }
    writer.append(&JournalRecord::JobPlanned(JobPlan {
        sources: rest.to_vec(),
        ..plan.clone()
    }))?;
    Ok(())
}

/// Queues a long decision. The parts come first and the decision last, so that nothing is decided yet if a crash separates the
/// lines.
fn append_decision(writer: &mut LogWriter, resolved: &BarrierResolved) -> Result<()> {
    type Parts<'p> = (&'p [ObjectRef], &'p [PlacedRows], &'p [OperatorLedger]);
    let begun = |(files, placed, settled): Parts<'_>| JournalRecord::BarrierBegun {
        files: files.to_vec(),
        placed: placed.to_vec(),
        settled: settled.to_vec(),
    };
    for files in parts(&resolved.files) {
        writer.append(&begun((files, &[], &[])))?;
    }
    for placed in parts(&resolved.placed) {
        writer.append(&begun((&[], placed, &[])))?;
    }
    for settled in parts(&resolved.settled) {
        writer.append(&begun((&[], &[], settled)))?;
    }
    writer.append(&JournalRecord::BarrierResolved(BarrierResolved {
        files: Vec::new(),
        placed: Vec::new(),
        settled: Vec::new(),
        ..resolved.clone()
    }))?;
    Ok(())
}

/// Splits a list into parts that fit a line.
fn parts<T: Serialize>(items: &[T]) -> Vec<&[T]> {
    let (mut parts, mut start, mut bytes) = (Vec::new(), 0, 0);
    for (index, item) in items.iter().enumerate() {
        let length = serde_json::to_vec(item).map_or(0, |json| json.len() + 1);
        if index > start && bytes + length > PART_BYTES {
            parts.push(&items[start..index]);
            (start, bytes) = (index, 0);
        }
        bytes += length;
    }
    parts.push(&items[start..]);
    parts
}

/// Splits a record into two of its kind, if it is a list.
fn halves(record: &JournalRecord) -> Option<[JournalRecord; 2]> {
    match record {
        JournalRecord::PartitionsPlanned { partitions } if partitions.len() > 1 => {
            let (first, rest) = partitions.split_at(partitions.len() / 2);
            Some([first, rest].map(|part| JournalRecord::PartitionsPlanned {
                partitions: part.to_vec(),
            }))
        }
        JournalRecord::Forgotten { files } if files.len() > 1 => {
            let (first, rest) = files.split_at(files.len() / 2);
            Some([first, rest].map(|part| JournalRecord::Forgotten {
                files: part.to_vec(),
            }))
        }
        _ => None,
    }
}
