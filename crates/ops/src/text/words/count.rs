//! Counts the words of a text, 64 bytes at a time.
//!
//! A word counts if any of its characters isn't special, so it counts at the first kept byte after a separator.

use super::super::chars::is_special_at;
use super::blocks::{BLOCK, first_events, for_each_longer_char, kept_ascii, separators};

/// Counts the refined words of `text`, without lowercasing them.
pub fn count_words(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let (blocks, rest) = bytes.as_chunks::<BLOCK>();
    let mut words = Counter::default();
    for (k, block) in blocks.iter().enumerate() {
        words.take(block, k * BLOCK, bytes);
    }
    if !rest.is_empty() {
        // Digits are special, so they fill the block without counting.
        let mut block = [b'0'; BLOCK];
        block[..rest.len()].copy_from_slice(rest);
        words.take(&block, bytes.len() - rest.len(), bytes);
    }
    words.count
}

struct Counter {
    count: u64,
    /// 1 if no kept byte followed the last separator before the block, else 0.
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
    /// Counts the words whose first kept byte is in `block`, which is at `start` of `bytes`.
    #[inline(always)]
    fn take(&mut self, block: &[u8; BLOCK], start: usize, bytes: &[u8]) {
        let separators = separators(block);
        let mut kept = kept_ascii(block);
        for_each_longer_char(block, |bit| {
            kept |= u64::from(!is_special_at(bytes, start + bit as usize)) << bit;
        });
        let seekers = separators << 1 | self.between;
        let (found, beyond) = first_events(separators | kept, seekers);
        self.count += u64::from((found & kept).count_ones());
        self.between = u64::from(beyond) | separators >> 63;
    }
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
