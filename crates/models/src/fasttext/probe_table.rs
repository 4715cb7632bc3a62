//! A hash table from numbers to numbers, for keys that come from a file.

use crate::Fault;

/// The number of adjacent keys above which a file must have been made to be slow.
const LONGEST_RUN: usize = 1024;
const FREE: u32 = u32::MAX;

/// Pairs of a key and a value below 2^32 - 1. Keys may occur more than once.
#[derive(Debug)]
pub(super) struct ProbeTable {
    /// The slots, at most half of which are taken. Their number is a power of two.
    slots: Vec<(u32, u32)>,
    shift: u32,
}

impl ProbeTable {
    /// Returns a table for this number of pairs.
    pub(super) fn with_room(pairs: usize) -> Self {
        let slots = (2 * pairs).next_power_of_two().max(2);
        Self {
            slots: vec![(0, FREE); slots],
            shift: 64 - slots.trailing_zeros(),
        }
    }

    /// Adds a pair after those with the same key.
    ///
    /// # Errors
    /// [`Fault::Damaged`] if the keys were chosen to make searches slow.
    pub(super) fn insert(&mut self, key: u32, value: u32) -> Result<(), Fault> {
        let free = self.places(key).find(|&place| self.slots[place].1 == FREE);
        let free =
            free.ok_or_else(|| Fault::damaged("its keys are not those of any trained model"))?;
        self.slots[free] = (key, value);
        Ok(())
    }

    /// Returns the values of a key, in the order in which they were added.
    #[inline]
    pub(super) fn values(&self, key: u32) -> impl Iterator<Item = u32> + '_ {
        self.places(key)
            .map(|place| self.slots[place])
            .take_while(|(_, value)| *value != FREE)
            .filter(move |(other, _)| *other == key)
            .map(|(_, value)| value)
    }

    /// Returns the slots where a key may be.
    #[inline]
    fn places(&self, key: u32) -> impl Iterator<Item = usize> + use<> {
        let mask = self.slots.len() - 1;
        // The upper bits of the product depend on all bits of the key.
        let first = (u64::from(key).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize;
        (0..LONGEST_RUN.min(self.slots.len())).map(move |step| (first + step) & mask)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_too_many_alike_are_refused() {
        let mut table = ProbeTable::with_room(3000);
        for key in 0..1500 {
            table.insert(key * 7, key).unwrap();
        }
        table.insert(7, 99).unwrap();
        for key in 2..1500 {
            assert_eq!(table.values(key * 7).collect::<Vec<_>>(), [key]);
            assert_eq!(table.values(key * 7 + 1).count(), 0);
        }
        assert_eq!(table.values(7).collect::<Vec<_>>(), [1, 99]);
        let many = (0..1499).try_for_each(|value| table.insert(3, value));
        assert!(many.is_err());
    }
}
