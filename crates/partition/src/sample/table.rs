//! Reading some rows of a columnar source.

use coldpress_dataset::{RowGroup, Source, TableFile, TableRows};
use coldpress_record::Carrier;

use super::taken::{Taken, TakenRecord};

/// The most row groups of which rows are read.
const MAX_GROUPS: usize = 4;

/// The largest page or record batch of which rows are read. A sample must not need more memory than the work.
const MAX_PAGE_BYTES: u64 = 64 << 20;

/// The most rows that are read of a row group.
const MAX_ROWS: u64 = 256;

/// Returns the sizes of a columnar source, from its metadata, and some of its rows as JSON: at most `left` bytes, from which they
/// are subtracted. `None` if it cannot be read.
pub(super) fn read_rows(source: &Source, index: u32, left: &mut u64) -> Option<Taken> {
    let file = TableFile::open(source).ok()?.with_memory(MAX_PAGE_BYTES);
    let mut records = Vec::new();
    for start in beginnings(file.groups()) {
        // Damage in one group says nothing about the others.
        let _ = render(&file, start, left, &mut records);
    }
    Some(Taken {
        source: index,
        position: 0,
        line_bytes: file.groups().iter().fold(0, |bytes: u64, group| {
            bytes.saturating_add(group.decoded_bytes)
        }),
        records,
        is_all: true,
        groups: Some(file.groups().to_vec()),
    })
}

/// Returns the rows to read at the beginning of an even choice of row groups.
fn beginnings(groups: &[RowGroup]) -> Vec<std::ops::Range<u64>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for group in groups.iter().filter(|group| group.rows > 0) {
        ranges.push(start..start + group.rows.min(MAX_ROWS));
        start += group.rows;
    }
    let count = ranges.len().min(MAX_GROUPS);
    let at = |number: usize| number * (ranges.len() - 1) / (count - 1).max(1);
    (0..count)
        .map(|number| ranges[at(number)].clone())
        .collect()
}

fn render(
    file: &TableFile,
    rows: std::ops::Range<u64>,
    left: &mut u64,
    records: &mut Vec<TakenRecord>,
) -> coldpress_dataset::Result<()> {
    let mut position = rows.start;
    let mut stream = file.stream(rows)?;
    while let Some(batch) = stream.next_rows()? {
        let count = batch.num_rows();
        let rows = TableRows::new(batch);
        for row in 0..count {
            let mut bytes = Vec::new();
            rows.write_record(row, &[], &mut bytes);
            let length = bytes.len() as u64;
            if length > *left {
                *left = 0;
                return Ok(());
            }
            *left -= length;
            records.push(TakenRecord {
                position,
                length,
                bytes,
            });
            position += 1;
        }
    }
    Ok(())
}
