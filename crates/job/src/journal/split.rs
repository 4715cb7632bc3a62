//! Records that are too long for one line of the log, as several.

use coldpress_dataset::SourceIdentity;
use coldpress_storage::LogWriter;

use super::record::{JobPlan, JournalRecord};
use crate::Result;

/// The bytes of sources in one record: half of what a line may hold, so that the rest of the plan has room.
const SOURCE_BYTES: usize = 32 << 20;

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
    let Some(halves) = halves(record) else {
        return Err(too_long.into());
    };
    halves.iter().try_for_each(|half| append(writer, half))
}

/// The sources come first and the plan last: where a crash tears the lines apart, nothing is planned yet.
fn append_plan(writer: &mut LogWriter, plan: &JobPlan) -> Result<()> {
    let (mut start, mut bytes) = (0, 0);
    for (index, source) in plan.sources.iter().enumerate() {
        let length = length_of(source);
        if index > start && bytes + length > SOURCE_BYTES {
            writer.append(&JournalRecord::SourcesPlanned {
                first: u32::try_from(start).unwrap_or(u32::MAX),
                sources: plan.sources[start..index].to_vec(),
            })?;
            (start, bytes) = (index, 0);
        }
        bytes += length;
    }
    writer.append(&JournalRecord::JobPlanned(JobPlan {
        sources: plan.sources[start..].to_vec(),
        ..plan.clone()
    }))?;
    Ok(())
}

fn length_of(source: &SourceIdentity) -> usize {
    serde_json::to_vec(source).map_or(0, |json| json.len() + 1)
}

/// The record as two of its kind, where it is a list.
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
