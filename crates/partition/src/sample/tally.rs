//! Extrapolating from the records of a sample to the whole dataset.

use coldpress_dataset::Source;

use super::SampledRecords;
use super::layout::text_bytes;
use super::taken::Taken;
use crate::modality::{Modality, ModalityCounts};

/// Sums what was read of each source.
pub(super) struct Tally {
    sources: Vec<SourceTally>,
    max_bytes: u64,
}

#[derive(Default)]
struct SourceTally {
    /// The approximate bytes of its text.
    text_bytes: f64,
    line_bytes: u64,
    records: u64,
    bytes: u64,
    /// Lengths, with the number of records of each.
    lengths: Vec<(u64, u64)>,
    /// The number of records whose modality was determined.
    looked: u64,
    kinds: [u64; 5],
    was_read: bool,
}

impl Tally {
    pub(super) fn new(sources: &[Source]) -> Self {
        let sources = sources.iter().map(|source| SourceTally {
            text_bytes: text_bytes(source) as f64,
            ..SourceTally::default()
        });
        Self {
            sources: sources.collect(),
            max_bytes: 0,
        }
    }

    /// Adds the lines of a window, whose records are counted one by one, or the rows of a columnar source.
    pub(super) fn begin(&mut self, taken: &Taken) {
        let source = &mut self.sources[taken.source as usize];
        source.was_read = true;
        source.line_bytes += taken.line_bytes;
        if taken.is_all {
            source.text_bytes = taken.line_bytes as f64;
        }
        for group in taken.groups.iter().flatten().filter(|group| group.rows > 0) {
            source.records += group.rows;
            source.bytes = source.bytes.saturating_add(group.decoded_bytes);
            let length = group.decoded_bytes.div_ceil(group.rows);
            source.lengths.push((length, group.rows));
            self.max_bytes = self.max_bytes.max(length);
        }
    }

    /// Counts a record.
    pub(super) fn count(&mut self, source: u32, length: u64) {
        let source = &mut self.sources[source as usize];
        source.records += 1;
        source.bytes += length;
        source.lengths.push((length, 1));
        self.max_bytes = self.max_bytes.max(length);
    }

    /// Adds the modality of a record. Those that cannot be read have none.
    pub(super) fn look(&mut self, source: u32, modality: Option<Modality>) {
        let source = &mut self.sources[source as usize];
        source.looked += 1;
        if let Some(modality) = modality {
            source.kinds[modality as usize] += 1;
        }
    }

    pub(super) fn finish(self) -> SampledRecords {
        let read: Vec<&SourceTally> = self
            .sources
            .iter()
            .filter(|source| source.line_bytes > 0)
            .collect();
        let sum = |value: fn(&SourceTally) -> f64| read.iter().map(|source| value(source)).sum();
        let (sampled_records, sampled_text): (f64, f64) = (
            sum(SourceTally::all_records),
            sum(|source| source.text_bytes),
        );
        let all_text: f64 = self.sources.iter().map(|source| source.text_bytes).sum();
        // Sources that were not sampled are assumed to be like the rest.
        let scale = if sampled_text > 0.0 {
            all_text / sampled_text
        } else {
            0.0
        };

        let mut lengths = Vec::new();
        let mut kinds = [0.0; 5];
        let (mut records, mut bytes) = (0, 0);
        for source in &read {
            let weight = source.weight() * scale;
            lengths.extend(
                source
                    .lengths
                    .iter()
                    .map(|&(length, count)| (length, count as f64 * weight)),
            );
            // The records whose modality was determined represent the whole source.
            let weight = source.all_records() * scale / source.looked.max(1) as f64;
            for (total, count) in kinds.iter_mut().zip(source.kinds) {
                *total += count as f64 * weight;
            }
            records += source.records;
            bytes += source.bytes;
        }
        let mut counts = ModalityCounts::default();
        for (modality, count) in Modality::ALL.into_iter().zip(kinds) {
            counts.add(modality, count.round() as u64);
        }
        let was_read = |source: &&SourceTally| source.was_read;
        SampledRecords {
            records,
            bytes,
            sources: self.sources.len() as u32,
            sampled_sources: self.sources.iter().filter(was_read).count() as u32,
            mean_bytes: mean(&lengths),
            p95_bytes: quantile(&mut lengths, 0.95),
            max_bytes: self.max_bytes,
            estimated_records: (sampled_records * scale).round() as u64,
            estimated_bytes: all_text.round() as u64,
            modality: counts.decide(),
            kinds: counts,
        }
    }
}

impl SourceTally {
    /// Returns how many records of the source each sampled one represents.
    fn weight(&self) -> f64 {
        self.text_bytes / self.line_bytes as f64
    }

    fn all_records(&self) -> f64 {
        self.records as f64 * self.weight()
    }
}

fn mean(lengths: &[(u64, f64)]) -> f64 {
    let weight: f64 = lengths.iter().map(|(_, weight)| weight).sum();
    let total: f64 = lengths
        .iter()
        .map(|&(length, weight)| length as f64 * weight)
        .sum();
    if weight > 0.0 { total / weight } else { 0.0 }
}

/// Returns the least length that this share of the records does not exceed.
fn quantile(lengths: &mut [(u64, f64)], share: f64) -> u64 {
    lengths.sort_by_key(|&(length, _)| length);
    let total: f64 = lengths.iter().map(|(_, weight)| weight).sum();
    let mut below = 0.0;
    for &(length, weight) in lengths.iter() {
        below += weight;
        if below >= total * share {
            return length;
        }
    }
    lengths.last().map_or(0, |&(length, _)| length)
}
