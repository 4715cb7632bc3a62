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
/// Sequences from this length on are cut into parts that are counted one by one, so that the tables stay in the cache and
/// places fit 16 bits.
const LARGE: usize = u16::MAX as usize;
/// About how many hashes a part has.
const PART: usize = 1 << 14;
/// An odd number whose powers give each round other slots.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of hashes that is still to be computed.
pub(super) trait HashSequence {
    /// How many hashes there will be at most.
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

/// What a sequence of hashes is made of, with the memory to find out, which is used again for the next sequence.
///
/// Equal hashes count as equal n-grams. Nothing is seeded by chance: the same sequence gives the same tally.
#[derive(Clone, Debug, Default)]
pub(super) struct NgramTally {
    total: u64,
    distinct: u64,
    once: u64,
    /// The counts of the hashes that occur more than once.
    repeated: Vec<u32>,
    // From here on, memory of which more may be there than is in use.
    hashes: Vec<u64>,
    /// The hashes of a large sequence, part by part.
    parts: Vec<u64>,
    /// The hashes set aside by the last round, and by the one before.
    aside: [Vec<u64>; 2],
    table: Table,
}

impl NgramTally {
    /// Takes the tally of the hashes of `source`.
    pub(super) fn count(&mut self, source: impl HashSequence) {
        self.begin(0, []);
        self.add(source);
    }

    /// Begins with `distinct` n-grams, of which some occur more than once, as often as `repeated` says.
    pub(super) fn begin(&mut self, distinct: u64, repeated: impl IntoIterator<Item = u32>) {
        self.repeated.clear();
        self.repeated.extend(repeated);
        self.distinct = distinct;
        self.once = distinct - self.repeated.len() as u64;
        let repeated = self.repeated.iter().map(|&count| u64::from(count));
        self.total = self.once + repeated.sum::<u64>();
    }

    /// Adds the hashes of `source`, none of which has been counted.
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
            // Where the part starts; filling the part moves it to its end.
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
                // One n-gram makes up a great part of the text.
                self.add_sorted(part);
            }
            start = end;
        }
        self.parts = parts;
    }

    /// Counts `hashes`, which have taken their slots for the first of the rounds.
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

    /// Adds the first `len` counts of the table; those of places where no owner stands are zero.
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
    /// By slot, the place of its owner. Never cleared: a slot that is read was written before in the same round.
    owners: Vec<u16>,
    /// By place, how often the owner that stands there occurs; zero where none stands.
    counts: Vec<u16>,
    /// How far the slot of a hash is to be shifted down.
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

    /// Counts the owners into `counts`, and moves the hashes that are none to `aside`; gives the number of these.
    fn settle(&mut self, hashes: &[u64], round: u32, aside: &mut Vec<u64>) -> usize {
        let spread = SPREAD.wrapping_pow(round);
        // The first round is most of the work, and needs no multiplication.
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

    /// The slots for so many hashes, and how far a hash is to be shifted down to give its slot.
    fn slots(&mut self, hashes: usize) -> (&mut [u16], u32) {
        let size = (hashes * SLOTS_PER_HASH).next_power_of_two().max(2);
        self.shift = 64 - size.trailing_zeros();
        (sized(&mut self.owners, size), self.shift)
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

    /// Hashes of which there could have been more.
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
        // 200,000 hashes: 60,000 of one, 100 of each of 500, and 90,000 that occur once.
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
