//! Byte pair encoding: joining the bytes of a word to tokens, the pairs of lowest rank first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Which pairs of tokens become one, in which order.
#[derive(Debug)]
pub(super) struct Merges {
    /// An open table with room for twice the pairs.
    table: Vec<Entry>,
    /// The tokens of single bytes.
    bytes: [u32; 256],
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    pair: u64,
    merge: Merge,
}

/// What a pair becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Merge {
    pub(super) rank: u32,
    pub(super) token: u32,
}

/// No pair of tokens, since there are not as many.
const EMPTY: u64 = u64::MAX;

/// No merge: worse than all others.
const NONE: Merge = Merge {
    rank: u32::MAX,
    token: 0,
};

/// Memory for one word.
#[derive(Clone, Debug, Default)]
pub(super) struct WordScratch {
    parts: Vec<Part>,
    heap: BinaryHeap<Reverse<(u32, u32, u32)>>,
}

/// A token of a word on its way.
#[derive(Clone, Copy, Debug)]
struct Part {
    token: u32,
    previous: u32,
    next: u32,
    /// What becomes of this and the next part.
    merge: Merge,
}

const NO_PART: u32 = u32::MAX;

/// The longest word whose pairs are looked through again for each merge.
const SHORT: usize = 24;

impl Merges {
    pub(super) fn new(pairs: &[(u32, u32, Merge)], bytes: [u32; 256]) -> Self {
        let size = (pairs.len() * 2 + 1).next_power_of_two();
        let empty = Entry {
            pair: EMPTY,
            merge: NONE,
        };
        let mut merges = Self {
            table: vec![empty; size],
            bytes,
        };
        for &(left, right, merge) in pairs {
            let pair = u64::from(left) << 32 | u64::from(right);
            let place = merges.place(pair);
            // Of a pair that is there twice the later one counts.
            merges.table[place] = Entry { pair, merge };
        }
        merges
    }

    fn place(&self, pair: u64) -> usize {
        let mask = self.table.len() - 1;
        let mut place = (pair.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize & mask;
        while self.table[place].pair != pair && self.table[place].pair != EMPTY {
            place = (place + 1) & mask;
        }
        place
    }

    fn merge(&self, left: u32, right: u32) -> Merge {
        self.table[self.place(u64::from(left) << 32 | u64::from(right))].merge
    }

    /// Appends the tokens of a word.
    pub(super) fn encode(&self, word: &[u8], scratch: &mut WordScratch, tokens: &mut Vec<u32>) {
        match word.len() <= SHORT {
            true => self.encode_short(word, scratch, tokens),
            false => self.encode_long(word, scratch, tokens),
        }
    }

    fn encode_short(&self, word: &[u8], scratch: &mut WordScratch, tokens: &mut Vec<u32>) {
        let parts = &mut scratch.parts;
        self.begin(word, parts);
        // Of several pairs with the lowest rank the first is joined first.
        while let Some((at, part)) = parts
            .iter()
            .enumerate()
            .min_by_key(|(_, part)| part.merge.rank)
            && part.merge != NONE
        {
            parts[at].token = part.merge.token;
            parts.remove(at + 1);
            parts[at].merge = match parts.get(at + 1) {
                Some(next) => self.merge(parts[at].token, next.token),
                None => NONE,
            };
            if at > 0 {
                parts[at - 1].merge = self.merge(parts[at - 1].token, parts[at].token);
            }
        }
        tokens.extend(parts.iter().map(|part| part.token));
    }

    /// The same in time that grows with the length alone, but for a logarithm.
    fn encode_long(&self, word: &[u8], scratch: &mut WordScratch, tokens: &mut Vec<u32>) {
        let WordScratch { parts, heap } = scratch;
        self.begin(word, parts);
        heap.clear();
        let found = (0_u32..)
            .zip(parts.iter())
            .filter(|(_, part)| part.merge != NONE);
        heap.extend(found.map(|(at, part)| Reverse((part.merge.rank, at, part.merge.token))));
        while let Some(Reverse((rank, at, token))) = heap.pop() {
            let part = parts[at as usize];
            // Out of date if one of the two was joined to something else, which changed the merge.
            if part.merge != (Merge { rank, token }) {
                continue;
            }
            let next = parts[part.next as usize].next;
            parts[part.next as usize].merge = NONE;
            let joined = &mut parts[at as usize];
            (joined.token, joined.next) = (token, next);
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
            merge: NONE,
        }));
        for at in 1..parts.len() {
            parts[at - 1].merge = self.merge(parts[at - 1].token, parts[at].token);
        }
        if let Some(last) = parts.last_mut() {
            last.next = NO_PART;
        }
    }

    /// Finds what becomes of a part and the one after it.
    fn look_again(
        &self,
        left: u32,
        parts: &mut [Part],
        heap: &mut BinaryHeap<Reverse<(u32, u32, u32)>>,
    ) {
        let Some(&part) = parts.get(left as usize) else {
            return;
        };
        let merge = match parts.get(part.next as usize) {
            Some(next) => self.merge(part.token, next.token),
            None => NONE,
        };
        parts[left as usize].merge = merge;
        if merge != NONE {
            heap.push(Reverse((merge.rank, left, merge.token)));
        }
    }
}
