//! Byte pair encoding: joins the bytes of a word into tokens, the pairs with the lowest rank first.

mod table;

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use self::table::{NO_RANK, RANK_BITS, RankTable};

/// The pairs of tokens that are joined, and their order.
#[derive(Debug)]
pub(super) struct Merges {
    ranks: RankTable,
    /// The tokens that pairs become, by rank.
    joined: Vec<u32>,
    /// The tokens of single bytes.
    bytes: [u32; 256],
    /// The ranks of all pairs of bytes, which are the most common pairs in every word.
    ranks_of_bytes: Box<[u32]>,
}

/// Memory for one word.
#[derive(Clone, Debug, Default)]
pub(super) struct WordScratch {
    parts: Vec<Part>,
    /// Ranks, with the positions of parts in their lower halves.
    heap: BinaryHeap<Reverse<u64>>,
}

/// A token of a word that is being joined.
#[derive(Clone, Copy, Debug)]
struct Part {
    token: u32,
    previous: u32,
    next: u32,
    /// The rank of this part and the next one.
    rank: u32,
}

const NO_PART: u32 = u32::MAX;

/// The length of the longest word whose ranks are searched again for each merge.
const SHORT: usize = 32;

impl Merges {
    /// Takes pairs of tokens and the results of joining them, the first pair first. Returns `None` if there are more than the table
    /// has room for.
    pub(super) fn new(pairs: &[(u32, u32, u32)], bytes: [u32; 256]) -> Option<Self> {
        let ranks = RankTable::new(pairs.iter().map(|&(left, right, _)| (left, right)))?;
        let all_bytes = (0_usize..1 << 16).map(|pair| (bytes[pair >> 8], bytes[pair & 0xff]));
        Some(Self {
            ranks_of_bytes: all_bytes
                .map(|(left, right)| ranks.get(left, right))
                .collect(),
            ranks,
            joined: pairs.iter().map(|pair| pair.2).collect(),
            bytes,
        })
    }

    /// Appends the tokens of a word.
    pub(super) fn encode(&self, word: &[u8], scratch: &mut WordScratch, tokens: &mut Vec<u32>) {
        match word.len() <= SHORT {
            true => self.encode_short(word, tokens),
            false => self.encode_long(word, scratch, tokens),
        }
    }

    fn encode_short(&self, word: &[u8], tokens: &mut Vec<u32>) {
        let mut parts = [0; SHORT];
        // The least of these numbers is the pair of adjacent parts that is joined next. Parts that were joined to one before them
        // stay, without a rank.
        let mut pairs = [NO_PAIR; SHORT];
        let mut previous = [0_u8; SHORT];
        let mut next = [0_u8; SHORT];
        for (at, byte) in word.iter().enumerate() {
            parts[at] = self.bytes[usize::from(*byte)];
            previous[at] = at.saturating_sub(1) as u8;
            next[at] = at as u8 + 1;
        }
        for (at, pair) in word.array_windows().enumerate() {
            pairs[at] = ranked(self.rank_of_bytes(*pair), at);
        }
        loop {
            // Whole vectors are searched, which needs no branch that depends on the result.
            let first = match word.len() <= SHORT / 2 {
                true => least(&pairs[..SHORT / 2]),
                false => least(&pairs),
            };
            if first == NO_PAIR {
                break;
            }
            let (rank, at) = (first as usize / SHORT, first as usize % SHORT);
            let joined = self.joined[rank];
            let gone = usize::from(next[at]);
            let after = usize::from(next[gone]);
            pairs[gone] = NO_PAIR;
            (parts[at], next[at]) = (joined, after as u8);
            pairs[at] = match after < word.len() {
                true => {
                    previous[after] = at as u8;
                    ranked(self.ranks.get(joined, parts[after]), at)
                }
                false => NO_PAIR,
            };
            if at > 0 {
                let before = usize::from(previous[at]);
                pairs[before] = ranked(self.ranks.get(parts[before], joined), before);
            }
        }
        let mut at = 0;
        while at < word.len() {
            tokens.push(parts[at]);
            at = usize::from(next[at]);
        }
    }

    /// Does the same in time that grows only with the length, times a logarithm.
    fn encode_long(&self, word: &[u8], scratch: &mut WordScratch, tokens: &mut Vec<u32>) {
        let WordScratch { parts, heap } = scratch;
        self.begin(word, parts);
        heap.clear();
        let found = (0_u32..)
            .zip(parts.iter())
            .filter(|(_, part)| part.rank != NO_RANK);
        heap.extend(found.map(|(at, part)| entry(part.rank, at)));
        while let Some(Reverse(entry)) = heap.pop() {
            let (rank, at) = ((entry >> 32) as u32, entry as u32);
            let part = parts[at as usize];
            // The entry is out of date if one of the two was joined to something else, which changed the rank.
            if part.rank != rank {
                continue;
            }
            let next = parts[part.next as usize].next;
            parts[part.next as usize].rank = NO_RANK;
            let joined = &mut parts[at as usize];
            (joined.token, joined.next) = (self.joined[rank as usize], next);
            if let Some(next) = parts.get_mut(next as usize) {
                next.previous = at;
            }
            for left in [part.previous, at] {
                self.look_again(left, parts, heap);
            }
        }
        let mut at = 0;
        while let Some(part) = parts.get(at as usize) {
            tokens.push(part.token);
            at = part.next;
        }
    }

    fn begin(&self, word: &[u8], parts: &mut Vec<Part>) {
        parts.clear();
        parts.extend((0_u32..).zip(word).map(|(at, byte)| Part {
            token: self.bytes[usize::from(*byte)],
            previous: at.wrapping_sub(1),
            next: at + 1,
            rank: NO_RANK,
        }));
        for (part, pair) in parts.iter_mut().zip(word.array_windows()) {
            part.rank = self.rank_of_bytes(*pair);
        }
        if let Some(last) = parts.last_mut() {
            last.next = NO_PART;
        }
    }

    fn rank_of_bytes(&self, pair: [u8; 2]) -> u32 {
        self.ranks_of_bytes[usize::from(u16::from_be_bytes(pair))]
    }

    /// Finds the rank of a part and the one after it.
    fn look_again(&self, left: u32, parts: &mut [Part], heap: &mut BinaryHeap<Reverse<u64>>) {
        let Some(&part) = parts.get(left as usize) else {
            return;
        };
        let rank = match parts.get(part.next as usize) {
            Some(next) => self.ranks.get(part.token, next.token),
            None => NO_RANK,
        };
        parts[left as usize].rank = rank;
        if rank != NO_RANK {
            heap.push(entry(rank, left));
        }
    }
}

/// A pair in a short word that is not joined.
const NO_PAIR: i32 = i32::MAX;

// A rank and a position in a short word fit into one number together.
const _: () = assert!(RANK_BITS + SHORT.ilog2() < i32::BITS - 1);

/// Returns a number for a pair. The pair with the least number is joined first: the one with the lowest rank, and of several the
/// first in the word.
#[inline(always)]
fn ranked(rank: u32, at: usize) -> i32 {
    match rank {
        NO_RANK => NO_PAIR,
        rank => (rank as usize * SHORT + at) as i32,
    }
}

#[inline(always)]
fn least(pairs: &[i32]) -> i32 {
    pairs.iter().copied().fold(NO_PAIR, i32::min)
}

/// Returns the heap entry of a part. The one with the lowest rank, and of several the first, comes out first.
fn entry(rank: u32, at: u32) -> Reverse<u64> {
    Reverse(u64::from(rank) << 32 | u64::from(at))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Returns merges of the first letters, so that most of these texts have several to choose from.
    fn merges() -> Merges {
        let [a, b, c] = [b'a', b'b', b'c'].map(u32::from);
        let mut pairs = vec![
            (b, c, 256),
            (a, b, 257),
            (257, 256, 258),
            (a, a, 259),
            (259, 259, 260),
            (257, c, 261),
        ];
        pairs.extend((262..300).map(|token| (token - 6, token - 3, token)));
        Merges::new(&pairs, std::array::from_fn(|byte| byte as u32)).unwrap()
    }

    proptest! {
        #[test]
        fn short_words_become_what_long_ones_do(word in prop::collection::vec(b'a'..=b'd', 1..=SHORT)) {
            let (merges, mut scratch) = (merges(), WordScratch::default());
            let (mut tokens, mut expected) = (Vec::new(), Vec::new());
            merges.encode_short(&word, &mut tokens);
            merges.encode_long(&word, &mut scratch, &mut expected);
            prop_assert_eq!(tokens, expected);
        }
    }
}
