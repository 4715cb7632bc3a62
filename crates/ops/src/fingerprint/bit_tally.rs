//! Counts, for each of 64 bits, the words in which it is set.
//!
//! The 64 counters are stored by planes: plane `k` has bit `k` of all of them. Adding a word then needs no carries between bits,
//! and carry-save adders take sixteen words at a time.

/// The number of times that each bit was set.
#[derive(Clone, Debug)]
pub(super) struct BitTally {
    planes: [u64; 64],
    words: u64,
}

impl BitTally {
    pub(super) fn new() -> Self {
        Self {
            planes: [0; 64],
            words: 0,
        }
    }

    /// Counts the bits of `words`.
    pub(super) fn add(&mut self, words: &[u64]) {
        self.words += words.len() as u64;
        let (groups, rest) = words.as_chunks::<16>();
        for group in groups {
            self.add_sixteen(*group);
        }
        for &word in rest {
            self.carry(0, word);
        }
    }

    /// Returns the number of words that were added.
    pub(super) fn words(&self) -> u64 {
        self.words
    }

    /// Returns the bits that are set in more than half of the words.
    pub(super) fn majority(&self) -> u64 {
        let half = self.words / 2;
        let (mut greater, mut equal) = (0, u64::MAX);
        for (k, plane) in self.planes.iter().enumerate().rev() {
            // Compares bit k of all counters with bit k of the half, the highest bits first.
            if half >> k & 1 == 0 {
                greater |= equal & plane;
                equal &= !plane;
            } else {
                equal &= plane;
            }
        }
        greater
    }

    fn add_sixteen(&mut self, mut words: [u64; 16]) {
        for (level, plane) in self.planes[..4].iter_mut().enumerate() {
            for pair in 0..8 >> level {
                let (sum, carry) = add_three(*plane, words[2 * pair], words[2 * pair + 1]);
                *plane = sum;
                words[pair] = carry;
            }
        }
        self.carry(4, words[0]);
    }

    /// Adds `word` to the planes from `first` on.
    fn carry(&mut self, first: usize, word: u64) {
        let mut carry = word;
        for plane in &mut self.planes[first..] {
            if carry == 0 {
                return;
            }
            (*plane, carry) = (*plane ^ carry, *plane & carry);
        }
    }
}

/// Adds three one-bit numbers, 64 times in parallel, and returns the bits of the sums and the carries.
#[inline(always)]
fn add_three(a: u64, b: u64, c: u64) -> (u64, u64) {
    let half = a ^ b;
    (half ^ c, (a & b) | (half & c))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn plain_majority(words: &[u64]) -> u64 {
        (0..64)
            .filter(|bit| {
                2 * words.iter().filter(|&&word| word >> bit & 1 == 1).count() > words.len()
            })
            .fold(0, |all, bit| all | 1 << bit)
    }

    proptest! {
        #[test]
        fn majority_agrees_with_counting(words in proptest::collection::vec(any::<u64>(), 0..200), split in 0usize..200) {
            let (first, second) = words.split_at(split.min(words.len()));
            let mut tally = BitTally::new();
            tally.add(first);
            tally.add(second);
            prop_assert_eq!(tally.words(), words.len() as u64);
            prop_assert_eq!(tally.majority(), plain_majority(&words));
        }
    }

    #[test]
    fn half_is_not_a_majority() {
        for count in [2, 16, 32, 100] {
            let mut tally = BitTally::new();
            tally.add(&vec![u64::MAX; count / 2]);
            tally.add(&vec![0; count / 2]);
            assert_eq!(tally.majority(), 0);
            tally.add(&[u64::MAX]);
            assert_eq!(tally.majority(), u64::MAX);
        }
    }
}
