//! Finds the words of a text, 64 bytes at a time.
//!
//! A word begins at the first kept byte after a separator, and is over at the first separator after a kept byte (see
//! [`blocks`](super::blocks)), so both kinds of *edges* are found by arithmetic on masks. The masks also show the special
//! characters that follow the end of a refined word. So no branch depends on a single word, except for those that need more than
//! ASCII to be lowercased.

use super::super::chars::longer_char_at;
use super::blocks::{BLOCK, first_events, for_each_longer_char, kept_ascii, separators};
use super::refined;

/// The number of bytes of each word that are lowercased here.
pub(super) const LOWERED: usize = 16;
/// The number of blocks in a chunk: few enough that all facts about them stay in the fastest memory.
const BLOCKS: usize = 16;
const CHUNK: usize = BLOCKS * BLOCK;
/// The number of edges that are written at a time, even if there are fewer.
const EDGES_AT_ONCE: usize = 8;

/// A word of a text.
pub(super) enum Found<'t> {
    /// A refined word that can be lowercased as ASCII.
    Lowered {
        /// The first bytes, lowercased. If the word is shorter, the bytes after it follow.
        first: u128,
        /// The length of the whole word.
        len: usize,
        /// The bytes after the first ones, not lowercased.
        rest: &'t [u8],
    },
    /// A refined word that can be lowercased as ASCII, as it is in the text.
    Refined(&'t str),
    /// A word as it was cut out of the text, neither lowercased nor refined.
    Cut(&'t str),
}

/// Goes over a text chunk by chunk.
pub(super) struct Scan<'t> {
    text: &'t str,
    /// The start of the chunk, and of the chunk after it.
    base: usize,
    next: usize,
    /// The kept bytes of the block before the chunk, and then of the chunk.
    kept: [u64; BLOCKS + 1],
    /// The first bytes of *odd* characters, in the same layout: those that aren't ASCII and that lowercasing changes.
    odd: [u64; BLOCKS + 1],
    has_odd: bool,
    /// The bytes of the block before the chunk and of the chunk, with ASCII letters lowercased.
    lowered: [u8; BLOCK + CHUNK + LOWERED],
    /// The positions where words begin and are over, alternating. The first word may have begun in an earlier chunk.
    edges: [usize; 1 + CHUNK + EDGES_AT_ONCE],
    edges_len: usize,
    /// 1 if no kept byte followed the last separator, else 0.
    between: u64,
    /// The kept bytes of the next block that belong to a character in this one.
    carried: u64,
}

impl<'t> Scan<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            text,
            base: 0,
            next: 0,
            kept: [0; BLOCKS + 1],
            odd: [0; BLOCKS + 1],
            has_odd: false,
            lowered: [0; BLOCK + CHUNK + LOWERED],
            edges: [0; 1 + CHUNK + EDGES_AT_ONCE],
            edges_len: 0,
            between: 1,
            carried: 0,
        }
    }

    /// Goes to the next chunk; returns false at the end of the text.
    #[inline(always)]
    pub(super) fn advance(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        if self.next > bytes.len() {
            return false;
        }
        self.base = self.next;
        self.kept[0] = self.kept[BLOCKS];
        self.odd[0] = self.odd[BLOCKS];
        self.has_odd = self.odd[0] != 0;
        self.lowered.copy_within(CHUNK..CHUNK + BLOCK, 0);
        if let Some(begun) = self.edges[..self.edges_len].as_chunks::<2>().1.first() {
            self.edges[0] = *begun;
        }
        self.edges_len %= 2;
        for number in 0..BLOCKS {
            match bytes[self.next..].first_chunk::<BLOCK>() {
                Some(block) => self.take_block(block, number),
                None => {
                    // A separator ends the last word, so every text is followed by one.
                    let mut block = [b' '; BLOCK];
                    let rest = &bytes[self.next..];
                    block[..rest.len()].copy_from_slice(rest);
                    self.take_block(&block, number);
                    self.next += BLOCK;
                    return true;
                }
            }
            self.next += BLOCK;
        }
        true
    }

    #[inline(always)]
    fn take_block(&mut self, block: &[u8; BLOCK], number: usize) {
        let bytes = self.text.as_bytes();
        let start = self.next;
        let lowered = self.lowered[BLOCK + number * BLOCK..].iter_mut();
        for (lowered, byte) in lowered.zip(block) {
            *lowered = byte | u8::from(byte.wrapping_sub(b'A') < 26) << 5;
        }
        let separators = separators(block);
        let mut kept = kept_ascii(block) | self.carried;
        self.carried = 0;
        let mut odd = 0;
        for_each_longer_char(block, |bit| {
            let ch = longer_char_at(bytes, start + bit as usize);
            // Lowercasing may turn a special character into one that isn't special.
            let stays = u64::from(ch.changes_when_lowered | !ch.is_special);
            let all = ((1 << ch.len) - 1) * stays;
            kept |= all << bit;
            self.carried |= all >> 1 >> (63 - bit);
            odd |= u64::from(ch.changes_when_lowered) << bit;
        });
        self.kept[number + 1] = kept;
        self.odd[number + 1] = odd;
        self.has_odd |= odd != 0;
        let events = separators | kept;
        let (begin, between) = first_events(events, separators << 1 | self.between);
        let (over, _) = first_events(events, kept << 1 | (1 - self.between));
        self.between = u64::from(between) | separators >> 63;
        self.push_edges(begin & kept | over & separators, start);
    }

    /// Adds the edges of a block that begins at `start`.
    #[inline(always)]
    fn push_edges(&mut self, mut edges: u64, start: usize) {
        let mut len = self.edges_len;
        self.edges_len += edges.count_ones() as usize;
        while len < self.edges_len {
            for edge in &mut self.edges[len..len + EDGES_AT_ONCE] {
                *edge = start + edges.trailing_zeros() as usize;
                edges &= edges.wrapping_sub(1);
            }
            len += EDGES_AT_ONCE;
        }
    }

    /// Calls `visit` with each word that is over in this chunk, in order. Some words that have only special characters are left
    /// out.
    #[inline(always)]
    pub(super) fn for_each_word(&self, mut visit: impl FnMut(Found<'t>)) {
        for [start, end] in self.edges[..self.edges_len].as_chunks::<2>().0 {
            visit(self.word(*start, *end));
        }
    }

    /// Returns the word that begins at `start`, and is over at the separator at `end`, which is in the chunk.
    #[inline(always)]
    fn word(&self, start: usize, end: usize) -> Found<'t> {
        let place = BLOCK + end - self.base;
        if self.has_odd
            && (end - start > BLOCK
                || bits_before(&self.odd, place) >> (BLOCK - (end - start)) != 0)
        {
            let mut before = self.text.as_bytes()[..start].iter();
            let separator = before.rposition(|byte| matches!(byte, b' ' | b'\n' | b'\t'));
            return Found::Cut(&self.text[separator.map_or(0, |place| place + 1)..end]);
        }
        let kept = bits_before(&self.kept, place);
        if kept == 0 || start + BLOCK < self.base {
            return Found::Refined(refined(&self.text[start..end]));
        }
        let end = end - kept.leading_zeros() as usize;
        let first = self.lowered[start + BLOCK - self.base..].first_chunk();
        Found::Lowered {
            first: u128::from_le_bytes(*first.unwrap_or(&[0; LOWERED])),
            len: end - start,
            rest: self
                .text
                .as_bytes()
                .get(start + LOWERED..end)
                .unwrap_or_default(),
        }
    }
}

/// Returns the 64 bits of `masks` before the `place`-th, which is in the second mask or later.
#[inline(always)]
fn bits_before(masks: &[u64; BLOCKS + 1], place: usize) -> u64 {
    let [low, high] = [place / BLOCK - 1, place / BLOCK].map(|mask| masks[mask % (BLOCKS + 1)]);
    let shift = place % BLOCK;
    high << 1 << (63 - shift) | low >> shift
}
