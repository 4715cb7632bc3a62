//! A sample of records, spread over the whole input, that is read before work begins.

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

/// The number of bytes that are read for a sample of a dataset.
pub const DEFAULT_SAMPLE_BYTES: u64 = 8 << 20;

/// A sample of a dataset, and what it says about the whole.
#[derive(Debug)]
pub struct Sample {
    /// The findings.
    pub seen: SampledRecords,
    /// The records that were read, in dataset order, with a block for each source that gave any. Each has the index of its source
    /// and its position, as in the blocks of a stream. Rows of columnar sources are included as JSON, with their numbers as
    /// positions.
    pub blocks: Vec<Lines>,
}

/// Findings about the records of a dataset before work begins.
///
/// The size of a record is that of its JSON line in bytes, without the line end. For columnar sources it is the bytes of a row in
/// memory, averaged over its row group. Means, quantiles and counts weight each source by its size, so that they hold for the whole
/// dataset. If everything was read, they are exact.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SampledRecords {
    /// The number of records that were read. For columnar sources these are all, because their metadata has the sizes.
    pub records: u64,
    /// The bytes of these records.
    pub bytes: u64,
    /// The number of sources in the dataset.
    pub sources: u32,
    /// The number of sources of which something was read.
    pub sampled_sources: u32,
    /// The mean size of a record; 0 if none was read.
    pub mean_bytes: f64,
    /// The size that 95 % of the records do not exceed.
    pub p95_bytes: u64,
    /// The length of the longest record seen, or a lower bound if its end was not read.
    pub max_bytes: u64,
    /// The approximate number of records in the whole dataset.
    pub estimated_records: u64,
    /// The approximate bytes of the whole dataset, unpacked.
    pub estimated_bytes: u64,
    /// The modality of the dataset.
    pub modality: Modality,
    /// The approximate number of records in the whole dataset by modality, from which [`SampledRecords::modality`] was decided.
    pub kinds: ModalityCounts,
}

/// Reads some records, spread over the whole dataset, and at most `budget_bytes` of it.
///
/// Up to 32 sources all give some records; of more, an even choice of 32 does. The larger a source, the more is read of it. In
/// plain JSONL the places are evenly spaced, and reading begins at the next line start, so that a record's chance to be seen does
/// not depend on its length. Of packed and converted sources the beginning is read (one block even if the budget is less), and of
/// columnar ones the metadata and the first rows of some row groups. A dataset of plain JSONL that fits into the budget is read in
/// full.
///
/// The result depends only on the bytes of the sources and the arguments. Sources that cannot be read are skipped, and reported
/// when the dataset is actually read.
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

/// Returns the block of this source, which is the last one or a new one.
fn block_of(blocks: &mut Vec<Lines>, source: u32) -> &mut Lines {
    if blocks.last().is_none_or(|last| last.source != source) {
        blocks.push(Lines::new(source));
    }
    let last = blocks.len() - 1;
    &mut blocks[last]
}

#[cfg(test)]
mod tests;
