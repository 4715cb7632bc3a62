//! Measures how much of a text is made of its most frequent character n-grams.
//!
//! Most n-grams of the usual lengths are compared character by character. Any others are identified by a hash. It has 64 bits if
//! the n-gram is at most 16 long and either the text is short or the n-gram is ASCII; otherwise it is a rolling one modulo 2^61 − 1
//! over the code points. Two different n-grams of one text share a hash with a probability of about (number of n-grams)² / 2^62,
//! which is 10^-12 for a text of two thousand characters. There is no seed, so the same text gives the same ratio everywhere.

use super::char_codes::{CharCodes, Codes, MARGIN, MOST};
use super::chars::count_chars;
use super::ngram_hash::{collect_rolling, mix, pair};
use super::ngram_tally::{Collector, HashSequence, NgramTally};
use super::place_tally::{Code, LENGTHS, PlaceTally, windows};

/// The form of the hashes; part of the operator's version, because another form could (in theory) give another ratio.
pub const VERSION: u32 = 2;

/// The length of the longest n-gram that the ASCII hash takes.
const ASCII_LIMIT: usize = 16;

/// Memory that is reused from text to text.
#[derive(Clone, Debug, Default)]
pub struct CharRepetition {
    short: CharCodes,
    places: PlaceTally,
    codes: Vec<u32>,
    tally: NgramTally,
}

impl CharRepetition {
    /// Returns the share of the most frequent n-grams of `len` characters among all n-grams of `text`.
    ///
    /// The n-grams are taken in order of their counts, as many as the square root of the number of different n-grams (rounded
    /// down), but only those that occur more than once. A text without n-grams has the ratio 0.
    pub fn ratio(&mut self, text: &str, len: usize) -> f64 {
        match LENGTHS
            .contains(&len)
            .then(|| self.short.of(text))
            .flatten()
        {
            Some(Codes::Narrow(codes, chars)) => {
                count_places(&mut self.tally, &mut self.places, codes, chars, len);
            }
            Some(Codes::Wide(codes, chars)) => {
                count_places(&mut self.tally, &mut self.places, codes, chars, len);
            }
            None => self.count_hashes(text, len),
        }
        if self.tally.total() == 0 {
            return 0.0;
        }
        let root = self.tally.distinct().isqrt();
        let repeated = self.tally.distinct() - self.tally.once();
        self.tally.sum_of_highest(root.min(repeated)) as f64 / self.tally.total() as f64
    }

    /// Counts n-grams of any length of any text.
    fn count_hashes(&mut self, text: &str, len: usize) {
        let chars = usize::try_from(count_chars(text)).unwrap_or(usize::MAX);
        let most = match len {
            0 => 0,
            len => chars.saturating_add(1).saturating_sub(len),
        };
        if most == 0 {
            self.tally.begin(0, []);
            return;
        }
        self.tally.count(Ngrams {
            text,
            len,
            most,
            codes: &mut self.codes,
        });
    }
}

/// Counts the n-grams of a text with these codes by their positions, and those set aside by hashes.
fn count_places<C: Code>(
    tally: &mut NgramTally,
    places: &mut PlaceTally,
    codes: &[C; MOST + MARGIN],
    chars: usize,
    len: usize,
) {
    let counted = places.count(codes, (chars + 1).saturating_sub(len), len);
    tally.begin(
        counted.distinct,
        counted.repeated.iter().map(|&count| count.into()),
    );
    tally.add(Aside {
        codes,
        len,
        places: counted.aside,
    });
}

/// The hashes of n-grams at some positions of a text.
struct Aside<'a, C> {
    codes: &'a [C; MOST + MARGIN],
    len: usize,
    places: &'a [u16],
}

impl<C: Code> HashSequence for Aside<'_, C> {
    fn most(&self) -> usize {
        self.places.len()
    }

    fn fill(self, collector: &mut Collector<'_>) {
        collector.extend(self.places.iter().map(|&place| {
            let [head, tail] = windows(self.codes, place, self.len).map(C::hash);
            mix(head, tail)
        }));
    }
}

/// The hashes of the n-grams of a text.
struct Ngrams<'a> {
    text: &'a str,
    len: usize,
    most: usize,
    codes: &'a mut Vec<u32>,
}

impl HashSequence for Ngrams<'_> {
    fn most(&self) -> usize {
        self.most
    }

    fn fill(self, collector: &mut Collector<'_>) {
        if self.len > ASCII_LIMIT {
            self.codes.clear();
            self.codes.extend(self.text.chars().map(u32::from));
            collect_rolling(self.codes, self.len, collector);
        } else {
            self.fill_mixed(collector);
        }
    }
}

impl Ngrams<'_> {
    /// Collects the hashes of all n-grams. ASCII stretches of at least `len` characters are hashed by bytes; the stretches between
    /// them (with `len - 1` characters on both sides) by code points. So an n-gram has the ASCII hash exactly when all its
    /// characters are ASCII.
    fn fill_mixed(self, collector: &mut Collector<'_>) {
        let (text, len, codes) = (self.text, self.len, self.codes);
        let bytes = text.as_bytes();
        let mut start = 0;
        loop {
            let end = start + ascii_prefix(&bytes[start..]);
            let stretch = &bytes[start..end];
            collect_ascii(stretch, len, collector);
            if end == bytes.len() {
                return;
            }
            let lead = stretch.len().min(len - 1);
            codes.clear();
            codes.extend(
                stretch[stretch.len() - lead..]
                    .iter()
                    .map(|&byte| u32::from(byte)),
            );
            let mut ascii = 0;
            let mut place = end;
            for ch in text[end..].chars() {
                place += ch.len_utf8();
                ascii = if ch.is_ascii() { ascii + 1 } else { 0 };
                if ascii == len {
                    break;
                }
                codes.push(u32::from(ch));
            }
            collect_rolling(codes, len, collector);
            if ascii < len {
                return;
            }
            start = place - len;
        }
    }
}

/// Returns the number of ASCII bytes at the start of `bytes`.
fn ascii_prefix(bytes: &[u8]) -> usize {
    const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    for (k, word) in words.iter().enumerate() {
        let high = u64::from_le_bytes(*word) & HIGH_BITS;
        if high != 0 {
            return k * 8 + high.trailing_zeros() as usize / 8;
        }
    }
    words.len() * 8 + rest.iter().take_while(|byte| byte.is_ascii()).count()
}

/// Collects the hashes of all n-grams of ASCII `bytes`.
fn collect_ascii(bytes: &[u8], len: usize, collector: &mut Collector<'_>) {
    if bytes.len() < len {
        return;
    }
    if len >= 8 {
        // Two overlapping words of eight bytes cover eight to sixteen bytes.
        let heads = bytes.windows(8);
        let tails = bytes[len - 8..].windows(8);
        collector.extend(
            heads
                .zip(tails)
                .map(|(head, tail)| pair(word(head), word(tail))),
        );
    } else {
        let keep = (1u64 << (8 * len)) - 1;
        collector.extend(bytes.windows(8).map(|window| pair(word(window) & keep, 0)));
        // The last few windows are too near the end for a whole word.
        collector.extend(
            bytes[bytes.len().saturating_sub(7)..]
                .windows(len)
                .map(|window| {
                    let mut padded = [0; 8];
                    padded[..len].copy_from_slice(window);
                    pair(u64::from_le_bytes(padded), 0)
                }),
        );
    }
}

#[inline(always)]
fn word(bytes: &[u8]) -> u64 {
    bytes.try_into().map_or(0, u64::from_le_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Computes the ratio the simple way, with a table of all n-grams.
    fn plain_ratio(text: &str, len: usize) -> f64 {
        let chars: Vec<char> = text.chars().collect();
        let mut counts = std::collections::HashMap::<&[char], u64>::new();
        for ngram in chars.windows(len) {
            *counts.entry(ngram).or_default() += 1;
        }
        let mut counts: Vec<u64> = counts.into_values().collect();
        if counts.is_empty() {
            return 0.0;
        }
        counts.sort_unstable_by(|a, b| b.cmp(a));
        let repeated = counts.iter().filter(|&&count| count > 1).count();
        let top = ((counts.len() as f64).sqrt() as usize).min(repeated);
        counts[..top].iter().sum::<u64>() as f64 / counts.iter().sum::<u64>() as f64
    }

    #[test]
    fn ratios_of_short_texts() {
        let cases: [(&str, usize, f64); 8] = [
            ("", 10, 0.0),
            ("012345678", 10, 0.0),
            ("abcabcabc", 1, 1.0 / 3.0),
            ("aaaa", 1, 1.0),
            ("好好学习天天向上", 1, 0.5),
            ("abcabcabcxyz", 3, 0.5),
            ("中文重复中文重复中文重复中文重复", 5, 0.5),
            ("0123456789012345678901234567890123456789", 10, 10.0 / 31.0),
        ];
        let mut repetition = CharRepetition::default();
        for (text, len, expected) in cases {
            assert_eq!(repetition.ratio(text, len), expected, "{text:?} by {len}");
        }
    }

    #[test]
    fn texts_are_counted_alike_whatever_their_length() {
        let mut repetition = CharRepetition::default();
        for letter in ["a", "é", "😀"] {
            let mut number = 1_u32;
            let mut text = String::new();
            while text.chars().count() < MOST - 40 {
                number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                text += &format!("{letter}{} ", number >> (number >> 27));
            }
            for _ in 0..80 {
                assert_eq!(
                    repetition.ratio(&text, 10),
                    plain_ratio(&text, 10),
                    "{letter}"
                );
                text += "0123456789 0123456789 ";
                if text.chars().count() > MOST + 40 {
                    break;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(
            texts in proptest::collection::vec("([ab]{0,60}|[a-d一é😀]{0,60}|(the cat ){0,9}|(“a cat”, ){0,9}|[ -~]{0,60}){0,4}", 1..3),
            len in prop_oneof![1usize..20, Just(10)],
        ) {
            let mut repetition = CharRepetition::default();
            for text in texts {
                prop_assert_eq!(repetition.ratio(&text, len), plain_ratio(&text, len));
            }
        }
    }
}
