//! Hashes sixteen messages with the same number of blocks side by side by MD5 and SHA-1, or thirty-two short ones.
//!
//! Both functions are long chains of dependent steps, so a processor is idle most of the time while it hashes one short message.
//! Here each step is done for all messages at once, with one vector register per word. Short messages take two registers per word,
//! because with one the processor still waits for the step before.

use crate::width::{Width, for_each_width};

/// The number of messages that are hashed at once.
pub(super) const LANES: usize = 16;
/// The number of short messages that are hashed at once.
pub(super) const SHORT_LANES: usize = 2 * LANES;
/// The size of a block of MD5 and SHA-1 in bytes.
pub(super) const BLOCK: usize = 64;

/// One block of each message.
pub(super) type Blocks = [[u8; BLOCK]; LANES];
/// One word of each message.
pub(super) type Word = [u32; LANES];

/// Returns the words of the SHA-1 digests of padded messages.
pub(super) fn sha1(width: Width, blocks: &[Blocks]) -> [Word; 5] {
    let mut state = SHA1_START.map(|word| [word; LANES]);
    for block in blocks {
        sha1_block(width, &words(block, u32::from_be_bytes), &mut state);
    }
    state
}

/// Returns the words of the MD5 digests of padded messages.
pub(super) fn md5(width: Width, blocks: &[Blocks]) -> [Word; 4] {
    let mut state = MD5_START.map(|word| [word; LANES]);
    for block in blocks {
        md5_block(width, &words(block, u32::from_le_bytes), &mut state);
    }
    state
}

/// Short messages: those that end within their first `8 * PAIRS` bytes, including the bit that ends them.
#[derive(Clone)]
pub(super) struct Short<const PAIRS: usize> {
    /// Four bytes of each message, then the next four, and so on, as little-endian numbers. With numbers of eight bytes, a vector
    /// register would have room for half as many messages.
    pub(super) pairs: [[[u32; SHORT_LANES]; 2]; PAIRS],
    /// The lengths of the messages in bits.
    pub(super) bits: [u32; SHORT_LANES],
}

impl<const PAIRS: usize> Short<PAIRS> {
    /// Messages without bytes.
    pub(super) const EMPTY: Self = Self {
        pairs: [[[0; SHORT_LANES]; 2]; PAIRS],
        bits: [0; SHORT_LANES],
    };

    /// Returns a word of the only block of a message, as `from_bytes` makes it of four bytes. Word number `length` is the length of
    /// the message. The parts that are the same for all messages are known to the compiler.
    #[inline(always)]
    fn word(&self, lane: usize, number: usize, length: usize, from_bytes: fn(u32) -> u32) -> u32 {
        match self.pairs.get(number / 2) {
            Some(pair) => from_bytes(pair[number % 2][lane]),
            None if number == length => self.bits[lane],
            None => 0,
        }
    }
}

/// The first words of the digests of short messages, as many as are wanted.
pub(super) type Digests<const WORDS: usize> = [[u32; SHORT_LANES]; WORDS];

/// Returns the first word of the SHA-1 digests of short messages.
pub(super) fn sha1_short<const PAIRS: usize>(width: Width, short: &Short<PAIRS>) -> Digests<1> {
    let mut digests = [[0; SHORT_LANES]; 1];
    sha1_of_short(width, short, &mut digests);
    digests
}

/// Returns the first two words of the MD5 digests of short messages.
pub(super) fn md5_short<const PAIRS: usize>(width: Width, short: &Short<PAIRS>) -> Digests<2> {
    let mut digests = [[0; SHORT_LANES]; 2];
    md5_of_short(width, short, &mut digests);
    digests
}

/// Returns the words of the blocks of all messages: the first of each, the second of each, and so on.
#[inline(always)]
fn words(blocks: &Blocks, from_bytes: impl Fn([u8; 4]) -> u32) -> [Word; 16] {
    let mut words = [[0; LANES]; 16];
    for (lane, block) in blocks.iter().enumerate() {
        for (word, bytes) in words.iter_mut().zip(block.as_chunks::<4>().0) {
            word[lane] = from_bytes(*bytes);
        }
    }
    words
}

/// Does one step of SHA-1.
#[inline(always)]
fn sha1_step(
    [a, b, c, d, e]: [u32; 5],
    w: &mut [u32; 16],
    t: usize,
    constant: u32,
    function: impl Fn(u32, u32, u32) -> u32,
) -> [u32; 5] {
    if t >= 16 {
        w[t % 16] =
            (w[(t + 13) % 16] ^ w[(t + 8) % 16] ^ w[(t + 2) % 16] ^ w[t % 16]).rotate_left(1);
    }
    // The result of the step before is added last, because it is ready last.
    let rest = function(b, c, d).wrapping_add(e.wrapping_add(constant.wrapping_add(w[t % 16])));
    [
        rest.wrapping_add(a.rotate_left(5)),
        a,
        b.rotate_left(30),
        c,
        d,
    ]
}

/// Does one step of MD5, which uses the word `place`.
#[inline(always)]
fn md5_step(
    [a, b, c, d]: [u32; 4],
    w: &[u32; 16],
    (t, place): (usize, usize),
    shifts: [u32; 4],
    function: impl Fn(u32, u32, u32) -> u32,
) -> [u32; 4] {
    let rest = a.wrapping_add(MD5_CONSTANTS[t].wrapping_add(w[place % 16]));
    let sum = rest.wrapping_add(function(b, c, d));
    [d, b.wrapping_add(sum.rotate_left(shifts[t % 4])), b, c]
}

/// Does the steps numbered `$t` for each of several messages. They are written out because the compiler only vectorizes the loop
/// over the lanes if it has no loops inside it.
macro_rules! sha1_steps {
    ($each:ident, $constant:literal, $function:expr, $($t:literal)*) => {
        $($each!(|state, w| sha1_step(state, w, $t, $constant, $function));)*
    };
}

/// Does the steps numbered `$t`, see `sha1_steps`. Step `t` uses the word `$factor * t + $offset`.
macro_rules! md5_steps {
    ($each:ident, $shifts:expr, $factor:literal, $offset:literal, $function:expr, $($t:literal)*) => {
        $($each!(|state, w| md5_step(state, w, ($t, $factor * $t + $offset), $shifts, $function));)*
    };
}

/// Does a step for one message.
#[inline(always)]
fn apply<const N: usize>(
    step: impl Fn([u32; N], &mut [u32; 16]) -> [u32; N],
    state: [u32; N],
    words: &mut [u32; 16],
) -> [u32; N] {
    step(state, words)
}

macro_rules! sha1_all_steps {
    ($each:ident) => {
        sha1_steps!($each, 0x5a82_7999, |b, c, d| d ^ (b & (c ^ d)),
            0 1 2 3 4 5 6 7 8 9
            10 11 12 13 14 15 16 17 18 19);
        sha1_steps!($each, 0x6ed9_eba1, |b, c, d| b ^ c ^ d,
            20 21 22 23 24 25 26 27 28 29
            30 31 32 33 34 35 36 37 38 39);
        sha1_steps!($each, 0x8f1b_bcdc, |b, c, d| (b & c) | (d & (b | c)),
            40 41 42 43 44 45 46 47 48 49
            50 51 52 53 54 55 56 57 58 59);
        sha1_steps!($each, 0xca62_c1d6, |b, c, d| b ^ c ^ d,
            60 61 62 63 64 65 66 67 68 69
            70 71 72 73 74 75 76 77 78 79);
    };
}

macro_rules! md5_all_steps {
    ($each:ident) => {
        md5_steps!($each, [7, 12, 17, 22], 1, 0, |b, c, d| d ^ (b & (c ^ d)),
            0 1 2 3 4 5 6 7 8 9
            10 11 12 13 14 15);
        md5_steps!($each, [5, 9, 14, 20], 5, 1, |b, c, d| c ^ (d & (b ^ c)),
            16 17 18 19 20 21 22 23 24 25
            26 27 28 29 30 31);
        md5_steps!($each, [4, 11, 16, 23], 3, 5, |b, c, d| b ^ c ^ d,
            32 33 34 35 36 37 38 39 40 41
            42 43 44 45 46 47);
        md5_steps!($each, [6, 10, 15, 21], 7, 0, |b, c, d| c ^ (b | !d),
            48 49 50 51 52 53 54 55 56 57
            58 59 60 61 62 63);
    };
}

/// The sixteen words of a message, by their numbers.
macro_rules! words_of {
    ($word:expr) => {
        words_of!($word, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15)
    };
    ($word:expr, $($t:literal)*) => {
        [$($word($t)),*]
    };
}

for_each_width! {
    /// Updates the state of SHA-1 with one block of each message.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn sha1_block(words: &[Word; 16], state: &mut [Word; 5]) {
        for lane in 0..LANES {
            let mut w = words_of!(|number: usize| words[number][lane]);
            let mut now = [state[0][lane], state[1][lane], state[2][lane], state[3][lane], state[4][lane]];
            macro_rules! step {
                ($step:expr) => { now = apply($step, now, &mut w) };
            }
            sha1_all_steps!(step);
            state[0][lane] = state[0][lane].wrapping_add(now[0]);
            state[1][lane] = state[1][lane].wrapping_add(now[1]);
            state[2][lane] = state[2][lane].wrapping_add(now[2]);
            state[3][lane] = state[3][lane].wrapping_add(now[3]);
            state[4][lane] = state[4][lane].wrapping_add(now[4]);
        }
    }
}

for_each_width! {
    /// Hashes short messages by SHA-1, twice as many as there are lanes.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn sha1_of_short<const PAIRS: usize>(short: &Short<PAIRS>, digests: &mut Digests<1>) {
        for lane in 0..LANES {
            let mut words = words_of!(|number| short.word(lane, number, 15, u32::swap_bytes));
            let mut more_words = words_of!(|number| short.word(LANES + lane, number, 15, u32::swap_bytes));
            let (mut one, mut other) = (SHA1_START, SHA1_START);
            macro_rules! step {
                ($step:expr) => {
                    one = apply($step, one, &mut words);
                    other = apply($step, other, &mut more_words);
                };
            }
            sha1_all_steps!(step);
            digests[0][lane] = SHA1_START[0].wrapping_add(one[0]);
            digests[0][LANES + lane] = SHA1_START[0].wrapping_add(other[0]);
        }
    }
}

for_each_width! {
    /// Updates the state of MD5 with one block of each message.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn md5_block(words: &[Word; 16], state: &mut [Word; 4]) {
        for lane in 0..LANES {
            let mut w = words_of!(|number: usize| words[number][lane]);
            let mut now = [state[0][lane], state[1][lane], state[2][lane], state[3][lane]];
            macro_rules! step {
                ($step:expr) => { now = apply($step, now, &mut w) };
            }
            md5_all_steps!(step);
            state[0][lane] = state[0][lane].wrapping_add(now[0]);
            state[1][lane] = state[1][lane].wrapping_add(now[1]);
            state[2][lane] = state[2][lane].wrapping_add(now[2]);
            state[3][lane] = state[3][lane].wrapping_add(now[3]);
        }
    }
}

for_each_width! {
    /// Hashes short messages by MD5, twice as many as there are lanes.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn md5_of_short<const PAIRS: usize>(short: &Short<PAIRS>, digests: &mut Digests<2>) {
        for lane in 0..LANES {
            let mut words = words_of!(|number| short.word(lane, number, 14, |word| word));
            let mut more_words = words_of!(|number| short.word(LANES + lane, number, 14, |word| word));
            let (mut one, mut other) = (MD5_START, MD5_START);
            macro_rules! step {
                ($step:expr) => {
                    one = apply($step, one, &mut words);
                    other = apply($step, other, &mut more_words);
                };
            }
            md5_all_steps!(step);
            digests[0][lane] = MD5_START[0].wrapping_add(one[0]);
            digests[1][lane] = MD5_START[1].wrapping_add(one[1]);
            digests[0][LANES + lane] = MD5_START[0].wrapping_add(other[0]);
            digests[1][LANES + lane] = MD5_START[1].wrapping_add(other[1]);
        }
    }
}

const SHA1_START: [u32; 5] = [
    0x6745_2301,
    0xefcd_ab89,
    0x98ba_dcfe,
    0x1032_5476,
    0xc3d2_e1f0,
];
const MD5_START: [u32; 4] = [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476];

/// The integer parts of 2^32 times the absolute sines of 1, 2, 3 and so on.
#[rustfmt::skip]
#[allow(clippy::unreadable_literal, reason = "a table")]
const MD5_CONSTANTS: [u32; 64] = [
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
];
