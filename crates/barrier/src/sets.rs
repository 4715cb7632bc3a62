//! Reads the sets of records from disk, and compares them.

use std::rc::Rc;

use crate::error::Result;
use crate::read::ReadAt;
use crate::signature::SignatureReader;

/// The sets of the records of all partitions.
pub(crate) struct Sets<'a, 'f, F: ?Sized> {
    partitions: &'a [SignatureReader<'f, F>],
    /// The ordinal of the first record of each partition.
    firsts: Vec<u64>,
    /// Scratch memory.
    bytes: Vec<u8>,
}

impl<'a, 'f, F: ReadAt + ?Sized> Sets<'a, 'f, F> {
    pub(crate) fn new(partitions: &'a [SignatureReader<'f, F>]) -> Self {
        let mut next = 0;
        let first = |partition: &SignatureReader<'_, F>| {
            next += partition.rows();
            next - partition.rows()
        };
        Self {
            partitions,
            firsts: partitions.iter().map(first).collect(),
            bytes: Vec::new(),
        }
    }

    /// Reads the set of a record.
    pub(crate) fn read(&mut self, ordinal: u64) -> Result<Rc<[u32]>> {
        let (partition, row) = self.place(ordinal);
        let mut set = Vec::new();
        partition.set(row, &mut self.bytes, &mut set)?;
        Ok(set.into())
    }

    /// Reads a key of a record.
    pub(crate) fn key(&self, column: u32, ordinal: u64) -> Result<u64> {
        let (partition, row) = self.place(ordinal);
        partition.key(column, row)
    }

    /// Returns the partition of a record, and its row there. Partitions without rows have no records.
    fn place(&self, ordinal: u64) -> (&'a SignatureReader<'f, F>, u64) {
        let at = self.firsts.partition_point(|first| *first <= ordinal) - 1;
        (&self.partitions[at], ordinal - self.firsts[at])
    }
}

/// Returns the size of the intersection as a share of the union, if it is at least `threshold`. Two empty sets are the same.
pub(crate) fn similarity(one: &[u32], other: &[u32], threshold: f64) -> Option<f64> {
    let all = one.len() + other.len();
    if all == 0 {
        return Some(1.0);
    }
    let share = |common: usize| common as f64 / (all - common) as f64;
    // A hash that only one set has cannot be shared any more, so most pairs are given up early.
    let (mut a, mut b, mut common, mut lacking) = (0, 0, 0, 0);
    let most_lacking = most_lacking(all, threshold);
    while let (Some(first), Some(second)) = (one.get(a), other.get(b)) {
        match first.cmp(second) {
            std::cmp::Ordering::Equal => {
                (a, b, common) = (a + 1, b + 1, common + 1);
                continue;
            }
            std::cmp::Ordering::Less => a += 1,
            std::cmp::Ordering::Greater => b += 1,
        }
        lacking += 1;
        if lacking > most_lacking {
            return None;
        }
    }
    Some(share(common)).filter(|share| *share >= threshold)
}

/// Returns the number of hashes that only one of the sets may have, at most. It is larger by one if rounding makes it uncertain.
fn most_lacking(all: usize, threshold: f64) -> usize {
    // `common / (all - common) >= threshold`, and `all - 2 * common` hashes are in only one set.
    let share = (1.0 - threshold) / (1.0 + threshold);
    (all as f64 * share) as usize + 1
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn giving_up_early_changes_nothing(
            one in prop::collection::btree_set(0u32..60, 0..60),
            other in prop::collection::btree_set(0u32..60, 0..60),
            threshold in 0.0f64..1.0,
            exact in any::<bool>(),
        ) {
            let common = one.intersection(&other).count();
            let either = one.union(&other).count();
            let share = if either == 0 { 1.0 } else { common as f64 / either as f64 };
            let threshold = if exact { share } else { threshold };
            let list = |set: &BTreeSet<u32>| set.iter().copied().collect::<Vec<_>>();
            let found = similarity(&list(&one), &list(&other), threshold);
            prop_assert_eq!(found, Some(share).filter(|share| *share >= threshold));
        }
    }
}
