//! A look at some records, spread over the whole input, before work begins.

mod layout;
mod read;
mod table;
mod taken;
mod tally;

use coldpress_dataset::Source;
use coldpress_record::Lines;
use serde::{Deserialize, Serialize};

use crate::modality::{Detector, MediaFields, Modality, ModalityCounts};
use layout::Layout;
use read::Reader;
use taken::Taken;
use tally::Tally;

/// Bytes that are read of a dataset for a sample of it.
pub const DEFAULT_SAMPLE_BYTES: u64 = 8 << 20;

/// What was read of a dataset, and what that says of the whole.
#[derive(Debug)]
pub struct Sample {
    /// What was seen.
    pub seen: SampledRecords,
    /// The records that were read, a block for each source that gave any, in dataset order: index of the source and
    /// position of each record stand in it as in the blocks of a stream. Rows of columnar sources stand in them as the
    /// JSON that they would be, with their numbers as positions.
    pub blocks: Vec<Lines>,
}

/// What was seen of the records of a dataset before work begins.
///
/// Sizes are bytes of a record as a JSON line without its line end; of columnar sources the bytes of a row in memory, on
/// average in its row group. Means, quantiles and counts weigh each source by
/// its size, so that they hold for the whole dataset; where everything was read they are exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampledRecords {
    /// Records that were read; of columnar sources all, as their metadata tells the sizes.
    pub records: u64,
    /// Bytes of these records.
    pub bytes: u64,
    /// Sources of the dataset.
    pub sources: u32,
    /// Sources of which something was read.
    pub sampled_sources: u32,
    /// Mean size of a record; 0 where none was read.
    pub mean_bytes: f64,
    /// The size that 95 % of the records do not exceed.
    pub p95_bytes: u64,
    /// The longest record that was seen; at least that, where its end was out of reach.
    pub max_bytes: u64,
    /// Records of the whole dataset, about.
    pub estimated_records: u64,
    /// Bytes of the whole dataset, unpacked, about.
    pub estimated_bytes: u64,
    /// What the dataset is.
    pub modality: Modality,
    /// Records of the whole dataset by what they hold, about: what [`SampledRecords::modality`] was decided from.
    pub kinds: ModalityCounts,
}

/// Reads some records, spread over the whole dataset, and at most `budget_bytes` of it.
///
/// Of up to 32 sources each gives some, else an even choice of 32. The larger a source, the more is read of it. In plain
/// JSONL the places are evenly spaced, and reading begins at the next line start, so that a record's chance to be seen
/// does not depend on its length; of packed and converted sources the beginning is read (a block of them even where the
/// budget is less), of columnar ones the metadata and the first rows of some row groups. A dataset of plain JSONL that
/// fits into the budget is read whole.
///
/// The result follows from the bytes of the sources and the arguments alone. What cannot be read is passed over: it
/// is reported where the dataset is read for good.
pub fn sample(sources: &[Source], fields: &MediaFields, budget_bytes: u64) -> Sample {
    let layout = Layout::new(sources, budget_bytes);
    let mut reader = Reader::new(sources, budget_bytes);
    let mut taken: Vec<Taken> = layout
        .visits()
        .filter_map(|window| reader.read(window))
        .collect();
    taken.sort_by_key(|taken| (taken.source, taken.position));

    let mut detector = Detector::new(fields);
    let mut tally = Tally::new(sources);
    let mut blocks: Vec<Lines> = Vec::new();
    for part in &taken {
        tally.begin(part);
        for record in &part.records {
            let modality = std::str::from_utf8(&record.bytes)
                .ok()
                .and_then(|line| detector.detect(line));
            if part.groups.is_none() {
                tally.count(part.source, record.length);
            }
            tally.look(part.source, modality);
            if record.is_whole() {
                block_of(&mut blocks, part.source).push(record.position, &record.bytes);
            }
        }
    }
    Sample {
        seen: tally.finish(),
        blocks,
    }
}

/// The block of this source, which is the last one or new.
fn block_of(blocks: &mut Vec<Lines>, source: u32) -> &mut Lines {
    if blocks.last().is_none_or(|last| last.source != source) {
        blocks.push(Lines::new(source));
    }
    let last = blocks.len() - 1;
    &mut blocks[last]
}

#[cfg(test)]
mod tests;
