//! MinHash signatures. The share of entries in which two of them agree is about the share of shingles that the texts have in common
//! (their Jaccard similarity).

use std::ops::Range;

use coldpress_pattern::TooManySteps;

use super::hash_set::HashSet;
use super::permutations::Permutations;
use super::shingles::Shingler;
use super::short_messages::{Sha1Prefix, ShortMessages};
use crate::width::Width;

/// Every entry of the signature that Data-Juicer gives to a text without shingles.
pub const WITHOUT_SHINGLES: u32 = u32::MAX;

/// The number of hashes that are gathered before the minima are lowered.
const GATHERED: usize = 4096;

/// Computes the signatures of texts.
#[derive(Clone)]
pub struct MinHasher {
    shingler: Shingler,
    permutations: Permutations,
    messages: ShortMessages<Sha1Prefix>,
    hashes: Vec<u32>,
    minima: Vec<u32>,
    set: Option<HashSet>,
}

impl MinHasher {
    /// Returns a hasher for signatures of `permutations` entries.
    pub fn new(shingler: Shingler, permutations: usize) -> Self {
        Self {
            shingler,
            permutations: Permutations::new(permutations),
            messages: ShortMessages::new(Width::widest()).once_each(),
            hashes: Vec::with_capacity(GATHERED),
            minima: vec![WITHOUT_SHINGLES; permutations],
            set: None,
        }
    }

    /// Makes the hasher keep the set of hashes of the last text.
    #[must_use]
    pub fn with_set(mut self) -> Self {
        self.set = Some(HashSet::default());
        self
    }

    /// Returns the hashes of the shingles of the last text, in ascending order, each once; empty unless they are kept.
    pub fn set(&mut self) -> &[u32] {
        self.set.as_mut().map_or(&[], HashSet::sorted)
    }

    /// Returns the signature of `text`; `None` if it has no shingle.
    ///
    /// ```
    /// use coldpress_ops::fingerprint::minhash::MinHasher;
    /// use coldpress_ops::fingerprint::shingles::{Shingler, Tokenization};
    ///
    /// let shingler = Shingler::new(Tokenization::Space, 2, true, None).unwrap();
    /// let mut hasher = MinHasher::new(shingler, 64);
    /// let first = hasher.signature("to be or not to be").unwrap().unwrap().to_vec();
    /// assert_eq!(hasher.signature("To be or not  to be or"), Ok(Some(first.as_slice())));
    /// assert_eq!(hasher.signature("hamlet"), Ok(None));
    /// ```
    ///
    /// # Errors
    /// [`TooManySteps`] if matching the ignored pattern takes too long.
    pub fn signature(&mut self, text: &str) -> Result<Option<&[u32]>, TooManySteps> {
        let (shingler, mut minima) = self.begin(text);
        shingler.each(text, |buffer, range| minima.take(buffer, range))?;
        Ok(minima.finish())
    }

    /// Returns the text as it is before it is cut into tokens, for callers that cut it themselves.
    ///
    /// # Errors
    /// [`TooManySteps`] if matching the ignored pattern takes too long.
    pub fn prepared(&mut self, text: &str) -> Result<&str, TooManySteps> {
        self.shingler.prepared(text)
    }

    /// Returns the signature of these tokens of a text, as [`Shingler::each_of_tokens`] takes them; `None` if there is no shingle.
    pub fn signature_of_tokens(
        &mut self,
        tokens: &str,
        ends: impl Iterator<Item = usize>,
    ) -> Option<&[u32]> {
        let (shingler, mut minima) = self.begin(tokens);
        shingler.each_of_tokens(tokens, ends, |buffer, range| minima.take(buffer, range));
        minima.finish()
    }

    fn begin(&mut self, text: &str) -> (&mut Shingler, Minima<'_>) {
        self.minima.fill(WITHOUT_SHINGLES);
        self.hashes.clear();
        self.messages.begin(text.len());
        self.set.iter_mut().for_each(HashSet::clear);
        let minima = Minima {
            shingles: 0,
            permutations: &mut self.permutations,
            messages: &mut self.messages,
            hashes: &mut self.hashes,
            minima: &mut self.minima,
            set: self.set.as_mut(),
        };
        (&mut self.shingler, minima)
    }

    /// Returns the tokens of the last text, joined.
    pub fn tokens(&self) -> &str {
        self.shingler.tokens()
    }
}

/// The minima of a text's shingles so far.
struct Minima<'a> {
    shingles: u64,
    permutations: &'a mut Permutations,
    messages: &'a mut ShortMessages<Sha1Prefix>,
    hashes: &'a mut Vec<u32>,
    minima: &'a mut [u32],
    set: Option<&'a mut HashSet>,
}

impl<'a> Minima<'a> {
    #[inline(always)]
    fn take(&mut self, buffer: &[u8], range: Range<usize>) {
        self.shingles += 1;
        self.messages.push(buffer, range, self.hashes);
        if self.hashes.len() >= GATHERED {
            self.lower();
            self.hashes.clear();
        }
    }

    fn lower(&mut self) {
        self.permutations.lower(self.hashes, self.minima);
        if let Some(set) = &mut self.set {
            set.extend(self.hashes.iter().copied());
        }
    }

    fn finish(mut self) -> Option<&'a [u32]> {
        self.messages.finish(self.hashes);
        self.lower();
        (self.shingles > 0).then_some(self.minima)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fingerprint::digest;
    use crate::fingerprint::shingles::Tokenization;

    fn hasher(tokenization: Tokenization, window_size: usize) -> MinHasher {
        MinHasher::new(
            Shingler::new(tokenization, window_size, true, None).unwrap(),
            256,
        )
    }

    #[test]
    fn long_texts_agree_with_the_definition() {
        let text: String = (0..12_000).map(|number| format!("{number} ")).collect();
        let words: Vec<&str> = text.split_whitespace().collect();
        let hashes: Vec<u32> = words
            .windows(2)
            .map(|window| {
                let [a, b, c, d, ..] = digest::sha1(window.join(" ").as_bytes());
                u32::from_le_bytes([a, b, c, d])
            })
            .collect();
        let mut expected = vec![u32::MAX; 256];
        Permutations::new(256).lower(&hashes, &mut expected);
        let mut hasher = hasher(Tokenization::Space, 2);
        assert_eq!(hasher.signature(&text), Ok(Some(expected.as_slice())));
    }

    /// The text has characters of one to four bytes, windows that come again, and more windows than are remembered.
    #[test]
    fn characters_agree_with_the_definition() {
        let piece = |number: u32| {
            format!(
                "{} words wörter 日本語 {}😀 ",
                number % 70,
                number * number % 1_009
            )
        };
        let text: String = (0..600).map(piece).collect();
        let characters: Vec<char> = text.chars().collect();
        for size in [1, 5, 8, 12] {
            let mut expected = vec![u32::MAX; 64];
            let mut permutations = Permutations::new(64);
            for window in characters.windows(size) {
                let [a, b, c, d, ..] = digest::sha1(String::from_iter(window).as_bytes());
                permutations.lower(&[u32::from_le_bytes([a, b, c, d])], &mut expected);
            }
            let shingler = Shingler::new(Tokenization::Character, size, true, None).unwrap();
            let mut hasher = MinHasher::new(shingler, 64);
            for _ in 0..2 {
                assert_eq!(
                    hasher.signature(&text),
                    Ok(Some(expected.as_slice())),
                    "{size}"
                );
            }
        }
    }

    #[test]
    fn sets_have_each_hash_once_and_belong_to_the_last_text() {
        let mut hasher = hasher(Tokenization::Space, 1).with_set();
        let set = |hasher: &mut MinHasher, text: &str| {
            hasher.signature(text).unwrap();
            hasher.set().to_vec()
        };
        let letters = set(&mut hasher, "a b c a b");
        let mut expected: Vec<u32> = ["a", "b", "c"]
            .map(|word| {
                let [a, b, c, d, ..] = digest::sha1(word.as_bytes());
                u32::from_le_bytes([a, b, c, d])
            })
            .into();
        expected.sort();
        assert_eq!(letters, expected);
        assert!(set(&mut hasher, "").is_empty());
        let long: String = (0..12_000)
            .map(|number| format!("{} ", number % 6000))
            .collect();
        assert_eq!(set(&mut hasher, &long).len(), 6000);
    }

    #[test]
    fn signatures_agree_about_as_far_as_the_texts() {
        let mut hasher = hasher(Tokenization::Space, 1);
        let text = |numbers: std::ops::Range<u32>| -> String {
            numbers.map(|number| format!("word{number} ")).collect()
        };
        let first = hasher.signature(&text(0..300)).unwrap().unwrap().to_vec();
        let second = hasher.signature(&text(100..400)).unwrap().unwrap();
        let equal = first.iter().zip(second).filter(|(a, b)| a == b).count();
        // Half of all words are in both, so 128 entries of 256 should agree, with a standard deviation of 8.
        assert!((96..=160).contains(&equal), "{equal}");
    }

    #[test]
    fn texts_without_shingles_have_no_signature() {
        let mut hasher = hasher(Tokenization::Space, 3);
        for text in ["", " ", "a b", "你好，世界。"] {
            assert_eq!(hasher.signature(text), Ok(None));
        }
        assert!(hasher.signature("a b c").unwrap().is_some());
        assert_eq!(hasher.signature("a b"), Ok(None));
    }
}
