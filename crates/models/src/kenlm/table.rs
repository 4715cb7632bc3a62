//! Hash tables in the form that the file has: the key is a hash, and the entry is in the first free bucket, starting at its own.

use super::numbers::{Remainder, u64_at};
use crate::Fault;
use crate::cursor::Cursor;
use crate::prefetch::prefetch;

/// The number of buckets to search before a key counts as missing. No properly built table has so few free buckets.
const MOST_STEPS: u64 = 1 << 20;
/// The number of positions at which a table is checked when it is opened.
const TRIALS: u64 = 64;
/// The key of a free bucket.
const FREE: u64 = 0;

/// A hash table.
#[derive(Clone, Debug)]
pub(super) struct Table {
    start: usize,
    buckets: u64,
    entry_bytes: usize,
    own_bucket: Remainder,
}

impl Table {
    /// Returns the number of buckets of a table with this many entries.
    pub(super) fn buckets_for(entries: u64, multiplier: f32) -> u64 {
        let scaled = (multiplier * entries as f32) as u64;
        scaled.max(entries.saturating_add(1))
    }

    /// Finds the table of these sizes at the cursor, and skips it.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if there are fewer bytes, or too few buckets are free.
    pub(super) fn read(
        cursor: &mut Cursor<'_>,
        bytes: &[u8],
        buckets: u64,
        entry_bytes: usize,
        what: &str,
    ) -> Result<Self, Fault> {
        let range = cursor.range(buckets, entry_bytes as u64, what)?;
        let table = Self {
            start: range.start,
            buckets,
            entry_bytes,
            own_bucket: Remainder::by(buckets),
        };
        // A search in a full table would never end.
        for trial in 0..TRIALS.min(buckets) {
            let bucket =
                u64::try_from(u128::from(buckets) * u128::from(trial) / u128::from(TRIALS));
            if table.search(bytes, FREE, bucket.unwrap_or(0)).is_none() {
                return Err(Fault::damaged(format!("{what} has no free buckets")));
            }
        }
        Ok(table)
    }

    /// Returns the position of the value of a key.
    #[inline]
    pub(super) fn find(&self, bytes: &[u8], key: u64) -> Option<usize> {
        self.search(bytes, key, self.own_bucket.of(key))
    }

    /// Prefetches the memory where a key would be.
    #[inline]
    pub(super) fn prefetch(&self, bytes: &[u8], key: u64) {
        let bucket = self.own_bucket.of(key) as usize;
        prefetch(bytes, self.start + bucket * self.entry_bytes);
    }

    /// Returns the position of the value of a key, or the position where it belongs.
    pub(super) fn find_or_free(&self, bytes: &[u8], key: u64) -> Option<Result<usize, usize>> {
        let found = self.find(bytes, key).map(Ok);
        found.or_else(|| self.search(bytes, FREE, self.own_bucket.of(key)).map(Err))
    }

    /// Searches for a key from this bucket on, up to a free bucket.
    #[inline]
    fn search(&self, bytes: &[u8], key: u64, mut bucket: u64) -> Option<usize> {
        for _ in 0..MOST_STEPS.min(self.buckets) {
            let place = self.start + bucket as usize * self.entry_bytes;
            let found = u64_at(bytes, place);
            if found == key {
                return Some(place + 8);
            }
            if found == FREE {
                return None;
            }
            bucket += 1;
            if bucket == self.buckets {
                bucket = 0;
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_is_refused() {
        let bytes =
            |keys: &[u64]| -> Vec<u8> { keys.iter().flat_map(|key| key.to_le_bytes()).collect() };
        let full = bytes(&[1, 2, 3]);
        let read = |bytes: &[u8]| Table::read(&mut Cursor::new(bytes), bytes, 3, 8, "the table");
        let error = read(&full).unwrap_err().to_string();
        assert!(error.contains("no free buckets"), "{error}");
        let with_room = bytes(&[3, 0, 2]);
        let table = read(&with_room).unwrap();
        assert_eq!(table.find(&with_room, 3), Some(8));
        assert_eq!(table.find(&with_room, 2), Some(24));
        assert_eq!(table.find(&with_room, 5), None);
        assert_eq!(table.find_or_free(&with_room, 5), Some(Err(16)));
        assert!(read(&with_room[..23]).is_err());
    }
}
