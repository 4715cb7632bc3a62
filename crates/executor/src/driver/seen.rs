//! What the fields of the dataset hold, as partitions come in.

use std::collections::BTreeMap;

use coldpress_record::FieldsSeen;

/// Joins what partitions hold in their order, so that no more is kept than of those after a gap.
#[derive(Default)]
pub(super) struct Seen {
    /// What the partitions before `next` hold.
    joined: FieldsSeen,
    next: u32,
    later: BTreeMap<u32, FieldsSeen>,
}

impl Seen {
    /// Takes in what a partition holds. It holds the same whenever it is read, so the first time counts.
    pub(super) fn take(&mut self, partition: u32, seen: FieldsSeen) {
        if partition >= self.next {
            self.later.insert(partition, seen);
        }
        while let Some(seen) = self.later.remove(&self.next) {
            self.joined.join(&seen);
            self.next += 1;
        }
    }

    /// What the first partitions hold together, and how many they are.
    pub(super) fn first(&self) -> (&FieldsSeen, u32) {
        (&self.joined, self.next)
    }

    /// What a partition after these holds, if it is known.
    pub(super) fn of(&self, partition: u32) -> Option<&FieldsSeen> {
        self.later.get(&partition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(count: u64) -> FieldsSeen {
        let mut seen = FieldsSeen::default();
        seen.add_records(count);
        seen
    }

    #[test]
    fn parts_are_joined_in_their_order_and_once() {
        let mut seen = Seen::default();
        seen.take(1, records(10));
        assert_eq!((seen.first().0.records, seen.first().1), (0, 0));
        assert_eq!(seen.of(1).map(|seen| seen.records), Some(10));
        seen.take(0, records(1));
        seen.take(0, records(1));
        assert_eq!((seen.first().0.records, seen.first().1), (11, 2));
        assert!(seen.of(1).is_none());
        seen.take(3, records(1000));
        seen.take(1, records(10));
        seen.take(2, records(100));
        assert_eq!((seen.first().0.records, seen.first().1), (1111, 4));
    }
}
