//! Samples of the records that filters dropped, if the recipe keeps them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};

use coldpress_job::DroppedEntry;

use super::{MAX_LINE_BYTES, OperatorSamples, sample};
use crate::job_report::Source;
use crate::job_report::partitions::spread;

/// The most partitions whose dropped records are read.
const MOST_PARTITIONS: usize = 50;

/// The most samples of one partition, so that not all of them are of the first.
const OF_A_PARTITION: usize = 3;

/// Reads some records that each filter dropped. Returns none if the recipe does not keep them.
pub(super) fn samples(source: &Source<'_>) -> Result<Vec<OperatorSamples>, String> {
    let state = source.state;
    let mut all: BTreeMap<u32, OperatorSamples> = BTreeMap::new();
    for index in spread(state.partition_count(), MOST_PARTITIONS) {
        if source.is_late() {
            break;
        }
        let result = state.farthest_result(index);
        let dropped = result.and_then(|(_, result)| result.dropped.as_ref());
        for entry in dropped.into_iter().flatten() {
            if !state.is_forgotten(&entry.file.key) {
                add(source, entry, &mut all)?;
            }
        }
    }
    Ok(all.into_values().collect())
}

fn add(
    source: &Source<'_>,
    entry: &DroppedEntry,
    all: &mut BTreeMap<u32, OperatorSamples>,
) -> Result<(), String> {
    let recipe = source.state.recipe();
    let name = recipe.and_then(|recipe| recipe.operators.get(entry.operation as usize));
    let (Some(stores), Some(name)) = (source.stores, name) else {
        return Ok(());
    };
    let known = all
        .entry(entry.operation)
        .or_insert_with(|| OperatorSamples {
            operator: Some(entry.operation),
            name: name.clone(),
            is_trace: false,
            total: None,
            samples: Vec::new(),
        });
    let wanted = source.limits.samples.saturating_sub(known.samples.len());
    if wanted == 0 {
        return Ok(());
    }
    let file = stores.object(&entry.file).read();
    let file = file.map_err(|error| error.to_string())?;
    let lines = BufReader::new(file.take(entry.file.stamp.length.min(MAX_LINE_BYTES))).lines();
    for line in lines.take(wanted.min(OF_A_PARTITION)) {
        let line = line.map_err(|error| error.to_string())?;
        known
            .samples
            .extend(sample(&line, source.limits.sample_chars));
    }
    Ok(())
}
