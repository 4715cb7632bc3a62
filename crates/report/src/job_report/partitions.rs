//! The choice of partitions to show if there are too many.

use coldpress_job::JobState;

/// Returns the indices of at most `most` partitions, in ascending order: the failed ones, and others evenly spread.
pub(super) fn shown(state: &JobState, most: usize) -> Vec<u32> {
    let count = state.partition_count();
    if count as usize <= most {
        return (0..count).collect();
    }
    let mut shown: Vec<u32> = state.failed().map(|failure| failure.partition).collect();
    shown.truncate(most / 2);
    shown.extend(spread(count, most - shown.len()));
    shown.sort_unstable();
    shown.dedup();
    shown
}

/// Returns at most `most` of the numbers below `count`, evenly spread and in ascending order.
pub(super) fn spread(count: u32, most: usize) -> impl Iterator<Item = u32> {
    let shown = most.min(count as usize) as u64;
    (0..shown).map(move |at| (at * u64::from(count) / shown) as u32)
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn numbers_are_evenly_spread() {
        let of = |count, most| spread(count, most).collect::<Vec<_>>();
        assert_eq!(of(4, 10), [0, 1, 2, 3]);
        assert_eq!(of(10, 4), [0, 2, 5, 7]);
        assert!(of(0, 4).is_empty());
        assert_eq!(of(u32::MAX, 2), [0, u32::MAX / 2]);
    }
}
