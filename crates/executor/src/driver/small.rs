//! Small partitions: many of them are given out at once, and their results become durable together.
//!
//! A file of its own costs a partition some milliseconds, most of them for syncing. That is little for a million bytes, and
//! a hundred times the work for a few.

use std::collections::HashSet;

use coldpress_job::Publication;
use coldpress_partition::Task;
use coldpress_storage::{ComposedWriter, ObjectName, ObjectRef, Place};

use super::Driver;

/// The bytes of a slice, at most, whose partition is small.
const SMALL_BYTES: u64 = 64 << 10;
/// Tasks, at least, among which small ones are packed: few are as fast without, and people find their files more easily.
const MANY: usize = 32;
/// Attempts at small tasks, at most, that are out at once.
const OUT_AT_ONCE: usize = 4096;
/// Partitions that are planned ahead of the work, at most, while they are small.
const SMALL_AHEAD: usize = 4 * OUT_AT_ONCE;

/// Partitions of a job, at least, from which on small ones are told of together.
const TOLD_APART: u32 = 10_000;

/// Returns whether events tell of a partition by itself, whose slice has so many bytes.
pub(super) fn is_told_apart(partition: u32, bytes: u64) -> bool {
    partition < TOLD_APART || bytes > SMALL_BYTES
}

/// Decides which partitions are small, and how far the plan of such may be ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Small {
    /// Whether the workers pack, and no operator forbids that attempts are handed out ahead of the workers.
    may_pack: bool,
    workers: usize,
    partitions: u64,
    bytes: u64,
}

impl Small {
    pub(super) fn new(may_pack: bool, workers: usize) -> Self {
        Self {
            may_pack,
            workers,
            partitions: 0,
            bytes: 0,
        }
    }

    /// How many attempts at small tasks take one of these slots together.
    pub(super) fn per_slot(slots: usize) -> usize {
        (OUT_AT_ONCE / slots.max(1)).clamp(64, 1024)
    }

    /// Notes a planned partition.
    pub(super) fn note(&mut self, bytes: u64) {
        self.partitions += 1;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    /// Returns whether a slice of so many bytes is small, and one of many tasks that can be worked on.
    pub(super) fn is_small(&self, bytes: u64, open: usize) -> bool {
        self.may_pack && open >= MANY && bytes <= SMALL_BYTES
    }

    /// How many partitions may wait to be worked on before the planner has to.
    pub(super) fn most_ahead(&self) -> usize {
        let are_small = self.bytes / self.partitions.max(1) <= SMALL_BYTES;
        match self.may_pack && are_small && self.partitions > 0 {
            true => SMALL_AHEAD,
            false => 4 * self.workers + 16,
        }
    }
}

impl Driver<'_> {
    /// Returns whether events tell of a task by itself.
    pub(super) fn tells_apart(&self, task: Task) -> bool {
        is_told_apart(task.partition, self.bytes_of(task.partition))
    }

    /// The other tasks of a stage whose results share with that of `task` what is lost, and are damaged too: as all are in a
    /// pack that is lost, or that cite an input that is gone. Found one by one, each would have the merge, or the barrier,
    /// begin anew.
    pub(super) fn damaged_with(&mut self, task: Task) -> Vec<Task> {
        let shared: HashSet<Shared> = match self.usable_result_of(task) {
            Some(result) => files_of(result)
                .flat_map(|file| self.shared_by(task, file))
                .collect(),
            None => return Vec::new(),
        };
        if shared.is_empty() {
            return Vec::new();
        }
        let mut proven = HashSet::new();
        for one in &shared {
            if self.is_worth_proving(one) {
                proven.insert(one);
            }
        }
        let partitions = 0..self.truth.state().partition_count();
        let others = partitions.map(|partition| Task::new(task.stage, partition));
        let is_damaged = |other: Task, file: &ObjectRef| {
            let in_common = self.shared_by(other, file);
            let in_common: Vec<Shared> = in_common.filter(|one| shared.contains(one)).collect();
            match in_common.iter().any(|one| proven.contains(one)) {
                true => self.stores.verify(file).is_err(),
                false => !in_common.is_empty() && !self.can_open(file),
            }
        };
        others
            .filter(|other| *other != task)
            .filter(|other| {
                let result = self.usable_result_of(*other);
                result.is_some_and(|result| files_of(result).any(|file| is_damaged(*other, file)))
            })
            .collect()
    }

    /// What a file of a task's result shares with others.
    fn shared_by(&self, task: Task, file: &ObjectRef) -> impl Iterator<Item = Shared> + use<> {
        let pack = file.name().packed();
        let pack = pack.map(|(pack, _)| Shared::Pack(file.place(), pack));
        let planned = self.truth.state().partition(task.partition);
        let planned = planned.filter(|_| ComposedWriter::is_of(file.name()));
        let input = planned.map(|planned| Shared::Input(planned.slice.source));
        pack.into_iter().chain(input)
    }

    /// Returns whether all that share this are to be read whole, now that one of them is damaged.
    ///
    /// Members of a pack are few bytes. What cites an input is as much as the input, and that one is damaged need not mean
    /// much; so they are read for the second, and then the more rarely the more there were.
    fn is_worth_proving(&mut self, shared: &Shared) -> bool {
        let Shared::Input(source) = shared else {
            return true;
        };
        let damaged = self.cited_damaged.entry(*source).or_default();
        *damaged += 1;
        *damaged > 1 && damaged.is_power_of_two()
    }

    /// Returns whether a file can be opened and is as long as it was cited, which says little about a file, and of one that cites
    /// an input that the input is there.
    fn can_open(&self, file: &ObjectRef) -> bool {
        let opened = self.stores.get(&file.key);
        opened.is_ok_and(|opened| opened.len() == file.length())
    }
}

/// What files of several results have in common, so that they are lost together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shared {
    /// A pack that they are in.
    Pack(Place, ObjectName),
    /// The source of this number, which they cite.
    Input(u32),
}

/// The files of a result that may be packed, or cite the input.
fn files_of(result: &Publication) -> impl Iterator<Item = &ObjectRef> {
    let signatures = result.signatures.iter().map(|entry| &entry.file);
    [&result.rows, &result.index].into_iter().chain(signatures)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_many_small_partitions_are_small() {
        let mut small = Small::new(true, 2);
        assert_eq!(small.most_ahead(), 24);
        small.note(100);
        assert_eq!(small.most_ahead(), SMALL_AHEAD);
        assert!(small.is_small(100, MANY));
        assert!(!small.is_small(100, MANY - 1));
        assert!(!small.is_small(SMALL_BYTES + 1, MANY));
        small.note(10 * SMALL_BYTES);
        assert_eq!(small.most_ahead(), 24);
        let mut never = Small::new(false, 2);
        never.note(100);
        assert_eq!(never.most_ahead(), 24);
        assert!(!never.is_small(100, MANY));
        for (slots, expected) in [(1, 1024), (3, 1024), (5, 819), (65, 64)] {
            assert_eq!(Small::per_slot(slots), expected, "{slots} slots");
        }
    }
}
