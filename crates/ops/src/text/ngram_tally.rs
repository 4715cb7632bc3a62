//! Counts how often the hashes of a sequence occur, without branches that depend on the hashes.
//!
//! It is hard to predict whether the next n-gram of a text is new, and a mispredicted branch costs more than everything else here.
//! So every hash writes its position into one slot of a table, and the last hash that comes to a slot owns it. Then all occurrences
//! of an owner are counted by arithmetic. A hash whose slot has another owner is set aside, with all its occurrences, for another
//! round that uses other bits of the hash as the slot. The few that are left after some rounds are sorted.

/// The number of slots of the table for each hash, at least. With more slots, fewer hashes are set aside, but more cache is used.
const SLOTS_PER_HASH: usize = 2;
/// The number of rounds before the rest is sorted.
const ROUNDS: u32 = 3;
/// The number of hashes up to which they are sorted at once.
const FEW: usize = 32;
/// The length from which sequences are cut into parts that are counted one by one, so that the tables stay in the cache and
/// positions fit in 16 bits.
const LARGE: usize = u16::MAX as usize;
/// The approximate number of hashes in a part.
const PART: usize = 1 << 14;
/// An odd number whose powers give each round different slots.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of hashes that have yet to be computed.
pub(super) trait HashSequence {
    /// Returns the number of hashes, at most.
    fn most(&self) -> usize;
    /// Gives all hashes to `collector`. They should be uniform in their upper bits.
    fn fill(self, collector: &mut Collector<'_>);
}

impl HashSequence for &[u64] {
    fn most(&self) -> usize {
        self.len()
    }

    fn fill(self, collector: &mut Collector<'_>) {
        collector.extend(self.iter().copied());
    }
}

/// The counts of the hashes in a sequence. The memory is reused for the next sequence.
///
/// Equal hashes count as equal n-grams. There are no random seeds, so the same sequence gives the same tally.
#[derive(Clone, Debug, Default)]
pub(super) struct NgramTally {
    total: u64,
    distinct: u64,
    once: u64,
    /// The counts of the hashes that occur more than once.
    repeated: Vec<u32>,
    // The fields from here on are memory that may be larger than the part in use.
    hashes: Vec<u64>,
    /// The hashes of a large sequence, part by part.
    parts: Vec<u64>,
    /// The hashes set aside by the last round, and by the one before.
    aside: [Vec<u64>; 2],
    table: Table,
}

impl NgramTally {
    /// Counts the hashes of `source`.
    pub(super) fn count(&mut self, source: impl HashSequence) {
        self.begin(0, []);
        self.add(source);
    }

    /// Begins with `distinct` n-grams. `repeated` has the counts of those that occur more than once.
    pub(super) fn begin(&mut self, distinct: u64, repeated: impl IntoIterator<Item = u32>) {
        self.repeated.clear();
        self.repeated.extend(repeated);
        self.distinct = distinct;
        self.once = distinct - self.repeated.len() as u64;
        let repeated = self.repeated.iter().map(|&count| u64::from(count));
        self.total = self.once + repeated.sum::<u64>();
    }

    /// Adds the hashes of `source`, none of which have been counted yet.
    pub(super) fn add(&mut self, source: impl HashSequence) {
        let mut hashes = std::mem::take(&mut self.hashes);
        let most = source.most();
        let is_large = most >= LARGE;
        let (owners, shift) = self.table.slots(if is_large { 1 } else { most });
        let mut collector = Collector {
            hashes: sized(&mut hashes, most),
            owners,
            shift,
            len: 0,
        };
        source.fill(&mut collector);
        let len = collector.len;
        self.total += len as u64;
        if is_large {
            self.count_parts(&hashes[..len]);
        } else {
            self.count_rounds(&hashes[..len], 0);
        }
        self.hashes = hashes;
    }

    /// Cuts `hashes` into parts by their upper bits, and counts each.
    fn count_parts(&mut self, hashes: &[u64]) {
        let count = (hashes.len() / PART).next_power_of_two().max(2);
        let shift = 64 - count.trailing_zeros();
        let mut ends = vec![0; count];
        hashes
            .iter()
            .for_each(|hash| ends[(hash >> shift) as usize] += 1);
        let mut sum = 0;
        for end in &mut ends {
            // The start of the part. Filling the part moves it to the end.
            sum += std::mem::replace(end, sum);
        }
        let mut parts = std::mem::take(&mut self.parts);
        sized(&mut parts, hashes.len());
        for &hash in hashes {
            let end = &mut ends[(hash >> shift) as usize];
            parts[*end] = hash;
            *end += 1;
        }
        let mut start = 0;
        for end in ends {
            let part = &mut parts[start..end];
            if part.len() < LARGE {
                self.table.own(part, 1);
                self.count_rounds(part, 1);
            } else {
                // One n-gram makes up a large part of the text.
                self.add_sorted(part);
            }
            start = end;
        }
        self.parts = parts;
    }

    /// Counts `hashes`, which have taken their slots for the first round.
    fn count_rounds(&mut self, hashes: &[u64], first: u32) {
        let [mut aside, mut before] = std::mem::take(&mut self.aside);
        let mut left = self.table.settle(hashes, first, &mut aside);
        self.add_counts(hashes.len());
        for round in first + 1..first + ROUNDS {
            if left <= FEW {
                break;
            }
            std::mem::swap(&mut aside, &mut before);
            let hashes = &before[..left];
            self.table.own(hashes, round);
            left = self.table.settle(hashes, round, &mut aside);
            self.add_counts(hashes.len());
        }
        self.add_sorted(&mut aside[..left]);
        self.aside = [aside, before];
    }

    /// Adds the first `len` counts of the table. Positions without an owner have zero.
    fn add_counts(&mut self, len: usize) {
        for chunk in self.table.counts[..len].chunks(64) {
            let owned = chunk
                .iter()
                .fold(0u8, |sum, &count| sum + u8::from(count != 0));
            let single = chunk
                .iter()
                .fold(0u8, |sum, &count| sum + u8::from(count == 1));
            self.distinct += u64::from(owned);
            self.once += u64::from(single);
            if owned != single {
                let mut repeated = [0u32; 64];
                let mut len = 0;
                for &count in chunk {
                    // The length is 64 at the very end, if at all.
                    repeated[len & 63] = u32::from(count);
                    len += usize::from(count > 1);
                }
                self.repeated.extend_from_slice(&repeated[..len]);
            }
        }
    }

    /// Counts hashes by sorting them.
    fn add_sorted(&mut self, hashes: &mut [u64]) {
        hashes.sort_unstable();
        for equal in hashes.chunk_by(|a, b| a == b) {
            self.distinct += 1;
            if equal.len() == 1 {
                self.once += 1;
            } else {
                self.repeated
                    .push(u32::try_from(equal.len()).unwrap_or(u32::MAX));
            }
        }
    }

    /// Returns the length of the sequence.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Returns the number of different hashes.
    pub(super) fn distinct(&self) -> u64 {
        self.distinct
    }

    /// Returns the number of hashes that occur once.
    pub(super) fn once(&self) -> u64 {
        self.once
    }

    /// Returns the sum of the `top` highest counts among the hashes that occur more than once (of all, if there are fewer).
    pub(super) fn sum_of_highest(&mut self, top: u64) -> u64 {
        let top = usize::try_from(top).unwrap_or(usize::MAX);
        if top == 0 {
            return 0;
        }
        if top >= self.repeated.len() {
            return self.total - self.once;
        }
        // Nothing depends on the order of the counts, so they may be moved.
        self.repeated
            .select_nth_unstable_by(top - 1, |a, b| b.cmp(a));
        self.repeated[..top]
            .iter()
            .map(|&count| u64::from(count))
            .sum()
    }
}

/// Takes the hashes of a [`HashSequence`].
pub(super) struct Collector<'a> {
    hashes: &'a mut [u64],
    owners: &'a mut [u16],
    shift: u32,
    len: usize,
}

impl Collector<'_> {
    /// Takes the next hashes.
    #[inline(always)]
    pub(super) fn extend(&mut self, hashes: impl Iterator<Item = u64>) {
        let mut place = self.len;
        for (entry, hash) in self.hashes[self.len..].iter_mut().zip(hashes) {
            *entry = hash;
            self.owners[(hash >> self.shift) as usize] = place as u16;
            place += 1;
        }
        self.len = place;
    }
}

/// The memory of a round.
#[derive(Clone, Debug, Default)]
struct Table {
    /// The position of each slot's owner. It is never cleared: every slot that is read was written earlier in the same round.
    owners: Vec<u16>,
    /// The count of the owner at each position; zero if there is no owner there.
    counts: Vec<u16>,
    /// The number of bits by which a hash is shifted down to give its slot.
    shift: u32,
}

impl Table {
    /// Lets each hash take its slot.
    fn own(&mut self, hashes: &[u64], round: u32) {
        let spread = SPREAD.wrapping_pow(round);
        let (owners, shift) = self.slots(hashes.len());
        for (place, &hash) in hashes.iter().enumerate() {
            owners[(hash.wrapping_mul(spread) >> shift) as usize] = place as u16;
        }
    }

    /// Counts the owners into `counts`, and moves all other hashes to `aside`. Returns the number of hashes that were set aside.
    fn settle(&mut self, hashes: &[u64], round: u32, aside: &mut Vec<u64>) -> usize {
        let spread = SPREAD.wrapping_pow(round);
        // The first round is most of the work and needs no multiplication.
        if round == 0 {
            self.settle_by(hashes, aside, |hash| hash)
        } else {
            self.settle_by(hashes, aside, |hash| hash.wrapping_mul(spread))
        }
    }

    #[inline(always)]
    fn settle_by(
        &mut self,
        hashes: &[u64],
        aside: &mut Vec<u64>,
        spread: impl Fn(u64) -> u64,
    ) -> usize {
        let counts = sized(&mut self.counts, hashes.len());
        counts.fill(0);
        let aside = sized(aside, hashes.len());
        let (owners, shift) = (&self.owners[..], self.shift);
        let mut len = 0;
        for &hash in hashes {
            let owner = usize::from(owners[(spread(hash) >> shift) as usize]);
            let is_owner = u16::from(hashes[owner] == hash);
            counts[owner] += is_owner;
            aside[len] = hash;
            len += 1 - usize::from(is_owner);
        }
        len
    }

    /// Returns slots for this number of hashes, and the number of bits by which a hash is shifted down to give its slot.
    fn slots(&mut self, hashes: usize) -> (&mut [u16], u32) {
        let size = (hashes * SLOTS_PER_HASH).next_power_of_two().max(2);
        self.shift = 64 - size.trailing_zeros();
        (sized(&mut self.owners, size), self.shift)
    }
}

/// Returns the first `len` entries, whatever they hold.
fn sized<T: Copy + Default>(entries: &mut Vec<T>, len: usize) -> &mut [T] {
    if entries.len() < len {
        entries.resize(len, T::default());
    }
    &mut entries[..len]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashMap;

    /// Hashes whose number may be smaller than announced.
    struct Fewer<'a>(&'a [u64]);

    impl HashSequence for Fewer<'_> {
        fn most(&self) -> usize {
            self.0.len() + 3
        }

        fn fill(self, collector: &mut Collector<'_>) {
            self.0.fill(collector);
        }
    }

    proptest! {
        #[test]
        fn agrees_with_a_plain_count(
            sequences in proptest::collection::vec(
                proptest::collection::vec(prop_oneof![0u64..8, (0u64..40).prop_map(|i| i.wrapping_mul(0x9E37_79B9_7F4A_7C15)), any::<u64>()], 0..400),
                1..4,
            ),
            top in 0u64..20,
        ) {
            let mut tally = NgramTally::default();
            for hashes in sequences {
                let mut counts = HashMap::<u64, u64>::new();
                for &hash in &hashes {
                    *counts.entry(hash).or_default() += 1;
                }
                let mut sorted: Vec<u64> = counts.values().copied().filter(|&count| count > 1).collect();
                sorted.sort_unstable_by(|a, b| b.cmp(a));
                tally.count(Fewer(&hashes));
                prop_assert_eq!(tally.total(), hashes.len() as u64);
                prop_assert_eq!(tally.distinct(), counts.len() as u64);
                prop_assert_eq!(tally.once(), counts.values().filter(|&&count| count == 1).count() as u64);
                prop_assert_eq!(tally.sum_of_highest(top), sorted.iter().take(top as usize).sum::<u64>());
            }
        }
    }

    #[test]
    fn large_sequences_are_counted_in_parts() {
        let spread = |number: u64| number.wrapping_mul(SPREAD);
        // 200,000 hashes: 60,000 of one, 100 each of 500, and 90,000 that occur once.
        let many = std::iter::repeat_n(spread(1), 60_000);
        let some = (0..50_000).map(|i| spread(1_000 + i % 500));
        let hashes: Vec<u64> = many
            .chain(some)
            .chain((0..90_000).map(|i| spread(10_000 + i)))
            .collect();
        let mut tally = NgramTally::default();
        tally.count(&hashes[..]);
        assert_eq!(
            (tally.total(), tally.distinct(), tally.once()),
            (200_000, 90_501, 90_000)
        );
        assert_eq!(tally.sum_of_highest(3), 60_200);
        tally.count(&vec![spread(7); 100_000][..]);
        assert_eq!(
            (tally.total(), tally.distinct(), tally.once()),
            (100_000, 1, 0)
        );
    }
}
