//! Sorts data that is larger than memory.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use coldpress_storage::crash_point;
use rayon::slice::ParallelSliceMut;

use crate::entry::Entry;
use crate::error::Result;
use crate::room::Room;
use crate::spool::{BUFFER_BYTES, Spool, SpoolReader};

/// The number of runs that are merged at once. With more, their buffers would be small.
const FAN_IN: usize = 64;
/// The number of entries between two checks for a stop request.
const BETWEEN_LOOKS: usize = 1 << 16;

/// Takes entries in any order, and returns them sorted.
pub(crate) struct Sorter<'r, E> {
    room: &'r Room<'r>,
    memory_bytes: usize,
    /// The part of it that the entries leave free.
    left_bytes: usize,
    entries: Vec<E>,
    /// The most memory that any entry has taken in addition to its own size.
    longest: usize,
    runs: Vec<Spool<E>>,
}

impl<'r, E: Entry> Sorter<'r, E> {
    pub(crate) fn new(room: &'r Room<'r>) -> Self {
        Self::within(room, room.memory_bytes())
    }

    /// Returns a sorter that takes half of the room, because another one has entries at the same time.
    pub(crate) fn sharing(room: &'r Room<'r>) -> Self {
        Self::within(room, room.memory_bytes() / 2)
    }

    fn within(room: &'r Room<'r>, memory_bytes: usize) -> Self {
        Self {
            room,
            memory_bytes,
            left_bytes: memory_bytes,
            entries: Vec::new(),
            longest: 0,
            runs: Vec::new(),
        }
    }

    pub(crate) fn push(&mut self, entry: E) -> Result<()> {
        let owned = entry.owned_bytes();
        let bytes = size_of::<E>() + owned;
        if bytes > self.left_bytes && !self.entries.is_empty() {
            self.write_run()?;
        }
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
        if self.entries.len().is_multiple_of(BETWEEN_LOOKS) {
            self.room.look()?;
        }
        self.longest = self.longest.max(owned);
        if self.entries.len() == self.entries.capacity() {
            self.grow();
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Makes room for more entries. Doubling the capacity could exceed the memory by half.
    fn grow(&mut self) {
        let entries = self.entries.len();
        let taken = self.memory_bytes - self.left_bytes;
        // The new entry is already counted, and the next ones may be as long as those so far.
        let fit = 1 + self.left_bytes / (taken / (entries + 1)).max(size_of::<E>());
        self.entries.reserve_exact(entries.max(1024).min(fit));
    }

    fn write_run(&mut self) -> Result<()> {
        self.entries.par_sort_unstable();
        let mut run = Spool::on_disk(self.room)?;
        for entry in self.entries.drain(..) {
            run.push(entry)?;
        }
        self.left_bytes = self.memory_bytes;
        self.runs.push(run);
        crash_point!("sort.run");
        Ok(())
    }

    /// Returns all entries, in order.
    pub(crate) fn finish(mut self) -> Result<Sorted<'r, E>> {
        if self.runs.is_empty() {
            self.entries.par_sort_unstable();
            return Ok(Sorted::Memory(self.entries.into_iter()));
        }
        if !self.entries.is_empty() {
            self.write_run()?;
        }
        // The buffers of the runs need this memory now.
        self.entries = Vec::new();
        let fan_in = self.fan_in();
        while self.runs.len() > fan_in {
            let rest = self.runs.split_off(fan_in);
            let mut merged = Merge::of(std::mem::replace(&mut self.runs, rest), self.room)?;
            let mut run = Spool::on_disk(self.room)?;
            while let Some(entry) = merged.next()? {
                run.push(entry)?;
            }
            self.runs.push(run);
            crash_point!("sort.merged");
        }
        let merge = Merge::of(self.runs, self.room)?;
        crash_point!("sort.merge");
        Ok(Sorted::Disk(merge))
    }

    /// Returns the number of runs to merge at once. It is lower if a single entry of each would fill the memory.
    fn fan_in(&self) -> usize {
        match self.longest <= BUFFER_BYTES {
            true => FAN_IN,
            // One entry in the buffer, and one on the heap.
            false => (self.memory_bytes / (2 * self.longest)).clamp(2, FAN_IN),
        }
    }
}

/// Sorted entries, one by one.
pub(crate) enum Sorted<'r, E> {
    Memory(std::vec::IntoIter<E>),
    Disk(Merge<'r, E>),
}

impl<E: Entry> Sorted<'_, E> {
    pub(crate) fn next(&mut self) -> Result<Option<E>> {
        match self {
            Self::Memory(entries) => Ok(entries.next()),
            Self::Disk(merge) => merge.next(),
        }
    }
}

/// Runs that are being merged.
pub(crate) struct Merge<'r, E> {
    room: &'r Room<'r>,
    runs: Vec<SpoolReader<E>>,
    /// The next entry of each run that has one.
    heads: BinaryHeap<Reverse<(E, usize)>>,
    given: usize,
}

impl<'r, E: Entry> Merge<'r, E> {
    fn of(runs: Vec<Spool<E>>, room: &'r Room<'r>) -> Result<Self> {
        let runs = runs.into_iter().map(Spool::read);
        let mut merge = Self {
            room,
            runs: runs.collect::<Result<_>>()?,
            heads: BinaryHeap::new(),
            given: 0,
        };
        for run in 0..merge.runs.len() {
            merge.refill(run)?;
        }
        Ok(merge)
    }

    fn refill(&mut self, run: usize) -> Result<()> {
        if let Some(entry) = self.runs[run].next()? {
            self.heads.push(Reverse((entry, run)));
        }
        Ok(())
    }

    fn next(&mut self) -> Result<Option<E>> {
        if self.given.is_multiple_of(BETWEEN_LOOKS) {
            self.room.look()?;
        }
        self.given += 1;
        let Some(Reverse((entry, run))) = self.heads.pop() else {
            return Ok(None);
        };
        self.refill(run)?;
        Ok(Some(entry))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use proptest::prelude::*;

    use super::*;
    use crate::entry::{Keyed, Valued};
    use crate::error::Error;

    fn sorted(keys: &[u64], most: usize) -> Vec<(u64, u64)> {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut sorter = Sorter::within(&room, most * size_of::<Keyed<u64>>());
        for (ordinal, key) in keys.iter().enumerate() {
            let ordinal = ordinal as u64;
            sorter.push(Keyed { key: *key, ordinal }).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        let next = std::iter::from_fn(|| sorted.next().unwrap());
        next.map(|entry| (entry.key, entry.ordinal)).collect()
    }

    proptest! {
        #[test]
        fn it_does_not_matter_how_much_fits(
            keys in prop::collection::vec(0u64..50, 0..300), most in 2usize..400,
        ) {
            let mut expected: Vec<_> = keys.iter().enumerate().map(|(at, key)| (*key, at as u64)).collect();
            expected.sort();
            prop_assert_eq!(sorted(&keys, most), expected);
        }
    }

    fn sorted_values<const DESCENDING: bool>(
        values: &[Vec<u8>],
        memory_bytes: usize,
    ) -> Vec<(Vec<u8>, u64)> {
        let stop = AtomicBool::new(false);
        let folder = tempfile::tempdir().unwrap();
        let room = Room::new(0, folder.path(), &stop);
        let mut sorter = Sorter::<Valued<DESCENDING>>::within(&room, memory_bytes);
        for (ordinal, value) in (0..).zip(values) {
            let value = value[..].into();
            sorter.push(Valued { value, ordinal }).unwrap();
        }
        let mut sorted = sorter.finish().unwrap();
        let next = std::iter::from_fn(|| sorted.next().unwrap());
        next.map(|entry| (entry.value.into(), entry.ordinal))
            .collect()
    }

    proptest! {
        #[test]
        fn bytes_of_any_length_are_sorted_both_ways(
            mut values in prop::collection::vec(prop::collection::vec(0u8..3, 0..6), 0..200),
            long in prop::collection::vec((0usize..200, 0u8..3, 1usize..700_000), 0..3),
            memory_bytes in 0usize..20_000,
        ) {
            for (at, byte, length) in long {
                values.insert(at.min(values.len()), vec![byte; length]);
            }
            let mut expected: Vec<_> = values.iter().cloned().zip(0u64..).collect();
            expected.sort();
            prop_assert!(sorted_values::<false>(&values, memory_bytes) == expected);
            expected.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
            prop_assert!(sorted_values::<true>(&values, memory_bytes) == expected);
        }
    }

    #[test]
    fn more_runs_than_are_merged_at_once_are_merged_in_steps() {
        let keys: Vec<u64> = (0..3 * FAN_IN as u64 * 2 + 5).rev().collect();
        let sorted: Vec<u64> = sorted(&keys, 2).into_iter().map(|(key, _)| key).collect();
        assert_eq!(sorted, (0..keys.len() as u64).collect::<Vec<_>>());
    }

    #[test]
    fn who_is_told_to_stop_does_so() {
        let stop = AtomicBool::new(true);
        let room = Room::new(0, "/nowhere", &stop);
        let mut sorter = Sorter::<Keyed<u64>>::new(&room);
        let pushed = sorter.push(Keyed { key: 0, ordinal: 0 });
        assert!(matches!(pushed, Err(Error::Stopped)));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named() {
        let stop = AtomicBool::new(false);
        let room = Room::new(0, "/nowhere/at/all", &stop);
        let mut sorter = Sorter::within(&room, 2 * size_of::<Keyed<u64>>());
        let push = |key| sorter.push(Keyed { key, ordinal: key });
        let error = (0u64..3).map(push).find_map(Result::err).unwrap();
        assert_eq!(
            error.to_string(),
            "cannot sort on disk in `/nowhere/at/all`"
        );
    }
}
