//! How many words a text has, 64 bytes at a time.
//!
//! A word counts if any of its characters is not special. So of the bytes only two kinds matter: those between words, and
//! the first ones of characters that are not special. A word counts at the first byte of the second kind that follows one
//! of the first kind, and arithmetic on masks of a bit per byte finds all of these at once.

use super::super::block_scan::pack;
use super::super::chars::is_special_at;

/// Bytes looked at at once.
const BLOCK: usize = 64;

/// Counts the refined words of `text`, which are not lowered.
pub fn count_words(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut words = Counter::default();
    for (k, block) in blocks.iter().enumerate() {
        words.take(block, k * BLOCK, bytes);
    }
    if !rest.is_empty() {
        // Digits are special, so these stand for nothing.
        let mut block = [b'0'; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        words.take(&block, bytes.len() - rest.len(), bytes);
    }
    words.count
}

struct Counter {
    count: u64,
    /// Whether no counted character followed the last separator before the block: 1 or 0.
    between: u64,
}

impl Default for Counter {
    fn default() -> Self {
        Self {
            count: 0,
            between: 1,
        }
    }
}

impl Counter {
    /// Counts the words that begin to count in `block`, which is at `start` of `bytes`.
    #[inline(always)]
    fn take(&mut self, block: &[u8; BLOCK], start: usize, bytes: &[u8]) {
        let separators = mask(block, |byte| {
            (byte == b' ') | (byte == b'\n') | (byte == b'\t')
        });
        let mut counted = mask(block, |byte| {
            let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
            let control = (byte < b' ') & (byte.wrapping_sub(9) >= 5);
            letter | control | (byte == 0x7F)
        });
        if !block.is_ascii() {
            let mut leads = mask(block, |byte| byte >= 0xC0);
            while leads != 0 {
                let bit = leads.trailing_zeros();
                counted |= u64::from(!is_special_at(bytes, start + bit as usize)) << bit;
                leads &= leads - 1;
            }
        }
        // Each separator looks for the next event, a counted character or another separator, by a carry that runs through
        // the bytes between.
        let events = separators | counted;
        let seekers = separators << 1 | self.between;
        let (sum, beyond) = (!events).overflowing_add(seekers & !events);
        let found = (sum | seekers) & events;
        self.count += u64::from((found & counted).count_ones());
        self.between = u64::from(beyond) | separators >> 63;
    }
}

#[inline(always)]
fn mask(block: &[u8; BLOCK], test: impl Fn(u8) -> bool) -> u64 {
    let mut flags = [0u8; BLOCK];
    for (flag, byte) in flags.iter_mut().zip(block) {
        *flag = u8::from(test(*byte));
    }
    pack(&flags)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::python;
    use super::super::refined;
    use super::*;

    fn plain_count(text: &str) -> u64 {
        let words = python::words(text).filter(|word| !refined(word).is_empty());
        words.count() as u64
    }

    #[test]
    fn words_of_short_texts() {
        let cases = [
            ("", 0),
            (" ", 0),
            ("a", 1),
            ("... !!! 123", 0),
            ("“a” 'b' (c)", 3),
            ("\u{3000} a\u{3000}b", 1),
            ("上下 Π Г \u{7f} \0", 4),
        ];
        for (text, expected) in cases {
            assert_eq!(plain_count(text), expected, "{text:?}");
            assert_eq!(count_words(text), expected, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(text in "([ab1. ]{0,90}|[a \n\t]{0,90}|[1.]{0,140}|[一二 é1]{0,90}|\\PC{0,30}|(The cat, 1 ){0,20}){0,4}") {
            prop_assert_eq!(count_words(&text), plain_count(&text));
        }
    }
}
