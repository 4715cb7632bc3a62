//! Hashes of many short messages, sixteen side by side.
//!
//! Messages are gathered until there are sixteen of equal length in blocks, which the module `lanes` then hashes at once. Those
//! of a few characters are gathered apart, as words: turning blocks into words takes longer than hashing them.

use std::marker::PhantomData;
use std::ops::Range;

use super::digest;
use super::lanes::{self, BLOCK, Blocks, LANES, SHORT_WORDS, Short, Word};
use super::width::Width;

/// What both append to a message at least: a byte, and its length in bits.
const LEAST_PADDING: usize = 9;
/// Messages of fewer bytes are short: the byte that ends them still fits.
const SHORT: usize = 4 * SHORT_WORDS;
/// Longer messages, in blocks, are hashed one by one.
const MOST_BLOCKS: usize = 16;

/// A hash function, and the part of its digests that is wanted.
pub(super) trait ShortHash {
    /// The part of a digest.
    type Value: Copy;

    /// The word of a block that has the length of a message in bits, if the length fits.
    const LENGTH: usize;

    /// Returns the length of a message in bits as the function appends it.
    fn length(bits: u64) -> [u8; 8];

    /// Returns four bytes of a message as the function reads them.
    fn word(bytes: [u8; 4]) -> u32;

    /// Hashes short messages.
    fn hash_short(width: Width, short: &Short) -> [Self::Value; LANES];

    /// Hashes padded messages.
    fn hash_lanes(width: Width, blocks: &[Blocks]) -> [Self::Value; LANES];

    /// Hashes one message.
    fn hash(message: &[u8]) -> Self::Value;
}

/// Hashes messages in groups; their hashes come in any order.
#[derive(Clone)]
pub(super) struct ShortMessages<H> {
    width: Width,
    /// Short ones that wait to be hashed.
    short: ShortGroup,
    /// Others that wait to be hashed, by their length in blocks less one.
    waiting: [Group; MOST_BLOCKS],
    hash: PhantomData<H>,
}

#[derive(Clone)]
struct ShortGroup {
    len: usize,
    messages: Short,
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
            short: ShortGroup {
                len: 0,
                messages: [[0; LANES]; 16],
            },
            waiting,
            hash: PhantomData,
        }
    }

    /// Forgets messages that still wait, as they do when a panic ended their text.
    pub(super) fn clear(&mut self) {
        self.short.len = 0;
        for group in &mut self.waiting {
            group.len = 0;
        }
    }

    /// Takes the message in `range` of `buffer`. Appends hashes of messages to `hashes` when it is time.
    #[inline]
    pub(super) fn push(&mut self, buffer: &[u8], range: Range<usize>, hashes: &mut Vec<H::Value>) {
        if range.len() >= SHORT {
            return self.push_long(buffer, range, hashes);
        }
        self.short.push::<H>(&buffer[range.start..], range.len());
        if self.short.len == LANES {
            self.hash_short(hashes);
        }
    }

    fn hash_short(&mut self, hashes: &mut Vec<H::Value>) {
        let all = H::hash_short(self.width, &self.short.messages);
        hashes.extend_from_slice(&all[..self.short.len]);
        self.short.len = 0;
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
        if self.short.len > 0 {
            self.hash_short(hashes);
        }
        for group in &mut self.waiting {
            if group.len > 0 {
                group.hash::<H>(self.width, hashes);
            }
        }
    }
}

impl ShortGroup {
    /// Adds the message that is the first `len` bytes of `bytes`, fewer than [`SHORT`].
    #[inline]
    fn push<H: ShortHash>(&mut self, bytes: &[u8], len: usize) {
        let mut padded = [0; SHORT];
        match bytes.first_chunk::<SHORT>() {
            Some(ahead) => padded = *ahead,
            None => padded[..len].copy_from_slice(&bytes[..len]),
        }
        let places = BLOCK - len..BLOCK - len + SHORT;
        let masks = KEPT_THEN_CLEARED[places.clone()].iter();
        for ((byte, kept), end) in padded.iter_mut().zip(masks).zip(&ENDED[places]) {
            *byte = *byte & kept | end;
        }
        let lane = self.len;
        let words = self.messages.iter_mut();
        for (word, bytes) in words.zip(padded.as_chunks::<4>().0) {
            word[lane] = H::word(*bytes);
        }
        self.messages[H::LENGTH][lane] = 8 * len as u32;
        self.len += 1;
    }
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
    // Copying a whole block and clearing the rest takes a few instructions; a copy of any length takes a call.
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

/// From place `BLOCK - n` on, the mask that keeps the first `n` bytes of a block.
static KEPT_THEN_CLEARED: [u8; 2 * BLOCK] = {
    let mut masks = [0; 2 * BLOCK];
    let mut place = 0;
    while place < BLOCK {
        masks[place] = 0xff;
        place += 1;
    }
    masks
};

/// From place `BLOCK - n` on, the byte that ends a message of `n` bytes in its place.
static ENDED: [u8; 2 * BLOCK] = {
    let mut ends = [0; 2 * BLOCK];
    ends[BLOCK] = 0x80;
    ends
};

/// The first four bytes of SHA-1, as a little-endian number.
#[derive(Clone)]
pub(super) struct Sha1Prefix;

impl ShortHash for Sha1Prefix {
    type Value = u32;
    const LENGTH: usize = 15;

    fn length(bits: u64) -> [u8; 8] {
        bits.to_be_bytes()
    }

    #[inline(always)]
    fn word(bytes: [u8; 4]) -> u32 {
        u32::from_be_bytes(bytes)
    }

    fn hash_short(width: Width, short: &Short) -> [u32; LANES] {
        let [first, ..] = lanes::sha1_short(width, short);
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
    const LENGTH: usize = 14;

    fn length(bits: u64) -> [u8; 8] {
        bits.to_le_bytes()
    }

    #[inline(always)]
    fn word(bytes: [u8; 4]) -> u32 {
        u32::from_le_bytes(bytes)
    }

    fn hash_short(width: Width, short: &Short) -> [u64; LANES] {
        first_halves(lanes::md5_short(width, short))
    }

    fn hash_lanes(width: Width, blocks: &[Blocks]) -> [u64; LANES] {
        first_halves(lanes::md5(width, blocks))
    }

    fn hash(message: &[u8]) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = digest::md5(message);
        u64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Returns the first eight bytes of MD5 digests, as big-endian numbers.
fn first_halves([first, second, ..]: [Word; 4]) -> [u64; LANES] {
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
