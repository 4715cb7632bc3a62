//! The ranks of pairs of tokens.

/// Finds the ranks of pairs.
///
/// Most of the time for a new word is spent on waiting for memory, and on unpredictable branches, because half of the pairs that
/// are looked up have no rank. So a pair and its rank share one number, and no two pairs have the same place. Pairs are put into
/// buckets, and each bucket is displaced so that its pairs get free places.
#[derive(Debug)]
pub(super) struct RankTable {
    /// The entries, each a pair with its rank, or [`EMPTY`]. Their number is a power of two.
    entries: Vec<u64>,
    /// The displacements of the pairs of each bucket.
    moves: Vec<u16>,
    /// The shift that reduces a hash to a bucket.
    shift: u32,
    seed: u64,
}

/// A rank that no pair has.
pub(super) const NO_RANK: u32 = u32::MAX;

const TOKEN_BITS: u32 = 21;
/// The number of bits of a rank, at most.
pub(super) const RANK_BITS: u32 = 64 - 2 * TOKEN_BITS;

/// An empty entry. Every pair is a smaller number, because tokens are.
const EMPTY: u64 = u64::MAX;
const MAX_TOKEN: u32 = (1 << TOKEN_BITS) - 2;

/// The approximate number of pairs per bucket. More would need less memory, but more attempts.
const PAIRS_OF_BUCKET: usize = 4;
/// The number of seeds to try. One is enough, except for pairs that were made to need more.
const SEEDS: u64 = 32;

impl RankTable {
    /// Takes the pairs, the first of which has rank 0. Returns `None` if their tokens or ranks have too many bits.
    pub(super) fn new(pairs: impl Iterator<Item = (u32, u32)>) -> Option<Self> {
        let is_small = |left: u32, right: u32| left.max(right) <= MAX_TOKEN;
        let ranked = (0_u64..).zip(pairs).map(|(rank, (left, right))| {
            let fits = is_small(left, right) && rank >> RANK_BITS == 0;
            fits.then_some(pair(left, right) << RANK_BITS | rank)
        });
        let mut entries: Vec<u64> = ranked.collect::<Option<_>>()?;
        // If a pair occurs twice, the later one counts.
        entries.sort_unstable_by_key(|entry| !entry);
        entries.dedup_by_key(|entry| *entry >> RANK_BITS);
        (0..SEEDS).find_map(|seed| Self::with_seed(&entries, seed))
    }

    /// Finds places for all entries; `None` if two of a bucket need the same one.
    fn with_seed(entries: &[u64], seed: u64) -> Option<Self> {
        let size = (entries.len() * 5 / 4 + 2).next_power_of_two();
        let buckets = (entries.len() / PAIRS_OF_BUCKET + 2).next_power_of_two();
        let mut table = Self {
            entries: vec![EMPTY; size],
            moves: vec![0; buckets],
            shift: u64::BITS - buckets.ilog2(),
            seed,
        };
        let mut hashed: Vec<(usize, u64, u64)> = entries
            .iter()
            .map(|&entry| {
                let hash = table.hash(entry >> RANK_BITS);
                (table.bucket(hash), hash, entry)
            })
            .collect();
        hashed.sort_unstable();
        // Large buckets come first, as long as there is much free space.
        let mut by_bucket: Vec<_> = hashed.chunk_by(|one, other| one.0 == other.0).collect();
        by_bucket.sort_by_key(|bucket| std::cmp::Reverse(bucket.len()));
        for bucket in by_bucket {
            let fits = |moved: &u16| {
                let mut places = bucket.iter().map(|(_, hash, _)| table.place(*hash, *moved));
                places.all(|place| table.entries[place] == EMPTY)
            };
            let moved = (0..=u16::MAX).find(fits)?;
            for &(number, hash, entry) in bucket {
                let place = table.place(hash, moved);
                if table.entries[place] != EMPTY {
                    return None;
                }
                table.entries[place] = entry;
                table.moves[number] = moved;
            }
        }
        Some(table)
    }

    /// Returns the rank of a pair, or [`NO_RANK`] if it has none.
    #[inline]
    pub(super) fn get(&self, left: u32, right: u32) -> u32 {
        let pair = pair(left, right);
        let hash = self.hash(pair);
        let entry = self.entries[self.place(hash, self.moves[self.bucket(hash)])];
        // All ones if the entry belongs to another pair.
        let other = u32::from(entry >> RANK_BITS != pair).wrapping_neg();
        entry as u32 & ((1 << RANK_BITS) - 1) | other
    }

    #[inline]
    fn hash(&self, pair: u64) -> u64 {
        let product = u128::from(pair ^ self.seed << 44) * 0x9e37_79b9_7f4a_7c15_u128;
        product as u64 ^ (product >> 64) as u64
    }

    #[inline]
    fn bucket(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    #[inline]
    fn place(&self, hash: u64, moved: u16) -> usize {
        (hash as usize).wrapping_add(usize::from(moved)) & (self.entries.len() - 1)
    }
}

#[inline]
fn pair(left: u32, right: u32) -> u64 {
    u64::from(left) << TOKEN_BITS | u64::from(right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_have_the_ranks_of_their_last_places() {
        let mut pairs: Vec<(u32, u32)> =
            (0..5_000).map(|n| (n * 7 % 5_003, MAX_TOKEN - n)).collect();
        pairs.push(pairs[9]);
        let table = RankTable::new(pairs.iter().copied()).unwrap();
        for (rank, &(left, right)) in (0_u32..).zip(&pairs) {
            let expected = if rank == 9 { 5_000 } else { rank };
            assert_eq!(table.get(left, right), expected);
            assert_eq!(table.get(right, left), NO_RANK);
        }
        let none = RankTable::new(std::iter::empty()).unwrap();
        assert_eq!(none.get(0, 0), NO_RANK);
    }

    #[test]
    fn tokens_of_too_many_bits_are_refused() {
        assert!(RankTable::new([(0, MAX_TOKEN)].into_iter()).is_some());
        assert!(RankTable::new([(0, MAX_TOKEN + 1)].into_iter()).is_none());
    }
}
