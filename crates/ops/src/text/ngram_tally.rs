//! Counts how often the hashes of a sequence occur, without branches that depend on the hashes.
//!
//! Whether the next n-gram of a text is new can hardly be foretold, and a branch foretold wrongly costs more than all
//! else here. So every hash writes its place into one slot of a table, and the one that comes last to a slot owns it.
//! Then all occurrences of an owner are counted by arithmetic. A hash whose slot is owned by another is set aside, with
//! all its occurrences, for another round with other bits of the hash as the slot; the few that are left after some
//! rounds are sorted.

/// Slots of the table for each hash, at least: more of them set fewer hashes aside and use more cache.
const SLOTS_PER_HASH: usize = 2;
/// How many rounds there are before the rest is sorted.
const ROUNDS: u32 = 3;
/// So few hashes are sorted at once.
const FEW: usize = 32;
/// An odd number whose powers give each round other slots.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of hashes that is still to be computed.
pub(super) trait Source {
    /// How many hashes there will be at most.
    fn most(&self) -> usize;
    /// Gives all hashes to `collector`. They should be uniform in their upper bits.
    fn fill<P: Place>(self, collector: &mut Collector<'_, P>);
}

/// What a sequence of hashes is made of, with the memory to find out, which is used again for the next sequence.
///
/// Equal hashes count as equal n-grams. Nothing is seeded by chance: the same sequence gives the same tally.
#[derive(Debug, Default)]
pub(super) struct NgramTally {
    total: u64,
    distinct: u64,
    once: u64,
    /// The memory for sequences shorter than 2^16: half the cache for most texts.
    small: Table<u16>,
    large: Table<u32>,
    hashes: Vec<u64>,
    /// The hashes set aside by the last round, and by the one before; longer than what is used.
    aside: [Vec<u64>; 2],
    /// The counts of the hashes that occur more than once.
    repeated: Vec<u32>,
}

impl NgramTally {
    /// Takes the tally of the hashes of `source`.
    pub(super) fn count(&mut self, source: impl Source) {
        self.distinct = 0;
        self.once = 0;
        self.repeated.clear();
        if source.most() < usize::from(u16::MAX) {
            self.count_in(|tally| &mut tally.small, source);
        } else {
            self.count_in(|tally| &mut tally.large, source);
        }
    }

    fn count_in<P: Place>(&mut self, table: impl Fn(&mut Self) -> &mut Table<P>, source: impl Source) {
        let mut hashes = std::mem::take(&mut self.hashes);
        let [mut aside, mut before] = std::mem::take(&mut self.aside);
        let mut memory = std::mem::take(table(self));

        let mut len = memory.collect(source, &mut hashes);
        self.total = len as u64;
        let mut left = memory.settle(&hashes[..len], 0, &mut aside);
        self.add(&memory.counts[..len]);
        for round in 1..ROUNDS {
            if left <= FEW {
                break;
            }
            std::mem::swap(&mut aside, &mut before);
            len = left;
            memory.own(&before[..len], round);
            left = memory.settle(&before[..len], round, &mut aside);
            self.add(&memory.counts[..len]);
        }
        self.add_sorted(&mut aside[..left]);

        *table(self) = memory;
        self.aside = [aside, before];
        self.hashes = hashes;
    }

    /// Adds the counts of a round; those of places where no owner stands are zero.
    fn add<P: Place>(&mut self, counts: &[P]) {
        for chunk in counts.chunks(64) {
            let owned = chunk.iter().fold(0u8, |sum, count| sum + u8::from(count.get() != 0));
            let single = chunk.iter().fold(0u8, |sum, count| sum + u8::from(count.get() == 1));
            self.distinct += u64::from(owned);
            self.once += u64::from(single);
            if owned != single {
                let mut repeated = [0u32; 64];
                let mut len = 0;
                for count in chunk {
                    // The length is 64 at the very end, if at all.
                    repeated[len & 63] = count.get() as u32;
                    len += usize::from(count.get() > 1);
                }
                self.repeated.extend_from_slice(&repeated[..len]);
            }
        }
    }

    /// Counts the hashes that are left.
    fn add_sorted(&mut self, hashes: &mut [u64]) {
        hashes.sort_unstable();
        for equal in hashes.chunk_by(|a, b| a == b) {
            self.distinct += 1;
            if equal.len() == 1 {
                self.once += 1;
            } else {
                self.repeated.push(equal.len() as u32);
            }
        }
    }

    /// The length of the sequence.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// How many different hashes there are.
    pub(super) fn distinct(&self) -> u64 {
        self.distinct
    }

    /// How many hashes occur once.
    pub(super) fn once(&self) -> u64 {
        self.once
    }

    /// The sum of the `top` highest counts among the hashes that occur more than once (of all, if there are fewer).
    pub(super) fn sum_of_highest(&mut self, top: u64) -> u64 {
        let top = usize::try_from(top).unwrap_or(usize::MAX);
        if top == 0 {
            return 0;
        }
        if top >= self.repeated.len() {
            return self.total - self.once;
        }
        // The order of the counts is of no use to anyone, so they may be moved about.
        self.repeated.select_nth_unstable_by(top - 1, |a, b| b.cmp(a));
        self.repeated[..top].iter().map(|&count| u64::from(count)).sum()
    }
}

/// Takes the hashes of a [`Source`].
pub(super) struct Collector<'a, P> {
    hashes: &'a mut [u64],
    owners: &'a mut [P],
    shift: u32,
    len: usize,
}

impl<P: Place> Collector<'_, P> {
    /// Takes the next hashes.
    #[inline(always)]
    pub(super) fn extend(&mut self, hashes: impl Iterator<Item = u64>) {
        let mut place = self.len;
        for (entry, hash) in self.hashes[self.len..].iter_mut().zip(hashes) {
            *entry = hash;
            self.owners[(hash >> self.shift) as usize] = P::of(place);
            place += 1;
        }
        self.len = place;
    }
}

/// The memory of a round.
#[derive(Debug, Default)]
struct Table<P> {
    /// By slot, the place of its owner. Never cleared: a slot that is read was written before in the same round.
    owners: Vec<P>,
    /// By place, how often the owner that stands there occurs; zero where none stands.
    counts: Vec<P>,
    /// How far the slot of a hash is to be shifted down.
    shift: u32,
}

impl<P: Place> Table<P> {
    /// Fills `hashes` from `source`, while each hash takes its slot; gives their number.
    fn collect(&mut self, source: impl Source, hashes: &mut Vec<u64>) -> usize {
        let most = source.most();
        let hashes = sized(hashes, most);
        let (owners, shift) = self.slots(most);
        let mut collector = Collector { hashes, owners, shift, len: 0 };
        source.fill(&mut collector);
        collector.len
    }

    /// Lets each hash take its slot.
    fn own(&mut self, hashes: &[u64], round: u32) {
        let spread = SPREAD.wrapping_pow(round);
        let (owners, shift) = self.slots(hashes.len());
        for (place, &hash) in hashes.iter().enumerate() {
            owners[(hash.wrapping_mul(spread) >> shift) as usize] = P::of(place);
        }
    }

    /// Counts the owners into `counts`, and moves the hashes that are none to `aside`; gives the number of these.
    fn settle(&mut self, hashes: &[u64], round: u32, aside: &mut Vec<u64>) -> usize {
        let spread = SPREAD.wrapping_pow(round);
        let counts = sized(&mut self.counts, hashes.len());
        counts.fill(P::default());
        let aside = sized(aside, hashes.len());
        let (owners, shift) = (&self.owners[..], self.shift);
        let mut len = 0;
        for &hash in hashes {
            let owner = owners[(hash.wrapping_mul(spread) >> shift) as usize].get();
            let is_owner = hashes[owner] == hash;
            counts[owner] = P::of(counts[owner].get() + usize::from(is_owner));
            aside[len] = hash;
            len += usize::from(!is_owner);
        }
        len
    }

    /// The slots for so many hashes.
    fn slots(&mut self, hashes: usize) -> (&mut [P], u32) {
        let size = (hashes * SLOTS_PER_HASH).next_power_of_two().max(2);
        self.shift = 64 - size.trailing_zeros();
        (sized(&mut self.owners, size), self.shift)
    }
}

/// A place in a sequence or a count of its entries, as narrow as its length allows.
pub(super) trait Place: Copy + Default {
    fn get(self) -> usize;
    fn of(place: usize) -> Self;
}

impl Place for u16 {
    #[inline(always)]
    fn get(self) -> usize {
        usize::from(self)
    }
    #[inline(always)]
    fn of(place: usize) -> Self {
        place as u16
    }
}

impl Place for u32 {
    #[inline(always)]
    fn get(self) -> usize {
        self as usize
    }
    #[inline(always)]
    fn of(place: usize) -> Self {
        place as u32
    }
}

/// The first `len` entries, whatever they hold.
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

    impl Source for &[u64] {
        fn most(&self) -> usize {
            self.len() + 3
        }
        fn fill<P: Place>(self, collector: &mut Collector<'_, P>) {
            collector.extend(self.iter().copied());
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
                tally.count(&hashes[..]);
                prop_assert_eq!(tally.total(), hashes.len() as u64);
                prop_assert_eq!(tally.distinct(), counts.len() as u64);
                prop_assert_eq!(tally.once(), counts.values().filter(|&&count| count == 1).count() as u64);
                prop_assert_eq!(tally.sum_of_highest(top), sorted.iter().take(top as usize).sum::<u64>());
            }
        }
    }
}
