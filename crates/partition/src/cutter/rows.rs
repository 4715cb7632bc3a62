//! Cutting a columnar file: by arithmetic over its row groups.

use std::ops::Range;

use coldpress_dataset::{KnownParts, Result, RowGroup, Source, TableFile};
use coldpress_storage::{Digest, Hasher};

use super::{Bounds, Found};
use crate::slice::Slice;

/// A columnar file being cut.
pub(super) struct OpenRows {
    source: u32,
    file: TableFile,
    known: KnownParts,
    /// The first row of the next slice.
    next_row: u64,
}

impl OpenRows {
    pub(super) fn open(source: &Source, index: u32, start: u64) -> Result<Self> {
        Ok(Self {
            source: index,
            file: TableFile::open(source)?,
            known: KnownParts::default(),
            next_row: start,
        })
    }

    pub(super) fn source(&self) -> u32 {
        self.source
    }

    /// Returns the first row of the next slice.
    pub(super) fn position(&self) -> u64 {
        self.next_row
    }

    pub(super) fn next_slice(&mut self, bounds: &Bounds<'_>) -> Result<Found> {
        let max_records = bounds.max_records();
        let max_bytes = bounds.max_bytes;
        let (rows, decoded_bytes) =
            take_rows(self.file.groups(), self.next_row, max_records, max_bytes);
        if rows == 0 {
            return Ok(Found::End);
        }
        let (start, end) = (self.next_row, self.next_row + rows);
        let first = bounds.first_record;
        let marks = (0..rows).filter(|row| Bounds::is_marked(first + row));
        let slice = Slice {
            source: self.source,
            start,
            end,
            records: rows,
            digest: self.file.digest_of_rows(start..end, &mut self.known)?,
            metadata: Some(self.file.metadata_digest()),
            seek: None,
            decoded_bytes: Some(decoded_bytes),
            marks: marks.map(|row| start + row).collect(),
            copy: None,
        };
        self.next_row = end;
        Ok(Found::Slice(slice))
    }
}

/// Returns the number of rows from `start` on that make a slice, and about how many bytes they have. It is at least one row, if any
/// is left.
fn take_rows(groups: &[RowGroup], start: u64, max_records: u64, max_bytes: u64) -> (u64, u64) {
    let (mut group_start, mut taken, mut bytes) = (0, 0, 0);
    for group in groups {
        let group_end = group_start + group.rows;
        let left = group_end.saturating_sub(start + taken).min(group.rows);
        group_start = group_end;
        if left == 0 {
            continue;
        }
        let per_row = (group.decoded_bytes / group.rows).max(1);
        let affordable = ((max_bytes - bytes) / per_row).max(u64::from(taken == 0));
        let rows = left.min(affordable).min(max_records - taken);
        taken += rows;
        bytes = (bytes + rows * per_row).min(max_bytes);
        if rows < left || taken == max_records {
            break;
        }
    }
    (taken, bytes)
}

/// The digests of row groups, which plans of earlier releases use. The last one is kept, because many slices may share a group.
#[derive(Default)]
pub(crate) struct GroupDigests {
    last: Option<(usize, Digest)>,
}

impl GroupDigests {
    /// Returns the digest of a slice: of the row groups that it touches, as stored, and of its range of rows.
    pub(crate) fn of_rows(&mut self, file: &TableFile, rows: Range<u64>) -> Result<Digest> {
        let mut hasher = Hasher::new();
        hasher.update(&rows.start.to_le_bytes());
        hasher.update(&rows.end.to_le_bytes());
        let mut group_start = 0;
        for (index, group) in file.groups().iter().enumerate() {
            let group_end = group_start + group.rows;
            if group_start < rows.end && group_end > rows.start {
                hasher.update(&self.of_group(file, index)?.0.to_le_bytes());
            }
            group_start = group_end;
        }
        Ok(hasher.finish())
    }

    fn of_group(&mut self, file: &TableFile, index: usize) -> Result<Digest> {
        if let Some((known, digest)) = self.last
            && known == index
        {
            return Ok(digest);
        }
        let digest = file.digest(index..index + 1)?;
        self.last = Some((index, digest));
        Ok(digest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_up_to_the_first_limit() {
        let group = |rows, decoded_bytes| RowGroup {
            rows,
            decoded_bytes,
        };
        let groups = [group(10, 100), group(0, 0), group(5, 500), group(3, 3)];
        let cases = [
            ((0, 4, 1_000), (4, 40)),
            ((0, 100, 45), (4, 40)),
            ((8, 100, 1_000), (10, 523)),
            ((8, 100, 250), (4, 220)),
            ((11, 100, 50), (1, 50)),
            ((15, 100, 50), (3, 3)),
            ((18, 100, 50), (0, 0)),
        ];
        for ((start, records, bytes), expected) in cases {
            let found = take_rows(&groups, start, records, bytes);
            assert_eq!(found, expected, "{start} {records} {bytes}");
        }
    }
}
