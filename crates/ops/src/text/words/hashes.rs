//! Hashes of the words of a text.

use std::hint::select_unpredictable;

use super::super::chars::changes_when_lowered;
use super::super::ngram_hash::mix;
use super::super::python;
use super::refined;
use super::scan::{Found, LOWERED, Scan};

/// The highest bit of each byte of a word.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;
/// The lowest bit of each byte of a word.
const LOW_BITS: u64 = 0x0101_0101_0101_0101;

/// Masks of the bytes of a word of up to [`LOWERED`] bytes, by length.
static MASKS: [u128; LOWERED + 1] = {
    let mut masks = [u128::MAX; LOWERED + 1];
    let mut len = 0;
    while len < LOWERED {
        masks[len] = (1 << (8 * len)) - 1;
        len += 1;
    }
    masks
};

/// The hashes of the words of a text, lowercased and refined, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WordHashes(pub Vec<u64>);

impl WordHashes {
    /// Returns the hash of a word that was cut out of a text elsewhere, lowercased and refined; `None` if nothing is left of it.
    pub fn of_word(word: &str) -> Option<u64> {
        let changes = |ch: char| !ch.is_ascii() && changes_when_lowered(ch);
        if word.chars().any(changes) {
            return hash_cut(word);
        }
        let word = refined(word);
        (!word.is_empty()).then(|| hash_bytes::<true>(word.as_bytes(), word.len() as u64))
    }
}

/// Returns the hashes of the words of `text`, which is cut at spaces, line feeds and tabs.
pub fn lowered_hashes(text: &str) -> WordHashes {
    // About as many as English has. For other texts, the vector grows, or some of it stays unused.
    let mut hashes = Vec::with_capacity(text.len() / 5 + 1);
    let mut scan = Scan::new(text);
    while scan.advance() {
        scan.for_each_word(|word| {
            if let Some(hash) = hash_found(&word) {
                hashes.push(hash);
            }
        });
    }
    WordHashes(hashes)
}

/// Returns the hash of a word found in a text, lowercased and refined; `None` if nothing is left of it.
#[inline(always)]
fn hash_found(word: &Found<'_>) -> Option<u64> {
    match word {
        Found::Lowered { first, len, rest } => {
            let (bytes, len) = (*first & MASKS[(*len).min(LOWERED)], *len);
            let hash = mix(bytes as u64, len as u64);
            let longer = mix((bytes >> 64) as u64, hash);
            // The choice is too unpredictable for a branch.
            let hash = select_unpredictable(len > 8, longer, hash);
            Some(match rest {
                [] => hash,
                rest => hash_bytes::<true>(rest, hash),
            })
        }
        Found::Refined(word) => Some(hash_bytes::<true>(word.as_bytes(), word.len() as u64)),
        Found::Cut(word) => hash_cut(word),
    }
}

/// Returns the hash of a word as it was cut out of a text.
#[inline(never)]
fn hash_cut(word: &str) -> Option<u64> {
    // Few words are hashed this way, so each gets its own buffer.
    let mut lowered = String::new();
    python::lower_into(word, &mut lowered);
    let word = refined(&lowered);
    (!word.is_empty()).then(|| hash_of(word))
}

/// Returns the hash of a word that is already lowercased and refined. The word must not be empty.
#[inline(always)]
pub(super) fn hash_of(word: &str) -> u64 {
    hash_bytes::<false>(word.as_bytes(), word.len() as u64)
}

/// Adds `bytes`, at least one, to a hash. With `LOWER`, ASCII letters are lowercased.
#[inline(always)]
fn hash_bytes<const LOWER: bool>(bytes: &[u8], mut hash: u64) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    for word in words {
        hash = mix(lowered_if::<LOWER>(u64::from_le_bytes(*word)), hash);
    }
    if rest.is_empty() {
        return hash;
    }
    let mut word = [0; 8];
    word[..rest.len()].copy_from_slice(rest);
    mix(lowered_if::<LOWER>(u64::from_le_bytes(word)), hash)
}

#[inline(always)]
fn lowered_if<const LOWER: bool>(eight: u64) -> u64 {
    if LOWER { lower_ascii(eight) } else { eight }
}

/// Lowercases the ASCII letters among eight bytes, and leaves all other bytes alone.
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
            // The words begin in one chunk and end in the next, or later.
            let long = text.repeat(40);
            prop_assert_eq!(lowered_hashes(&long).0, plain_hashes(&long));
        }

        #[test]
        fn words_of_any_length_agree_with_the_plain_form(
            before in 0usize..1_200,
            words in proptest::collection::vec(("[.1]{0,3}", "[a-zÀé]", 0usize..200, "[,)a]{0,3}"), 0..12),
        ) {
            let mut text = " ".repeat(before);
            for (head, letter, times, tail) in words {
                text += &format!("{head}{}{tail} ", letter.repeat(times));
            }
            prop_assert_eq!(lowered_hashes(&text).0, plain_hashes(&text));
        }
    }
}
