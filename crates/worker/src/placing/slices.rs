//! Equal slices of all positions, one for each partition.

use std::ops::Range;

/// How positions are given to partitions.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slices {
    count: u64,
    partitions: u64,
}

impl Slices {
    pub(super) fn new(count: u64, partitions: u64) -> Self {
        Self { count, partitions }
    }

    /// The positions of a partition.
    pub(super) fn of(self, partition: u64) -> Range<u64> {
        self.start(partition)..self.start(partition + 1)
    }

    /// The partition that a position belongs to.
    pub(super) fn partition_of(self, position: u64) -> u64 {
        let (position, count) = (u128::from(position), u128::from(self.count.max(1)));
        let partition = ((position + 1) * u128::from(self.partitions)).saturating_sub(1) / count;
        u64::try_from(partition).unwrap_or(u64::MAX)
    }

    fn start(self, partition: u64) -> u64 {
        let share = u128::from(self.count) * u128::from(partition);
        let start = share / u128::from(self.partitions.max(1));
        u64::try_from(start).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_in_the_slice_of_its_partition() {
        for count in 0..40 {
            for partitions in 1..20 {
                let slices = Slices::new(count, partitions);
                let all: Vec<u64> = (0..partitions)
                    .flat_map(|partition| slices.of(partition))
                    .collect();
                assert_eq!(all, (0..count).collect::<Vec<_>>());
                for position in 0..count {
                    let partition = slices.partition_of(position);
                    assert!(slices.of(partition).contains(&position), "{slices:?}");
                }
                let lengths = (0..partitions).map(|partition| slices.of(partition).count());
                let (least, most) = (lengths.clone().min(), lengths.max());
                assert!(most <= least.map(|least| least + 1), "{slices:?}");
            }
        }
        let huge = Slices::new(u64::MAX, 1_000_000);
        assert_eq!(huge.partition_of(u64::MAX - 1), 999_999);
    }
}
