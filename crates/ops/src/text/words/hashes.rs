//! Hashes of the words of a text.

use super::super::block_scan::for_each_hit;
use super::super::chars::{changes_when_lowered, is_special};
use super::super::ngram_hash::mix;
use super::super::python;
use super::SPECIAL_ASCII;

/// The highest bit of each byte of a word.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// The lowest bit of each byte of a word.
const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// The hashes of the words of a text, lowered and refined, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordHashes(pub Vec<u64>);

impl WordHashes {
    /// Returns the hash of a word that was cut out of a text elsewhere, lowered and refined; none when nothing is left of it.
    pub fn of_word(word: &str) -> Option<u64> {
        // Few words use the buffer, so it is rarely allocated.
        let hash = |word: &str| hash_word(word, 0, word.len(), &mut String::new());
        (!word.is_empty()).then(|| hash(word)).flatten()
    }
}

/// The hashes of the words of `text`, which is cut at spaces, line feeds and tabs.
pub fn lowered_hashes(text: &str) -> WordHashes {
    // About what English needs; a text of other words makes the memory grow or leaves some of it.
    let mut hashes = Vec::with_capacity(text.len() / 5 + 1);
    let mut lowered = String::new();
    let bytes = text.as_bytes();
    let mut start = 0;
    let mut take = |start: usize, end: usize| {
        if let Some(hash) = hash_word(text, start, end, &mut lowered) {
            hashes.push(hash);
        }
    };
    for_each_hit(
        bytes,
        |byte, _, _| (byte == b' ') | (byte == b'\n') | (byte == b'\t'),
        |end| {
            if start < end {
                take(start, end);
            }
            start = end + 1;
        },
    );
    if start < bytes.len() {
        take(start, bytes.len());
    }
    WordHashes(hashes)
}

/// The hash of a word as it is: that of a word in a text once this is lowered and refined. The word is not empty.
#[inline(always)]
pub(super) fn hash_of(word: &str) -> u64 {
    hash_bytes::<false>(word.as_bytes(), 0, word.len()).0
}

/// The hash of the word `text[start..end]`, lowered and stripped; none when nothing is left of it. The word is not empty.
#[inline(always)]
fn hash_word(text: &str, mut start: usize, mut end: usize, lowered: &mut String) -> Option<u64> {
    let bytes = text.as_bytes();
    let special = |place: usize| SPECIAL_ASCII[usize::from(bytes[place])];
    // Lowering changes no special character of ASCII and makes none, so these can go first. Most words have none or one
    // at an end, which is taken off without a branch.
    start += usize::from(special(start));
    end -= usize::from(start < end && special(end - 1));
    while start < end && special(start) {
        start += 1;
    }
    while start < end && special(end - 1) {
        end -= 1;
    }
    if start == end {
        return None;
    }
    match hash_bytes::<true>(bytes, start, end) {
        (hash, true) => Some(hash),
        (_, false) => hash_longer_word(text, start, end, lowered),
    }
}

/// The same for a word that is not ASCII throughout.
#[inline(never)]
fn hash_longer_word(text: &str, start: usize, end: usize, lowered: &mut String) -> Option<u64> {
    let mut text = text;
    let mut word = start..end;
    if text[word.clone()]
        .chars()
        .any(|ch| !ch.is_ascii() && changes_when_lowered(ch))
    {
        lowered.clear();
        python::lower_into(&text[word], lowered);
        text = lowered;
        word = 0..text.len();
    }
    let head = text[word.clone()].trim_start_matches(is_special);
    let kept = head.trim_end_matches(is_special);
    let start = word.end - head.len();
    (!kept.is_empty()).then(|| hash_bytes::<true>(text.as_bytes(), start, start + kept.len()).0)
}

/// The hash of `bytes[start..end]` and whether all of it is ASCII. With `LOWER`, capital ASCII letters are taken as small
/// ones.
#[inline(always)]
fn hash_bytes<const LOWER: bool>(bytes: &[u8], start: usize, end: usize) -> (u64, bool) {
    let mut hash = (end - start) as u64;
    let mut place = start;
    let mut all = 0;
    loop {
        let eight = load(bytes, place, end);
        all |= eight;
        let taken = if LOWER { lower_ascii(eight) } else { eight };
        hash = mix(taken, hash);
        place += 8;
        if place >= end {
            return (hash, all & HIGH_BITS == 0);
        }
    }
}

/// The bytes from `place` up to `end`, eight at most, filled up with zeros.
#[inline(always)]
fn load(bytes: &[u8], place: usize, end: usize) -> u64 {
    let len = end - place;
    match bytes
        .get(place..place + 8)
        .and_then(|eight| <[u8; 8]>::try_from(eight).ok())
    {
        Some(eight) => {
            let beyond = 8usize.saturating_sub(len) * 8;
            u64::from_le_bytes(eight) << beyond >> beyond
        }
        None => {
            let mut eight = [0; 8];
            eight[..len].copy_from_slice(&bytes[place..end]);
            u64::from_le_bytes(eight)
        }
    }
}

/// Makes the capital ASCII letters among eight bytes small, and leaves all other bytes.
#[inline(always)]
fn lower_ascii(eight: u64) -> u64 {
    let low = eight & !HIGH_BITS;
    let from_a = low + LOW_BITS * u64::from(0x80 - b'A');
    let behind_z = low + LOW_BITS * u64::from(0x7F - b'Z');
    let capital = (from_a ^ behind_z) & !eight & HIGH_BITS;
    eight | capital >> 2
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::plain_words;
    use super::*;

    fn plain_hashes(text: &str) -> Vec<u64> {
        let mut hashes = Vec::new();
        plain_words(text, |word| hashes.push(hash_of(word)));
        hashes
    }

    #[test]
    fn words_have_the_hash_of_their_lower_form() {
        let hashes = lowered_hashes("The THE, (the) abcdefghij 12 \u{fe}").0;
        assert_eq!(hashes.len(), 5);
        assert_eq!(hash_of("the"), hashes[0]);
        assert_eq!((hashes[1], hashes[2]), (hashes[0], hashes[0]));
        assert_eq!(hash_of("abcdefghij"), hashes[3]);
        assert_ne!(hash_of("The"), hashes[0]);
    }

    proptest! {
        #[test]
        fn agrees_with_the_plain_form(text in "([ab]{1,2}[ \n\t]|[aA“”ø Ø.,Σσ]{0,6}|(The cat, ){0,9}|[一ПГ ]{0,9}|[a-zA-Z \r]{0,60}|\\PC{0,9}){0,9}") {
            prop_assert_eq!(lowered_hashes(&text).0, plain_hashes(&text));
        }
    }
}
