//! Hashes many short messages, sixteen side by side.
//!
//! Messages are gathered until there are sixteen with the same number of blocks, which the module `lanes` then hashes at once.
//! Messages of a few characters are gathered separately, as numbers. For them, turning blocks into words takes longer than hashing,
//! and most words of the shortest ones are known beforehand.

use std::marker::PhantomData;
use std::ops::Range;

use super::digest;
use super::lanes::{self, BLOCK, Blocks, LANES, SHORT_LANES, Short};
use super::seen::Seen;
use crate::width::Width;

/// The number of bytes that both functions append to a message, at least: one byte, and the length in bits.
const LEAST_PADDING: usize = 9;
/// The number of blocks above which messages are hashed one by one.
const MOST_BLOCKS: usize = 16;

/// A hash function, and the part of its digests that is wanted.
pub(super) trait ShortHash {
    /// The part of a digest.
    type Value: Copy;

    /// Returns the length of a message in bits as the function appends it.
    fn length(bits: u64) -> [u8; 8];

    /// Hashes short messages.
    fn hash_short<const PAIRS: usize>(
        width: Width,
        short: &Short<PAIRS>,
    ) -> [Self::Value; SHORT_LANES];

    /// Hashes padded messages.
    fn hash_lanes(width: Width, blocks: &[Blocks]) -> [Self::Value; LANES];

    /// Hashes one message.
    fn hash(message: &[u8]) -> Self::Value;
}

/// Hashes messages in groups; their hashes come in any order. If wanted, some repeated messages are left out.
#[derive(Clone)]
pub(super) struct ShortMessages<H> {
    width: Width,
    /// The messages of fewer than 8, 16 and 32 bytes that wait to be hashed.
    eight: ShortGroup<1>,
    sixteen: ShortGroup<2>,
    thirty_two: ShortGroup<4>,
    /// The other messages that wait to be hashed, by their number of blocks less one.
    waiting: [Group; MOST_BLOCKS],
    /// The messages of fewer than 8 bytes so far, if repeated ones are left out.
    seen: Option<Seen>,
    hash: PhantomData<H>,
}

#[derive(Clone)]
struct ShortGroup<const PAIRS: usize> {
    len: usize,
    messages: Short<PAIRS>,
}

#[derive(Clone)]
struct Group {
    len: usize,
    blocks: Vec<Blocks>,
}

impl<H: ShortHash> ShortMessages<H> {
    pub(super) fn new(width: Width) -> Self {
        let waiting = std::array::from_fn(|blocks| Group {
            len: 0,
            blocks: vec![[[0; BLOCK]; LANES]; blocks + 1],
        });
        Self {
            width,
            eight: ShortGroup::EMPTY,
            sixteen: ShortGroup::EMPTY,
            thirty_two: ShortGroup::EMPTY,
            waiting,
            seen: None,
            hash: PhantomData,
        }
    }

    /// Leaves out repeated messages of the same text, as far as that costs nothing.
    pub(super) fn once_each(mut self) -> Self {
        self.seen = Some(Seen::default());
        self
    }

    /// Begins a text that has up to `most` messages. Messages that still wait are forgotten; there are some if a panic ended their
    /// text.
    pub(super) fn begin(&mut self, most: usize) {
        self.seen.iter_mut().for_each(|seen| seen.begin(most));
        self.eight.len = 0;
        self.sixteen.len = 0;
        self.thirty_two.len = 0;
        for group in &mut self.waiting {
            group.len = 0;
        }
    }

    /// Adds the message in `range` of `buffer`. If enough messages wait, appends their hashes to `hashes`.
    #[inline]
    pub(super) fn push(&mut self, buffer: &[u8], range: Range<usize>, hashes: &mut Vec<H::Value>) {
        let (bytes, len) = (&buffer[range.start..], range.len());
        let width = self.width;
        match len {
            0..8 => {
                let padded = padded(bytes, len);
                let is_new = match &mut self.seen {
                    Some(seen) => seen.is_new(padded[0]),
                    None => true,
                };
                self.eight.push::<H>(padded, len, is_new, width, hashes);
            }
            8..16 => (self.sixteen).push::<H>(padded(bytes, len), len, true, width, hashes),
            16..32 => (self.thirty_two).push::<H>(padded(bytes, len), len, true, width, hashes),
            _ => self.push_long(buffer, range, hashes),
        }
    }

    fn push_long(&mut self, buffer: &[u8], range: Range<usize>, hashes: &mut Vec<H::Value>) {
        let blocks = (range.len() + LEAST_PADDING).div_ceil(BLOCK);
        let Some(group) = self.waiting.get_mut(blocks - 1) else {
            hashes.push(H::hash(&buffer[range]));
            return;
        };
        group.push(&buffer[range.start..], range.len(), H::length);
        if group.len == LANES {
            group.hash::<H>(self.width, hashes);
        }
    }

    /// Appends the hashes of all messages that still wait.
    pub(super) fn finish(&mut self, hashes: &mut Vec<H::Value>) {
        self.eight.finish::<H>(self.width, hashes);
        self.sixteen.finish::<H>(self.width, hashes);
        self.thirty_two.finish::<H>(self.width, hashes);
        for group in &mut self.waiting {
            if group.len > 0 {
                group.hash::<H>(self.width, hashes);
            }
        }
    }
}

impl<const PAIRS: usize> ShortGroup<PAIRS> {
    const EMPTY: Self = Self {
        len: 0,
        messages: Short::EMPTY,
    };

    /// Adds a message of `len` bytes. If it isn't wanted, it is still written to the place of the next message, because that takes
    /// less time than a branch.
    #[inline(always)]
    fn push<H: ShortHash>(
        &mut self,
        padded: [u64; PAIRS],
        len: usize,
        is_wanted: bool,
        width: Width,
        hashes: &mut Vec<H::Value>,
    ) {
        let lane = self.len % SHORT_LANES;
        for (pairs, pair) in self.messages.pairs.iter_mut().zip(padded) {
            pairs[0][lane] = pair as u32;
            pairs[1][lane] = (pair >> 32) as u32;
        }
        self.messages.bits[lane] = 8 * len as u32;
        self.len += usize::from(is_wanted);
        if self.len == SHORT_LANES {
            self.finish::<H>(width, hashes);
        }
    }

    /// Appends the hashes of the messages that wait.
    fn finish<H: ShortHash>(&mut self, width: Width, hashes: &mut Vec<H::Value>) {
        if self.len > 0 {
            let all = H::hash_short(width, &self.messages);
            hashes.extend_from_slice(&all[..self.len]);
            self.len = 0;
        }
    }
}

/// Returns the first `len` bytes of `bytes`, fewer than `8 * PAIRS`, and the byte that ends them.
#[inline(always)]
fn padded<const PAIRS: usize>(bytes: &[u8], len: usize) -> [u64; PAIRS] {
    let mut padded = [[0; 8]; PAIRS];
    match bytes.as_chunks().0.first_chunk::<PAIRS>() {
        Some(ahead) => padded = *ahead,
        None => padded.as_flattened_mut()[..len].copy_from_slice(&bytes[..len]),
    }
    std::array::from_fn(|number| {
        let bits = 8 * len.saturating_sub(8 * number);
        let (kept, end) = match bits < 64 {
            true => (!(u64::MAX << bits), 0x80 << bits),
            false => (u64::MAX, 0),
        };
        let end = if 8 * number <= len { end } else { 0 };
        u64::from_le_bytes(padded[number]) & kept | end
    })
}

impl Group {
    /// Adds the message that is the first `len` bytes of `bytes`.
    fn push(&mut self, bytes: &[u8], len: usize, length: fn(u64) -> [u8; 8]) {
        let lane = self.len;
        self.len += 1;
        for (number, blocks) in self.blocks.iter_mut().enumerate() {
            let start = (number * BLOCK).min(len);
            fill(&mut blocks[lane], &bytes[start..], len - start);
        }
        self.blocks[len / BLOCK][lane][len % BLOCK] = 0x80;
        if let Some(last) = self.blocks.last_mut() {
            last[lane][BLOCK - 8..].copy_from_slice(&length(8 * len as u64));
        }
    }

    fn hash<H: ShortHash>(&mut self, width: Width, hashes: &mut Vec<H::Value>) {
        let all = H::hash_lanes(width, &self.blocks);
        hashes.extend_from_slice(&all[..self.len]);
        self.len = 0;
    }
}

/// Fills `block` with the first `len` bytes of `bytes` that fit, and with zeros after them.
#[inline]
fn fill(block: &mut [u8; BLOCK], bytes: &[u8], len: usize) {
    let len = len.min(BLOCK);
    // Copying a whole block and clearing the rest takes a few instructions; a copy of variable length takes a call.
    let mask = KEPT_THEN_CLEARED[BLOCK - len..].first_chunk::<BLOCK>();
    if let (Some(ahead), Some(mask)) = (bytes.first_chunk::<BLOCK>(), mask) {
        for ((to, from), kept) in block.iter_mut().zip(ahead).zip(mask) {
            *to = from & kept;
        }
    } else {
        block.fill(0);
        block[..len].copy_from_slice(&bytes[..len]);
    }
}

/// Masks for the bytes of a block: the one from place `BLOCK - n` on keeps the first `n` bytes.
static KEPT_THEN_CLEARED: [u8; 2 * BLOCK] = {
    let mut masks = [0; 2 * BLOCK];
    let mut place = 0;
    while place < BLOCK {
        masks[place] = 0xff;
        place += 1;
    }
    masks
};

/// The first four bytes of SHA-1, as a little-endian number.
#[derive(Clone)]
pub(super) struct Sha1Prefix;

impl ShortHash for Sha1Prefix {
    type Value = u32;

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    fn hash_short<const PAIRS: usize>(width: Width, short: &Short<PAIRS>) -> [u32; SHORT_LANES] {
        let [first] = lanes::sha1_short(width, short);
        first.map(u32::swap_bytes)
    }

    fn hash_lanes(width: Width, blocks: &[Blocks]) -> [u32; LANES] {
        let [first, ..] = lanes::sha1(width, blocks);
        first.map(u32::swap_bytes)
    }

    fn hash(message: &[u8]) -> u32 {
        let [a, b, c, d, ..] = digest::sha1(message);
        u32::from_le_bytes([a, b, c, d])
    }
}

/// The first eight bytes of MD5, as a big-endian number.
#[derive(Clone)]
pub(super) struct Md5Prefix;

impl ShortHash for Md5Prefix {
    type Value = u64;

    fn length(bits: u64) -> [u8; 8] {
        bits.to_le_bytes()
    }

    fn hash_short<const PAIRS: usize>(width: Width, short: &Short<PAIRS>) -> [u64; SHORT_LANES] {
        let [first, second] = lanes::md5_short(width, short);
        first_halves(&first, &second)
    }

    fn hash_lanes(width: Width, blocks: &[Blocks]) -> [u64; LANES] {
        let [first, second, ..] = lanes::md5(width, blocks);
        first_halves(&first, &second)
    }

    fn hash(message: &[u8]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = digest::md5(message);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Returns the first eight bytes of MD5 digests, as big-endian numbers, from their first two words.
fn first_halves<const N: usize>(first: &[u32; N], second: &[u32; N]) -> [u64; N] {
    std::array::from_fn(|lane| {
        let [high, low] = [first[lane], second[lane]].map(u32::swap_bytes);
        u64::from(high) << 32 | u64::from(low)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn check<H: ShortHash<Value: Ord + std::fmt::Debug>>(buffer: &[u8], ranges: &[Range<usize>]) {
        let mut expected: Vec<_> = ranges
            .iter()
            .map(|range| H::hash(&buffer[range.clone()]))
            .collect();
        expected.sort_unstable();
        for width in Width::available() {
            let mut messages = ShortMessages::<H>::new(width);
            let mut hashes = Vec::new();
            for range in ranges {
                messages.push(buffer, range.clone(), &mut hashes);
            }
            messages.finish(&mut hashes);
            hashes.sort_unstable();
            assert_eq!(hashes, expected, "{width:?}");
        }
    }

    #[test]
    fn every_length_of_message_is_padded_right() {
        let buffer: Vec<u8> = (0..1_200u32)
            .map(|number| (number * 7 % 251) as u8)
            .collect();
        for start in [0, 100] {
            let ranges: Vec<_> = (0..1_100).map(|len| start..start + len).collect();
            check::<Sha1Prefix>(&buffer, &ranges);
            check::<Md5Prefix>(&buffer, &ranges);
        }
    }

    proptest! {
        #[test]
        fn hashing_side_by_side_agrees_with_one_by_one(
            buffer in proptest::collection::vec(any::<u8>(), 0..1_200),
            places in proptest::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..60),
        ) {
            let ranges: Vec<_> = places
                .iter()
                .map(|(start, len)| {
                    let start = start.index(buffer.len() + 1);
                    start..start + len.index(buffer.len() - start + 1)
                })
                .collect();
            check::<Sha1Prefix>(&buffer, &ranges);
            check::<Md5Prefix>(&buffer, &ranges);
        }
    }
}
