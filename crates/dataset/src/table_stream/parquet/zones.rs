//! Deciding how many rows to decode at once: few if rows are long, many if they are short.

use std::ops::Range;

use super::chunk::ChunkPages;
use crate::table_stream::weight::{BATCH_BYTES, rows_of_batch};

/// Rows that are decoded in batches of one size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Zone {
    pub(super) rows: Range<u64>,
    pub(super) batch_rows: usize,
}

/// The most bytes that a batch of a zone should decode to.
const MAX_BATCH_BYTES: f64 = (16 * BATCH_BYTES) as f64;

/// Cuts `rows` of a row group into zones, according to its pages.
///
/// `row_bytes` is what each row takes whatever the pages hold. Pages are decoded again for a new zone, so a zone begins only where
/// batches of the current size would become too large or are far too small.
pub(super) fn cut_zones(
    chunks: &[&ChunkPages],
    group_rows: u64,
    rows: Range<u64>,
    row_bytes: u64,
) -> Vec<Zone> {
    let (located, others): (Vec<&ChunkPages>, Vec<&ChunkPages>) =
        chunks.iter().partition(|chunk| chunk.sizes().is_some());
    let base = others
        .iter()
        .map(|chunk| chunk.decoded_bytes())
        .sum::<u64>() as f64
        / group_rows.max(1) as f64
        + row_bytes as f64;
    let segments = segments(&located, &rows, base);
    if !others.is_empty() {
        // Starting again would mean reading those columns from their first page.
        let most = segments
            .iter()
            .map(|(_, bytes)| *bytes)
            .fold(base, f64::max);
        let batch_rows = rows_of_batch(most);
        return vec![Zone { rows, batch_rows }];
    }
    let mut zones: Vec<Zone> = Vec::new();
    for (segment, bytes) in segments {
        let wanted = rows_of_batch(bytes);
        let length = segment.end - segment.start;
        match zones.last_mut() {
            Some(zone)
                if zone.batch_rows as f64 * bytes <= MAX_BATCH_BYTES
                    && !(wanted >= 8 * zone.batch_rows && length >= 4 * wanted as u64) =>
            {
                zone.rows.end = segment.end;
            }
            _ => zones.push(Zone {
                rows: segment,
                batch_rows: wanted,
            }),
        }
    }
    zones
}

/// Returns the stretches of `rows` in which no page begins, with the bytes that a row takes in each.
fn segments(chunks: &[&ChunkPages], rows: &Range<u64>, base: f64) -> Vec<(Range<u64>, f64)> {
    // The places where the bytes of a row change, and by how much.
    let mut changes: Vec<(u64, f64)> = Vec::new();
    for (page, bytes) in chunks.iter().filter_map(|chunk| chunk.sizes()).flatten() {
        let within = page.start.max(rows.start)..page.end.min(rows.end);
        if within.is_empty() {
            continue;
        }
        let bytes = bytes as f64 / (page.end - page.start) as f64;
        changes.push((within.start, bytes));
        changes.push((within.end, -bytes));
    }
    changes.sort_by_key(|(row, _)| *row);
    let (mut segments, mut start, mut bytes) = (Vec::new(), rows.start, base);
    for (row, change) in changes {
        if row > start {
            segments.push((start..row, bytes));
            start = row;
        }
        bytes += change;
    }
    if start < rows.end {
        segments.push((start..rows.end, base));
    }
    segments
}
