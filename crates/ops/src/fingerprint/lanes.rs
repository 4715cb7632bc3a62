//! MD5 and SHA-1 of sixteen messages of equal length in blocks, side by side.
//!
//! Both functions are long chains of dependent steps, so a processor is idle most of the time that it hashes one short
//! message. Here each step is done for all messages at once, in one vector register per word.

use super::width::{Width, for_each_width};

/// Messages that are hashed at once.
pub(super) const LANES: usize = 16;
/// The bytes of a block of MD5 and SHA-1.
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

/// The words that a short message has at most, with the bit that ends it.
pub(super) const SHORT_WORDS: usize = 8;

/// Messages of one block that end within its first words, word by word as the function reads them; the words after
/// [`SHORT_WORDS`] are 0 but for that of the lengths.
pub(super) type Short = [Word; 16];

/// Returns the words of the SHA-1 digests of short messages.
pub(super) fn sha1_short(width: Width, short: &Short) -> [Word; 5] {
    let mut state = SHA1_START.map(|word| [word; LANES]);
    sha1_block(width, short, &mut state);
    state
}

/// Returns the words of the MD5 digests of short messages.
pub(super) fn md5_short(width: Width, short: &Short) -> [Word; 4] {
    let mut state = MD5_START.map(|word| [word; LANES]);
    md5_block(width, short, &mut state);
    state
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

/// Does the steps numbered `$t`. They are written out, for only a loop over the lanes without loops inside it becomes
/// vector code.
macro_rules! sha1_steps {
    ($state:ident, $words:ident, $constant:literal, $function:expr, $($t:literal)*) => {
        $(
            if $t >= 16 {
                $words[$t % 16] = ($words[($t + 13) % 16] ^ $words[($t + 8) % 16]
                    ^ $words[($t + 2) % 16] ^ $words[$t % 16]).rotate_left(1);
            }
            let [a, b, c, d, e] = $state;
            let sum = a.rotate_left(5).wrapping_add($function(b, c, d)).wrapping_add(e)
                .wrapping_add($constant).wrapping_add($words[$t % 16]);
            $state = [sum, a, b.rotate_left(30), c, d];
        )*
    };
}

/// Does the steps numbered `$t`, see `sha1_steps`; step `t` takes the word `$factor * t + $offset`.
macro_rules! md5_steps {
    ($state:ident, $words:ident, $shifts:expr, $factor:literal, $offset:literal, $function:expr, $($t:literal)*) => {
        $(
            let [a, b, c, d] = $state;
            let sum = a.wrapping_add($function(b, c, d)).wrapping_add(MD5_CONSTANTS[$t])
                .wrapping_add($words[($factor * $t + $offset) % 16]);
            let shifts: [u32; 4] = $shifts;
            $state = [d, b.wrapping_add(sum.rotate_left(shifts[$t % 4])), b, c];
        )*
    };
}

/// The words of one message.
macro_rules! words_of_lane {
    ($words:ident, $lane:ident: $($t:literal)*) => {
        [$($words[$t][$lane]),*]
    };
}

for_each_width! {
    /// Takes one block of each message into the state of SHA-1.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn sha1_block(words: &[Word; 16], state: &mut [Word; 5]) {
        for lane in 0..LANES {
            let mut w = words_of_lane!(words, lane: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            let mut now = [state[0][lane], state[1][lane], state[2][lane], state[3][lane], state[4][lane]];
            sha1_steps!(now, w, 0x5a82_7999, |b: u32, c: u32, d: u32| d ^ (b & (c ^ d)),
                0 1 2 3 4 5 6 7 8 9
                10 11 12 13 14 15 16 17 18 19);
            sha1_steps!(now, w, 0x6ed9_eba1, |b: u32, c: u32, d: u32| b ^ c ^ d,
                20 21 22 23 24 25 26 27 28 29
                30 31 32 33 34 35 36 37 38 39);
            sha1_steps!(now, w, 0x8f1b_bcdc, |b: u32, c: u32, d: u32| (b & c) | (d & (b | c)),
                40 41 42 43 44 45 46 47 48 49
                50 51 52 53 54 55 56 57 58 59);
            sha1_steps!(now, w, 0xca62_c1d6, |b: u32, c: u32, d: u32| b ^ c ^ d,
                60 61 62 63 64 65 66 67 68 69
                70 71 72 73 74 75 76 77 78 79);
            state[0][lane] = state[0][lane].wrapping_add(now[0]);
            state[1][lane] = state[1][lane].wrapping_add(now[1]);
            state[2][lane] = state[2][lane].wrapping_add(now[2]);
            state[3][lane] = state[3][lane].wrapping_add(now[3]);
            state[4][lane] = state[4][lane].wrapping_add(now[4]);
        }
    }
}

for_each_width! {
    /// Takes one block of each message into the state of MD5.
    #[allow(clippy::needless_range_loop, reason = "a lane is a column of several arrays")]
    fn md5_block(words: &[Word; 16], state: &mut [Word; 4]) {
        for lane in 0..LANES {
            let w = words_of_lane!(words, lane: 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15);
            let mut now = [state[0][lane], state[1][lane], state[2][lane], state[3][lane]];
            md5_steps!(now, w, [7, 12, 17, 22], 1, 0, |b: u32, c: u32, d: u32| d ^ (b & (c ^ d)),
                0 1 2 3 4 5 6 7 8 9
                10 11 12 13 14 15);
            md5_steps!(now, w, [5, 9, 14, 20], 5, 1, |b: u32, c: u32, d: u32| c ^ (d & (b ^ c)),
                16 17 18 19 20 21 22 23 24 25
                26 27 28 29 30 31);
            md5_steps!(now, w, [4, 11, 16, 23], 3, 5, |b: u32, c: u32, d: u32| b ^ c ^ d,
                32 33 34 35 36 37 38 39 40 41
                42 43 44 45 46 47);
            md5_steps!(now, w, [6, 10, 15, 21], 7, 0, |b: u32, c: u32, d: u32| c ^ (b | !d),
                48 49 50 51 52 53 54 55 56 57
                58 59 60 61 62 63);
            state[0][lane] = state[0][lane].wrapping_add(now[0]);
            state[1][lane] = state[1][lane].wrapping_add(now[1]);
            state[2][lane] = state[2][lane].wrapping_add(now[2]);
            state[3][lane] = state[3][lane].wrapping_add(now[3]);
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

/// The whole part of 2^32 times the absolute sine of 1, 2, 3 and so on.
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
